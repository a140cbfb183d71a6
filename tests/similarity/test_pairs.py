"""What is alike, what is not, and what hostile files do to the comparison: nothing."""

from __future__ import annotations

import random
import shutil
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.similar_code import INDEPENDENT, disguised, random_code, read, shared
from grader import ROOT
from grader.runtime.errors import InfrastructureError
from grader.similarity.pairs import FEWEST, SHARE, Pair, alike, handout_hashes, pairs
from grader.similarity.winnowing import normalised

SOLUTION = ROOT / "solution"


@pytest.fixture(scope="module")
def handout(assignment):
    return handout_hashes(assignment)


@pytest.fixture
def class_of(tmp_path):
    """class_of({id: {name: text or bytes}}) are submissions as folders."""

    def make(submissions):
        for id, files in submissions.items():
            for name, content in files.items():
                path = tmp_path / id / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return {id: tmp_path / id for id in submissions}

    return make


def own_code(seed, statements=80):
    return random_code(random.Random(seed), statements)


# ---------------------------------------------------------------------------------------------------------- hashes


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 40))
def test_names_comments_docstrings_annotations_and_format_do_not_show(seed, statements):
    text = own_code(seed, statements + 1)
    assert normalised(disguised(text).encode()) == normalised(text.encode())
    annotated = text.replace("(x, y):", "(x: int, y: 'torch.Tensor' = None) -> list:").replace("def f", "# mine\ndef f")
    assert normalised(annotated.encode()) == normalised(text.replace("def f(x, y)", "def f(x, y=None)").encode())


def test_other_code_shows():
    assert normalised(b"def f(x): return x + 1") != normalised(b"def f(x): return x - 1")


@pytest.mark.parametrize(("folder", "name", "ours"), INDEPENDENT)
def test_what_was_written_independently_stays_far_below_the_threshold(folder, name, ours, handout):
    texts = [(ROOT / "grader" / "parts" / folder / name).read_text(), (SOLUTION / ours).read_text()]
    assert shared(*read(texts, handout)) < SHARE / 4


@pytest.mark.parametrize("name", ["DDPM", "gan_pytorch", "models", "noise_scheduler", "theory"])
def test_a_copy_with_a_new_statement_before_every_fifth_stays_above(name, handout):
    text = (SOLUTION / f"{name}.py").read_text()
    original, copy = read([text, disguised(text, every=5)], handout)
    assert len(original) >= FEWEST
    assert shared(original, copy) >= SHARE


# ------------------------------------------------------------------------------------------------------- a class


def test_a_class_lists_the_disguised_copy_and_the_identical_checkpoint(class_of, assignment):
    stolen = {"theory.py": own_code(1), "checkpoints/DDPM.pt": b"weights of one"}
    submissions = class_of(
        {
            "anna": {**stolen, "models.py": own_code(2)},
            "bert": {"theory.py": disguised(own_code(1)), "models.py": own_code(3), "checkpoints/DDPM.pt": b"of bert"},
            "cleo": {"theory.py": own_code(4), "checkpoints/DDPM.pt": b"weights of one"},
            "dora": {"theory.py": own_code(5), "checkpoints/DDPM.pt": b""},
            "emil": {"theory.py": own_code(6), "checkpoints/DDPM.pt": b""},
        }
    )
    assert pairs(submissions, assignment) == [
        Pair("anna", "bert", 1.0, "100% of theory.py"),
        Pair("anna", "cleo", 1.0, "identical checkpoints/DDPM.pt"),
    ]


def test_what_is_in_the_handout_makes_nobody_alike(class_of, assignment):
    stubs = {path.name: path.read_text() for path in assignment.student.glob("*.py")}
    assert pairs(class_of({"anna": stubs, "bert": stubs}), assignment) == []


def test_a_zip_is_compared_with_a_folder(class_of, assignment):
    submissions = class_of({"anna": {"theory.py": own_code(1)}, "bert": {"theory.py": own_code(1)}})
    submissions["bert"] = submissions["bert"].rename(submissions["bert"].with_name("bert-before"))
    shutil.make_archive(str(submissions["bert"]), "zip", submissions["bert"])
    submissions["bert"] = submissions["bert"].with_suffix(".zip")
    assert [pair.what for pair in pairs(submissions, assignment)] == ["100% of theory.py"]


def test_one_that_cannot_be_read_is_like_no_other(class_of, assignment, tmp_path):
    submissions = class_of({"anna": {"theory.py": own_code(1)}, "bert": {"theory.py": own_code(1)}})
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    submissions |= {"broken": tmp_path / "broken.zip", "missing": tmp_path / "nowhere"}
    assert [(pair.first, pair.second) for pair in pairs(submissions, assignment)] == [("anna", "bert")]


def test_a_hostile_file_is_told_and_the_others_are_compared(class_of, assignment, monkeypatch):
    monkeypatch.setattr("grader.similarity.pairs.SECONDS", 0.5)
    hostile = {
        "forever": "f'" + "{a}" * 33_000 + "'",  # the parser is quadratic
        "nested": "(" * 90_000,
        "sum": "1+" * 40_000 + "1",
        "no-python": "def \x1b[31m(:",
        "zeros": "x = 1\x00",
        "too-much": "#" * 200_000,
    }
    files = hostile | {"anna": own_code(1), "bert": own_code(1)}
    told, start = [], time.monotonic()
    found = pairs(class_of({id: {"theory.py": text} for id, text in files.items()}), assignment, told.append)
    assert [(pair.first, pair.second) for pair in found] == [("anna", "bert")]
    assert {line.partition(":")[0] for line in told} == hostile.keys()
    assert all("theory.py cannot be compared with others'" in line and line.isprintable() for line in told)
    assert "Python takes more than 0.5 seconds to read it" in next(line for line in told if line.startswith("forever"))
    assert time.monotonic() - start < 60


def test_comparing_runs_no_code_of_a_submission(class_of, assignment, tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    pairs(class_of({"anna": {"theory.py": code, "ast.py": code, "copydetect.py": code}}), assignment)
    assert not (tmp_path / "ran").exists()


def test_a_handout_that_cannot_be_read_is_the_graders_fault(class_of, assignment, tmp_path, monkeypatch):
    (tmp_path / "handout").mkdir()
    (tmp_path / "handout" / "theory.py").write_text("def f(:")
    broken = type(assignment)(assignment.policy, (), tmp_path / "handout", assignment.resources)
    with pytest.raises(InfrastructureError, match=r"the handout cannot be compared with submissions: .*SyntaxError"):
        pairs({}, broken)


# ------------------------------------------------------------------------------------------------- sets of hashes


def some(rng, count):
    return frozenset(rng.sample(range(10**12), count))


def test_a_cluster_is_connected_by_as_few_pairs_as_can_be():
    rng = random.Random(0)
    original = some(rng, 200)
    own = {f"{n:02}": original - set(rng.sample(sorted(original), n)) | some(rng, n) for n in range(1, 31)}
    own |= {f"copy {n}": original for n in range(10)} | {f"other {n}": some(rng, 200) for n in range(10)}
    links = alike(own)
    assert len(links) == 30 + 10 - 1
    found = {"01"}
    for _ in links:
        found |= {id for first, second, _ in links for id in (first, second) if {first, second} & found}
    assert len(found) == 40
    assert all(share >= SHARE for *_, share in links)
    copies = {f"copy {n}" for n in range(1, 10)}
    assert {first for first, second, _ in links if second in copies} == {"copy 0"}


def test_the_share_is_of_the_smaller_one():
    rng = random.Random(0)
    small, rest = some(rng, 50), some(rng, 350)
    assert alike({"a": small, "b": small | rest}) == [("a", "b", 1.0)]
    [(first, second, share)] = alike({"a": small | some(rng, 50), "b": small | rest})
    assert (first, second) == ("a", "b")
    assert share == pytest.approx(0.5)
    assert alike({"a": small | some(rng, 100), "b": small | rest}) == []


def test_few_hashes_are_no_evidence():
    few = frozenset(range(FEWEST - 1))
    assert alike({"a": few, "b": few}) == []
    assert alike({}) == []


def test_what_many_have_is_common_knowledge_but_exact_copies_are_told(monkeypatch):
    monkeypatch.setattr("grader.similarity.pairs.COMMON", 5)
    rng = random.Random(0)
    idiom = some(rng, 100)
    own = {f"{n}": idiom | some(rng, 40) for n in range(6)}
    assert alike(own) == []
    assert alike(own | {"copy": own["0"]}) == [("0", "copy", 1.0)]
    del own["5"]
    assert len(alike(own)) == 4


def test_thousands_are_compared_in_seconds():
    rng = random.Random(0)
    own = {f"{n}": some(rng, 200) for n in range(3000)}
    own["copy"] = frozenset(sorted(own["7"])[20:]) | some(rng, 20)
    start = time.monotonic()
    assert [link[:2] for link in alike(own)] == [("7", "copy")]
    assert time.monotonic() - start < 30
