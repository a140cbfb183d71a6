"""`grader update`: regenerates what follows from the solution, the cases and the notebooks' sources."""

from __future__ import annotations

from pathlib import Path

from grader import ROOT, building, golden, notebooks, release
from grader.assignment import Assignment
from grader.judge import distance

SAME = 0.1  # tolerances; another processor rounds differently, and that is no drift


def update(assignment: Assignment, tier, root: Path = ROOT, check: bool = False) -> list[str]:
    """Write what has changed, or with `check` only find it.

    Returns:
        The files that were (or, with `check`, would be) written or removed, relative to the root.
    """
    drifted = []
    for path, content in _files(assignment, root).items():
        if not path.exists() or path.read_bytes() != content:
            drifted.append(path)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    for path in _strangers(assignment):
        drifted.append(path)
        if not check:
            path.unlink()
    if (assignment.resources / "allowlist.txt").exists():  # a first `--check` has nothing to compare with
        drifted += _update_known(assignment, tier, check)
    return [str(path.relative_to(root)) for path in drifted]


def _files(assignment, root):
    """Every generated file that is text, and its content."""
    files = {assignment.student / name: content for name, content in release.student_files(assignment).items()}
    files[assignment.resources / "allowlist.txt"] = release.allowlist(assignment).encode()
    made, questions = notebooks.build(assignment)
    files |= {assignment.notebooks / name: text.encode() for name, text in made.items()}
    readme = root / "README.md"
    if readme.exists():
        texts = {"points": release.points_table(assignment, questions), **notebooks.shared_texts(assignment)}
        files[readme] = release.with_texts(readme.read_text(), texts).encode()
    return files


def _strangers(assignment):
    """Generated files whose source is gone. A checkpoint in `student/` is somebody's training: it stays."""
    expected = release.student_files(assignment)
    strangers = [p for p in sorted(assignment.student.glob("*.py")) if p.name not in expected]
    if assignment.notebooks:
        made, _ = notebooks.build(assignment)
        strangers += [p for p in sorted(assignment.notebooks.glob("*.ipynb")) if p.name not in made]
    return strangers


def _update_known(assignment, tier, check):
    known = building.build(assignment, tier, assignment.policy.public_seed)
    try:
        saved = golden.load(assignment.resources)
    except golden.InfrastructureError:
        saved = golden.Known()
    kinds = {"goldens": _goldens_differ, "fingerprints": _fingerprints_differ}
    drifted = [kind for kind, differ in kinds.items() if differ(assignment, saved, known)]
    if drifted and not check:
        golden.save(known, assignment.resources)
    return [assignment.resources / kind for kind in drifted]


def _goldens_differ(assignment, saved, known):
    if {id: set(sources) for id, sources in saved.goldens.items()} != {id: set(s) for id, s in known.goldens.items()}:
        return True
    return any(
        _apart(assignment.by_id[id], saved.goldens[id][source], arrays)
        for id, sources in known.goldens.items()
        for source, arrays in sources.items()
    )


def _fingerprints_differ(assignment, saved, known):
    def described(prints):
        return [(f.mistake, f.hint, f.exception) for f in prints]

    if {id: described(p) for id, p in saved.fingerprints.items()} != {
        id: described(p) for id, p in known.fingerprints.items()
    }:
        return True
    return any(
        _apart(assignment.by_id[id], old.arrays, new.arrays)
        for id, prints in known.fingerprints.items()
        for old, new in zip(saved.fingerprints[id], prints, strict=True)
    )


def _apart(case, old, new):
    return old.keys() != new.keys() or distance(case, old, new) > SAME
