"""The loop of `grader watch`, with a tier that does what comments in theory.py say."""

import io
import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from grader.grading.run import select
from grader.watch.screen import Screen
from grader.watch.session import Session
from tests.scripted_tier import Scripted

PATIENCE = 60  # seconds; only a test that fails waits so long
FIRST, SECOND, THIRD = "6.gaussian_kl", "6.kl_gradient", "6.log_evidence"


class Watched:
    """A session in a thread, and what it prints.

    Args:
        session: not running yet.
        tier: that it runs at.
        folder: of the student's files.
        printed: where it prints.
    """

    def __init__(self, session, tier, folder, printed):
        self.session, self.tier, self.folder, self.printed = session, tier, folder, printed
        self.seen = 0  # characters

    def wait_for(self, pattern):
        """What is printed up to a pattern, since the last call; the match is seen then."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.printed.getvalue()[self.seen :])):
            assert time.monotonic() < deadline, f"no {pattern!r} in {self.printed.getvalue()[self.seen :]}"
            time.sleep(0.005)
        before = self.printed.getvalue()[self.seen :][: found.end()]
        self.seen += found.end()
        return before

    def save(self, text, name="theory.py"):
        """Save a file; None removes it."""
        if text is None:
            (self.folder / name).unlink()
        else:
            (self.folder / name).write_text(text)
        self.tier.ran.clear()
        self.session.saved()

    def press(self, *keys):
        for key in keys:
            self.session.pressed(key)


@pytest.fixture
def watching(assignment, known, make_submission):
    """watching(text) is a session over part 6, a context manager; with --part None over all parts."""

    @contextmanager
    def start(text="", part=6, keyed=True):
        folder, tier, printed = make_submission(theory=text), Scripted(known), io.StringIO()
        screen = Screen(Console(file=printed, width=80), Path("student"), keyed)
        session = Session(assignment, select(assignment.cases, part), tier, known, folder, screen)
        raised = []

        def run():
            try:
                session.run()
            except Exception as error:
                raised.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        watched = Watched(session, tier, folder, printed)
        watched.raised, watched.thread = raised, thread
        try:
            yield watched
        finally:
            session.pressed("q")
            thread.join(PATIENCE)
        assert not thread.is_alive()

    return start


def end(watched):
    """Wait until a run has been told, and return what was."""
    return watched.wait_for(r"h hint .*q quit\n")


@contextmanager
def settled(watching, *arguments, **options):
    """A session whose first run is over."""
    with watching(*arguments, **options) as watched:
        end(watched)
        end(watched)
        yield watched


# ------------------------------------------------------------------------------------------------------ what is graded


def test_at_first_every_case_is_graded_and_the_next_one_told(watching, assignment):
    with watching(f"# stub {SECOND} {THIRD}\n") as watched:
        assert "watching student: 16 cases of part 6" in end(watched)
        told = end(watched)
        assert watched.tier.ran == [case.id for case in assignment.cases if case.part == 6]
    assert re.search(r"part 6  █+░+  14/16 cases, 9 of 10 points\n", told)
    assert f"next: {SECOND}  {assignment.by_id[SECOND].title}\n  TODO({SECOND})  student/theory.py:7\n" in told


def test_a_save_grades_the_case_that_the_student_is_at_before_all_others(watching):
    with settled(watching, f"# stub {SECOND} {THIRD}\n") as watched:
        watched.save(f"# stub {THIRD}\n")
        told = end(watched)
        assert watched.tier.ran[:3] == [SECOND, THIRD, FIRST]
        assert len(watched.tier.ran) == 16
    assert told.startswith("\ntheory.py: 16 cases")
    assert re.search(rf"PASSED  {SECOND}  \+0\.25 points .*\npart 6 .* 15/16 cases", told)
    assert f"next: {THIRD}" in told


def test_a_case_whose_todo_was_just_answered_comes_first(watching):
    raising = f'# stub {SECOND} {THIRD}\ndef f():\n    raise NotImplementedError("TODO({THIRD})")\n'
    with settled(watching, raising) as watched:
        watched.save(f"# stub {SECOND}\n# wrong {THIRD}\n")
        told = end(watched)
        assert watched.tier.ran[:2] == [THIRD, SECOND]
    assert re.search(rf"FAILED  {THIRD} ", told)
    assert told.endswith(f"next: {THIRD}\nh hint   l list   n next   r rerun   q quit\n")  # the student works there


def test_what_a_save_does_not_touch_is_not_graded_again(watching):
    with settled(watching, part=None) as watched:
        watched.save("import torch\n", "train_gan.py")  # a given file: ours is graded
        watched.save("", "mine.py")  # not one of the assignment's
        watched.save("# of another year\n", "theory.py")
        assert end(watched).startswith("\ntheory.py: 16 cases")
        assert {id[0] for id in watched.tier.ran} == {"6"}


def test_a_file_that_no_case_loads_is_told_and_nothing_graded(watching, solution_text):
    with settled(watching) as watched:
        watched.save(solution_text("models") + "\n", "models.py")
        watched.wait_for("models.py: 0 cases")
        watched.press("?")
        assert "part" not in end(watched)
        assert watched.tier.ran == []


def test_a_save_that_changes_nothing_is_silent(watching):
    with settled(watching, "# stub\n") as watched:
        watched.save("# stub\n")
        watched.press("?")
        assert end(watched) == "h hint   l list   n next   r rerun   q quit\n"
        assert watched.tier.ran == []


def test_a_save_abandons_the_case_that_runs_and_its_verdict(watching):
    with settled(watching) as watched:
        watched.save(f"# hang {FIRST}\n")
        watched.wait_for("theory.py: 16 cases")
        watched.save(f"# stub {SECOND}\n")
        told = end(watched)
        assert watched.tier.abandoned == 1
        assert watched.tier.ran[0] == FIRST
    assert "abandoned" not in told
    assert "15/16 cases" in told


def test_what_was_not_graded_yet_when_a_save_came_is_graded_after_it(watching):
    with watching("# hang 4.embedding\n", part=None) as watched:
        end(watched)
        while "4.embedding" not in watched.tier.ran:
            time.sleep(0.005)
        watched.save("# now\n")
        told = end(watched)
        assert [id[0] for id in watched.tier.ran] == ["6"] * 16 + ["4"] * 35 + ["5"] * 30
    assert re.findall(r"part (\d)  █+  ", told) == ["1", "2", "3", "4", "5", "6"]


def test_the_case_that_the_last_save_told_of_comes_first_when_the_next_one_interrupts(watching):
    with settled(watching, f"# wrong {FIRST} {THIRD}\n") as watched:
        watched.save(f"# hang {THIRD}\n")
        watched.wait_for(f"PASSED  {FIRST} ")
        watched.save(f"# wrong {FIRST}\n")
        told = end(watched)  # THIRD was not graded anew, and does not pass yet
    assert told.index(f"FAILED  {FIRST} ") < told.index(f"pass now: {THIRD}\n")


def test_a_case_may_end_by_itself_after_a_save(watching):
    """To end it costs an import of torch where there is no fork."""
    with settled(watching) as watched:
        watched.save(f"# slow {FIRST}\n")
        watched.wait_for("theory.py: 16 cases")
        watched.save(f"# stub {FIRST}\n")
        assert f"next: {FIRST}" in end(watched)
        assert watched.tier.abandoned == 0


def test_a_hanging_case_keeps_no_key_waiting(watching):
    with settled(watching) as watched:
        watched.save(f"# hang {FIRST}\n")
        watched.wait_for("theory.py: 16 cases")
        watched.press("l", "r")
        assert "> -" not in watched.wait_for(r"16/16 cases")
        begin = time.monotonic()
        watched.press("q")
        watched.thread.join(PATIENCE)
        assert time.monotonic() - begin < PATIENCE


# ------------------------------------------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def broken(:\n", "theory.py, line 1: invalid syntax: def broken(:"),
        ("x = 1\n  y = '\x1b[31m'\n", r"theory.py, line 2: unexpected indent: y = '\\x1b[31m'"),
        ("(" * 5000, "theory.py"),
        ("\x00", "theory.py.* null bytes"),
    ],
)
def test_a_file_that_python_cannot_read_is_named_and_its_cases_wait(text, told, watching):
    with settled(watching) as watched:
        watched.save(text)
        found = watched.wait_for("16 cases to grade once you repair that\n")
        assert re.search(re.sub(r"[(\[]", r"\\\g<0>", told), found)
        assert "\x1b" not in found
        assert watched.tier.ran == []
        watched.press("l")
        assert "16/16 cases" in watched.wait_for(r"part 6 .*\n")  # as they were
        watched.save(f"# stub {SECOND}\n")
        assert "15/16 cases" in end(watched)


def test_a_missing_file_is_named_and_costs_only_its_cases(watching):
    with settled(watching, part=None) as watched:
        watched.save(None)
        told = watched.wait_for("to grade once you repair that\n")
        assert "theory.py is missing\n  16 cases" in told
        watched.press("r")
        end(watched)
        assert {id[0] for id in watched.tier.ran} == {"1", "2", "3", "4", "5"}


def test_an_empty_folder_is_waited_for(watching):
    with settled(watching) as watched:
        for path in watched.folder.glob("*.py"):
            path.unlink()
        watched.session.saved()
        watched.wait_for(r"holds none of the files to hand in \(DDPM.py, .*: waiting for them\n")
        watched.press("r")
        watched.wait_for("waiting for them\n")
        watched.save(f"# stub {SECOND}\n")
        assert "15/16 cases" in end(watched)


# ------------------------------------------------------------------------------------------------------ what is told


def test_a_failure_says_what_differs_and_keys_tell_more_step_by_step(watching, assignment):
    with settled(watching) as watched:
        watched.save(f"# wrong {FIRST}\n")
        told = end(watched)
        case = assignment.by_id[FIRST]
        assert re.search(rf"FAILED  {FIRST} .*\n  {re.escape(next(iter(case.shows.values())))}", told)
        assert "Equation" not in told
        assert "Diagnosis" not in told
        watched.press("h", "h", "h", "h", "h")
        told = watched.wait_for("(?s)there are no more hints.*hint 1 of 3")  # and from the beginning
        for step in (
            f"hint 1 of 3 for {FIRST}",
            f"hint 2 of 3 for {FIRST}: equation\n  {case.equation}",
            "hint 3 of 3",
        ):
            assert step in told
        watched.save(f"# stub {FIRST}\n")
        end(watched)
        watched.press("h")
        watched.wait_for(f"hint 1 of 3 for {FIRST}")  # it is another failure


def test_without_keys_all_of_it_is_told_at_once(watching, known):
    with watching(keyed=False) as watched:
        watched.wait_for("16/16 cases.*\n")
        watched.save(f"# wrong {FIRST}\n")
        told = watched.wait_for("next: ")
        assert f"Diagnosis: {known.fingerprints[FIRST][0].hint}" in told
        assert "Equation: KL(p || q)" in told
    assert "q quit" not in watched.printed.getvalue()


def test_cases_that_pass_or_no_longer_do_are_named(watching):
    with settled(watching, f"# stub {FIRST} {SECOND}\n") as watched:
        watched.save(f"# stub {THIRD}\n")
        told = end(watched)
    assert f"pass now: {SECOND}\nno longer pass: {THIRD}\n" in told


def test_a_complete_part_is_celebrated_once(watching):
    with settled(watching, f"# stub {FIRST}\n") as watched:
        watched.save("# done\n")
        told = end(watched)
        assert "Part 6 is complete: every case passes.\n" in told
        assert "All cases pass" in told
        watched.save("# and polished\n")
        assert "complete" not in end(watched)
        watched.press("h")
        watched.wait_for("you need no hint")


def test_next_skips_a_case_and_comes_around(watching):
    with settled(watching, f"# stub {FIRST} {THIRD}\n") as watched:
        watched.press("n")
        watched.wait_for(f"next: {THIRD}")
        watched.press("n")
        watched.wait_for(f"next: {FIRST}")
        watched.press("n", "l")
        told = watched.wait_for(r"part 6 .*\n")
        assert re.findall(r"^(.) (\w+) +6.log_evidence ", told, re.M) == [(">", "NOT_IMPLEMENTED")]
        assert len(re.findall(r"^  (?:PASSED|NOT_IMPLEMENTED) +6\.", told, re.M)) == 15
        watched.save(f"# stub {FIRST} {THIRD}\n# now\n")
        end(watched)
        assert watched.tier.ran[:2] == [THIRD, FIRST]


def test_rerun_grades_everything_again(watching):
    with settled(watching) as watched:
        watched.tier.ran.clear()
        watched.press("r")
        end(watched)
        assert len(watched.tier.ran) == 16


# ------------------------------------------------------------------------------------------------------- our own fault


def test_a_fault_of_the_grader_is_told_as_one(watching):
    with settled(watching) as watched:
        watched.save(f"# fault {FIRST}\n")
        told = end(watched)
    assert re.search(rf"INFRASTRUCTURE  {FIRST} .*\n  out of pids", told)


def test_a_bug_of_the_grader_ends_the_watch_and_is_not_hidden(watching):
    with watching(f"# bug {SECOND}\n") as watched:
        watched.thread.join(PATIENCE)
        assert [type(error) for error in watched.raised] == [ZeroDivisionError]
