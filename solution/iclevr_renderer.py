"""Given: pictures of i-CLEVR scenes by ray casting, for whoever does not have the dataset or wants more of it.

    python iclevr_renderer.py --out data/iclevr   # a folder like i-CLEVR's, of our own lists; repeat to go on
    python iclevr_renderer.py --out data/iclevr --lists path/to/i-CLEVR/train.json   # of the course's lists

A picture depends on its list, the number of its scene, the seed and the look, and not on what is rendered beside it or
on how many threads do it.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import torch
from iclevr_rays import SAMPLES, first_hits, ground_light, object_light
from iclevr_scenes import IclevrError, Look, draw, slots
from tqdm import tqdm
from trainers import run

SIZE = 64
CHUNK = 16  # scenes at a time: what they need stays in a processor's cache
PART = 480  # scenes between two steps of the progress bar
LISTS = Path(__file__).resolve().parents[1] / "test_resources" / "iclevr" / "train.json"
BESIDE = ("objects.json", "test.json", "new_test.json")  # what belongs to train.json
RECORD = "rendered.json"  # tells a folder of ours from i-CLEVR's own, and how it was made


def render(scenes, size=SIZE):
    """Draw pictures.

    Args:
        scenes: `Scenes`, from `draw`.
        size: height and width. The camera's 4:3 is squeezed into a square, as i-CLEVR's pictures are by its users.

    Returns:
        (B, 3, size, size) uint8: red, green, blue.
    """
    return torch.cat([_picture(part, size) for part in scenes.split(CHUNK)])


def pictures(label_lists, seed=0, numbers=None, look=Look(), paint=render):
    """Draw scenes and their pictures, with a progress bar: arguments as of `draw`. Returns (N, 3, 64, 64) uint8."""
    numbers = range(len(label_lists)) if numbers is None else numbers
    parts = [slice(i, i + PART) for i in range(0, len(label_lists), PART)]
    return torch.cat([paint(draw(label_lists[p], seed, numbers[p], look)) for p in tqdm(parts, desc="rendering")])


def coverage(scenes, size=SIZE):
    """Which share of each pixel shows each object: (B, K, size, size) float32, arguments as in `render`."""
    return _cover(scenes, first_hits(scenes, size), size).unflatten(2, (size, size))


def _picture(scenes, size):
    hits = first_hits(scenes, size)
    shed = torch.where(hits.seen, object_light(scenes, hits), 0.0).clamp(max=1) / len(SAMPLES)
    objects = torch.zeros(3, *scenes.objects.shape, size * size)
    objects[:, hits.scene, hits.slot, hits.pixel] = sum(shed.unbind(2))
    ground = ground_light(scenes, size) * (1 - sum(_cover(scenes, hits, size).unbind(1)))
    light = ground + sum(objects.unbind(2))
    return (light.clamp(0, 1).sqrt() * 255).round().byte().transpose(0, 1).unflatten(2, (size, size))


def _cover(scenes, hits, size):
    cover = torch.zeros(*scenes.objects.shape, size * size)
    cover[hits.scene, hits.slot, hits.pixel] = sum(hits.seen.unbind(1)) / len(SAMPLES)
    return cover


def write_folder(lists, out, seed=0):
    """Write a folder like i-CLEVR's: images/*.png, train.json and what is beside it. Pictures that are there stay.

    Args:
        lists: path of a train.json, {file name: names of objects}; a scene's pictures have its number in their names.
        out: the folder, new or of an earlier call.
        seed: of what the lists leave open.

    Raises:
        IclevrError: the lists cannot be read, or the folder holds other pictures.
    """
    lists, out = Path(lists), Path(out)
    names = read_lists(lists)
    numbers = {name: scene_number(name) for name in names}
    _claim(out, {"lists": hashlib.sha256(lists.read_bytes()).hexdigest(), "seed": seed})
    (out / "images").mkdir(exist_ok=True)
    for source, target in {lists: "train.json", **{lists.with_name(name): name for name in BESIDE}}.items():
        if source.is_file() and not (out / target).exists():
            shutil.copy(source, out / target)
    there = {path.name for path in (out / "images").iterdir()}
    missing = [name for name in names if name not in there]
    bar = tqdm(total=len(names), initial=len(names) - len(missing), desc="rendering")
    for start in range(0, len(missing), PART):
        part = missing[start : start + PART]
        images = render(draw([names[name] for name in part], seed, [numbers[name] for name in part]))
        for name, image in zip(part, images, strict=True):
            _write_png(image, out / "images" / name)
        bar.update(len(part))
    bar.close()


def read_lists(path):
    """The objects of each picture, {file name: names}, as a train.json tells them.

    Raises:
        IclevrError: there is no such file, or it tells something else, or of what cannot be drawn.
    """
    try:
        lists = json.loads(Path(path).read_text())
        for names in lists.values():
            slots(names)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise IclevrError(f"{path} is not a train.json, {{file name: [object, ...]}}: {error}") from error
    return lists


def scene_number(name):
    """The scene of a picture: 4592 of CLEVR_train_004592_0.png, as of ..._1.png, which has an object more.

    Raises:
        IclevrError: the name is none of i-CLEVR's.
    """
    found = re.fullmatch(r"\w+_(\d+)_\d+\.png", name)
    if not found:
        raise IclevrError(f"{name!r} does not name a picture as CLEVR_train_004592_0.png does: prefix, scene, step")
    return int(found[1])


def _claim(out, made_of):
    """Say in a folder what its pictures are made of, or see that it says so already."""
    record = out / RECORD
    if record.is_file():
        if json.loads(record.read_text()) != made_of:
            raise IclevrError(f"{out} holds pictures of other lists or another seed: give another folder with --out")
    elif out.is_dir() and any(out.iterdir()):
        raise IclevrError(f"{out} holds files that were not rendered here: give another folder with --out")
    else:
        out.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(made_of))


def _write_png(image, path):
    """Write a picture (3, H, W), whole or not at all."""
    from PIL import Image

    temporary = path.with_suffix(".part")
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(temporary, "png")
    os.replace(temporary, path)


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--lists", type=Path, default=LISTS, help="a train.json (default: the repository's)")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    write_folder(chosen.lists, chosen.out, chosen.seed)
    print(f"{chosen.out}: the pictures, and their lists")


if __name__ == "__main__":
    run(main, "where it stopped", IclevrError)
