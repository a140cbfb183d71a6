"""What a batch prints about each finished submission."""

from grader.batch.cache_keys import UNIT, CacheKey
from grader.batch.display import NAME, line_of
from grader.batch.engine import Graded
from grader.batch.entries import Entry
from grader.batch.ledger import Stage
from grader.runtime.case import Outcome, Verdict

KEY = CacheKey(submission="s", grader="g", assignment="a", seed="5", tier="sandbox", part="")


def printed(assignment, name, problem=""):
    verdicts = (Verdict(assignment.cases[0], Outcome.PASSED, 0.25, seconds=1.5),)
    return line_of(Graded(Entry("id", name, None), UNIT, Stage(KEY, verdicts, problem=problem)))


def test_a_finished_submission_is_one_line(assignment):
    assert printed(assignment, "ada") == "ada: unit cases: 0.25 of 0.25 points, 1.5 s"
    assert printed(assignment, "ada", "it is no zip") == "ada: cannot be graded: it is no zip"


def test_no_name_and_no_problem_passes_for_another_line(assignment):
    line = printed(assignment, "eve\nada: unit cases: 63 of 63 points, 1 s", "this\nand that")
    assert line == "eve ada: unit cases: 63 of 63 points, 1 s: cannot be graded: this and that"
    assert len(printed(assignment, "n" * 10_000)) < NAME + 100
