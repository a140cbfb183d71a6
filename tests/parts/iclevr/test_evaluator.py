"""The evaluator of i-CLEVR: what top-k is, which weights it takes, and how it is trained."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import evaluator
import pytest
import torch
from evaluator import EvaluatorError, evaluation_model, evaluation_network, top_k
from iclevr_renderer import pictures
from iclevr_scenes import Look, draw

from grader.accuracy.staff.auditor import SceneAuditor
from test_resources.references import iclevr

SOLUTION = Path(evaluator.__file__).parent


def hot(*indices, rows=1):
    labels = torch.zeros(rows, 24)
    labels[:, list(indices)] = 1.0
    return labels


# ------------------------------------------------------------------------------------------------------------ top-k


def test_as_many_scores_count_as_labels_are_true():
    scores = torch.linspace(0, 1, 24).expand(4, 24)  # the last are the highest
    labels = torch.cat([hot(23), hot(22), hot(21, 23), hot(0, 22, 23)])
    assert [top_k(scores[i : i + 1], labels[i : i + 1]) for i in range(4)] == [1, 0, 0.5, 2 / 3]
    assert top_k(scores, labels) == (1 + 0 + 1 + 2) / (1 + 1 + 2 + 3)  # of all labels, not of pictures


def test_scores_that_say_nothing_find_the_first_labels():
    assert top_k(torch.zeros(1, 24), hot(0, 1, 5)) == 2 / 3


def test_it_is_the_course_s_count():
    generator = torch.Generator().manual_seed(1)
    scores, labels = torch.rand(50, 24, generator=generator), (torch.rand(50, 24, generator=generator) < 0.1).float()
    found = total = 0
    for row, true in zip(scores, labels, strict=True):
        k = int(true.sum())
        found += len(set(row.topk(k).indices.tolist()) & set(true.nonzero().flatten().tolist()))
        total += k
    assert top_k(scores, labels) == pytest.approx(found / total)
    assert 0 < found < total


# ---------------------------------------------------------------------------------------------------------- weights


@pytest.fixture
def course(tmp_path):
    """A checkpoint as the course's, with another width; and its network."""
    torch.manual_seed(0)
    network = evaluation_network(width=4).eval()
    torch.save({"model": network.state_dict(), "epoch": 3}, tmp_path / "checkpoint.pth")
    return tmp_path / "checkpoint.pth", network


def test_a_checkpoint_of_the_course_is_read(course):
    path, network = course
    model, images = evaluation_model(path, device="cpu"), torch.rand(3, 3, 64, 64) * 2 - 1
    assert torch.equal(model.predict(images), network(images))
    assert torch.allclose(model.predict(images, batch_size=2), model.predict(images), atol=1e-6)
    assert torch.equal(model.predict(images * 9), network((images * 9).clamp(-1, 1)))
    assert 0 < model.predict(images).min() <= model.predict(images).max() < 1


def test_the_course_s_network_is_torchvision_s():
    from torchvision.models import resnet18

    expected = {name: weight.shape for name, weight in resnet18().state_dict().items() if not name.startswith("fc")}
    shapes = {name: weight.shape for name, weight in evaluation_network(width=64).state_dict().items()}
    assert (shapes.pop("fc.0.weight"), shapes.pop("fc.0.bias")) == ((24, 512), (24,))
    assert shapes == expected


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, r"there is no .*: restore it with git"), ({}, "not hold a ResNet-18 with 24 outputs")],
)
def test_weights_that_are_missing_or_others_are_told(content, told, tmp_path):
    if content is not None:
        torch.save(content, tmp_path / "checkpoint.pth")
    with pytest.raises(EvaluatorError, match=told):
        evaluation_model(tmp_path / "checkpoint.pth")


@pytest.mark.parametrize(
    ("images", "labels", "told"),
    [
        (
            torch.zeros(2, 3, 32, 32),
            hot(1, rows=2),
            r"\(2, 3, 32, 32\) and \(2, 24\), not \(B, 3, 64, 64\)",
        ),
        (torch.zeros(2, 3, 64, 64), hot(1, rows=3), r"\(2, 3, 64, 64\) and \(3, 24\), not"),
        (torch.zeros(2, 3, 64, 64), torch.zeros(2, 24), "no label is 1"),
    ],
)
def test_pictures_that_cannot_be_evaluated_are_told(images, labels, told, course):
    with pytest.raises(EvaluatorError, match=told):
        evaluation_model(course[0], device="cpu").eval(images, labels)


def test_the_module_is_imported_without_torchvision():
    code = "import sys, evaluator; assert 'torchvision' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=SOLUTION, check=True)


# --------------------------------------------------------------------------------------------- what it is trained on


def test_changed_pictures_are_other_pictures_in_the_same_range():
    torch.manual_seed(1)
    images = pictures([["red cube"]] * 8, look=iclevr.VARIED).float() / 127.5 - 1
    changed = iclevr.changed(images, noise=0.2)
    assert changed.shape == images.shape
    assert -1 <= changed.min() <= changed.max() <= 1
    assert ((changed - images).abs().mean(dim=(1, 2, 3)) > 0.02).all()
    assert torch.isfinite(changed).all()


def test_lists_of_training_have_labels_in_the_order_of_the_objects():
    lists, labels = iclevr.random_lists(60, seed=1, most_objects=5)
    assert {len(names) for names in lists} == {1, 2, 3, 4, 5}
    assert [[iclevr.OBJECTS[i] for i in row.nonzero().flatten()] for row in labels] == [
        sorted(names, key=iclevr.OBJECTS.index) for names in lists
    ]


def test_flat_pictures_have_colours_and_no_light():
    image = iclevr.flat(draw([["red cube"]], look=Look()))[0]
    assert {tuple(pixel) for pixel in image.flatten(1).T.tolist()} >= {(128, 128, 128), (173, 35, 35)}


@pytest.mark.parametrize("name", ["iclevr_evaluator", "iclevr_auditor"])
def test_a_reference_is_trained_and_measured(name, tmp_path, monkeypatch):
    monkeypatch.setattr(iclevr, "HELD_OUT", 12)
    reference = iclevr.REFERENCES[name]
    config = replace(reference.config, scenes=24, epochs=1, batch_size=12)
    assert len(reference.train(tmp_path / "a.pt", config, 0, "cpu")["losses"]) == 1
    figures = reference.measure(tmp_path / "a.pt", "cpu")
    assert figures.keys() == {"held_out_top_k", "held_out_varied_top_k", "held_out_flat_top_k"}
    assert all(0 <= share <= 1 for share in figures.values())
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_the_auditor_has_a_score_for_each_object():
    assert SceneAuditor().eval()(torch.zeros(2, 3, 64, 64)).shape == (2, 24)
