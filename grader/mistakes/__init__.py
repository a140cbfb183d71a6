"""Known mistakes of real students, one module or package a part. Staff only: they quote the solution."""

from grader.assignment import Mistake


def one_patch(part, name, old, new, hint, *fails, file="models.py"):
    """A mistake of one patch in a file; `fails` are the names of its cases, without the part."""
    return Mistake(f"{part}.{name}", ((old, new),), hint, tuple(f"{part}.{case}" for case in fails), file)
