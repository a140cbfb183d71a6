"""The classifiers that judge images: what is committed, what they were measured to recognise, which range they know."""

import hashlib
import io
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from classifier import ClassifierError, FashionClassifier, classify, load_classifier

from grader import ROOT
from grader.accuracy import classifiers, scorer_process
from grader.accuracy.classifiers import FOLDER, about
from grader.course.parts import load_parts
from grader.runtime.errors import InfrastructureError
from test_resources import train_references
from test_resources.references import Reference

MANIFEST = json.loads((ROOT / "test_resources" / "MANIFEST.json").read_text())
NAMES = [name for part in load_parts() for name in part.classifiers]
OF_CLASSES = [name for name in NAMES if about(name).sees == "classes"]
MOST_BYTES = 1_500_000  # of a file that every clone carries
REAL = Path(os.environ.get("GENMODELS_DATA", ROOT / ".." / "shared" / "data"))
needs_data = pytest.mark.skipif(not (REAL / "MNIST").is_dir(), reason="the datasets are not at GENMODELS_DATA")


def recorded(name):
    return MANIFEST[f"test_resources/classifiers/{name}.pt"]


@pytest.mark.parametrize("name", NAMES)
def test_a_classifier_is_the_file_that_was_measured(name):
    content = (FOLDER / f"{name}.pt").read_bytes()
    assert hashlib.sha256(content).hexdigest() == recorded(name)["sha256"]
    assert len(content) == recorded(name)["bytes"] <= MOST_BYTES


@pytest.mark.parametrize("file", sorted(path.name for path in FOLDER.iterdir()))
def test_whatever_judges_is_the_file_that_was_recorded(file):
    assert sha256(FOLDER / file) == MANIFEST[f"test_resources/classifiers/{file}"]["sha256"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "file",
    [None, *(f"fashion_mnist{rest}" for rest in (".pt", "_features.npz", "_auditor.pt", "_auditor.npz"))],
    ids=str,
)
def test_nothing_is_judged_with_a_file_that_was_changed(file, tmp_path, monkeypatch):
    folder = tmp_path / FOLDER.relative_to(ROOT)
    shutil.copytree(FOLDER, folder)
    shutil.copy(ROOT / "test_resources" / "MANIFEST.json", folder.parent)
    (tmp_path / "student").mkdir()
    shutil.copy(ROOT / "student" / "classifier.py", tmp_path / "student")
    monkeypatch.setattr(classifiers, "ROOT", tmp_path)
    monkeypatch.setattr(classifiers, "FOLDER", folder)
    monkeypatch.setattr("sys.argv", ["scoring", "fashion_mnist"])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    if file is None:
        scorer_process.main()
        return
    with (folder / file).open("ab") as changed:
        changed.write(b"\0")  # numpy reads its thumbnails all the same
    with pytest.raises(
        InfrastructureError, match=rf"{file} is not the file that MANIFEST\.json records: restore it with git"
    ):
        scorer_process.main()


@dataclass(frozen=True)
class Config:
    epochs: int = 3


@pytest.fixture
def manifest_after(tmp_path, monkeypatch):
    """manifest_after(reference, *arguments) is the manifest after train_references.py was called so."""

    def call(reference, *arguments):
        for name, value in {"ROOT": tmp_path, "MANIFEST": tmp_path / "M.json", "REFERENCES": {"a": reference}}.items():
            monkeypatch.setattr(train_references, name, value)
        monkeypatch.setattr("sys.argv", ["train_references.py", "a", *arguments])
        train_references.main()
        return json.loads((tmp_path / "M.json").read_text())

    return call


def test_a_training_records_every_file_that_it_writes(tmp_path, manifest_after):
    weights, beside = tmp_path / "a.pt", tmp_path / "a.npz"

    def train(path, config, seed, device):
        weights.write_bytes(b"weights")
        beside.write_bytes(b"thumbnails")
        return {"losses": [1.0]}

    reference = Reference(weights, "some data", Config(), train, lambda path, device: {"accuracy": 0.5}, (beside,))
    manifest = manifest_after(reference, "--seed", "7")
    assert manifest.keys() == {"a.pt", "a.npz"}
    assert manifest["a.npz"] == {"made_with": "a.pt", "bytes": 10, "sha256": sha256(beside)}
    assert (manifest["a.pt"]["bytes"], manifest["a.pt"]["sha256"]) == (7, sha256(weights))
    assert manifest["a.pt"]["command"] == "python test_resources/train_references.py a --epochs 3 --seed 7"
    assert manifest["a.pt"]["figures"] == {"losses": [1.0], "accuracy": 0.5}


def test_a_training_that_goes_on_records_what_it_started_from(tmp_path, manifest_after):
    def train(path, config, seed, device):
        path.write_bytes(b"weights")
        return {"losses": [float(seed)]}

    reference = Reference(tmp_path / "a.pt", "some data", Config(), train, lambda path, device: {})
    first = manifest_after(reference)["a.pt"]
    assert "started_from" not in first
    for seed in "12":
        before, first = first, manifest_after(reference._replace(goes_on=True), "--seed", seed)["a.pt"]
        assert first["started_from"] == before
        assert first["figures"] == {"losses": [float(seed)]}


def test_each_accuracy_has_a_classifier_of_its_images_that_is_better_than_what_is_asked_for(assignment):
    assert {a.classifier for a in assignment.policy.accuracy.values()} <= set(NAMES)
    for asked in (a for a in assignment.policy.accuracy.values() if a.classifier in OF_CLASSES):
        classes = 10 if asked.part == 1 else asked.classes  # there images are only compared with real ones
        classifier = load_classifier(FOLDER / f"{asked.classifier}.pt")
        assert classifier(torch.zeros(2, *asked.image_shape)).shape == (2, classes)
        figures = recorded(asked.classifier)["figures"]
        assert figures["test_accuracy"] > asked.everything_at
        assert len(figures["test_accuracy_per_class"]) == classes


def test_the_evaluator_is_better_than_what_is_asked_for(assignment):
    asked = [accuracy for accuracy in assignment.policy.accuracy.values() if accuracy.classifier not in OF_CLASSES]
    assert len(asked) == 4
    assert all(recorded(a.classifier)["figures"]["held_out_top_k"] > a.everything_at for a in asked)


def test_weights_that_are_missing_are_told(tmp_path):
    with pytest.raises(ClassifierError, match=r"none\.pt is missing: restore it from the assignment"):
        load_classifier(tmp_path / "none.pt")


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
@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_classifier_recognises_real_images_as_recorded(name, monkeypatch):
    monkeypatch.setenv("GENMODELS_DATA", str(REAL))
    images, labels = real_images(name)
    some = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:600]
    predicted = classify(load_classifier(FOLDER / f"{name}.pt"), images[some], low=about(name).lowest)
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
    return load(name, train=False, channels=3 if name == "synthetic" else 1).tensors
