"""Compares how fast part 5's pictures are rendered with how fast the course's loaders open picture files.

    python benchmarks/render_iclevr.py [--count 480] [--rounds 5] [--threads 2]

Both make the same number of pictures of 1 to 3 objects, from the repository's own train.json. The baseline decodes
files of 320 x 240 pixels, the size of i-CLEVR's, and resizes them to 64 x 64, with Pillow in one thread. Each round
runs both, and the medians are compared.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import torch  # noqa: E402  (after the path)
from iclevr_renderer import LISTS, read_lists, render, scene_number  # noqa: E402
from iclevr_scenes import draw  # noqa: E402
from PIL import Image  # noqa: E402

from benchmarks.record import figure, record  # noqa: E402

WIDTH, HEIGHT, SIZE = 320, 240, 64


def files(scenes, folder):
    """Write pictures of i-CLEVR's size and mode, and return their paths."""
    paths = [folder / f"{index}.png" for index in range(len(scenes))]
    for path, image in zip(paths, render(scenes, HEIGHT), strict=True):
        Image.fromarray(image.permute(1, 2, 0).numpy()).resize((WIDTH, HEIGHT)).convert("RGBA").save(path)
    return paths


def opened(paths):
    """Open pictures as the course's loaders do."""
    for path in paths:
        with Image.open(path) as image:
            image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)


def rate(count, work, *arguments):
    """Pictures a second that a call makes."""
    begin = time.perf_counter()
    work(*arguments)
    return count / (time.perf_counter() - begin)


def main():
    """Measure, print the figures and return them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=480, help="pictures in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="threads that torch renders with")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    lists = dict(list(read_lists(LISTS).items())[: chosen.count])
    numbers = [scene_number(name) for name in lists]
    with tempfile.TemporaryDirectory() as folder:
        paths = files(draw([*lists.values()], 0, numbers), Path(folder))
        rates = [
            (
                rate(len(lists), lambda: render(draw([*lists.values()], 0, numbers))),
                rate(len(lists), opened, paths),
            )
            for _ in range(chosen.rounds)
        ]
    rendered, read = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(one / other for one, other in rates)
    print(f"rendered, {chosen.threads} threads: {rendered:.0f} pictures a second")
    print(f"opened by Pillow, one thread: {read:.0f} pictures a second")
    print(f"rendered to opened: {ratio:.2f}")
    what = f"Rendering part 5's pictures at {SIZE} x {SIZE}, {chosen.threads} threads"
    opening = f"opening files of {WIDTH} x {HEIGHT} with Pillow, one thread"
    return [figure(what, rendered, "pictures/s", baseline=(opening, read), ratio=ratio)]


if __name__ == "__main__":
    record("render_iclevr", main(), note="A ratio above 1 means that rendering is faster than opening.")
