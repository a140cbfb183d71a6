"""Experiments of the tests. A fork server imports this beside student code, so it brings nothing else of ours along."""

from grader.case import case


def experiment(function):
    """A case out of a function, which a worker finds if it is one of this file."""
    return case("9.experiment", points=1, equation="", shows={})(function)


@experiment
def asks_student(code, rng):
    """Call what the student wrote"""
    return {"value": code.models.answer()}
