"""Pictures of generated images: a column for each class, and previews that are small enough for a whole class."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from grader.report import grid


def pixels(path):
    """A picture of images of one pixel, one pixel for each."""
    return np.asarray(Image.open(path))[:: grid.SIDE, :: grid.SIDE]


def flat(*values, channels=1):
    """Images of one pixel each."""
    return np.array(values, np.float32).reshape(-1, channels, 1, 1)


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_a_grid_has_a_column_for_each_class_from_black_to_white(low, tmp_path):
    images = flat(low, 1.0, (low + 1) / 2, low - 3, 4.0)
    grid.save(images, np.array([0, 2, 0, 2, 0]), tmp_path / "new" / "a.png", low)
    assert pixels(tmp_path / "new" / "a.png").tolist() == [[0, 255], [128, 0], [255, 0]]  # the second class has two


def test_what_is_no_number_is_black_and_infinity_is_an_end(tmp_path):
    grid.save(flat(np.nan, -np.inf, np.inf), np.array([0, 1, 2]), tmp_path / "a.png", -1.0)
    assert pixels(tmp_path / "a.png").tolist() == [[0, 0, 255]]


def test_a_grid_may_have_colour_and_shows_the_first_of_many(tmp_path):
    images = flat(*[[-1.0, 0.0, 1.0]] * 100, channels=3)
    grid.save(images, np.zeros(100, int), tmp_path / "a.png", -1.0)
    assert pixels(tmp_path / "a.png").tolist() == [[[0, 128, 255]]] * grid.ROWS


def test_a_preview_is_the_top_of_a_grid_in_a_few_kilobytes(tmp_path):
    images = np.random.default_rng(0).uniform(-1, 1, (80, 3, 32, 32))
    images[:40] = 1.0
    grid.save(images, np.arange(80) % 10, tmp_path / "a.png", -1.0)
    kind, encoded = grid.preview(tmp_path / "a.png").split(",")
    assert kind == "data:image/webp;base64"
    assert len(encoded) < 6000
    preview = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert preview.size == grid.PREVIEW
    assert np.asarray(preview)[:60].min() > 240  # four of eight rows are white, and no more than those are shown


def test_a_whole_grid_is_its_file(tmp_path):
    grid.save(flat(1.0), np.array([0]), tmp_path / "a.png", -1.0)
    assert base64.b64decode(grid.whole(tmp_path / "a.png").split(",")[1]) == (tmp_path / "a.png").read_bytes()
