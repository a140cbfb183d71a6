"""Compares this grader with otter-grader, nbgrader and gradescope-utils: how fast they are, and which attacks succeed.

    python -m benchmarks.other_graders [--rounds 3] [--submissions 3] [--ours 20] [--json FILE]

Each grades the same three cases, on a student's file that imports torch, one submission at a time. A grader's own
start does not count. The graders take turns, so that all run on the same machine load. An attack is a wrong
submission, worth 0 of 3, with one trick added. It raises the score if the grader's own final record says more than 0.
It crashes the grading if there is no score. The environment of the other graders is made once and reused.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.other_graders import table
from benchmarks.other_graders.environment import HERE, Environment, UnavailableError
from benchmarks.other_graders.gradescope import Gradescope
from benchmarks.other_graders.nbgrader import Nbgrader
from benchmarks.other_graders.otter import Otter
from benchmarks.other_graders.ours import Ours
from benchmarks.record import figure, record

GRADERS = (Ours, Otter, Nbgrader, Gradescope)
ATTACKS = {  # file or folder in attacks/ -> its name in the table
    "atexit_rewrite": "atexit rewrite",
    "always_equal": "always-equal object",
    "patched_asserts": "patched asserts",
    "frame_walk": "frame walk",
    "os_exit": "os._exit(0)",
    "torch_function": "__torch_function__",
    "conftest": "conftest",
    "nan": "NaN",
    "forged_stdout": "forged stdout",
    "broadcast_shape": "broadcast shape",
}
SETTLE_SECONDS = 2  # between grading and reading the score, so that a process that an attack left behind can act
ASSIGNMENT, FULL = HERE / "assignment", 3.0


def set_up(names, environment, scratch):
    """The graders that this machine can run, and why it cannot run the others: ([grader], {name: reason})."""
    graders, unavailable = [], {}
    for kind in [kind for kind in GRADERS if kind.name in names]:
        try:
            if kind.package:
                environment.install(kind.package)
            graders.append(kind(environment, scratch))
        except UnavailableError as reason:
            unavailable[kind.name] = str(reason)
    return graders, unavailable


def write_submission(folder: Path, attack: str | None) -> Path:
    """Write the folder that a student submits: wrong answers, with an attack's code after them or its files beside."""
    folder.mkdir(parents=True)
    text = (ASSIGNMENT / "wrong.py").read_text()
    source = HERE / "attacks" / (attack or "")
    if attack and source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    elif attack:
        text += "\n\n" + source.with_suffix(".py").read_text()
    (folder / "answers.py").write_text(text)
    return folder


def write_reference(folder: Path) -> Path:
    """Write the folder of an honest and correct submission."""
    folder.mkdir(parents=True)
    shutil.copy(ASSIGNMENT / "answers.py", folder)
    return folder


def throughput(grader, count, scratch):
    """Measure submissions per minute.

    Raises:
        RuntimeError: an honest submission did not get full marks, so the measurement would mean nothing.
    """
    submissions = [write_reference(scratch / "submissions" / str(i)) for i in range(count)]
    graded = grader.grade(submissions, scratch / "run")
    if (scores := graded.scores()) != [FULL] * count:
        raise RuntimeError(f"{grader.name} gives honest submissions {scores}: see {scratch}")
    return table.per_minute(count, graded.seconds)


def score_of(grader, attack, scratch):
    """The final score of the wrong submission, with or without an attack."""
    graded = grader.grade([write_submission(scratch / "submission", attack)], scratch / "run")
    if attack:
        time.sleep(SETTLE_SECONDS)
    return graded.scores()[0]


def attack_all(grader, scratch, attacks):
    """Try every attack on a grader: {attack: effect}.

    Raises:
        RuntimeError: the wrong submission is not worth 0 by itself.
    """
    honest = score_of(grader, None, scratch / "honest")
    if honest != 0.0:
        raise RuntimeError(f"{grader.name} gives the wrong submission {honest}: see {scratch}")
    return {attack: table.effect(honest, score_of(grader, attack, scratch / attack)) for attack in attacks}


def measure(options, scratch):
    """Measure everything, as one JSON object."""
    graders, unavailable = set_up(options.graders, Environment(options.environment), scratch)
    rounds, effects = {grader.name: [] for grader in graders}, {ATTACKS[attack]: {} for attack in options.attacks}
    for i in range(options.rounds):
        for grader in graders:
            count = options.ours if isinstance(grader, Ours) else options.submissions
            print(f"round {i + 1}: {count} honest submissions to {grader.name}", file=sys.stderr)
            rounds[grader.name].append(throughput(grader, count, scratch / grader.name / f"round{i}"))
    for grader in graders:
        print(f"{len(options.attacks)} attacks on {grader.name}", file=sys.stderr)
        for attack, effect in attack_all(grader, scratch / grader.name / "attacks", options.attacks).items():
            effects[ATTACKS[attack]][grader.name] = effect
    rates = {name: statistics.median(of_rounds) for name, of_rounds in rounds.items()}
    return {
        "per_minute": rates,
        "rounds": rounds,
        "ratio": table.ratio(rates, Ours.name),
        "effects": effects,
        "commands": {grader.name: grader.command for grader in graders},
        "unavailable": unavailable,
    }


def text_of(measured) -> str:
    """Make the report for a terminal."""
    lines = [table.throughput_table(measured["per_minute"], measured["commands"])]
    if measured["ratio"]:
        lines.append(f"\nours / the fastest of the others: {measured['ratio']:.1f} (aim: at least 10)\n")
    lines.append("Every grader gives the wrong submission alone 0 of 3. With an attack added:\n")
    lines.append(table.attack_table(measured["effects"], list(measured["per_minute"])))
    lines += [f"\n{name} is not in the tables: {reason}" for name, reason in measured["unavailable"].items()]
    return "\n".join(lines)


def figures_of(measured) -> list[dict]:
    """The figures for benchmarks/results: speed and raised scores, ours against each of the others."""
    rates, effects = measured["per_minute"], measured["effects"]
    raised = {name: sum(of.get(name) == table.RAISED for of in effects.values()) for name in rates}
    ours, *others = rates  # the first is ours, unless only other graders were measured
    speed, attacks = f"Submissions a minute: {ours}", f"Attacks that raise a score, of {len(effects)}: {ours}"
    if not others:
        return [figure(speed, rates[ours]), figure(attacks, raised[ours])]
    return [
        *(figure(speed, rates[ours], baseline=(n, rates[n]), ratio=rates[ours] / rates[n]) for n in others),
        *(figure(attacks, raised[ours], baseline=(n, raised[n])) for n in others),
    ]


def main():
    """Measure, print the figures and return them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="the median of the rounds counts")
    parser.add_argument("--submissions", type=int, default=3, help="honest submissions to each other grader in a round")
    parser.add_argument("--ours", type=int, default=20, help="honest submissions to ours in a round")
    names = [grader.name for grader in GRADERS]
    parser.add_argument("--graders", nargs="*", choices=names, default=names, help="all, by default")
    parser.add_argument("--attacks", nargs="*", choices=list(ATTACKS), default=list(ATTACKS), help="all, by default")
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir()) / "other-graders-environment")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the runs and their logs")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="other-graders-")).resolve()
    try:
        measured = measure(options, scratch)
    finally:
        if options.keep:
            print(f"the runs are in {scratch}", file=sys.stderr)
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    print(text_of(measured))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")
    return figures_of(measured)


if __name__ == "__main__":
    record("other_graders", main(), note="The baseline is another grader, on the same cases. Medians of the rounds.")
