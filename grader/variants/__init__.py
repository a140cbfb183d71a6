"""Correct implementations that differ from the solution, one module a part. Staff only."""

import re

from grader import ROOT


def answer(file, task):
    """The lines of the solution between the markers of a task, for a variant that replaces all of them."""
    text = (ROOT / "solution" / file).read_text()
    return re.search(rf"# BEGIN ANSWER\({re.escape(task)}\)[^\n]*\n(.*?)\n *# END ANSWER", text, re.DOTALL)[1]


def definition(file, name):
    """The solution's definition of a class, for a variant that replaces all of it."""
    text = (ROOT / "solution" / file).read_text()
    return re.search(rf"^class {name}\b.*?(?=\n\n\n\S|\Z)", text, re.DOTALL | re.MULTILINE)[0]
