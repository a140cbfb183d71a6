"""The distance of generated images to real ones, and their diversity: against closed forms, and on real digits."""

import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from classifier import ConvClassifier
from datasets import synthetic_digits

from grader import ROOT
from grader.accuracy import classifiers, scorer_process
from grader.accuracy.classifiers import about, recorded
from grader.accuracy.grade import Scorer, accuracies_of
from grader.accuracy.protocols import COMPARED
from grader.accuracy.rounds import Judged, Rounds
from grader.accuracy.staff.frechet import Comparison, Spread, Statistics, compared, features
from grader.accuracy.summary import summary
from grader.runtime.errors import InfrastructureError
from test_resources import measure_features
from test_resources.measure_features import measure

REAL = Path(os.environ.get("GENMODELS_DATA", ROOT / ".." / "shared" / "data"))
needs_mnist = pytest.mark.skipif(not (REAL / "MNIST").is_dir(), reason="MNIST is not at GENMODELS_DATA")
D = 5


def statistics(mean, covariance, spread=1.0):
    return Statistics(np.array(mean), np.array(covariance), 1000, spread, np.array([10, 100]), np.array([8.0, 0.8]))


def covariance(seed, rotation_seed):
    """A covariance (D, D): those of the same rotation commute."""
    rotation = np.linalg.qr(np.random.default_rng(rotation_seed).normal(size=(D, D)))[0]
    return rotation * np.random.default_rng(seed).uniform(0.1, 4, size=D) @ rotation.T


def sample(mean, covariance, count=50):
    """Features (count, D) whose own mean and unbiased covariance are exactly these."""
    raw = np.random.default_rng(0).normal(size=(count, D))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return torch.from_numpy(white @ np.linalg.cholesky(covariance).T + mean)


def root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T


@pytest.mark.parametrize("commuting", [True, False])
def test_the_distance_of_gaussians_is_the_closed_form(commuting):
    means = np.arange(D) / 3, np.ones(D)
    first, second = covariance(1, rotation_seed=3), covariance(2, rotation_seed=3 if commuting else 4)
    assert np.allclose(first @ second, second @ first) is commuting
    metric = statistics(means[0], first).metric()
    metric.update(sample(means[1], second), real=False)
    between_means = np.square(means[0] - means[1]).sum()
    if commuting:  # of the standard deviations along the common axes
        expected = between_means + np.square(root(first) - root(second)).sum()
    else:  # Dowson & Landau 1982
        cross = root(root(first) @ second @ root(first))
        expected = between_means + np.trace(first + second - 2 * cross)
    assert expected > 0.5
    assert metric.compute().item() == pytest.approx(expected, rel=1e-9)


def test_the_distance_of_the_same_statistics_is_zero():
    mean, spread = np.arange(D), covariance(1, 3)
    metric = statistics(mean, spread).metric()
    metric.update(sample(mean, spread), real=False)
    assert metric.compute().item() == pytest.approx(0, abs=1e-9)


def test_the_spread_is_the_variance_within_classes():
    rng, classes = np.random.default_rng(5), np.repeat([0, 2, 3], [4, 7, 1])
    found = rng.normal(size=(12, D)) + 10 * classes[:, None]
    residuals = [found[classes == c] - found[classes == c].mean(axis=0) for c in (0, 2, 3)]
    expected = np.square(np.concatenate(residuals)).sum() / (3 + 6 + 0)  # degrees of freedom of each class
    spread = Spread(classes=4, dimension=D)
    spread.add(torch.from_numpy(found), torch.from_numpy(classes))
    assert spread.value() == pytest.approx(expected)


def test_one_image_of_each_class_tells_nothing_of_the_spread_and_one_image_again_and_again_has_none():
    spread, one_each = Spread(classes=3, dimension=D), (torch.rand(3, D), torch.arange(3))
    spread.add(*one_each)
    assert spread.value() is None
    spread.add(*one_each)
    assert spread.value() == pytest.approx(0, abs=1e-6)


def test_the_yardstick_lies_between_measured_ones_by_a_power_law_and_is_unknown_beyond():
    real = statistics(np.zeros(D), np.eye(D))
    assert [real.distance_of_as_many(n) for n in (9, 101)] == [None, None]
    assert real.distance_of_as_many(10) == pytest.approx(8)
    assert real.distance_of_as_many(40) == pytest.approx(2)  # 80 / n


# ------------------------------------------------------------------------------------------ images, by a toy classifier


@pytest.fixture
def toy():
    """A classifier with random weights, and statistics of random images."""
    torch.manual_seed(0)
    classifier = ConvClassifier(channels=2, width=3, classes=4).eval().requires_grad_(False)
    images, labels = torch.rand(80, 2, 9, 10), torch.arange(80) % 4
    return classifier, measure(classifier, 0.0, images[:40], images[40:], labels[40:])[0]


def figures(toy, *parts):
    comparison = Comparison(toy[0], 0.0, toy[1])
    for part in parts:
        comparison.add(part)
    return comparison.figures()


def test_images_in_parts_compare_as_they_do_together(toy):
    images = torch.rand(30, 2, 9, 10)
    assert figures(toy, *images.split([1, 12, 17])) == pytest.approx(figures(toy, images), rel=1e-5)


def test_images_are_clamped_to_what_the_classifier_knows(toy):
    images = 4 * torch.rand(30, 2, 9, 10) - 2
    clamped = figures(toy, images.clamp(0, 1))
    assert figures(toy, images) == clamped
    assert figures(toy, images.clamp(-1, 1) / 2 + 0.5)["distance"] != pytest.approx(clamped["distance"], rel=0.01)


def test_the_statistics_are_those_of_the_training_images_and_the_yardstick_that_of_the_others(toy):
    classifier, real = toy
    generator = torch.Generator().manual_seed(8)
    training, others = (torch.rand(n, 2, 9, 10, generator=generator) for n in (30, 20))
    real, _ = measure(classifier, 0.0, training, others, torch.arange(20) % 4)
    seen = features(classifier, training, 0.0).double().numpy()
    assert real.count == 30
    assert real.mean == pytest.approx(seen.mean(axis=0), rel=1e-5)
    assert real.covariance == pytest.approx(np.cov(seen.T), rel=1e-4, abs=1e-9)
    assert real.samples.tolist() == [4, 8, 12, 20]  # up to all five of each class
    assert figures((classifier, real), others)["distance"] == pytest.approx(real.distances[-1], rel=1e-4)
    assert figures((classifier, real), others)["diversity"] == pytest.approx(1, rel=1e-5)


# ----------------------------------------------------------------------------------------------- the shipped statistics


@pytest.mark.parametrize("name", measure_features.REAL)
def test_statistics_are_recorded_and_belong_to_the_weights(name):
    content = (classifiers.FOLDER / f"{name}_features.npz").read_bytes()
    assert len(content) == recorded(f"{name}_features.npz")["bytes"] < 300_000
    real = Statistics.load(name)
    assert (np.diff(real.distances) < 0).all()
    assert real.distances.round(4).tolist() == recorded(f"{name}_features.npz")["figures"]["distances"]


def test_the_yardstick_covers_what_the_policy_asks_for(assignment):
    for asked in (a for a in assignment.policy.accuracy.values() if about(a.classifier).sees == "classes"):
        real = Statistics.load(asked.classifier)
        images = COMPARED if asked.part == 1 else asked.samples_per_round
        for rounds in range(1, asked.rounds + 1):
            assert real.distance_of_as_many(rounds * images)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of one classifier with its statistics and the manifest, that is used in the place of ours."""
    folder = tmp_path / "test_resources" / "classifiers"
    folder.mkdir(parents=True)
    for name in ("mnist.pt", "mnist_features.npz"):
        shutil.copy(classifiers.FOLDER / name, folder)
    shutil.copy(ROOT / "test_resources" / "MANIFEST.json", folder.parent)
    monkeypatch.setattr(classifiers, "FOLDER", folder)
    monkeypatch.setattr(classifiers, "ROOT", tmp_path)
    assert Statistics.load("mnist").count == 60_000
    return folder


def test_statistics_that_were_changed_are_refused(copied):
    path = copied / "mnist_features.npz"
    with np.load(path) as arrays:
        np.savez(path, **{**arrays, "mean": arrays["mean"] + 1})
    with pytest.raises(InfrastructureError, match=r"mnist_features\.npz is not the file that MANIFEST\.json records"):
        Statistics.load("mnist")


def test_statistics_of_other_weights_are_refused_with_a_remedy(copied):
    manifest = json.loads((copied.parent / "MANIFEST.json").read_text())
    manifest["test_resources/classifiers/mnist.pt"]["sha256"] = "0" * 64
    (copied.parent / "MANIFEST.json").write_text(json.dumps(manifest))
    with pytest.raises(InfrastructureError, match=r"other weights .*: python .*/measure_features\.py mnist"):
        Statistics.load("mnist")


def test_files_that_the_manifest_does_not_tell_of_are_refused(copied):
    shutil.copy(copied / "mnist_features.npz", copied / "other_features.npz")
    with pytest.raises(InfrastructureError, match=r"does not mention test_resources/classifiers/other_features\.npz"):
        Statistics.load("other")


# ---------------------------------------------------------------------------------------------------------- real digits


def synthetic(number, seed=99):
    """As many digits of each class, which nobody has trained on or measured."""
    images, labels = synthetic_digits(2 * number, seed=seed, channels=3)
    chosen = torch.cat([(labels == c).nonzero()[: number // 10, 0] for c in range(10)])
    return images[chosen] / 127.5 - 1


def mnist(number):
    from torchvision.datasets import MNIST

    data = MNIST(REAL, train=False)
    chosen = torch.cat([(data.targets == c).nonzero()[: number // 10, 0] for c in range(10)])
    return data.data[chosen, None] / 255


DIGITS = [
    pytest.param("synthetic", synthetic, id="synthetic"),
    pytest.param("mnist", mnist, id="mnist", marks=needs_mnist),
]


@pytest.mark.parametrize(("name", "real_images"), DIGITS)
@pytest.mark.parametrize("number", [100, 250])
def test_other_real_images_are_as_near_and_as_diverse_as_the_yardstick_says(name, real_images, number):
    found = compared(name, real_images(number))
    assert found["distance"] == pytest.approx(found["real_distance"], rel=0.35)
    assert found["diversity"] == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(("name", "real_images"), DIGITS)
def test_the_distance_grows_with_noise(name, real_images):
    images, generator = real_images(200), torch.Generator().manual_seed(0)
    noise = torch.randn(images.shape, generator=generator) * (1 - about(name).lowest) / 2
    distances = [compared(name, images + strength * noise)["distance"] for strength in (0, 0.2, 0.4, 0.8)]
    assert distances == sorted(distances)
    assert distances[2] > 3 * distances[0]


@pytest.mark.parametrize(("name", "real_images"), DIGITS)
def test_mode_collapse_is_far_away(name, real_images):
    images = real_images(200)
    real, by_class = compared(name, images), images.unflatten(0, (10, 20))
    one_of_each_class = compared(name, by_class[:, :1].expand_as(by_class).flatten(0, 1))
    assert one_of_each_class["distance"] > 3 * real["distance"]
    assert one_of_each_class["diversity"] < 0.01
    half_of_the_classes = compared(name, torch.cat([by_class[:5], by_class[:5]]).flatten(0, 1))
    assert half_of_the_classes["distance"] > 3 * real["distance"]
    assert half_of_the_classes["diversity"] > 0.5  # which looks within a class only


# ----------------------------------------------------------------------------------------------- in the scoring process


def test_the_scorer_compares_all_images_so_far():
    images = torch.rand(40, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with Scorer("synthetic") as scorer:
        first, both = (scorer.judge(part.numpy()).quality for part in images.split([25, 15]))
    assert first == pytest.approx(compared("synthetic", images[:25]), rel=1e-4)
    assert both == pytest.approx(compared("synthetic", images), rel=1e-4)
    assert first["distance"] != pytest.approx(both["distance"], rel=1e-3)


def test_without_statistics_images_are_judged_all_the_same(copied, monkeypatch, capsys, accuracy):
    (copied / "mnist_features.npz").unlink()
    (copied.parents[1] / "student").mkdir()
    shutil.copy(ROOT / "student" / "classifier.py", copied.parents[1] / "student")
    np.save(copied / "images.npy", np.zeros((20, 1, 28, 28), np.float32))
    monkeypatch.setattr("sys.argv", ["scoring", "mnist"])
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{copied / 'images.npy'}\n"))
    scorer_process.main()
    answer = json.loads(capsys.readouterr().out)
    assert answer["quality"] is None
    rounds = Rounds(accuracy.policy, [np.zeros(20, int)], [Judged(np.array(answer["predicted"]))])
    assert "distance" not in rounds.figures()
    assert "Frechet" not in summary(rounds)
    json.dumps(rounds.figures())


@pytest.fixture
def accuracy(assignment):
    """The accuracy of a model that generates digits."""
    return next(accuracy for accuracy in accuracies_of(assignment.policy) if accuracy.policy.classifier == "mnist")


FOUND = {"compared": 40, "distance": 4.125, "real_distance": 0.875, "diversity": 0.71}
DISTANCE = "Frechet distance to real images, in the classifier's features: 4.12 over 40 samples"


@pytest.mark.parametrize(
    ("unknown", "told"),
    [
        ((), f"{DISTANCE} (the same number of real images: 0.88); within a class they vary 71% as much"),
        (("real_distance",), f"{DISTANCE}; within a class they vary 71% as much"),
        (("diversity",), f"{DISTANCE} (the same number of real images: 0.88)"),
    ],
)
def test_the_report_tells_the_quality_of_all_rounds_and_points_do_not_depend_on_it(unknown, told, accuracy):
    labels, found = np.arange(20) % 10, FOUND | dict.fromkeys(unknown)
    with_it, without = (
        Rounds(accuracy.policy, [labels] * 2, [Judged(labels, quality=q) for q in qualities])
        for qualities in ((FOUND | {"distance": 9.0}, found), (None, None))
    )
    assert told in summary(with_it).splitlines()
    assert with_it.figures() == without.figures() | found
    assert with_it.share == without.share == 1
    json.dumps(with_it.figures())
