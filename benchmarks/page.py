"""Makes docs/benchmarks.md from the result files, so that the page holds no figure that no command has measured.

    python -m benchmarks.page            # write the page
    python -m benchmarks.page --check    # exit with 1 if the page differs from what the result files make

The same result files always make the same page.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import record
from benchmarks.record import Figure, Record, RecordError, Value
from grader import ROOT
from grader.util import files

PAGE = ROOT / "docs" / "benchmarks.md"
SHOWN_DIGITS = 3  # significant digits of a number on the page
INTRO = """\
# Benchmarks

<!-- Generated from benchmarks/results by `python -m benchmarks.page`. Do not edit. -->

What grading costs, what the grader catches, and what the reference models achieve. A command measured each figure. The
line below a table names the command, the date and the machine.

To get the figures of your own machine, run the command. It writes a file to `benchmarks/results/`, and
`python -m benchmarks.page` makes this page from all of these files. `make bench` runs the quick benchmarks, then makes
the page.

A ratio compares a figure with its baseline. Options in a command, such as `--size 20`, show that it did not measure the
default.
"""
NOTHING = "\nThere are no results yet. Run `make bench`.\n"
# Heading -> the benchmarks below it, in order. The name of a result starts with its benchmark's: first_run_3_12.
GROUPS = {
    "What grading costs": (
        *("unit_grading", "warm_and_cold", "scratch_place", "watch_latency"),
        *("whole_class", "class_report", "gradescope_container", "first_run", "student_commands"),
    ),
    "What the grader catches": ("original_assertions", "other_graders", "similar_code"),
    "What the reference models achieve": ("reference_weights", "part4_accuracy", "without_guidance", "training_cost"),
    "How fast the reference code is": ("sampling", "allocator", "render_iclevr"),
}
OTHERS = "Other benchmarks"


def page(records: Iterable[Record]) -> str:
    """Make the page's text."""
    text, left = [INTRO], {result.name: result for result in records}
    if not left:
        return INTRO + NOTHING
    for heading, benchmarks in (*GROUPS.items(), (OTHERS, ("",))):
        names = [name for benchmark in benchmarks for name in sorted(left) if belongs(name, benchmark)]
        if names:
            text += [f"\n## {heading}\n", *(section(left.pop(name)) for name in names)]
    return "".join(text)


def belongs(name: str, benchmark: str) -> bool:
    """Whether a result of this name is a benchmark's; every result is one of ""."""
    return not benchmark or name == benchmark or name.startswith(f"{benchmark}_")


def section(result: Record) -> str:
    """Make the section of one result: what it is, the table, and where its figures come from."""
    title, about = result.name.replace("_", " ").capitalize(), f"{result.about} {result.note}".strip()
    return f"\n### {title}\n\n{about}\n\n{table(result.figures)}\n\n{origin(result)}\n"


def table(figures: Sequence[Figure]) -> str:
    """Make the table of a result's figures; a column that would be empty is left out."""
    rows = [_row(one) for one in figures]
    head, rule = ("what", "figure", "baseline", "ratio"), ("---", "---:", "---", "---:")
    columns = [i for i in range(len(head)) if i < 2 or any(row[i] for row in rows)]
    return "\n".join("| " + " | ".join(row[i] for i in columns) + " |" for row in (head, rule, *rows))


def _row(one):
    """The four cells of a figure."""
    baseline = f"{one.baseline.what}: {shown(one.baseline.value, one.unit)}" if one.baseline else ""
    ratio = "" if one.ratio is None else shown(one.ratio)
    return [cell.replace("|", r"\|") for cell in (one.what, shown(one.value, one.unit), baseline, ratio)]


def shown(value: Value, unit: str = "") -> str:
    """A value as the page shows it, with its unit."""
    if isinstance(value, float):
        whole_digits = math.floor(math.log10(abs(value))) + 1 if value else 1
        value = f"{value:,.{max(0, SHOWN_DIGITS - whole_digits)}f}"
    elif isinstance(value, int):
        value = f"{value:,}"
    return f"{value}{'' if unit in ('', '%') else ' '}{unit}"


def origin(result: Record) -> str:
    """The line below a table: command, date, machine and versions."""
    machine = result.machine
    memory = [f"{machine.memory_gb:.0f} GB of memory"] if machine.memory_gb else []
    parts = [f"{machine.cores} {'core' if machine.cores == 1 else 'cores'}", machine.processor, *memory]
    parts += [machine.gpu] if machine.gpu else []
    versions = ", ".join(f"{name} {number}" for name, number in result.versions.items())
    return f"`{result.command}` · {result.date} · {', '.join(parts)} · {versions}"


def read_all(folder: Path) -> list[Record]:
    """Read every result file of a folder, in the order of their names.

    Raises:
        RecordError: a file is not a valid result.
    """
    return [record.read(path) for path in sorted(folder.glob("*.json"))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page is out of date")
    parser.add_argument("--results", type=Path, default=record.folder(), help="the folder of the result files")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page's file")
    chosen = parser.parse_args(arguments)
    try:
        text = page(read_all(chosen.results))
    except RecordError as error:
        print(f"{error}\nrun its benchmark again, or remove the file", file=sys.stderr)
        return 2
    if not chosen.check:
        files.replace(chosen.page, text.encode())
    elif not chosen.page.is_file() or chosen.page.read_text(encoding="utf-8") != text:
        print(f"{chosen.page} is not what the result files make: run python -m benchmarks.page", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
