"""`grader gradescope`: the zip of Gradescope's autograder, in which `autograde.py` runs.

It holds the seed of the hidden inputs and their goldens, made on the author's machine, but no solution and no mistakes.
"""

from __future__ import annotations

import json
import shlex
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from grader import ROOT
from grader.accuracy.grade import accuracies_of
from grader.authoring import stubs
from grader.course.accuracy_policy import ConditionsPolicy
from grader.course.assignment import Assignment
from grader.grading import goldens
from grader.grading.goldens import Secret
from grader.grading.run import select
from grader.release.autograde import FALLBACK, SECRET, SETTINGS, Settings
from grader.release.bundle import BundleError
from grader.release.handout import JUDGE, PACKAGES, RESOURCES, RUN, SHOW, dependencies, listed, manifest_of, rendered

STAFF = ("release/__init__.py", "release/autograde.py")  # of grader/, beside what judges code on every machine
STAFF_OF_ACCURACY = ("accuracy/staff/*.py",)
# Of Gradescope's containers. Measured: cases need 530 MB beside torch's files, models that sample in one pass 1.8 GB.
MEMORY, ACCURACY_MEMORY = "768 MB", "3 GB"
RESERVE = 60  # of Gradescope's seconds, to end what runs, write the results and hand them over
BROKEN = {
    "output": "The grader itself failed: this is not your fault. Staff can see why, and will have it graded again.",
    "output_format": "text",
    "stdout_visibility": "hidden",
}


def refuse(assignment: Assignment, settings: Settings, out: Path) -> None:
    """Refuse what cannot be made.

    Raises:
        BundleError: with what mends it.
    """
    if out.resolve().is_relative_to(ROOT):
        raise BundleError(f"{out} lies in the repository, which students may get: write the zip elsewhere")
    known = [accuracy.name for accuracy in select(accuracies_of(assignment.policy), settings.part)]
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
    graded = [accuracy.policy for accuracy in settings.accuracies(assignment)]
    packages = [*PACKAGES, "pyseccomp", *(["torchmetrics"] if graded else [])]
    files = {f"student/{name}": content for name, content in stubs.student_files(assignment).items()}
    files |= listed("grader", (*RUN, *JUDGE, *SHOW, *STAFF, *(STAFF_OF_ACCURACY if graded else ())))
    files |= listed("test_resources", (*RESOURCES, *_checked_with(assignment)))
    for policy in graded:
        files |= listed("test_resources", policy.resources)
    files["test_resources/MANIFEST.json"] = manifest_of(files)
    files |= _secret(hidden, settings)
    files |= listed(".", ("requirements.txt",))
    files["packages.txt"] = "".join(f"{line}\n" for line in dependencies(packages)).encode()
    files["setup.sh"] = rendered("setup.sh", index=f"--extra-index-url {shlex.quote(index)} " if index else "")
    files["run_autograder"] = rendered("run_autograder", fallback=FALLBACK)
    files[FALLBACK] = json.dumps(BROKEN).encode()
    files[SETTINGS] = json.dumps(asdict(settings)).encode()
    return files


def _checked_with(assignment: Assignment) -> list[str]:
    """The files of test_resources/ without which no part.toml could be read there."""
    policies = assignment.policy.accuracy.values()
    return sorted({name for p in policies if isinstance(p, ConditionsPolicy) for name in (p.conditions, p.objects)})


def _secret(hidden: Secret, settings: Settings) -> dict[str, bytes]:
    """The seed, and the goldens of the part."""
    of_part = {id: g for id, g in hidden.known.goldens.items() if settings.part in (None, int(id.split(".")[0]))}
    with tempfile.TemporaryDirectory() as temporary:
        goldens.save(replace(hidden.known, goldens=of_part), Path(temporary))
        made = {path.relative_to(temporary).as_posix(): path.read_bytes() for path in Path(temporary).rglob("part*")}
    return {f"{SECRET}/seed": f"{hidden.seed:032x}\n".encode()} | {f"{SECRET}/{n}": c for n, c in made.items()}
