"""`make demo`: what the grader says of the reference, of untouched stubs, and of three students' mistakes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader import golden
from grader.accuracy import grade_accuracy, tasks
from grader.assignment import Assignment
from grader.case import Outcome, total
from grader.grading import open_submission, select
from grader.release import write_patched

PART = 4
MISTAKES = ("4.noise_factor_of_root", "4.first_timestep_never_trained", "4.noise_in_last_step")


def demo(assignment: Assignment, tier) -> None:
    """Grade five submissions end to end and print a table. Needs no dataset; the reference's samples take a minute."""
    console, start = Console(), time.monotonic()
    known = golden.load(assignment.resources)
    table = Table(title=f"Five submissions to part {PART}, graded", title_justify="left", show_lines=True)
    for column, options in (
        ("submission", {}),
        ("cases passed", {"justify": "right"}),
        ("points", {"justify": "right"}),
        ("what the grader says", {"ratio": 1}),
    ):
        table.add_column(column, **options)
    with tempfile.TemporaryDirectory() as temporary, console.status("grading") as status:
        for name, folder in _submissions(assignment, Path(temporary)):
            status.update(f"grading {name}")
            with open_submission(assignment, tier, known, folder) as grading:
                verdicts = [grading.verdict(case) for case in select(assignment.cases, PART)]
                status.update(f"grading {name}: generating images")
                verdicts += [grade_accuracy(grading, task) for task in select(tasks(assignment.policy), PART)]
            passed = sum(v.outcome is Outcome.PASSED for v in verdicts)
            summed = total(verdicts)
            table.add_row(name, f"{passed}/{len(verdicts)}", f"{summed.earned:g}/{summed.most:g}", _says(verdicts))
    console.print(table)
    console.print(
        f"{time.monotonic() - start:.0f} seconds. Next: `.venv/bin/pytest grader/` grades student/, "
        "`.venv/bin/grader grade PATH` shows a whole report card."
    )


def _submissions(assignment, temporary):
    yield "the reference solution", assignment.solution
    yield "untouched stubs", assignment.student
    for mistake in assignment.mistakes:
        if mistake.id in MISTAKES:
            name = mistake.id.split(".")[1]
            yield name.replace("_", " "), write_patched(assignment, mistake, temporary / name)


def _says(verdicts):
    """The diagnoses if there are any; else that all is missing; else the accuracy."""
    hints = {v.hint: [] for v in verdicts if v.hint}
    for v in verdicts:
        if v.hint:
            hints[v.hint].append(v.case.id)
    if hints:
        return "\n".join(f"{', '.join(cases)}: {hint}" for hint, cases in hints.items())
    missing = [v for v in verdicts if v.outcome is Outcome.NOT_IMPLEMENTED]
    if len(missing) == len(verdicts):
        return "nothing is implemented yet"
    figures = verdicts[-1].figures
    return f"{figures['mean']:.1%} of {figures['samples']} generated garments are recognised as what was asked for"
