"""What a class has understood, as numbers that can be counted by hand."""

import pytest

from grader.report import scores
from grader.report.overview import bin_of, diagnosed, distributions, standings
from grader.report.record import Record
from grader.runtime.case import Case, Outcome, Question, Verdict

ONE, TWO = (Case(f"{part}.case", "", 1.0, observe=print, equation="") for part in (1, 2))
BONUS = Case("2.bonus", "", 1.0, observe=print, equation="", bonus=True)
ASKED = Question("2.why", "", 3.0)


def record(*outcomes, problem=""):
    """Outcomes of 1.case, 2.case, 2.bonus, 2.why in turn; what passes has all its points."""
    done = (Outcome.PASSED, Outcome.MARKED)
    verdicts = [
        Verdict(c, o, c.points if o in done else 0.0) for c, o in zip((ONE, TWO, BONUS, ASKED), outcomes, strict=False)
    ]
    return Record("r", "r", tuple(verdicts), problem=problem)


P, F, N, E, W = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_IMPLEMENTED, Outcome.ERROR, Outcome.NOT_MARKED
OURS = Outcome.INFRASTRUCTURE


def test_a_share_is_of_what_is_decided_and_a_bonus_lifts_it_above_one():
    assert scores.share(record(P, F).verdicts) == 0.5
    assert scores.share(record(P, F, P).verdicts) == 1.0
    assert scores.share(record(P, P, P).verdicts) == 1.5
    assert scores.share(record(P, P, F, W).verdicts) == 1.0
    assert scores.share(record(P, OURS).verdicts) is None
    assert scores.points(record(P, OURS).verdicts) is None
    assert scores.points([Verdict(ASKED, W, 0.0)]) is None


@pytest.mark.parametrize(
    ("share", "bin"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.1 + 0.1 + 0.1, 3), (0.99, 9), (1.0, 10), (1.5, 10)]
)
def test_a_share_falls_into_its_tenth_and_full_marks_into_a_bin_of_their_own(share, bin):
    assert bin_of(share) == bin


def test_distributions_count_every_submission_once_but_those_that_could_not_be_graded():
    class_ = [record(P, P), record(P, F), record(F, F), record(P, OURS), record(E, E, problem="no zip")]
    whole, first, second = distributions(class_)
    assert (whole.name, first.name, second.name) == ("Total", "Part 1", "Part 2")
    assert (whole.counts[0], whole.counts[5], whole.counts[10], sum(whole.counts), whole.unknown) == (1, 1, 1, 3, 1)
    assert whole.quartiles == (0.25, 0.5, 0.75)
    assert (first.counts[10], first.unknown) == (3, 0)
    assert "1 with 0% to 10%, 1 with 50% to 60%, 1 with full marks; 1 unknown" in whole.in_words


def test_a_class_of_one_or_none_has_a_distribution():
    assert distributions([record(P, F)])[0].quartiles == (0.5, 0.5, 0.5)
    (nothing,) = distributions([])
    assert nothing.quartiles is None
    assert "no points are known" in nothing.in_words


def test_the_hardest_case_comes_first_and_faults_of_the_grader_do_not_count():
    class_ = [record(P, F), record(P, E), record(F, OURS), record(P, P), record(N, N, problem="no zip")]
    hardest, easier = standings(class_)
    assert (hardest.case, hardest.missed, hardest.known, hardest.mean) == (TWO, 2, 3, pytest.approx(1 / 3))
    assert (easier.case, easier.missed, easier.known, easier.mean) == (ONE, 1, 4, 0.75)


def test_a_mistake_counts_once_for_each_submission_and_tells_where_it_was_seen():
    def made(*cases, mistake="1.sign"):
        return Record("r", "r", tuple(Verdict(c, F, 0.0, diagnosis=mistake, hint=f"hint {mistake}") for c in cases))

    common, rare = diagnosed([made(ONE, mistake="1.rare"), made(ONE, TWO), made(TWO), record(P, F)])
    assert (common.mistake, common.hint, common.cases, common.submissions) == (
        "1.sign",
        "hint 1.sign",
        ("1.case", "2.case"),
        2,
    )
    assert (rare.mistake, rare.submissions) == ("1.rare", 1)
