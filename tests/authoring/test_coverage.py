"""Which cases a change can touch: functions that cases call, functions that patches are in."""

import pytest

from grader.authoring import coverage
from grader.course.assignment import Mistake, Variant


def change(old, new, file="models.py"):
    return Mistake("4.change", ((old, new),), "", (), file)


@pytest.fixture(scope="module")
def touched(assignment, tier):
    return coverage.cases_of(assignment, tier, assignment.policy.public_seed)


def ids(cases):
    return {case.id for case in cases}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        self.num_steps = num_steps\n", "        self.num_steps = num_steps + 0\n"),  # a line
        ("num_steps=1000, interpolation=", "num_steps=999, interpolation="),  # the signature
    ],
)
def test_a_patch_is_in_the_function_around_it(old, new, assignment, solution_text):
    text = solution_text("models")
    line = text[: text.index("    def __init__(self, beta_start")].count("\n") + 1
    assert coverage.changed_functions(assignment, change(old, new)) == {f"models.py:{line}"}


def test_a_function_begins_with_its_decorator(assignment, solution_text):
    text = solution_text("models")
    old = "x = torch.randn(num_samples, self.network.in_channels, 32, 32, device=device)"
    begin = text.rindex("    @torch.no_grad()", 0, text.index(old))
    assert coverage.changed_functions(assignment, change(old, "x = 0")) == {
        f"models.py:{text[:begin].count(chr(10)) + 1}"
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    stride = 1  #", "    stride = 2  #"),  # of a class
        ("class VarianceScheduler:", "class VarianceScheduler(nn.Module):"),
        ("import math\n", "import math as math\n"),
        ("        self.stride = stride\n", "        self.stride = stride\n\n    def forward(self):\n        pass\n"),
    ],
)
def test_what_is_not_only_inside_of_functions_can_touch_every_case_of_its_part(old, new, assignment, touched):
    assert coverage.changed_functions(assignment, change(old, new)) is None
    assert touched(change(old, new)) == [case for case in assignment.cases if case.part == 4]


def test_whole_files_can_touch_every_case(assignment, tmp_path):
    assert coverage.changed_functions(assignment, Variant("4.whole", files=tmp_path)) is None


def test_a_change_touches_the_cases_that_call_what_it_is_in(touched):
    found = ids(touched(change("self.alphas = 1.0 - self.betas", "self.alphas = self.betas")))
    assert {"4.schedule", "4.add_noise", "4.ddpm_sample"} <= found
    assert not {"4.embedding", "4.unet"} & found


def test_every_case_that_a_mistake_fails_or_a_variant_changes_is_touched(assignment, touched):
    for change in (*assignment.mistakes, *assignment.variants):
        assert ids(assignment.named_by(change)) <= ids(touched(change)), change.id
