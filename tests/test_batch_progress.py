"""What a batch prints of each finished submission."""

from grader.batch.engine import Graded
from grader.batch.intake import Entry
from grader.batch.keys import UNIT, Key
from grader.batch.ledger import Stage
from grader.batch.progress import NAME, line_of
from grader.case import Outcome, Verdict

KEY = Key(submission="s", grader="g", assignment="a", seed="5", tier="sandbox", part="")


def told(assignment, name, problem=""):
    verdicts = (Verdict(assignment.cases[0], Outcome.PASSED, 0.25, seconds=1.5),)
    return line_of(Graded(Entry("id", name, None), UNIT, Stage(KEY, verdicts, problem=problem)))


def test_a_finished_submission_is_told_in_a_line(assignment):
    assert told(assignment, "ada") == "ada: unit cases: 0.25 of 0.25 points, 1.5 s"
    assert told(assignment, "ada", "it is no zip") == "ada: cannot be graded: it is no zip"


def test_no_name_and_no_problem_passes_for_another_line(assignment):
    line = told(assignment, "eve\nada: unit cases: 63 of 63 points, 1 s", "this\nand that")
    assert line == "eve ada: unit cases: 63 of 63 points, 1 s: cannot be graded: this and that"
    assert len(told(assignment, "n" * 10_000)) < NAME + 100
