"""Goldens (what the solution makes of each case) and fingerprints (what each known mistake makes of it), as files.

Both are plain .npz files, with hints beside them as JSON. `building.py` makes them, and the judge reads them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from grader.grading.judge import Arrays, Fingerprint
from grader.runtime.case import Case
from grader.runtime.errors import InfrastructureError


@dataclass
class Known:
    """What the judge knows of one seed: the goldens and the fingerprints of every case."""

    goldens: dict[str, dict[str, Arrays]] = field(default_factory=dict)  # case -> source -> arrays
    fingerprints: dict[str, list[Fingerprint]] = field(default_factory=dict)  # case -> known mistakes

    def only(self, ids: Collection[str]) -> Known:
        """What is known of these cases."""
        return Known(
            {id: known for id, known in self.goldens.items() if id in ids},
            {id: known for id, known in self.fingerprints.items() if id in ids},
        )

    def of(self, case: Case) -> tuple[list[Arrays], list[Fingerprint]]:
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


KINDS = ("goldens", "fingerprints")  # folders of test_resources/


def save(known: Known, resources: Path, kinds: Collection[str] = KINDS) -> None:
    """Write goldens/partN.npz, fingerprints/partN.npz and fingerprints/partN.json, for the parts that are known.

    Args:
        known: what is written.
        resources: the folder of both.
        kinds: of KINDS, those to write.
    """
    save_kind = {"goldens": _save_goldens, "fingerprints": _save_fingerprints}
    for kind in kinds:
        (resources / kind).mkdir(parents=True, exist_ok=True)
        for part in sorted({_part_of(id) for id in known.goldens}):
            save_kind[kind](known, part, resources / kind / f"part{part}.npz")


def _part_of(id: str) -> str:
    return id.split(".")[0]


def _save_goldens(known: Known, part: str, path: Path) -> None:
    arrays = {
        f"{id}/{source}/{name}": array
        for id, sources in known.goldens.items()
        if _part_of(id) == part
        for source, observed in sources.items()
        for name, array in observed.items()
    }
    _write_arrays(path, arrays)


def _save_fingerprints(known: Known, part: str, path: Path) -> None:
    prints = [(id, f) for id in known.goldens if _part_of(id) == part for f in known.fingerprints.get(id, [])]
    _write_arrays(path, {f"{id}/{f.mistake}/{n}": a for id, f in prints for n, a in f.arrays.items()})
    table = [{"case": id, "mistake": f.mistake, "hint": f.hint, "exception": f.exception} for id, f in prints]
    path.with_suffix(".json").write_text(json.dumps(table, indent=1) + "\n")


def load(resources: Path) -> Known:
    """Read what `save` has written.

    Raises:
        InfrastructureError: a file is missing or damaged.
    """
    arrays: dict[str, dict[str, dict[str, np.ndarray]]] = {}
    known = Known()
    try:
        for path in sorted((resources / "goldens").glob("part*.npz")):
            for key, array in _read_arrays(path):
                id, source, name = key.split("/")
                arrays.setdefault(id, {}).setdefault(source, {})[name] = array
            _load_fingerprints(resources / "fingerprints" / path.name, known)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InfrastructureError(f"test_resources cannot be read ({error}): run `grader update`") from error
    known.goldens.update({id: dict(sources) for id, sources in arrays.items()})
    return known


def _load_fingerprints(path: Path, known: Known) -> None:
    arrays: dict[tuple[str, str], dict[str, np.ndarray]] = {}
    for key, array in _read_arrays(path):
        id, mistake, name = key.split("/")
        arrays.setdefault((id, mistake), {})[name] = array
    for row in json.loads(path.with_suffix(".json").read_text()):
        observed = arrays.get((row["case"], row["mistake"]), {})
        known.fingerprints.setdefault(row["case"], []).append(
            Fingerprint(row["mistake"], row["hint"], observed, row["exception"])
        )


def _write_arrays(path: Path, arrays: Arrays) -> None:
    """An .npz with '/' in its keys: np.savez writes them as folders, and reads them back."""
    np.savez_compressed(path, **dict(arrays))  # type: ignore[arg-type]  # its stub takes them for allow_pickle


def _read_arrays(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with np.load(path, allow_pickle=False) as file:
        yield from ((key, file[key]) for key in file.files)
