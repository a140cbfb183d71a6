"""Correct alternatives in part 6: by other libraries, by other formulas, one step at a time."""

from grader.variants.part6 import formulas, libraries, loops

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
