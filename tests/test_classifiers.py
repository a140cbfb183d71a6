"""The classifiers that judge images: what is committed, what they were measured to recognise, which range they know."""

import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from classifier import FashionClassifier, classify, load_classifier

from grader.scoring import BLACK, FOLDER

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
MOST_BYTES = 1_500_000  # of a file that every clone carries
REAL = Path(os.environ.get("GENMODELS_DATA", ROOT / ".." / "shared" / "data"))
needs_data = pytest.mark.skipif(not (REAL / "MNIST").is_dir(), reason="the datasets are not at GENMODELS_DATA")


def recorded(name):
    return MANIFEST[f"test_resources/classifiers/{name}.pt"]


@pytest.mark.parametrize("name", BLACK)
def test_a_classifier_is_the_file_that_was_measured(name):
    content = (FOLDER / f"{name}.pt").read_bytes()
    assert hashlib.sha256(content).hexdigest() == recorded(name)["sha256"]
    assert len(content) == recorded(name)["bytes"] <= MOST_BYTES


def test_each_accuracy_has_a_classifier_of_its_images_that_is_better_than_what_is_asked_for(assignment):
    assert {a.classifier for a in assignment.policy.accuracy.values()} == BLACK.keys()
    for asked in assignment.policy.accuracy.values():
        classifier = load_classifier(FOLDER / f"{asked.classifier}.pt")
        assert classifier(torch.zeros(2, *asked.image_shape)).shape == (2, asked.classes)
        figures = recorded(asked.classifier)["figures"]
        assert figures["test_accuracy"] > asked.everything_at
        assert len(figures["test_accuracy_per_class"]) == asked.classes


def test_the_given_names_still_build_the_given_classifier():
    given = FashionClassifier()
    given.load_state_dict(load_classifier().state_dict())
    images = torch.rand(3, 1, 32, 32)
    assert torch.equal(given.eval()(images), load_classifier()(images))


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_images_are_clamped_to_the_range_that_the_classifier_knows(low):
    classifier, seen = load_classifier(), []
    classifier.register_forward_pre_hook(lambda _, images: seen.append(images[0]))
    classify(classifier, torch.linspace(-5, 5, 7 * 32 * 32).reshape(7, 1, 32, 32), batch_size=3, low=low)
    assert [len(batch) for batch in seen] == [3, 3, 1]
    assert (torch.cat(seen).min(), torch.cat(seen).max()) == (low, 1)


@needs_data
@pytest.mark.parametrize("name", BLACK)
def test_a_classifier_recognises_real_images_as_recorded(name, monkeypatch):
    monkeypatch.setenv("GENMODELS_DATA", str(REAL))
    images, labels = real_images(name)
    some = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:600]
    predicted = classify(load_classifier(FOLDER / f"{name}.pt"), images[some], low=BLACK[name])
    accuracy = (predicted == labels[some]).double().mean().item()
    assert accuracy == pytest.approx(recorded(name)["figures"]["test_accuracy"], abs=0.03)  # 600 images


def real_images(name):
    from datasets import load
    from image_gen import read
    from torchvision.datasets import MNIST

    if name == "cifar10":
        images, labels = read(REAL / "cifar10" / "test")
        return images / 127.5 - 1, labels
    if name == "mnist":
        data = MNIST(REAL, train=False)
        return data.data[:, None] / 255, data.targets
    return load("fashion_mnist", train=False).tensors
