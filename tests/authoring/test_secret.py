"""The secret seed: a file that only its owner reads, and goldens that are made once."""

import runpy
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader import ROOT
from grader.authoring import secret
from grader.authoring.allowlist import allowlist
from grader.authoring.secret import SecretError, default_path, read
from grader.course.assignment import Assignment, Variant, load
from grader.course.parts import Part
from grader.grading.goldens import Secret
from grader.runtime.case import Ended, Observation
from grader.runtime.rng import Streams
from tests.toy import cases

TOY = ROOT / "tests" / "toy"


def others_may(path):
    """Whether anybody but the owner has any right to a file or folder."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


# ------------------------------------------------------------------------------------------------------- the file


def test_the_secret_is_made_at_first_use_for_its_owner_alone(tmp_path):
    path = tmp_path / "settings" / "secret"
    seed = read(path)
    assert not others_may(path)
    assert read(path) == seed == int(path.read_text(), 16)
    assert 2**64 < seed < 2**128  # less has a probability of 2^-64
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_two_secrets_are_different(tmp_path):
    assert read(tmp_path / "one") != read(tmp_path / "other")


def test_graders_that_start_together_share_one_secret(tmp_path):
    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(read, [tmp_path / "secret"] * 64))) == 1


@pytest.mark.parametrize("text", ["", "0x12", "12" * 15, "12" * 17, "G" * 32, "12" * 16 + "\n\n", "-" + "1" * 31])
def test_a_file_that_holds_anything_else_is_refused(text, tmp_path):
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SecretError, match=r"does not hold 32 hexadecimal digits: rm \S+/secret, and a new one is made"):
        read(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_reach_is_refused(mode, tmp_path):
    path = tmp_path / "secret"
    read(path)
    path.chmod(mode)
    with pytest.raises(SecretError, match=r"others can read .* chmod 600 \S+/secret"):
        read(path)


@pytest.mark.parametrize("place", ["secret", "student/secret", "grader/../secret"])
def test_a_file_in_the_repository_is_refused_and_not_made(place):
    with pytest.raises(SecretError, match="lies in the repository, which students get: set GRADER_SECRET"):
        read(ROOT / place)
    assert not (ROOT / place).exists()


def test_a_link_into_the_repository_is_refused(tmp_path):
    (tmp_path / "secret").symlink_to(ROOT / "README.md")
    with pytest.raises(SecretError, match="lies in the repository"):
        read(tmp_path / "secret")


def test_a_place_that_cannot_hold_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretError, match=r"cannot be read or made \(.+\): .* --public-only"):
        read(tmp_path / "file" / "secret")
    with pytest.raises(SecretError, match=r"cannot be read or made \(Is a directory\)"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"GRADER_SECRET": "/a/b", "XDG_CONFIG_HOME": "/c"}, "/a/b"),
        ("linux", {"XDG_CONFIG_HOME": "/c"}, "/c/generative-models-grader/secret"),
        ("linux", {}, "/home/ta/.config/generative-models-grader/secret"),
        ("darwin", {}, "/home/ta/.config/generative-models-grader/secret"),
        ("win32", {"APPDATA": "/d"}, "/d/generative-models-grader/secret"),
        ("win32", {}, "/home/ta/AppData/Roaming/generative-models-grader/secret"),
    ],
)
def test_the_file_lies_among_the_users_settings(platform, environment, expected, monkeypatch):
    for name in ("GRADER_SECRET", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/home/ta"} | environment).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    assert default_path() == Path(expected)


def test_a_secret_does_not_show_in_a_traceback():
    assert repr(Secret(2**127, "goldens")) == "Secret()"


# ---------------------------------------------------------------------------------------------------- its goldens


@pytest.fixture
def toy(tmp_path):
    """A toy assignment with an alternative; its folders may be changed."""
    solution, student = tmp_path / "solution", tmp_path / "student"
    for folder in (solution, student):
        folder.mkdir()
        (folder / "answers.py").write_text((TOY / "solution" / "answers.py").read_text())
    (student / "given.txt").write_text("given")
    assignment = Assignment(
        parts=(Part(name="toy", number=1, title="Toy", files=("answers.py",), notebook="toy"),),
        policy=load().policy.model_copy(update={"accuracy": {}}),
        cases=(cases.double, cases.shift),
        student=student,
        resources=tmp_path,
        solution=solution,
        variants=(Variant("1.more", (("return x + 1", "return x + 2"),), ("1.shift",), "answers.py"),),
    )
    (tmp_path / "allowlist.txt").write_text(allowlist(assignment))
    return assignment


class Making:
    """A factory of tiers that counts what it makes; they run the toy's experiments right here."""

    size, made, closed = 1, 0, 0

    def __call__(self):
        self.made += 1
        return self

    def observe(self, job):
        answers = SimpleNamespace(**runpy.run_path(str(job.folder / "answers.py")))
        return Observation(Ended.COMPLETED, job.case.observe(SimpleNamespace(answers=answers), Streams(job.seed)))

    def close(self):
        self.closed += 1


@pytest.fixture
def making():
    return Making()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings" / "secret"


def test_goldens_are_those_of_the_secret_seed_alternatives_included(toy, making, path):
    found = secret.load(toy, making, path)
    assert found.seed == read(path)
    assert found.known.goldens.keys() == {"1.double", "1.shift"}
    assert found.known.fingerprints == {}
    both = found.known.goldens["1.shift"]
    assert np.allclose(both["1.more"]["value"], both["solution"]["value"] + 1)
    other = secret.load(toy, making, path.with_name("other"))
    assert not np.isclose(other.known.goldens["1.shift"]["solution"]["value"], both["solution"]["value"]).any()


def test_goldens_are_made_once_and_kept_for_their_owner_alone(toy, making, path):
    first = secret.load(toy, making, path)
    again = secret.load(toy, making, path)
    assert (making.made, making.closed) == (1, 1)
    for id, sources in first.known.goldens.items():
        for source, arrays in sources.items():
            for name, array in arrays.items():
                assert np.array_equal(again.known.goldens[id][source][name], array)
    assert {file.name for file in path.parent.iterdir()} == {"secret", "secret.goldens"}
    assert others_may(path.parent / "secret.goldens") is False


def change_solution(assignment):
    file = assignment.solution / "answers.py"
    file.write_text(file.read_text() + "# changed\n")
    return assignment


def change_given_file(assignment):
    (assignment.student / "given.txt").write_text("changed")
    return assignment


def change_alternative(assignment):
    return replace(assignment, variants=(replace(assignment.variants[0], patches=(("x + 1", "x + 3"),)),))


def change_limits(assignment):
    limits = assignment.policy.limits.model_copy(update={"seconds": 11.0})
    return replace(assignment, policy=assignment.policy.model_copy(update={"limits": limits}))


def drop_case(assignment):
    return replace(assignment, cases=(cases.shift,))


@pytest.mark.parametrize("change", [change_solution, change_given_file, change_alternative, change_limits, drop_case])
def test_goldens_are_made_anew_after_a_change_and_replace_the_old(change, toy, making, path):
    secret.load(toy, making, path)
    changed = change(toy)
    secret.load(changed, making, path)
    secret.load(changed, making, path)
    assert making.made == 2
    assert len(list((path.parent / "secret.goldens").iterdir())) == 1


def test_goldens_are_made_anew_for_another_secret(toy, making, path):
    secret.load(toy, making, path)
    path.unlink()
    secret.load(toy, making, path)
    assert making.made == 2


def test_goldens_are_made_anew_for_another_torch(toy, making, path, monkeypatch):
    secret.load(toy, making, path)
    monkeypatch.setattr("importlib.metadata.version", lambda package: "0.0")
    secret.load(toy, making, path)
    assert making.made == 2


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(file.read_bytes()[:100]), Path.unlink])
def test_goldens_that_are_damaged_are_made_anew(damage, toy, making, path):
    secret.load(toy, making, path)
    (file,) = (path.parent / "secret.goldens").glob("*/goldens/part1.npz")
    damage(file)
    assert secret.load(toy, making, path).known.goldens.keys() == {"1.double", "1.shift"}
    secret.load(toy, making, path)
    assert making.made == 2
