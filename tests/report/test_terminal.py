"""What a terminal shows of points: the bonus apart from the rest."""

import io

import pytest
from rich.console import Console

from grader.report import scores
from grader.report.terminal import in_figures, in_words, scorecard, worth
from grader.runtime.case import Case, Outcome, Total, Verdict, total

CASE = Case("1.case", "what is tried", 15.5, observe=print, equation="")
BONUS = Case("1.more", "what is tried on top", 4.5, observe=print, equation="", bonus=True)
VERDICTS = [Verdict(CASE, Outcome.PASSED, 15.5), Verdict(BONUS, Outcome.FAILED, 3.5)]


def test_a_total_tells_the_bonus_apart_and_keeps_the_sum():
    summed = total(VERDICTS)
    assert summed == Total(earned=19.0, most=15.5, bonus=4.5, earned_bonus=3.5)
    assert summed.without_bonus == 15.5
    assert scores.points(VERDICTS) == 19.0


@pytest.mark.parametrize(
    ("verdicts", "words", "figures"),
    [
        (VERDICTS, "15.5 of 15.5 points, plus 3.5 of 4.5 bonus", "15.5/15.5 +3.5/4.5"),
        (VERDICTS[:1], "15.5 of 15.5 points", "15.5/15.5"),
        (VERDICTS[1:], "3.5 of 4.5 bonus points", "0/0 +3.5/4.5"),
        ([], "0 of 0 points", "0/0"),
    ],
)
def test_a_total_is_said_in_words_and_written_in_figures(verdicts, words, figures):
    assert in_words(total(verdicts)) == words
    assert in_figures(total(verdicts)) == figures


def test_a_difference_of_decimals_is_no_long_fraction():
    tenths = [Verdict(BONUS, Outcome.FAILED, 0.1)] * 3
    assert total([Verdict(CASE, Outcome.FAILED, 0.0), *tenths]).without_bonus == 0.0


def test_a_report_card_has_a_line_for_the_bonus():
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(scorecard("ada", "sandbox", VERDICTS))
    card = console.file.getvalue()
    assert "3.5/+4.5" in card
    assert "15.5 of 15.5 points, plus 3.5 of 4.5 bonus (marked +)" in card
    assert "19" not in card
    assert (worth(CASE), worth(BONUS)) == ("15.5", "+4.5")
