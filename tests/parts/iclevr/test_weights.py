"""The weights of the evaluator of i-CLEVR and of its auditor: what they recognise."""

import pytest
from evaluator import evaluation_model, top_k
from iclevr_renderer import pictures

from grader.accuracy.staff.auditor import load_auditor
from test_resources.references import iclevr


@pytest.fixture(scope="module")
def scenes():
    """240 scenes that nobody was trained on, images in [-1, 1] and labels."""
    lists, labels = iclevr.random_lists(240, seed=77, most_objects=3)
    return pictures(lists, seed=77).float() / 127.5 - 1, labels


def test_the_evaluator_recognises_scenes_that_it_was_not_trained_on(scenes):
    assert evaluation_model(device="cpu").eval(*scenes) >= 0.97


def test_the_evaluator_sees_nothing_where_nothing_is(scenes):
    empty = pictures([[]], seed=5).float() / 127.5 - 1
    assert evaluation_model(device="cpu").predict(empty).max() < 0.5


def test_the_auditor_is_another_network_and_recognises_them_as_well(scenes):
    images, labels = scenes
    auditor = load_auditor("objects", iclevr.FOLDER / "iclevr_auditor.pt")
    assert top_k(auditor(images), labels) >= 0.95
    mirrored = auditor(images.flip(3))  # it looks at places, so where they are hardly counts
    assert top_k(mirrored, labels) >= 0.95
