"""Goldens (what the solution makes of each case) and fingerprints (what each known mistake makes of it).

Both are plain .npz files, with hints beside them as JSON. They are made by running the very experiments that students'
code is run in, and read by the judge.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grader.assignment import Assignment
from grader.case import Case, Ended, InfrastructureError, Observation
from grader.judge import Fingerprint, exception_of
from grader.release import write_patched
from grader.rng import case_seed
from grader.submission import lay_out

SOLUTION = "solution"


class GoldenError(Exception):
    """Goldens cannot be made or read; the message says what mends it."""


@dataclass
class Known:
    """What the judge knows of one seed: the goldens and the fingerprints of every case."""

    goldens: dict[str, dict[str, dict]] = field(default_factory=dict)  # case -> source -> arrays
    fingerprints: dict[str, list[Fingerprint]] = field(default_factory=dict)  # case -> known mistakes

    def of(self, case: Case):
        """The goldens (the solution's first) and fingerprints of a case."""
        goldens = self.goldens.get(case.id)
        if not goldens:
            raise InfrastructureError(f"there is no golden for {case.id}: run `grader update`")
        return list(goldens.values()), self.fingerprints.get(case.id, [])


def observe_folder(assignment: Assignment, tier, folder: Path, cases: Iterable[Case], seed: int):
    """Run cases on a folder laid out like a submission. Returns {case id: Observation}."""
    with lay_out(folder, assignment.allowlist, assignment.student) as submission:
        return {c.id: tier.observe(c, submission.folder, case_seed(seed, c.id), assignment.limits) for c in cases}


def observe_change(assignment: Assignment, tier, change, cases: Iterable[Case], seed: int):
    """The same for the solution with a `Mistake` or `Variant` applied."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_patched(assignment, change, Path(temporary))
        return observe_folder(assignment, tier, folder, cases, seed)


def observe_changes(assignment: Assignment, tier, changes: Sequence, cases_of: Callable, seed: int):
    """The same for many changes, as many at a time as the tier has workers. Yields (change, {case id: Observation})."""
    with ThreadPoolExecutor(tier.size) as threads:
        observed = threads.map(lambda c: observe_change(assignment, tier, c, cases_of(c), seed), changes)
        yield from zip(changes, observed, strict=True)


def build_goldens(assignment: Assignment, tier, seed: int) -> Known:
    """Run the solution and the accepted alternatives: what it takes to decide, without a diagnosis.

    Raises:
        GoldenError: the solution or an alternative does not complete a case.
    """
    known = Known()
    solution = observe_folder(assignment, tier, assignment.solution, assignment.cases, seed)
    for case in assignment.cases:
        known.goldens[case.id] = {SOLUTION: _completed(SOLUTION, case.id, solution[case.id])}
    alternatives = [v for v in assignment.variants if v.alternative_for]
    for variant, found in observe_changes(assignment, tier, alternatives, assignment.named_by, seed):
        for id, observation in found.items():
            known.goldens[id][variant.id] = _completed(variant.id, id, observation)
    return known


def build(assignment: Assignment, tier, seed: int) -> Known:
    """Run everything that the judge must know for a seed: the goldens, and the fingerprints of the mistakes.

    Raises:
        GoldenError: the solution or an alternative does not complete a case.
    """
    known = build_goldens(assignment, tier, seed)
    for mistake, found in observe_changes(assignment, tier, assignment.mistakes, assignment.named_by, seed):
        for id, observation in found.items():
            known.fingerprints.setdefault(id, []).append(fingerprint(mistake, observation))
    return known


def fingerprint(mistake, observation: Observation) -> Fingerprint:
    """The fingerprint that an observation of a known mistake leaves."""
    if observation.ended is Ended.RAISED:
        return Fingerprint(mistake.id, mistake.hint, {}, exception_of(observation))
    return Fingerprint(mistake.id, mistake.hint, observation.arrays)


def _completed(source, id, observation):
    if observation.ended is not Ended.COMPLETED or observation.not_arrays:
        told = observation.message or ", ".join(observation.not_arrays)
        raise GoldenError(f"{source} does not complete {id}: {observation.ended} {observation.exception} {told}")
    return observation.arrays


def save(known: Known, resources: Path) -> None:
    """Write goldens/partN.npz, fingerprints/partN.npz and fingerprints/partN.json."""
    for kind in ("goldens", "fingerprints"):
        (resources / kind).mkdir(parents=True, exist_ok=True)
    for part in sorted({id.split(".")[0] for id in known.goldens}):
        ids = [id for id in known.goldens if id.split(".")[0] == part]
        _write_arrays(
            resources / "goldens" / f"part{part}.npz",
            {f"{id}/{s}/{n}": a for id in ids for s, arrays in known.goldens[id].items() for n, a in arrays.items()},
        )
        prints = [(id, f) for id in ids for f in known.fingerprints.get(id, [])]
        _write_arrays(
            resources / "fingerprints" / f"part{part}.npz",
            {f"{id}/{f.mistake}/{n}": a for id, f in prints for n, a in f.arrays.items()},
        )
        table = [{"case": id, "mistake": f.mistake, "hint": f.hint, "exception": f.exception} for id, f in prints]
        (resources / "fingerprints" / f"part{part}.json").write_text(json.dumps(table, indent=1) + "\n")


def load(resources: Path) -> Known:
    """Read what `save` has written.

    Raises:
        InfrastructureError: a file is missing or damaged.
    """
    known = Known()
    try:
        for path in sorted((resources / "goldens").glob("part*.npz")):
            for key, array in _read_arrays(path):
                id, source, name = key.split("/")
                known.goldens.setdefault(id, {}).setdefault(source, {})[name] = array
            _load_fingerprints(resources / "fingerprints" / path.name, known)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InfrastructureError(f"test_resources cannot be read ({error}): run `grader update`") from error
    return known


def _load_fingerprints(path, known):
    arrays = {}
    for key, array in _read_arrays(path):
        id, mistake, name = key.split("/")
        arrays.setdefault((id, mistake), {})[name] = array
    for row in json.loads(path.with_suffix(".json").read_text()):
        observed = arrays.get((row["case"], row["mistake"]), {})
        known.fingerprints.setdefault(row["case"], []).append(
            Fingerprint(row["mistake"], row["hint"], observed, row["exception"])
        )


def _write_arrays(path, arrays):
    """An .npz with '/' in its keys: np.savez writes them as folders, and reads them back."""
    np.savez_compressed(path, **arrays)


def _read_arrays(path):
    with np.load(path, allow_pickle=False) as file:
        yield from ((key, file[key]) for key in file.files)
