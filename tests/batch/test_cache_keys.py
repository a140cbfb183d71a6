"""Cache keys: what can change a verdict changes them, and nothing else does."""

import shutil
from dataclasses import replace

import pytest

from grader import ROOT
from grader.batch import cache_keys
from grader.batch.cache_keys import UNIT, stage_keys, submission_hash
from grader.grading import deciding_code
from grader.submission.layout import lay_out

SEEDS = {"public": 2026}


@pytest.fixture
def keys_of(assignment):
    """keys_of(...) are the keys of all stages with something else."""

    def of(assignment=assignment, seeds=SEEDS, tier="sandbox", part=None):
        return stage_keys(assignment, seeds, tier, part)

    return of


def changed(before, after):
    """The stages and fields that differ."""
    return {(s, f) for s in before for f in vars(before[s]) if getattr(before[s], f) != getattr(after[s], f)}


def test_every_accuracy_is_a_stage_of_its_own(keys_of, assignment):
    assert set(keys_of()) == {UNIT, *(f"accuracy.{name}" for name in assignment.policy.accuracy)}
    assert keys_of() == keys_of()


def test_seeds_and_tier_matter_to_all_stages_and_the_part_to_unit_cases(keys_of):
    before = keys_of()
    assert changed(before, keys_of(tier="process")) == {(stage, "tier") for stage in before}
    assert changed(before, keys_of(seeds=SEEDS | {"secret": 5})) == {(stage, "seed") for stage in before}
    assert changed(before, keys_of(part=4)) == {(UNIT, "part")}


def test_no_key_holds_the_secret_seed(keys_of):
    secret = 0xC0FFEE_DECAF
    assert str(secret) not in repr(keys_of(seeds=SEEDS | {"secret": secret}))


def test_a_threshold_matters_to_its_accuracy_alone_and_limits_to_all(keys_of, assignment):
    before, policy = keys_of(), assignment.policy
    eased = policy.accuracy | {"ddpm": policy.accuracy["ddpm"].model_copy(update={"everything_at": 0.9})}
    other = replace(assignment, policy=policy.model_copy(update={"accuracy": eased}))
    assert changed(before, keys_of(other)) == {("accuracy.ddpm", "assignment")}
    limits = policy.limits.model_copy(update={"seconds": 11.0})
    other = replace(assignment, policy=policy.model_copy(update={"limits": limits}))
    assert changed(before, keys_of(other)) == {(stage, "assignment") for stage in before}


def test_the_points_of_a_case_matter_to_unit_cases(keys_of, assignment):
    cases = (replace(assignment.cases[0], points=7.0), *assignment.cases[1:])
    assert changed(keys_of(), keys_of(replace(assignment, cases=cases))) == {(UNIT, "assignment")}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package, whose keys are made."""
    shutil.copytree(ROOT / "grader", tmp_path / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    for module in (cache_keys, deciding_code):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path / "grader"


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ("grading/judge.py", "grader"),
        ("sandbox/worker.py", "grader"),
        ("parts/fashion_mnist/cases/inputs.py", "assignment"),
        ("report/terminal.py", None),
        ("batch/ledger.py", None),
        ("parts/fashion_mnist/mistakes/ddim.py", None),
        ("__main__.py", None),
    ],
)
def test_code_that_decides_verdicts_matters(file, field, package, keys_of):
    before = keys_of()
    (package / file).write_text((package / file).read_text() + "\n")
    differ = changed(before, keys_of())
    assert {name for _, name in differ} == ({field} if field else set())
    assert (UNIT, "assignment") not in differ or differ == {(UNIT, "assignment")}


def test_goldens_and_given_files_matter(tmp_path, keys_of, assignment):
    for name in ("student", "test_resources"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "grids", "oracles"))
    moved = replace(assignment, student=tmp_path / "student", resources=tmp_path / "test_resources")
    before = keys_of(moved)
    resources = [f"test_resources/{name}" for name in ("allowlist.txt", "goldens/new.npz", "iclevr/test.json")]
    for file in ("student/classifier.py", *resources):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        with (tmp_path / file).open("a") as text:
            text.write("\n")
        after = keys_of(moved)
        assert changed(before, after) == {(stage, "grader") for stage in before}
        before = after


def test_the_hash_of_a_submission_is_of_what_is_graded(assignment, make_submission):
    def hash_of(folder):
        with lay_out(folder, assignment.allowlist, assignment.student) as submission:
            return submission_hash(submission)

    folder = make_submission()
    before = hash_of(folder)
    (folder / "notes.txt").write_text("not on the allowlist")
    assert hash_of(folder) == before
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "DDPM.pt").write_bytes(b"weights")
    assert hash_of(folder) != before
    (folder / "checkpoints" / "DDPM.pt").rename(folder / "checkpoints" / "DDIM.pt")
    with_ddim = hash_of(folder)
    (folder / "checkpoints" / "DDIM.pt").rename(folder / "checkpoints" / "DDPM.pt")
    assert hash_of(folder) not in (before, with_ddim)
