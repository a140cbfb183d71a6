"""The made-up class holds every kind of submission, the same in every run, and what is said to be due is due."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections import Counter

import pytest
import yaml

from benchmarks.a_class import expected, make
from benchmarks.class_layouts import LAYOUTS, NASTY, OLDER
from benchmarks.handed_in import SHARES
from grader.submission.layout import SubmissionError, contents

SIZE = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """{layout: (folder, what was handed in)}."""
    place = tmp_path_factory.mktemp("classes")
    return {layout: (place / layout, make(place / layout, SIZE, layout)) for layout in LAYOUTS}


def texts(folder, handed_in, assignment):
    """{name: text} of the Python files of a submission."""
    found = contents(folder / handed_in.path, assignment.allowlist)
    return {name: content.decode(errors="replace") for name, content in found if name.endswith(".py")}


def of_kind(handed_in, kind):
    return [h for h in handed_in if h.work.kind == kind]


def tree(folder):
    """{name: content} of everything; links and pipes by their type."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        regular = path.is_file() and not path.is_symlink()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if regular else ""
        found[os.fsencode(path.relative_to(folder))] = mode, digest
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_kind_is_there_in_its_share(made, layout):
    counts = Counter(h.work.kind for h in made[layout][1])
    assert sum(counts.values()) == SIZE
    assert counts.keys() == SHARES.keys()
    assert all(abs(counts[kind] - share * SIZE) <= 2 for kind, share in SHARES.items())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_seed_makes_the_same_class_and_another_does_not(made, layout, tmp_path):
    again, other = (make(tmp_path / name, SIZE, layout, seed) for name, seed in (("again", 0), ("other", 1)))
    assert tree(tmp_path / "again") == tree(made[layout][0])
    assert expected(again) == expected(made[layout][1]) != expected(other)


def test_the_points_are_those_of_the_assignment(made, assignment):
    full = {case.id: case.points for case in assignment.cases}
    handed_in = made["folder"][1]
    assert all(h.points == full for kind in ("reference", "variant") for h in of_kind(handed_in, kind))
    assert all(not any(h.points.values()) and h.points.keys() == full.keys() for h in of_kind(handed_in, "stubs"))
    for kind in ("mistake", "mixture"):
        fails = {mistake.id: mistake.fails for mistake in assignment.mistakes}
        for h in of_kind(handed_in, kind):
            assert h.points == dict.fromkeys([c for id in h.work.about.split(" + ") for c in fails[id]], 0.0)
    assert all(points in (0.0, full[id]) for h in handed_in for id, points in h.points.items())


def test_a_mistake_is_in_the_file_and_a_mixture_has_one_of_each_part(made, assignment):
    folder, handed_in = made["folder"]
    mistakes = {mistake.id: mistake for mistake in assignment.mistakes}
    for h in of_kind(handed_in, "mistake") + of_kind(handed_in, "mixture"):
        ids, files = h.work.about.split(" + "), texts(folder, h, assignment)
        assert len({id[0] for id in ids}) == len(ids)
        assert all(new in files[mistakes[id].file] for id in ids for _, new in mistakes[id].patches)


def test_partial_submissions_have_answers_and_todos_and_nobody_has_our_markers(made, assignment):
    folder, handed_in = made["folder"]
    stubs = assignment.student
    for h in of_kind(handed_in, "partial"):
        found = texts(folder, h, assignment)
        whole = sum(text.count("NotImplementedError") for text in found.values())
        assert 0 < whole < sum((stubs / name).read_text().count("NotImplementedError") for name in found)
    for h in handed_in:
        if h.work.kind not in ("hostile", "hanging", "unreadable"):
            assert not re.search("(BEGIN|END) ANSWER", "".join(texts(folder, h, assignment).values()))


def test_the_stubs_are_the_handouts(made, assignment):
    folder, handed_in = made["folder"]
    for name, text in texts(folder, of_kind(handed_in, "stubs")[0], assignment).items():
        assert text == (assignment.student / name).read_text()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_unreadable_ones_are_refused_and_others_are_not(made, layout, assignment):
    folder, handed_in = made[layout]
    for h in handed_in:
        refused = False
        try:
            nothing = not texts(folder, h, assignment)
        except SubmissionError:
            refused = True
        if h.work.kind == "unreadable" and h.points:
            assert refused or nothing, h
        elif h.path.suffix != ".py" and h.points:  # a single file of Canvas is no submission by itself
            assert not refused, h


def test_the_folder_mixes_zips_and_folders_with_checkpoints_and_nasty_names(made):
    folder, handed_in = made["folder"]
    forms = Counter((folder / h.path).is_dir() for h in handed_in)
    assert min(forms[True], forms[False]) >= SIZE / 5
    assert {h.path.name.removesuffix(".zip") for h in handed_in} & set(NASTY)
    assert list(folder.rglob("checkpoints/*"))
    for h in of_kind(handed_in, "reference"):
        if h.path.suffix == ".zip":
            with zipfile.ZipFile(folder / h.path) as archive:
                assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
                assert sum(info.filename.startswith("checkpoints/") for info in archive.infolist()) == 2


def test_the_gradescope_export_tells_of_groups_older_attempts_and_missing_addresses(made):
    folder, handed_in = made["gradescope"]
    told = yaml.safe_load((folder / "submission_metadata.yml").read_text(encoding="utf-8"))
    assert told.keys() == {path.name for path in folder.iterdir() if path.is_dir()}
    people = [about[":submitters"] for about in told.values()]
    assert {1, 2} <= {len(submitters) for submitters in people}
    assert any(":email" not in person for submitters in people for person in submitters)
    older = [name for name in told if (folder / name / "theory.py").is_file()]
    older = [name for name in older if (folder / name / "theory.py").read_text() == OLDER]
    assert older
    assert not {h.path.name for h in handed_in} & set(older)
    for name in older:
        same = [n for n in told if n != name and told[n][":submitters"] == told[name][":submitters"]]
        assert len(same) == 1
        assert told[same[0]][":created_at"] > told[name][":created_at"]


def test_the_canvas_download_has_late_ones_older_attempts_and_single_files(made):
    folder, handed_in = made["canvas"]
    names = [path.name for path in folder.iterdir()]
    assert all(re.fullmatch(r"[^\W_]+(_LATE)?_\d+_\d+_[^/]+\.(zip|py)", name) for name in names)
    assert any("_LATE_" in name for name in names)
    assert any(name.endswith("_models.py") for name in names)
    newer = [name for name in names if name.endswith("_submission-1.zip")]
    assert newer
    assert {h.path.name for h in handed_in} >= set(newer)
    assert len(names) > SIZE


def test_what_cannot_be_made_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a class of 5 is too small for all 9 kinds: make a larger one"):
        make(tmp_path / "small", 5)
    with pytest.raises(ValueError, match="no layout 'moodle': choose from folder, gradescope, canvas"):
        make(tmp_path / "class", 20, "moodle")
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError, match="there"):
        make(tmp_path / "there", 20)
