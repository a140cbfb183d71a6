"""Correct alternatives in part 6: with other libraries, with other formulas, and one step at a time."""

from grader.parts.theory.variants import formulas, libraries, loops

VARIANTS = (
    libraries.NUMPY,
    libraries.DISTRIBUTIONS,
    libraries.FLOAT32,
    formulas.ONE_FROM_ANOTHER,
    formulas.STANDARD_DEVIATIONS,
    formulas.PRECISIONS,
    loops.LOOPS,
    loops.RECURSION,
)
