"""Writes the repository's own lists for i-CLEVR: objects.json, train.json, test.json and new_test.json.

    python test_resources/make_iclevr_lists.py

They have the same statistics as the course's lists, but different content. There are 6,003 scenes of three different
objects, each object equally likely; a scene's three pictures show the first, the first two, and all three objects. The
two lists of conditions have 32 different conditions each, in which every object occurs.
"""

import json
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "solution"))

from iclevr_scenes import OBJECTS  # noqa: E402  (after the path)

FOLDER = ROOT / "test_resources" / "iclevr"
SCENES = 6003
CONDITIONS = {"test": (1,) * 6 + (2,) * 12 + (3,) * 14, "new_test": (2,) * 12 + (3,) * 20}  # objects in each


def training_lists(scenes, rng):
    """Draw the objects of each picture, {file name: [object, ...]}."""
    drawn = [rng.sample(OBJECTS, 3) for _ in range(scenes)]
    return {f"CLEVR_train_{n:06}_{i}.png": objects[: i + 1] for n, objects in enumerate(drawn) for i in range(3)}


def conditions(lengths, rng):
    """Draw different conditions with these numbers of objects, in which every object occurs."""
    while True:
        drawn = [rng.sample(OBJECTS, length) for length in lengths]
        if len({frozenset(objects) for objects in drawn}) == len(drawn) and set(OBJECTS) == set().union(*drawn):
            return drawn


def main(folder=FOLDER, seed=0):
    """Write all lists to a folder."""
    rng = random.Random(seed)
    lists = {"objects": {name: index for index, name in enumerate(OBJECTS)}, "train": training_lists(SCENES, rng)}
    lists |= {name: conditions(lengths, rng) for name, lengths in CONDITIONS.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in lists.items():
        (folder / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
