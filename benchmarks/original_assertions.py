"""Compares the share of part 1's known mistakes that our cases catch with the share that the original tests catch.

    python benchmarks/original_assertions.py

The original course's unit tests compare losses with `torch.allclose` and drop the result. This file repeats them as
they are, and again with an `assert` before each comparison. Both get the same files as our cases: every known mistake,
and every correct variant, which no test may catch.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import numpy as np  # noqa: E402  (after the path)
import torch  # noqa: E402

from benchmarks.record import figure, record  # noqa: E402
from grader.authoring import building  # noqa: E402
from grader.authoring.patching import write_patched  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402
from grader.grading import goldens  # noqa: E402
from grader.grading.judge import judge  # noqa: E402
from grader.runtime.case import Outcome  # noqa: E402
from grader.sandbox import start  # noqa: E402

CHECKS = np.load(ROOT / "test_resources" / "gan-checks.npz")
CLOSE = {"rtol": 1e-5, "atol": 1e-6}
TOPICS = ("networks", "losses", "training", "evaluation")  # modules of the mistakes


def sample_noise(gan):
    """The only test of the course that checks its results."""
    torch.manual_seed(6476)
    noise = gan.sample_noise(3, 4)
    assert torch.is_tensor(noise)
    values = noise.numpy()
    assert values.shape == (3, 4)
    assert (values >= -1).all()
    assert (values <= 1).all()
    assert (values < 0).any()
    assert (values > 0).any()


def losses(gan):
    """Whether each loss has its known value. The course ignores these results."""
    real, fake = (torch.from_numpy(CHECKS[name]) for name in ("logits_real", "logits_fake"))
    return [
        np.allclose(gan.discriminator_loss(real, fake).item(), CHECKS["d_loss_true"], **CLOSE),
        np.allclose(gan.generator_loss(torch.tensor([0.0, 0.5, 0.4, 0.3])).item(), 0.5586487, **CLOSE),
        np.allclose(gan.generator_loss(torch.tensor([0.0, 0.5, 0.4, 0.1])).item(), 0.581159, **CLOSE),
        np.allclose(
            gan.bce_loss(torch.tensor([0.4, 0.1, 0.2, 0.3]), torch.tensor([0.3, 0.25, 0.25, 0.2])).item(),
            0.7637264728546143,
            **CLOSE,
        ),
    ]


def networks(gan):
    """The course builds both networks and prints how many parameters they have."""
    for network in (gan.discriminator(), gan.generator()):
        sum(p.numel() for p in network.parameters())


def as_published(gan):
    """The course's tests, unchanged."""
    sample_noise(gan)
    losses(gan)
    networks(gan)


def with_asserts(gan):
    """The course's tests, with the known losses asserted."""
    as_published(gan)
    assert all(losses(gan))


def caught_by(tests, folder):
    """Whether the tests raise on the gan_pytorch.py in a folder."""
    spec = importlib.util.spec_from_file_location("gan_of_somebody", folder / "gan_pytorch.py")
    gan = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(gan)
        tests(gan)
    except Exception:
        return True
    return False


def caught_by_cases(assignment, tier, known, folder):
    """Whether at least one of our cases does not pass."""
    cases = [case for case in assignment.cases if case.part == 1]
    observed = building.observe_folder(assignment, tier, folder, cases, assignment.policy.public_seed)
    return any(judge(c, observed[c.id], *known.of(c)).outcome is not Outcome.PASSED for c in cases)


def topic_of(change):
    """The module that a mistake is written in."""
    from grader.parts.gan import mistakes  # a package

    return next(
        t for t in TOPICS if any(change in v for v in vars(getattr(mistakes, t)).values() if isinstance(v, tuple))
    )


def main():
    """Run all three on every mistake and variant, print the table, and return the figures."""
    torch.set_num_threads(1)
    assignment, tier = assignments.load(staff=True), start("process")
    known, rows = goldens.load(assignment.resources), {}
    for kind, changes in (("", assignment.mistakes), ("variants", assignment.variants)):
        for change in (c for c in changes if c.id.startswith("1.")):
            with tempfile.TemporaryDirectory() as temporary:
                folder = write_patched(assignment, change, Path(temporary))
                caught = [caught_by(tests, folder) for tests in (as_published, with_asserts)]
                rows.setdefault(kind or topic_of(change), []).append(
                    [*caught, caught_by_cases(assignment, tier, known, folder)]
                )
    tier.close()
    mistakes = [row for topic in TOPICS for row in rows[topic]]
    print(f"{'caught of':<28}{'the course':>12}{'with asserts':>14}{'ours':>7}")
    for name, found in [
        *((t, rows[t]) for t in TOPICS),
        ("all known mistakes", mistakes),
        ("variants", rows["variants"]),
    ]:
        shares = [f"{sum(column)}" for column in zip(*found, strict=True)]
        print(f"{f'{len(found)} {name}':<28}{shares[0]:>12}{shares[1]:>14}{shares[2]:>7}")
    shares = [f"{sum(column) / len(mistakes):.0%}" for column in zip(*mistakes, strict=True)]
    print(f"{'share of the mistakes':<28}{shares[0]:>12}{shares[1]:>14}{shares[2]:>7}")
    published, asserted, ours = (sum(column) for column in zip(*mistakes, strict=True))
    what = f"Known mistakes of part 1 that our cases catch, of {len(mistakes)}"
    wrongly = [sum(column) for column in zip(*rows["variants"], strict=True)]
    return [
        figure(what, ours, baseline=("the original course's unit tests", published)),
        figure(what, ours, baseline=("the same with an `assert` before each comparison", asserted)),
        figure(
            f"Correct variants that our cases fail, of {len(rows['variants'])}",
            wrongly[2],
            baseline=("the original course's unit tests", wrongly[0]),
        ),
    ]


if __name__ == "__main__":
    record("original_assertions", main())
