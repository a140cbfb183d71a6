"""Goldens (what the solution makes of each case) and fingerprints (what each known mistake makes of it), as files.

Both are plain .npz files, with hints beside them as JSON. `building.py` makes them, and the judge reads them.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grader.case import Case, InfrastructureError
from grader.judge import Fingerprint


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


@dataclass(frozen=True)
class Secret:
    """A secret seed and what the judge knows of it; neither shows in a traceback."""

    seed: int = field(repr=False)
    known: Known = field(repr=False)  # no fingerprints: of hidden inputs a student is told no diagnosis


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
