"""The repository's own label lists of i-CLEVR: the statistics of the course's, and the script that makes them."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from iclevr_scenes import OBJECTS

from test_resources import make_iclevr_lists as lists


def committed(name):
    return json.loads((lists.FOLDER / f"{name}.json").read_text())


def test_the_lists_are_those_of_the_script(tmp_path):
    lists.main(tmp_path)
    names = {path.name for path in lists.FOLDER.iterdir()}
    assert names == {f"{name}.json" for name in ("objects", "train", "test", "new_test")}
    assert all((tmp_path / name).read_bytes() == (lists.FOLDER / name).read_bytes() for name in names)


def test_every_scene_gets_one_object_more_with_each_picture():
    train = committed("train")
    assert len(train) == 18009
    for number in range(6003):
        one, two, three = (train[f"CLEVR_train_{number:06}_{step}.png"] for step in range(3))
        assert (one, two) == (three[:1], three[:2])
        assert len(set(three)) == 3


def test_every_object_is_about_as_frequent():
    counts = Counter(name for objects in committed("train").values() for name in objects)
    assert counts.keys() == set(OBJECTS)
    expected = 6003 * 6 / 24
    assert max(abs(count - expected) for count in counts.values()) < 5 * (expected * 3) ** 0.5


@pytest.mark.parametrize(("name", "lengths"), [("test", {1: 6, 2: 12, 3: 14}), ("new_test", {2: 12, 3: 20})])
def test_conditions_are_different_and_have_every_object(name, lengths):
    conditions = committed(name)
    assert Counter(map(len, conditions)) == lengths
    assert all(len(set(objects)) == len(objects) for objects in conditions)
    assert len({frozenset(objects) for objects in conditions}) == 32
    assert set().union(*conditions) == set(OBJECTS)


def test_another_seed_makes_other_lists():
    assert lists.training_lists(4, random.Random(1)) != lists.training_lists(4, random.Random(2))
    assert lists.conditions((3,) * 12, random.Random(1)) != lists.conditions((3,) * 12, random.Random(2))
