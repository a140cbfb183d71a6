"""assignment.toml and part.toml are checked line by line: every complaint names the line and what is allowed."""

from __future__ import annotations

import re

import pytest

from grader.course import parts
from grader.course.assignment import load
from grader.course.parts import read_part
from grader.course.policy import read_policy
from grader.course.toml import PolicyError

POLICY = """# A policy.

title = "Models"
public_seed = 7

[limits]

# of one case
seconds = 10
submission_seconds = 120
memory_bytes = 2147483648
processes = 64
scratch_bytes = 268435456
reply_bytes = 16777216   # of arrays
output_bytes = 20000
submission_output_bytes = 200000
source_bytes = 1000000
"""
PART = """# A part, in a folder of the name of one that is there: its accuracy.py says what `model` holds.

number = 4
title = "Garments"
files = ["models.py"]
notebook = "part4"

[accuracy.ddpm]
title = "DDPM"
points = 32

# trained by students
checkpoint = "checkpoints/DDPM.pt"
checkpoint_bytes = 50000000
classifier = "fashion_mnist"
classes = 10
image_shape = [1, 32, 32]
rounds = 5
samples_per_round = 200
nothing_at = 0.75
everything_at = 0.85
audit_allowance = 0.1
seconds = 1200
memory_bytes = 8589934592

[accuracy.ddpm.model]
prepare = "prepare_ddpm"
"""


def read(tmp_path, text, name="fashion_mnist"):
    """What a file with this text is read as: a policy, or the part of this name."""
    if "[limits]" in text or "public_seed" in text:
        path = tmp_path / "assignment.toml"
        path.write_text(text)
        return read_policy(path)
    folder = tmp_path / name
    folder.mkdir()
    (folder / "part.toml").write_text(text)
    return read_part(folder)


def changed(old, new, original=None):
    """The text with one line changed, the number of that line, and the name of the file."""
    original = original or (POLICY if f"\n{old}" in POLICY else PART)
    assert original.count(f"\n{old}") == 1
    number = original[: original.index(f"\n{old}")].count("\n") + 2
    return original.replace(f"\n{old}", f"\n{new}"), number, FILES[original]


FILES = {POLICY: "assignment.toml", PART: "part.toml"}


def line_of(text, original=PART):
    """The number of the line that starts with this text."""
    return next(n for n, line in enumerate(original.splitlines(), start=1) if line.startswith(text))


def test_the_policy_and_the_parts_of_this_repository_are_valid():
    policy = load().policy
    assert policy.title
    assert policy.accuracy
    assert all(a.nothing_at < a.everything_at for a in policy.accuracy.values())


def test_a_policy_is_read_as_it_is_written(tmp_path):
    policy = read(tmp_path, POLICY)
    assert (policy.title, policy.public_seed) == ("Models", 7)
    assert (policy.limits.seconds, policy.limits.source_bytes) == (10, 1_000_000)


def test_a_part_is_read_as_it_is_written_and_its_accuracies_know_it(tmp_path):
    part = read(tmp_path, PART)
    ddpm = part.accuracy["ddpm"]
    assert (part.name, part.number, part.files) == ("fashion_mnist", 4, ("models.py",))
    assert (ddpm.nothing_at, ddpm.everything_at, ddpm.image_shape) == (0.75, 0.85, (1, 32, 32))
    assert (ddpm.part, ddpm.build) == (4, "grader.parts.fashion_mnist.accuracy:build")
    assert ddpm.model_arguments() == {
        "build": ddpm.build,
        "checkpoint": "checkpoints/DDPM.pt",
        "classes": 10,
        "prepare": "prepare_ddpm",
    }


@pytest.mark.parametrize(
    ("old", "new", "where", "allowed"),
    [
        ('title = "Models"', "title = 3", "title = 3", "valid string"),
        ("public_seed = 7", "public_seed = -1", "public_seed = -1", "greater than or equal to 0"),
        ("public_seed = 7", "public_seed = 1.5", "public_seed = 1.5", "valid integer"),
        ("seconds = 10\n", "seconds = 0\n", "limits.seconds = 0", "greater than 0"),
        ("seconds = 10\n", "seconds = 601\n", "limits.seconds = 601", "less than or equal to 600"),
        ("seconds = 10\n", "seconds = inf\n", "limits.seconds = inf", "less than or equal to 600"),
        ("seconds = 10\n", "seconds = 'long'\n", "limits.seconds = 'long'", "valid number"),
        ("reply_bytes = 16777216", "reply_bytes = 10", "limits.reply_bytes = 10", "greater than or equal to 1000000"),
        ("number = 4", "number = 0", "number = 0", "greater than or equal to 1"),
        ("points = 32", "points = 0", "accuracy.ddpm.points = 0", "greater than 0"),
        ("classes = 10", "classes = 1", "accuracy.ddpm.classes = 1", "greater than or equal to 2"),
        ("rounds = 5", "rounds = 0", "accuracy.ddpm.rounds = 0", "greater than or equal to 1"),
        ("rounds = 5", "rounds = 101", "accuracy.ddpm.rounds = 101", "less than or equal to 100"),
        ("samples_per_round = 200", "samples_per_round = 9", "accuracy.ddpm.samples_per_round = 9", "equal to 10"),
        ("nothing_at = 0.75", "nothing_at = 75", "accuracy.ddpm.nothing_at = 75", "less than or equal to 1"),
        ("nothing_at = 0.75", "nothing_at = nan", "accuracy.ddpm.nothing_at = nan", "than or equal to"),
        ("everything_at = 0.85", "everything_at = -0.1", "accuracy.ddpm.everything_at = -0.1", "equal to 0"),
        ("seconds = 1200", "seconds = 40000", "accuracy.ddpm.seconds = 40000", "less than or equal to 36000"),
        ("image_shape = [1, 32, 32]", "image_shape = [1, 32]", "accuracy.ddpm.image_shape", "required"),
        ("image_shape = [1, 32, 32]", "image_shape = [1, 'x', 32]", "accuracy.ddpm.image_shape.1 = 'x'", "integer"),
        ("image_shape = [1, 32, 32]", "image_shape = 32", "accuracy.ddpm.image_shape = 32", "valid tuple"),
        ("rounds = 5", "rounds = {a = 1}", "accuracy.ddpm.rounds", "valid integer"),
    ],
)
def test_a_bad_value_is_named_with_its_line_and_what_is_allowed(tmp_path, old, new, where, allowed):
    text, number, file = changed(old, new)
    with pytest.raises(PolicyError, match=rf"^{file}, line {number}: {re.escape(where)}.*{allowed}"):
        read(tmp_path, text)


def test_every_bad_value_has_a_line_of_its_own(tmp_path):
    text = PART.replace("rounds = 5", "rounds = 0").replace("number = 4", "number = -4")
    with pytest.raises(PolicyError) as refusal:
        read(tmp_path, text)
    assert [line.split(" = ")[0] for line in str(refusal.value).splitlines()] == [
        f"part.toml, line {line_of('number')}: number",
        f"part.toml, line {line_of('rounds')}: accuracy.ddpm.rounds",
    ]


@pytest.mark.parametrize(
    ("missing", "table", "where"),
    [
        ("seconds = 10\n", "[limits]", "limits.seconds"),
        ("source_bytes = 1000000", "[limits]", "limits.source_bytes"),
        ("points = 32", "[accuracy.ddpm]", "accuracy.ddpm.points"),
        ("seconds = 1200", "[accuracy.ddpm]", "accuracy.ddpm.seconds"),
    ],
)
def test_a_missing_key_is_named_with_the_line_of_its_table(tmp_path, missing, table, where):
    text, _, file = changed(missing, "\n" if missing.endswith("\n") else "")  # the other lines keep their numbers
    line = line_of(table, POLICY if table == "[limits]" else PART)
    with pytest.raises(PolicyError, match=rf"^{file}, line {line}: {where}: Field required$"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("missing", "name"), [('title = "Models"', "title"), ("public_seed = 7", "public_seed"), ("number = 4", "number")]
)
def test_a_missing_key_of_the_file_itself_is_named_with_its_first_line(tmp_path, missing, name):
    text, _, file = changed(missing, "")
    with pytest.raises(PolicyError, match=f"^{file}, line 1: {name}: Field required$"):
        read(tmp_path, text)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(PolicyError, match="limits: Field required"):
        read(tmp_path, POLICY.partition("[limits]")[0])


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("public_seed = 7", "public_sede = 7", "public_sede = 7"),
        ("output_bytes = 20000", "output_byte = 20000", "limits.output_byte = 20000"),
        ("rounds = 5", "round = 5", "accuracy.ddpm.round = 5"),
        ('prepare = "prepare_ddpm"', "guidance = 2", "accuracy.ddpm.model.guidance = 2"),
    ],
)
def test_an_unknown_key_is_named_with_its_line(tmp_path, old, new, where):
    text, number, file = changed(old, new)
    match = rf"(?m)^{file}, line {number}: {where}: (Extra inputs are not permitted|Unexpected keyword argument)$"
    with pytest.raises(PolicyError, match=match):
        read(tmp_path, text)


def test_an_unknown_table_is_named_with_its_line(tmp_path):
    text = POLICY + "[limit]\nseconds = 3\n"
    number = POLICY.count("\n") + 1
    with pytest.raises(PolicyError, match=rf"^assignment.toml, line {number}: limit: Extra inputs are not permitted$"):
        read(tmp_path, text)


@pytest.mark.parametrize("nothing_at", [0.85, 0.9])
def test_earning_nothing_must_end_before_earning_everything_begins(tmp_path, nothing_at):
    text, _, file = changed("nothing_at = 0.75", f"nothing_at = {nothing_at}")
    where = f"{file}, line {line_of('[accuracy.ddpm]')}: accuracy.ddpm"
    with pytest.raises(PolicyError, match=f"^{where}: .*nothing_at must be less than everything_at"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("part", "model", "told"),
    [
        ("fashion_mnist", "", r"\.prepare: Field required"),
        ("mnist", "own_configuration = true", r"\.guidance: Field required"),
        ("mnist", "guidance = -1", ": Value error, guidance must be between 0 and 100"),
        ("cifar10", "guidance = inf", ": Value error, guidance must be between 0 and 100"),
        ("mnist", "guidance = 2\nthreshold = true", r"\.threshold = True: Unexpected keyword argument"),
        ("gan", "guidance = 2", r"\.guidance = 2: Unexpected keyword argument"),
        ("iclevr", 'prepare = "prepare_cgan"', r"\.module: Field required"),
    ],
)
def test_what_a_model_must_know_is_said_by_its_part(tmp_path, part, model, told):
    text = PART.replace('prepare = "prepare_ddpm"', model)
    with pytest.raises(PolicyError, match=rf"^part\.toml, line \d+: accuracy\.ddpm\.model{told}"):
        read(tmp_path, text, part)


def test_a_protocol_that_does_not_exist_is_reported_with_those_that_do(tmp_path):
    text = PART.replace("points = 32", 'points = 32\nprotocol = "guessing"')
    with pytest.raises(PolicyError, match=r"^part\.toml, line 8: accuracy\.ddpm: .*'generation', 'conditions'"):
        read(tmp_path, text)


def test_two_parts_cannot_have_one_number(tmp_path, monkeypatch):
    for name in ("fashion_mnist", "mnist"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "part.toml").write_text(PART.partition("[accuracy")[0])
    monkeypatch.setattr(parts, "FOLDER", tmp_path)
    with pytest.raises(PolicyError, match="fashion_mnist and mnist both have number 4: change one"):
        parts.load_parts.__wrapped__()


SCENES = """protocol = "conditions"
conditions = "iclevr/new_test.json"
objects = "iclevr/objects.json"
"""
OF_SCENES = {
    'prepare = "prepare_ddpm"': 'prepare = "prepare_cgan"\nmodule = "conditional_gan"',
    "classes = 10": "classes = 24",
    "samples_per_round = 200": "samples_per_round = 64",
    "points = 32\n": f"points = 32\n{SCENES}",
}


def scenes(**changes):
    """A part whose model is asked for a list of conditions, with some lines changed."""
    text = PART
    for old, new in OF_SCENES.items():
        text = text.replace(f"\n{old}", f"\n{new}")
    for name, value in changes.items():
        text = re.sub(rf"(?m)^{name} = .*", f"{name} = {value}", text)
    return text


def test_a_model_may_be_asked_for_a_list(tmp_path):
    accuracy = read(tmp_path, scenes(), "iclevr").accuracy["ddpm"]
    assert accuracy.model == {"module": "conditional_gan", "prepare": "prepare_cgan"}
    assert accuracy.labels.shape == (32, 24)
    assert {"iclevr/new_test.json", "iclevr/objects.json"} < set(accuracy.resources)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"conditions": '"iclevr/train.json"'}, r".*train\.json is no list of conditions"),
        ({"conditions": '"iclevr/none.json"'}, r".*none\.json cannot be read .*: restore it with git"),
        (
            {"samples_per_round": 100},
            "samples_per_round must be a multiple of the 32 conditions of iclevr/new_test.json",
        ),
        ({"classes": 10}, "classes must be 24, the number of objects in iclevr/objects.json"),
    ],
)
def test_what_does_not_fit_the_list_is_told(tmp_path, changes, told):
    where = f"part.toml, line {line_of('[accuracy.ddpm]')}: accuracy.ddpm"
    with pytest.raises(PolicyError, match=f"^{where}: Value error, {told}"):
        read(tmp_path, scenes(**changes), "iclevr")


@pytest.mark.parametrize("text", ["title = ", "[limits", "a = 1\na = 2\n", "seconds: 3"])
def test_what_is_not_toml_is_refused_with_its_line(tmp_path, text):
    place = r"\((at line \d+, column \d+|at end of document)\)"
    with pytest.raises(PolicyError, match=f"assignment.toml is not TOML: .*{place}"):
        read(tmp_path, f"public_seed = 1\n{text}")


def test_a_policy_cannot_be_changed_once_read(tmp_path):
    part = read(tmp_path, PART)
    with pytest.raises(ValueError, match="frozen"):
        part.accuracy["ddpm"].rounds = 50
