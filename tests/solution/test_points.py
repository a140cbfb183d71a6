"""Points of the plane, as the warm-up draws them."""

import math

import numpy as np
import points
import pytest
import torch
from PIL import Image

FRAMES = [torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) / k for k in (1, 2)]
LABELS, POINTS = torch.tensor([0, 1, 0]), torch.tensor([[0.0, 0.5], [1.0, -0.5]])


def clouds(axes):
    """The points of each class, and those of the data."""
    return [line.get_xydata().tolist() for line in axes.get_lines()], axes.collections[0].get_offsets().tolist()


def test_points_are_drawn_by_class_before_the_data():
    figure = points.scatter_strip(FRAMES, [4, None], LABELS, POINTS)
    assert [axes.get_title() for axes in figure.axes] == ["$x_t$, t = 4", "samples"]
    assert clouds(figure.axes[0]) == ([[[1, 2], [5, 6]], [[3, 4]]], POINTS.tolist())
    assert clouds(figure.axes[1])[0] == [[[0.5, 1], [2.5, 3]], [[1.5, 2]]]
    assert len({line.get_marker() for line in figure.axes[0].get_lines()}) == 2  # for readers without colours


def test_a_film_shows_every_frame_and_rests_at_the_end(tmp_path):
    film = points.scatter_animation(FRAMES, [4, None], LABELS, POINTS, milliseconds=500)
    assert len(list(film.new_frame_seq())) == 2 + 4
    film.save(tmp_path / "film.gif", writer="pillow")
    gif = Image.open(tmp_path / "film.gif")
    shown = []
    for i in range(gif.n_frames):
        gif.seek(i)
        shown.append((np.asarray(gif.convert("RGB"), int).tobytes(), gif.info["duration"]))
    assert len({pixels for pixels, _ in shown}) == 2
    assert sum(duration for _, duration in shown) == 6 * 500
    assert clouds(film._fig.axes[0])[0] == [[[0.5, 1], [2.5, 3]], [[1.5, 2]]]


@pytest.mark.parametrize("first", [1e30, math.nan, math.inf])
def test_a_sampler_that_has_gone_astray_can_be_looked_at(first):
    figure = points.scatter_strip([torch.full((3, 2), first), FRAMES[1]], [1, 0], LABELS, POINTS)
    low, high = figure.axes[0].get_xlim()
    assert -11 < low < high < 11


@pytest.mark.parametrize(
    ("frames", "timesteps", "told"),
    [
        (FRAMES, [1], "2 frames need 2 timesteps, not 1"),
        ([torch.zeros(3, 2, 1, 1)], [1], r"3 labels need frames of shape \(3, 2\), not \(3, 2, 1, 1\)"),
        ([torch.zeros(2, 2)], [1], r"3 labels need frames of shape \(3, 2\), not \(2, 2\)"),
    ],
)
def test_frames_that_do_not_fit_are_told(frames, timesteps, told):
    with pytest.raises(ValueError, match=told):
        points.scatter_animation(frames, timesteps, LABELS, POINTS)
