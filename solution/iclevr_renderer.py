"""Given: renders pictures of i-CLEVR scenes, in case you do not have the dataset or want more of it.

    python iclevr_renderer.py --out data/iclevr   # a folder like i-CLEVR's, from our own lists; repeat to resume
    python iclevr_renderer.py --out data/iclevr --lists path/to/i-CLEVR/train.json   # from the course's lists

A picture depends only on its list, the number of its scene, the seed and the look. Other pictures and the number of
threads do not change it.
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
CHUNK = 16  # scenes at a time, few enough for a processor's cache
PART = 480  # scenes in a step of the progress bar
LISTS = Path(__file__).resolve().parents[1] / "test_resources" / "iclevr" / "train.json"
BESIDE = ("objects.json", "test.json", "new_test.json")  # the files that belong to train.json
RECORD = "rendered.json"  # marks a rendered folder and records how it was made


def render(scenes, size=SIZE):
    """Render pictures of scenes.

    Args:
        scenes: B `Scenes`, from `draw`.
        size: height and width. The camera's 4:3 is squeezed into a square, as users of i-CLEVR do with its pictures.

    Returns:
        Pictures, (B, 3, size, size) uint8: red, green, blue.
    """
    return torch.cat([_picture(part, size) for part in scenes.split(CHUNK)])


def pictures(label_lists, seed=0, numbers=None, look=Look(), paint=render):
    """Draw scenes and render them with a progress bar, (N, 3, 64, 64) uint8; `draw` explains the arguments."""
    numbers = range(len(label_lists)) if numbers is None else numbers
    parts = [slice(i, i + PART) for i in range(0, len(label_lists), PART)]
    return torch.cat([paint(draw(label_lists[p], seed, numbers[p], look)) for p in tqdm(parts, desc="rendering")])


def coverage(scenes, size=SIZE):
    """The share of each pixel that shows each object, (B, K, size, size) float32; arguments as for `render`."""
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
    """Write a folder like i-CLEVR's, with images/*.png, train.json and the other lists. Existing pictures are kept.

    Args:
        lists: path of a train.json, {file name: [object, ...]}; a file name contains the number of its scene.
        out: the folder, which is new or comes from an earlier call.
        seed: seed of everything that the lists leave open.

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


def found_or_rendered(data, tiny=None, most=32):
    """Find i-CLEVR's pictures in the data folder, or render similar ones if there are none.

    Args:
        data: the data folder.
        tiny: a folder for a small set, which is rendered anew each time; None renders all pictures into `data`.
        most: number of pictures in the small set, evenly spaced in our lists.

    Returns:
        The folder with lists and pictures.
    """
    folder = Path(data) / "iclevr"
    rendered = (folder / RECORD).exists()  # its rendering may have been interrupted
    if any(folder.glob("**/*.png")) and not rendered:
        return folder
    lists = folder / "train.json" if rendered else LISTS
    if tiny:
        folder, lists = Path(tiny) / "iclevr", _some_lists(Path(tiny) / "lists", most)
        shutil.rmtree(folder, ignore_errors=True)
    write_folder(lists, folder)
    print(f"There are no i-CLEVR pictures in {Path(data).resolve()}, so {folder} holds rendered ones.")
    return folder


def _some_lists(folder, most):
    """Write a train.json with some of our pictures, and the files that belong to it. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    names = read_lists(LISTS)
    some = {name: names[name] for name in list(names)[:: len(names) // most][:most]}
    (folder / "train.json").write_text(json.dumps(some))
    for name in BESIDE:
        shutil.copy(LISTS.with_name(name), folder)
    return folder / "train.json"


def read_lists(path):
    """Read the objects of each picture, {file name: names}, from a train.json.

    Raises:
        IclevrError: the file is missing, is not a train.json, or lists something that cannot be drawn.
    """
    try:
        lists = json.loads(Path(path).read_text())
        for names in lists.values():
            slots(names)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise IclevrError(f"{path} is not a train.json, {{file name: [object, ...]}}: {error}") from error
    return lists


def scene_number(name):
    """Read the number of a scene from a file name: 4592 for CLEVR_train_004592_0.png, and for ..._1.png.

    Raises:
        IclevrError: the name does not follow i-CLEVR's pattern.
    """
    match = re.fullmatch(r"\w+_(\d+)_\d+\.png", name)
    if not match:
        raise IclevrError(f"{name!r} is not a name like CLEVR_train_004592_0.png: prefix, scene, step")
    return int(match[1])


def _claim(out, made_of):
    """Record in a folder what its pictures are made from, or check that an earlier record agrees."""
    record = out / RECORD
    if record.is_file():
        if json.loads(record.read_text()) != made_of:
            raise IclevrError(f"{out} holds pictures from other lists or another seed: give another folder with --out")
    elif out.is_dir() and any(out.iterdir()):
        raise IclevrError(f"{out} holds files that the renderer did not make: give another folder with --out")
    else:
        out.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(made_of))


def _write_png(image, path):
    """Write a picture (3, H, W) to a file; an interruption leaves no incomplete file."""
    from PIL import Image

    temporary = path.with_suffix(".part")
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(temporary, "png")
    os.replace(temporary, path)


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--lists", type=Path, default=LISTS, help="a train.json (default: the one in this repository)")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    write_folder(chosen.lists, chosen.out, chosen.seed)
    print(f"{chosen.out} holds the pictures and their lists")


if __name__ == "__main__":
    run(main, "where it stopped", IclevrError)
