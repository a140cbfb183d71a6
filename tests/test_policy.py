"""assignment.toml is checked line by line, and every complaint names the line and what is allowed."""

from __future__ import annotations

import re

import pytest

from grader import ROOT
from grader.policy import PolicyError, read_policy

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

[accuracy.ddpm]
part = 4
title = "DDPM"
points = 32
prepare = "prepare_ddpm"

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

"""


def write(tmp_path, text):
    """A policy file with this text."""
    path = tmp_path / "assignment.toml"
    path.write_text(text)
    return path


def changed(old, new):
    """The policy with one line changed, and the number of that line."""
    assert POLICY.count(f"\n{old}") == 1
    number = POLICY[: POLICY.index(f"\n{old}")].count("\n") + 2
    return POLICY.replace(f"\n{old}", f"\n{new}"), number


def line_of(text):
    """The number of the line that starts with this text."""
    return next(n for n, line in enumerate(POLICY.splitlines(), start=1) if line.startswith(text))


def test_the_policy_of_this_repository_is_valid():
    policy = read_policy(ROOT / "grader" / "assignment.toml")
    assert policy.title
    assert policy.accuracy
    assert all(a.nothing_at < a.everything_at for a in policy.accuracy.values())


def test_a_policy_is_read_as_it_is_written(tmp_path):
    policy = read_policy(write(tmp_path, POLICY))
    assert (policy.title, policy.public_seed) == ("Models", 7)
    assert (policy.limits.seconds, policy.limits.source_bytes) == (10, 1_000_000)
    ddpm = policy.accuracy["ddpm"]
    assert (ddpm.nothing_at, ddpm.everything_at, ddpm.image_shape) == (0.75, 0.85, (1, 32, 32))


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
        ("part = 4", "part = 7", "accuracy.ddpm.part = 7", "less than or equal to 6"),
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
    text, number = changed(old, new)
    with pytest.raises(PolicyError, match=rf"^assignment.toml, line {number}: {re.escape(where)}.*{allowed}"):
        read_policy(write(tmp_path, text))


def test_every_bad_value_has_a_line_of_its_own(tmp_path):
    text = POLICY.replace("rounds = 5", "rounds = 0").replace("public_seed = 7", "public_seed = -7")
    with pytest.raises(PolicyError) as refusal:
        read_policy(write(tmp_path, text))
    assert [line.split(" = ")[0] for line in str(refusal.value).splitlines()] == [
        f"assignment.toml, line {line_of('public_seed')}: public_seed",
        f"assignment.toml, line {line_of('rounds')}: accuracy.ddpm.rounds",
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
    text, _ = changed(missing, "\n" if missing.endswith("\n") else "")  # the other lines keep their numbers
    with pytest.raises(PolicyError, match=rf"^assignment.toml, line {line_of(table)}: {where}: Field required$"):
        read_policy(write(tmp_path, text))


@pytest.mark.parametrize(("missing", "name"), [('title = "Models"', "title"), ("public_seed = 7", "public_seed")])
def test_a_missing_key_of_the_file_itself_is_named_with_its_first_line(tmp_path, missing, name):
    text, _ = changed(missing, "")
    with pytest.raises(PolicyError, match=f"^assignment.toml, line 1: {name}: Field required$"):
        read_policy(write(tmp_path, text))


def test_a_missing_table_is_named(tmp_path):
    text = re.sub(r"\[limits\].*?(?=\[accuracy)", "", POLICY, flags=re.DOTALL)
    with pytest.raises(PolicyError, match="limits: Field required"):
        read_policy(write(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("public_seed = 7", "public_sede = 7", "public_sede = 7"),
        ("output_bytes = 20000", "output_byte = 20000", "limits.output_byte = 20000"),
        ("rounds = 5", "round = 5", "accuracy.ddpm.round = 5"),
    ],
)
def test_an_unknown_key_is_named_with_its_line(tmp_path, old, new, where):
    text, number = changed(old, new)
    match = rf"(?m)^assignment.toml, line {number}: {where}: Extra inputs are not permitted$"
    with pytest.raises(PolicyError, match=match):
        read_policy(write(tmp_path, text))


def test_an_unknown_table_is_named_with_its_line(tmp_path):
    text = POLICY + "[limit]\nseconds = 3\n"
    number = POLICY.count("\n") + 1
    with pytest.raises(PolicyError, match=rf"^assignment.toml, line {number}: limit: Extra inputs are not permitted$"):
        read_policy(write(tmp_path, text))


@pytest.mark.parametrize("nothing_at", [0.85, 0.9])
def test_earning_nothing_must_end_before_earning_everything_begins(tmp_path, nothing_at):
    text, _ = changed("nothing_at = 0.75", f"nothing_at = {nothing_at}")
    where = f"assignment.toml, line {line_of('[accuracy.ddpm]')}: accuracy.ddpm"
    with pytest.raises(PolicyError, match=f"^{where}: .*nothing_at must be less than everything_at"):
        read_policy(write(tmp_path, text))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"part = 4": "part = 6"}, "accuracy is graded of parts 1, 2, 3, 4, 5, not of 6"),
        ({"part = 4": "part = 5"}, "part 5 needs module, conditions"),
        ({"rounds = 5": 'rounds = 5\nmodule = "models"'}, "module: there is no such thing in part 4"),
        ({"part = 4": "part = 2"}, "part 2 needs guidance"),
        ({"part = 4": "part = 3"}, "part 3 needs guidance"),
        ({'prepare = "prepare_ddpm"': ""}, "part 4 needs prepare"),
        ({"rounds = 5": "rounds = 5\nguidance = 2"}, "guidance: there is no such thing in part 4"),
        (
            {"part = 4": "part = 2", "rounds = 5": "rounds = 5\nguidance = 2\nown_configuration = true"},
            "own_configuration, prepare: there is no such thing in part 2",
        ),
        (
            {"part = 4": "part = 3", 'prepare = "prepare_ddpm"': "guidance = 2\nthreshold = true"},
            "threshold: there is no such thing in part 3",
        ),
    ],
)
def test_what_only_some_parts_have_is_asked_of_them_alone(tmp_path, changes, told):
    text = POLICY
    for old, new in changes.items():
        text = text.replace(f"\n{old}", f"\n{new}")
    where = f"assignment.toml, line {line_of('[accuracy.ddpm]')}: accuracy.ddpm"
    with pytest.raises(PolicyError, match=f"^{where}: Value error, {told}$"):
        read_policy(write(tmp_path, text))


SCENES = {
    "part = 4": "part = 5",
    'prepare = "prepare_ddpm"': 'prepare = "prepare_cgan"\nmodule = "conditional_gan"\nconditions = "new_test"',
    "classes = 10": "classes = 24",
    "samples_per_round = 200": "samples_per_round = 64",
}


def scenes(**changes):
    """The policy of a model of part 5, with some lines changed."""
    text = POLICY
    for old, new in SCENES.items():
        text = text.replace(f"\n{old}", f"\n{new}")
    for name, value in changes.items():
        text = re.sub(rf"(?m)^{name} = .*", f"{name} = {value}", text)
    return text


def test_a_model_of_part_5_is_asked_for_a_list(tmp_path):
    accuracy = read_policy(write(tmp_path, scenes())).accuracy["ddpm"]
    assert (accuracy.module, accuracy.prepare, accuracy.conditions) == ("conditional_gan", "prepare_cgan", "new_test")
    assert {"module", "prepare", "conditions"} <= accuracy.model_arguments().keys()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"conditions": '"train"'}, "there is no list 'train' in test_resources/iclevr: new_test, test"),
        ({"samples_per_round": 100}, "samples_per_round must be a multiple of the 32 conditions of new_test"),
        ({"classes": 10}, "classes must be 24, the number of objects in objects.json"),
    ],
)
def test_what_does_not_fit_the_list_is_told(tmp_path, changes, told):
    where = f"assignment.toml, line {line_of('[accuracy.ddpm]')}: accuracy.ddpm"
    with pytest.raises(PolicyError, match=f"^{where}: Value error, {told}$"):
        read_policy(write(tmp_path, scenes(**changes)))


@pytest.mark.parametrize(
    ("guidance", "told"), [("-1", "greater than or equal to 0"), ("inf", "less than or equal to 100")]
)
def test_a_guidance_weight_has_a_range(tmp_path, guidance, told):
    text, number = changed('prepare = "prepare_ddpm"', f"guidance = {guidance}")
    with pytest.raises(PolicyError, match=f"^assignment.toml, line {number}: accuracy.ddpm.guidance.*{told}"):
        read_policy(write(tmp_path, text))


@pytest.mark.parametrize("text", ["title = ", "[limits", "a = 1\na = 2\n", "seconds: 3"])
def test_what_is_not_toml_is_refused_with_its_line(tmp_path, text):
    place = r"\((at line \d+, column \d+|at end of document)\)"
    with pytest.raises(PolicyError, match=f"assignment.toml is not TOML: .*{place}"):
        read_policy(write(tmp_path, text))


def test_a_policy_cannot_be_changed_once_read(tmp_path):
    policy = read_policy(write(tmp_path, POLICY))
    with pytest.raises(ValueError, match="frozen"):
        policy.accuracy["ddpm"].rounds = 50
