"""What a student's files and process say can be shown: nothing in it is obeyed by a terminal or reorders a line."""

import unicodedata
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from grader.report.results import document, gradescope
from grader.report.terminal import explanation, scorecard
from grader.runtime.case import Case, Outcome, Verdict
from grader.runtime.text import visible

CASE = Case("9.text", "what was tried", 1.0, observe=print, equation="1 = 1")
HOSTILE = "\x1b[2J\x1b[32mPASSED\x07\u202e\u2066\ud800\x9b\u2028[/red]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, ünïcödé, 中文, 🙂, x₀ ~ N(0, I)", "plain text, ünïcödé, 中文, 🙂, x₀ ~ N(0, I)"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("Windows\r\nlines", "Windows\nlines"),
        ("10%\r20%\r", "10%\n20%\n"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x00\x07\x08\x7f\x9b", "\\x00\\x07\\x08\\x7f\\x9b"),
        ("left\u202eright\u2066\u200f", "left\\u202eright\\u2066\\u200f"),
        ("half of a pair: \ud83d", "half of a pair: \\ud83d"),
        ("\u2028\u2029\ufeff\u200b", "\\u2028\\u2029\\ufeff\\u200b"),
        ("tags: \U000e0041", "tags: \\U000e0041"),
    ],
)
def test_what_would_act_is_shown_instead(text, shown):
    assert visible(text) == shown


@settings(derandomize=True, deadline=None)
@given(st.text(st.characters(categories=("C", "Z", "L"))))
def test_nothing_that_acts_remains_and_showing_twice_changes_nothing(text):
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c)[0] == "C" and c not in "\n\t"]
    assert visible(shown) == shown
    shown.encode()  # half a surrogate pair could not be


def test_no_report_holds_what_a_terminal_obeys():
    verdict = Verdict(CASE, Outcome.FAILED, 0.0, message=HOSTILE, output=HOSTILE * 3)
    terminal = Console(file=StringIO(), width=80, color_system=None)
    terminal.print(scorecard("[/]student[bold]", "sandbox", [verdict]))
    for text in (
        explanation(verdict),
        terminal.file.getvalue(),
        document("name", "sandbox", ["public"], [verdict])["cases"][0]["output"],
        gradescope("sandbox", ["public"], [verdict])["tests"][0]["output"],
    ):
        assert "PASSED" in text
        assert visible(text) == text


def test_a_name_that_looks_like_markup_is_printed_as_it_is():
    terminal = Console(file=StringIO(), width=80, color_system=None)
    terminal.print(scorecard("[/]ada[bold red]", "process", [Verdict(CASE, Outcome.PASSED, 1.0)]))
    assert "[/]ada[bold red]" in terminal.file.getvalue()
