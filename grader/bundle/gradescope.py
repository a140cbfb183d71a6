"""`grader gradescope`: the zip of Gradescope's autograder, which `autograde.py` is started from there.

It holds the hidden inputs' seed and their goldens, made on the author's machine, and neither solution nor mistakes.
"""

from __future__ import annotations

import json
import shlex
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from grader import ROOT, golden, release, secret
from grader import assignment as assignments
from grader.accuracy import tasks
from grader.assignment import Assignment
from grader.bundle.archive import BundleError, write_zip
from grader.bundle.autograde import FALLBACK, SECRET, SETTINGS, Settings
from grader.bundle.handout import JUDGE, PACKAGES, RUNTIME, dependencies, listed, manifest_of, rendered
from grader.golden import Secret
from grader.grading import select
from grader.policy import AccuracyPolicy

# Of grader/, beside what judges a student's code on every machine.
STAFF = (
    *("bundle/__init__.py", "bundle/autograde.py", "files.py", "report/results.py"),
    *("sandbox/doctor.py", "sandbox/reach.py"),
)
STAFF_OF_ACCURACY = ("auditor.py", "quality.py")
CONDITIONS = ("iclevr/objects.json", "iclevr/*test.json")  # assignment.toml is checked with them
# Of Gradescope's containers. Measured: the cases need 530 MB beside torch's files, VAE and GAN 1.8 GB.
MEMORY, ACCURACY_MEMORY = "768 MB", "3 GB"
RESERVE = 60  # of Gradescope's seconds, to end what runs, write the results and hand them over
BROKEN = {
    "output": "The grader itself failed: this is not your fault. Staff can see why, and will have it graded again.",
    "output_format": "text",
    "stdout_visibility": "hidden",
}


def gradescope(
    out: Annotated[Path, typer.Option(help="the zip to write; it holds the secret seed, so not in this repository")],
    part: Annotated[int | None, typer.Option(help="one part of the assignment only")] = None,
    accuracy: Annotated[
        list[str] | None,
        typer.Option(metavar="TASK", help="also this accuracy, as assignment.toml names it; repeat for more"),
    ] = None,
    minutes: Annotated[int, typer.Option(min=2, max=40, help="the timeout in Gradescope's settings")] = 10,
    index: Annotated[str | None, typer.Option(help="an index that has CPU-only builds of torch")] = None,
):
    """Write the zip of Gradescope's autograder. It holds the secret seed: nobody else may have it."""
    from rich.console import Console

    assignment = assignments.load(staff=True)
    settings = Settings(part, tuple(accuracy or ()), 60.0 * minutes - RESERVE)
    _check(assignment, settings, out)
    hidden = secret.load_here(Console(stderr=True))
    write_zip(autograder(assignment, hidden, settings, index), out)
    points = [c.points for c in settings.cases(assignment) if not c.bonus]
    print(f"{out}: upload it to Gradescope and give it to nobody else, for it holds the secret seed")
    memory = ACCURACY_MEMORY if settings.accuracy else MEMORY
    print(f"set there: {sum(points):g} points, a timeout of {minutes} minutes, {memory} of memory")


def _check(assignment, settings, out):
    if out.resolve().is_relative_to(ROOT):
        raise BundleError(f"{out} lies in the repository, which students may get: write the zip elsewhere")
    known = [task.name for task in select(tasks(assignment.policy), settings.part)]
    if unknown := [name for name in settings.accuracy if name not in known]:
        raise BundleError(f"there is no accuracy {unknown[0]} to grade; there is: {', '.join(known) or 'none'}")
    if not settings.cases(assignment):
        raise BundleError(f"there is nothing to grade in part {settings.part}")


def autograder(assignment: Assignment, hidden: Secret, settings: Settings, index: str | None) -> dict[str, bytes]:
    """Path and content of every file in the zip.

    Args:
        assignment: with its solution, from which the stubs are made anew.
        hidden: the secret seed and its goldens.
        settings: what is graded there.
        index: where pip looks for packages beside its usual place; None: nowhere.
    """
    graded = [task.policy for task in settings.tasks(assignment)]
    packages = [*PACKAGES, "pyseccomp", *(["torchmetrics"] if graded else [])]
    files = {f"student/{name}": content for name, content in release.student_files(assignment).items()}
    files |= listed("grader", (*RUNTIME, *JUDGE, *STAFF, *(STAFF_OF_ACCURACY if graded else ())))
    files |= listed("test_resources", ("allowlist.txt", "goldens/*.npz", "fingerprints/*", *CONDITIONS))
    for policy in graded:
        files |= _judge_of(policy)
    files["test_resources/MANIFEST.json"] = manifest_of(files)
    files |= _secret(hidden, settings)
    files |= listed(".", ("requirements.txt",))
    files["packages.txt"] = "".join(f"{line}\n" for line in dependencies(packages)).encode()
    files["setup.sh"] = rendered("setup.sh", index=f"--extra-index-url {shlex.quote(index)} " if index else "")
    files["run_autograder"] = rendered("run_autograder", fallback=FALLBACK)
    files[FALLBACK] = json.dumps(BROKEN).encode()
    files[SETTINGS] = json.dumps(asdict(settings)).encode()
    return files


def _judge_of(policy: AccuracyPolicy):
    """The frozen networks that judge an accuracy, with what is known of real images."""
    files = listed("test_resources", (f"classifiers/{policy.classifier}*",))
    return files | (listed("test_resources", (f"oracles/{policy.data}.pt",)) if policy.data else {})


def _secret(hidden, settings):
    """The seed, and the goldens of the part."""
    goldens = {id: g for id, g in hidden.known.goldens.items() if settings.part in (None, int(id.split(".")[0]))}
    with tempfile.TemporaryDirectory() as temporary:
        golden.save(replace(hidden.known, goldens=goldens), Path(temporary))
        made = {path.relative_to(temporary).as_posix(): path.read_bytes() for path in Path(temporary).rglob("part*")}
    return {f"{SECRET}/seed": f"{hidden.seed:032x}\n".encode()} | {f"{SECRET}/{n}": c for n, c in made.items()}
