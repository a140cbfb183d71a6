"""`grader check` must itself fail when the grader stops proving anything."""

from dataclasses import replace

import numpy as np
import pytest

from grader import ROOT
from grader.authoring import building
from grader.authoring.check import check
from grader.authoring.completeness import missing
from grader.authoring.update import Update
from grader.course.assignment import Assignment, Mistake, Oracle, Variant, load
from grader.course.parts import Part
from grader.grading import goldens
from grader.runtime.rng import Streams, case_seed
from tests.toy import cases

TOY = ROOT / "tests" / "toy"
PART = Part(name="toy", number=1, title="Toy", files=("answers.py",), notebook="toy")


def update(assignment, tier, root, check=False):
    return Update(assignment, [1], root).run(tier, check)


def oracle_of(case, expected):
    return Oracle(case, lambda rng: {"value": np.asarray(expected(rng), dtype=float)})


def mistake(name, old, new, *fails):
    return Mistake(f"1.{name}", ((old, new),), f"the hint of {name}", fails, file="answers.py")


TRIPLED = mistake("tripled", "return 2 * x", "return 3 * x", "1.double")
SQUARED = mistake("squared", "return 2 * x", "return x**2", "1.double")
# Whether x is what 1.shift gives with the public seed.
PUBLIC_SHIFT = f"abs(x[0] - {Streams(case_seed(load().policy.public_seed, '1.shift')).normal('x', 4)[0]}) < 1e-6"
UNSHIFTED = mistake("unshifted", "return x + 1", "return x", "1.shift")


@pytest.fixture
def toy(tmp_path, tier):
    """A sound toy assignment, generated into a temporary folder."""
    assignment = Assignment(
        parts=(PART,),
        policy=load().policy.model_copy(update={"accuracy": {}}),
        cases=(cases.double, cases.shift),
        student=tmp_path / "student",
        resources=tmp_path / "test_resources",
        notebooks=tmp_path / "notebooks",
        solution=TOY / "solution",
        mistakes=(TRIPLED, SQUARED, UNSHIFTED),
        variants=(Variant("1.sum", (("return 2 * x", "return x + x"),), file="answers.py"),),
        oracles=(
            oracle_of("1.double", lambda rng: 2.0 * rng.normal("x", 3, 2)),
            oracle_of("1.shift", lambda rng: 1.0 + rng.normal("x", 4)),
        ),
    )
    (tmp_path / "notebooks" / "source").mkdir(parents=True)
    (tmp_path / "notebooks" / "source" / "toy.py").write_text("# %% [markdown]\n# Doubling and shifting.\n")
    update(assignment, tier, tmp_path)
    return assignment


def failures(assignment, tier, change=lambda known: None, regenerate=False, **options):
    """What check says with these options; `regenerate` makes the goldens anew first, as an author would."""
    if regenerate:
        known = building.build(assignment, tier, assignment.policy.public_seed)
    else:
        known = goldens.load(assignment.resources)
    change(known)
    return check(assignment, tier, known, **options).failures


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"look": ""}, "1.shift: has no hint: write look=... beside its equation"),
        ({"term": ""}, "1.shift: has no hint: write term=... beside its equation"),
        ({"look": "Shifting"}, "1.shift: its look says no more than a text of 1.shift"),
        ({"term": "y = x + 1"}, "1.shift: its term says no more than a text of 1.shift"),
        ({"look": cases.double.look}, "1.shift: its look says no more than a text of 1.double"),
    ],
)
def test_a_case_without_hints_of_its_own_is_a_failure(change, told, toy):
    changed = replace(toy, cases=(cases.double, replace(cases.shift, **change)))
    (failure,) = missing(changed, goldens.load(toy.resources))
    assert failure.startswith(told)


def test_a_sound_assignment_passes_and_is_counted(toy, tier):
    report = check(toy, tier, goldens.load(toy.resources))
    assert report.failures == []
    assert report.counts == {1: {"cases": 2, "points": 3, "mistakes": 3, "variants": 1, "oracles": 2}}
    assert report.margins["1.double"][0] > 5


@pytest.mark.parametrize(
    ("vacuous", "told", "unseen"),
    [
        (
            cases.shift_at_nothing,
            "1.shift: no mistake makes this case fail, so it shows nothing",
            "1.shift: mistake 1.unshifted is PASSED: the case does not see it",
        ),
        (
            cases.shift_not_called,
            "1.shift: the untouched stub is PASSED, not NOT_IMPLEMENTED",
            "1.shift: mistake 1.unshifted is in nothing that the case calls",
        ),
    ],
)
def test_a_vacuous_case_is_found(vacuous, told, unseen, toy, tier):
    assignment = replace(toy, cases=(cases.double, vacuous))
    found = failures(assignment, tier, regenerate=True)
    assert {told, unseen} <= set(found)


def test_a_mistake_that_no_longer_fails_is_found(toy, tier):
    harmless = mistake("tripled", "return 2 * x", "return 2.0 * x", "1.double")
    assignment = replace(toy, mistakes=(harmless, SQUARED, UNSHIFTED))
    assert "1.double: mistake 1.tripled is PASSED: the case does not see it" in failures(assignment, tier)


def test_two_mistakes_with_one_fingerprint_are_found(toy, tier):
    twin = mistake("thrice", "return 2 * x", "return x + x + x", "1.double")
    found = failures(replace(toy, mistakes=(*toy.mistakes, twin)), tier, regenerate=True)
    assert "1.double: mistakes 1.tripled and 1.thrice share a fingerprint" in found
    assert "1.double: mistake 1.tripled is diagnosed as nothing" in found


def test_an_altered_golden_is_found(toy, tier):
    def alter(known):
        value = known.goldens["1.shift"]["solution"]["value"].copy()
        value[2] += 0.01
        known.goldens["1.shift"]["solution"]["value"] = value

    found = failures(toy, tier, alter)
    assert any(line.startswith("1.shift: the golden of solution disagrees with its oracle") for line in found)
    assert any(line.startswith("1.shift: the solution is FAILED") for line in found)


def test_a_variant_that_is_not_accepted_is_found(toy, tier):
    wrong = Variant("1.wrong", (("return x + 1", "return x + 1.1"),), file="answers.py")
    found = failures(replace(toy, variants=(wrong,)), tier)
    assert any(line.startswith("1.shift: variant 1.wrong is FAILED") for line in found)


def test_a_case_whose_answer_does_not_depend_on_the_seed_is_found(toy, tier):
    oracles = (oracle_of("1.double", lambda rng: 2 * np.arange(6.0)), toy.oracles[1])
    found = failures(replace(toy, cases=(cases.double_fixed, cases.shift), oracles=oracles), tier, regenerate=True)
    told = "1.double: its public golden passes with 200 of 200 other seeds, so its answer can be hard-coded"
    assert any(line.startswith(told) for line in found)
    assert not any(line.startswith("1.shift") for line in found)


def test_a_variant_that_is_accepted_with_the_public_seed_alone_is_found(toy, tier):
    tied = Variant("1.tied", (("return x + 1", f"return x + 1 if {PUBLIC_SHIFT} else x"),), file="answers.py")
    found = failures(replace(toy, variants=(tied,)), tier, other_seeds=2)
    seeds = [toy.policy.public_seed + i for i in (1, 2)]
    assert [line.split(": ")[0] for line in found] == [f"with seed {seed}" for seed in seeds]
    assert all("1.shift: variant 1.tied is FAILED" in line for line in found)


def test_a_mistake_that_is_seen_with_the_public_seed_alone_is_found(toy, tier):
    lucky = mistake("lucky", "return x + 1", f"return x + 1 + 2 * bool({PUBLIC_SHIFT})", "1.shift")
    found = failures(replace(toy, mistakes=(*toy.mistakes, lucky)), tier, regenerate=True)
    seed = toy.policy.public_seed + 1
    assert f"with seed {seed}: 1.shift: the case does not see mistake 1.lucky" in found


def test_a_solution_that_fails_with_another_seed_is_found(toy, tier, tmp_path):
    text = (TOY / "solution" / "answers.py").read_text()
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "answers.py").write_text(
        text.replace("return x + 1", f"assert {PUBLIC_SHIFT}; return x + 1")
    )
    changed = replace(toy, solution=tmp_path / "solution", variants=())
    found = failures(changed, tier)
    seed = toy.policy.public_seed + 1
    assert any(
        line.startswith(f"with seed {seed}: solution does not complete 1.shift: raised Assert") for line in found
    )


def test_a_golden_without_an_oracle_is_found(toy, tier):
    assignment = replace(toy, oracles=toy.oracles[:1])
    assert "1.shift: no oracle for the golden of solution" in failures(assignment, tier)


def test_an_alternative_golden_needs_an_oracle_of_its_own(toy, tier):
    loose = Variant("1.loose", (("return x + 1", "return x + 1.1"),), ("1.shift",), file="answers.py")
    assignment = replace(toy, variants=(loose,))
    assert "1.shift: no oracle for the golden of 1.loose" in failures(assignment, tier, regenerate=True)


def test_a_mistake_within_a_few_tolerances_is_found(toy, tier):
    close = mistake("close", "return x + 1", "return (x + 1) * 1.0003", "1.shift")
    found = failures(replace(toy, mistakes=(*toy.mistakes, close)), tier, regenerate=True)
    assert any("mistake 1.close is only" in line for line in found)


def test_a_hint_that_another_mistake_earns_is_found(toy, tier):
    # It changes both functions, but names one: in the other it looks like `unshifted`.
    both = Mistake(
        "1.both", (("return 2 * x", "return -x"), ("return x + 1", "return x")), "both", ("1.double",), "answers.py"
    )
    found = failures(replace(toy, mistakes=(*toy.mistakes, both)), tier, regenerate=True)
    assert "1.shift: mistake 1.both earns the hint of 1.unshifted" in found


def test_update_writes_once_and_check_is_then_content(toy, tier, tmp_path):
    assert update(toy, tier, tmp_path) == []
    assert update(toy, tier, tmp_path, check=True) == []


@pytest.mark.parametrize(
    ("drift", "named"),
    [
        (lambda toy: (toy.student / "answers.py").write_text("# edited\n"), "student/answers.py"),
        (lambda toy: (toy.student / "old.py").write_text("# stale\n"), "student/old.py"),
        (
            lambda toy: (toy.resources / "allowlist.txt").write_text("answers.py required 5\n"),
            "test_resources/allowlist.txt",
        ),
        (lambda toy: (toy.resources / "goldens" / "part1.npz").unlink(), "test_resources/goldens"),
        (lambda toy: (toy.notebooks / "toy.ipynb").write_text("{}"), "notebooks/toy.ipynb"),
        (lambda toy: (toy.notebooks / "source" / "toy.py").write_text("# %%\n1\n"), "notebooks/toy.ipynb"),
        (lambda toy: (toy.notebooks / "old.ipynb").write_text("{}"), "notebooks/old.ipynb"),
    ],
)
def test_drift_is_found_by_name_and_mended(drift, named, toy, tier, tmp_path):
    drift(toy)
    assert named in update(toy, tier, tmp_path, check=True)
    update(toy, tier, tmp_path)
    assert update(toy, tier, tmp_path, check=True) == []


def test_a_changed_hint_is_drift(toy, tier, tmp_path):
    reworded = replace(toy, mistakes=(replace(TRIPLED, hint="other words"), SQUARED, UNSHIFTED))
    assert update(reworded, tier, tmp_path, check=True) == ["test_resources/fingerprints"]


def test_a_changed_solution_is_drift_of_its_goldens(toy, tier, tmp_path):
    solution = tmp_path / "solution"
    solution.mkdir()
    text = (TOY / "solution" / "answers.py").read_text()
    (solution / "answers.py").write_text(text.replace("x + 1", "x + 2").replace("return 2 * x", "return 2 * x"))
    changed = replace(toy, solution=solution, mistakes=(TRIPLED, SQUARED))
    assert "test_resources/goldens" in update(changed, tier, tmp_path, check=True)
