"""The lists that part 5's models are asked for: what is in them as labels, and what is told of those that are not."""

import json

import numpy as np
import pytest
import torch
from iclevr_scenes import OBJECTS

from grader import ROOT
from grader.course import conditions
from grader.course.conditions import ConditionsError

OBJECTS_FILE = "iclevr/objects.json"


@pytest.mark.parametrize("name", ["test", "new_test"])
def test_labels_are_those_of_the_lists_in_their_order(name):
    labels = conditions.labels(f"iclevr/{name}.json", OBJECTS_FILE)
    listed = json.loads((ROOT / "test_resources" / "iclevr" / f"{name}.json").read_text())
    assert (labels.shape, labels.dtype) == ((32, 24), np.float32)
    assert [{OBJECTS[i] for i in row.nonzero()[0]} for row in labels] == [set(names) for names in listed]
    assert set(labels.flatten()) == {0, 1}


def test_the_objects_are_in_the_order_of_labels():
    assert conditions.objects(OBJECTS_FILE) == list(OBJECTS)
    assert torch.from_numpy(conditions.labels("iclevr/test.json", OBJECTS_FILE))[0, OBJECTS.index("blue cube")] == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("train", r"train\.json is no list of conditions, \[\[name, \.\.\.\], \.\.\.\]: give another file"),
        ("objects", r"objects\.json is no list of conditions"),
        ("tests", r"tests\.json cannot be read .*: restore it with git"),
    ],
)
def test_what_is_no_list_of_conditions_is_refused(name, told):
    with pytest.raises(ConditionsError, match=told):
        conditions.labels(f"iclevr/{name}.json", OBJECTS_FILE)


def test_a_list_that_cannot_be_read_is_told_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(conditions, "FOLDER", tmp_path)
    with pytest.raises(ConditionsError, match=r"objects\.json cannot be read .*: restore it with git"):
        conditions.objects("objects.json")
    (tmp_path / "objects.json").write_text("{")
    with pytest.raises(ConditionsError, match=r"objects\.json cannot be read .*: restore it with git"):
        conditions.objects("objects.json")
