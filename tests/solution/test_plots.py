"""The given figures: what is drawn is what was passed, and axes say what it is."""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import plots
import pytest
import torch
from matplotlib.figure import Figure
from noise_scheduler import NoiseScheduler
from PIL import Image

from grader import ROOT


def lines(axes):
    """{label: (x, y)} of a panel's curves."""
    return {line.get_label(): tuple(np.asarray(a, float) for a in line.get_data()) for line in axes.get_lines()}


def drawn(axes):
    """The picture of a panel."""
    return np.asarray(axes.get_images()[0].get_array())


def images(count, channels=1, height=4, width=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, height, width, generator=generator) * 2 - 1


def grey(image, low=-1.0):
    """One image (C, H, W) as it is to be drawn."""
    pixels = ((image - low) / (1 - low) * 255).round().byte().numpy()
    return pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)


# ------------------------------------------------------------------------------------------------------------- curves


def test_a_schedule_is_drawn_over_its_timesteps():
    scheduler = NoiseScheduler(40, 0.01, 0.3)
    figure = plots.schedule({"mine": scheduler})
    betas, alpha_bars, snr = figure.axes
    x, y = lines(betas)["mine, t = 0 to 39"]
    assert x.tolist() == list(range(40))
    assert np.allclose(y, scheduler.betas)
    (_, y), *_ = lines(alpha_bars).values()
    assert np.allclose(y, scheduler.alpha_bars)
    (_, y), *_ = lines(snr).values()
    bars = np.cumprod(1 - np.linspace(0.01, 0.3, 40))
    assert np.allclose(y, np.log(bars) - np.log1p(-bars), atol=1e-4)
    assert [axes.get_xlabel() for axes in figure.axes] == ["timestep t"] * 3
    assert figure.legends[0].get_texts()[0].get_text() == "mine, t = 0 to 39"


def test_part_3s_schedule_counts_from_1_and_dictionaries_of_any_kind_of_numbers_will_do():
    bars = [0.9, 0.8 * 0.9, 0.7 * 0.8 * 0.9]
    figure = plots.schedule(
        {
            "part 3": {"beta_t": torch.tensor([[0.1], [0.2], [0.3]]), "alpha_t_bar": torch.tensor(bars)[:, None]},
            "arrays": {"betas": np.array([0.1, 0.2]), "alpha_bars": bars[:2]},
        }
    )
    assert lines(figure.axes[0])["part 3, t = 1 to 3"][0].tolist() == [1, 2, 3]
    assert lines(figure.axes[0])["arrays, t = 0 to 1"][0].tolist() == [0, 1]
    assert np.allclose(lines(figure.axes[1])["0.5 at t = 3"][1], bars)


def test_alpha_bars_that_cannot_be_are_drawn_and_have_no_signal_to_noise_ratio():
    figure = plots.schedule({"sums": {"betas": [0.1, 0.2], "alpha_bars": [0.9, 1.7]}})
    assert np.allclose(lines(figure.axes[1])["1.7 at t = 1"][1], [0.9, 1.7])
    (_, y), *_ = lines(figure.axes[2]).values()
    assert np.isnan(y).tolist() == [False, True]


@pytest.mark.parametrize(
    ("scheduler", "told"),
    [
        (SimpleNamespace(betas=torch.ones(3)), "the scheduler 'mine' has no alpha_bars"),
        ({}, "the scheduler 'mine' has no betas and no alpha_bars"),
        ({"betas": [0.1, 0.2], "alpha_bars": [0.9]}, "the scheduler 'mine' has 2 betas, but 1 alpha_bars"),
    ],
)
def test_what_is_no_schedule_is_told(scheduler, told):
    with pytest.raises(ValueError, match=told):
        plots.schedule({"mine": scheduler})


def test_long_losses_are_drawn_as_they_are_and_smoothed():
    values = torch.rand(100, generator=torch.Generator().manual_seed(0))
    (axes,) = plots.losses({"a": values.tolist()}, reference={"best": 0.25}).axes
    raw, (x, y) = axes.get_lines()[0].get_data(), lines(axes)["a, mean of 5 steps"]
    assert np.allclose(raw[1], values)
    assert list(raw[0]) == list(range(1, 101))
    assert x.tolist() == list(range(5, 101))
    assert np.allclose(y, [values[i : i + 5].mean() for i in range(96)])
    assert lines(axes)["best"][1].tolist() == [0.25, 0.25]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step, from 1", "loss")


def test_few_losses_are_points():
    (axes,) = plots.losses({"a": [3.0, 2.0, 1.5], "b": np.array([1.0])}, xlabel="epoch").axes
    assert {name: y.tolist() for name, (_, y) in lines(axes).items()} == {"a": [3, 2, 1.5], "b": [1]}
    assert {line.get_marker() for line in axes.get_lines()} == {"."}
    assert axes.get_xlabel() == "epoch, from 1"


def test_losses_that_are_not_there_are_told():
    with pytest.raises(ValueError, match="the losses 'G' are empty"):
        plots.losses({"G": []})


def test_a_gans_losses_stand_beside_its_equilibrium():
    (axes,) = plots.gan_losses([1.0, 1.2], [0.8, 0.9]).axes
    found = {name: y.tolist() for name, (_, y) in lines(axes).items()}
    assert found["D"] == pytest.approx([1.0, 1.2])
    assert found["G"] == pytest.approx([0.8, 0.9])
    half = -math.log(0.5)  # of G; D has it for real images and for generated ones
    assert {name: y[0] for name, y in found.items() if "log 2" in name} == pytest.approx(
        {"D at the equilibrium, 2 log 2": 2 * half, "G at the equilibrium, log 2": half}
    )


def test_gradients_are_drawn_and_those_that_are_missing_are_named():
    model = torch.nn.ModuleDict({name: torch.nn.Linear(2, 1, bias=False) for name in ("a", "b", "c", "d", "e")})
    model["e"].requires_grad_(False)
    model["a"].weight.grad = torch.tensor([[3.0, 4.0]])
    model["b"].weight.grad = torch.zeros(1, 2)
    model["d"].weight.grad = torch.tensor([[float("nan"), 1.0]])
    (axes,) = plots.gradient_norms(model).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"{name}.weight" for name in "abcd"]
    assert [tuple(line.get_xydata()[0]) for line in axes.get_lines()] == [(5, 0)]
    assert {text.get_text(): text.xy[1] for text in axes.texts} == {"x  0": 1, "x  no gradient": 2, "x  nan": 3}
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "norm of the gradient")


def test_gradients_need_a_backward():
    with pytest.raises(ValueError, match=re.escape("call loss.backward() first")):
        plots.gradient_norms(torch.nn.Linear(2, 1))


# ------------------------------------------------------------------------------------------------------------- images


@pytest.mark.parametrize(("channels", "low"), [(1, -1.0), (3, -1.0), (1, 0.0)])
def test_a_grid_shows_its_images_apart_with_a_title_for_each_column(channels, low):
    given = images(5, channels).clamp(min=low)
    (axes,) = plots.sample_grid(given, 3, titles=["a", "b", "c"], low=low).axes
    picture, gap = drawn(axes), plots.GAP
    assert picture.shape[:2] == (2 * 4 + gap, 3 * 6 + 2 * gap)
    assert np.array_equal(picture[4 + gap :, 6 + gap : 12 + gap], grey(given[4], low))
    assert (picture[4 + gap :, 12 + gap :] == 255).all()  # there is no sixth
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c"]
    assert [text.xy[1] for text in axes.texts] == [-0.5] * 3


def test_a_grid_may_be_larger():
    small, large = (plots.sample_grid(images(3), 3, inches=inches).get_figwidth() for inches in (1, 2))
    assert large - small == pytest.approx(3 + 2 * plots.GAP / 6)  # images of 6 pixels


def test_a_grid_may_have_a_title_for_each_image():
    (axes,) = plots.sample_grid(images(5, height=8), 2, titles=range(5)).axes
    places = {text.get_text(): text.xy for text in axes.texts}
    assert places.keys() == set("01234")
    assert places["3"][0] == places["1"][0] > places["2"][0]
    top = int(places["2"][1] + 0.5)
    assert np.array_equal(drawn(axes)[top : top + 8, :6], grey(images(5, height=8)[2]))


def test_titles_that_do_not_fit_are_told():
    with pytest.raises(ValueError, match="4 titles fit neither 3 columns nor 5 images"):
        plots.sample_grid(images(5), 3, titles="abcd")


@pytest.mark.parametrize("shape", [(4, 6), (1, 4, 6), (3, 2, 4, 6)])
def test_what_are_no_images_is_told(shape):
    with pytest.raises(ValueError, match=r"shape \(N, C, H, W\) with C = 1 or 3"):
        plots.sample_grid(torch.zeros(shape), 1)


def test_noising_starts_from_the_data_and_calls_for_each_timestep():
    x_0 = images(2)
    figure = plots.noising_strip(x_0, lambda t: x_0 / (1 + t), [0, 5])
    assert [axes.get_title() for axes in figure.axes] == ["data $x_0$", "$x_t$, t = 0", "$x_t$, t = 5"]
    assert all(
        np.array_equal(drawn(axes)[:4], grey(x_0[0] / k)) for axes, k in zip(figure.axes, (1, 1, 6), strict=True)
    )
    assert np.array_equal(drawn(figure.axes[2])[4 + plots.GAP :], grey(x_0[1] / 6))


def test_denoising_ends_with_the_samples():
    frames = [images(1, 3, seed=seed) for seed in range(3)]
    figure = plots.denoising_strip(frames, [9, 0, None])
    assert [axes.get_title() for axes in figure.axes] == ["$x_t$, t = 9", "$x_t$, t = 0", "samples"]
    assert all(np.array_equal(drawn(a), grey(frame[0])) for a, frame in zip(figure.axes, frames, strict=True))


def test_estimates_of_x0_stand_below_what_they_were_made_of():
    x_ts, x_0s = ([images(1, seed=seed + i) for i in range(2)] for seed in (0, 10))
    figure = plots.x0_trajectory(x_ts, x_0s, [7, 3])
    assert [axes.get_title() for axes in figure.axes] == ["t = 7", "t = 3", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == ["$x_t$", "", r"estimate $\hat x_0$", ""]
    assert all(np.array_equal(drawn(a), grey(x[0])) for a, x in zip(figure.axes, x_ts + x_0s, strict=True))


def test_timesteps_that_do_not_fit_are_told():
    with pytest.raises(ValueError, match="3 timesteps need 3 batches of images, got 2"):
        plots.denoising_strip([images(1)] * 2, [2, 1, 0])


def test_guidance_weights_have_a_row_each():
    rows = {0.0: images(3, seed=1), 2.5: images(3, seed=2)}
    figure = plots.guidance_sweep(rows)
    assert [axes.get_ylabel() for axes in figure.axes] == ["w = 0", "w = 2.5"]
    for axes, given in zip(figure.axes, rows.values(), strict=True):
        assert np.array_equal(drawn(axes)[:, -6:], grey(given[2]))


def test_a_walk_is_a_row_and_several_are_rows():
    walk = images(6)
    (axes,) = plots.latent_walk(walk).axes
    assert np.array_equal(drawn(axes)[:, -6:], grey(walk[5]))
    figure = plots.latent_walk(walk.unflatten(0, (2, 3)))
    assert [axes.get_ylabel() for axes in figure.axes] == ["line 1", "line 2"]
    assert np.array_equal(drawn(figure.axes[1])[:, :6], grey(walk[3]))


# ---------------------------------------------------------------------------------------------------------- where else


def test_a_figure_shows_itself_in_a_notebook():
    figure = plots.losses({"a": [1.0, 0.5]})
    assert isinstance(figure, Figure)
    assert Image.open(io.BytesIO(figure._repr_png_())).size == (700, 350)


def test_plots_need_no_window_and_no_pyplot():
    code = "import sys, plots; plots.losses({'a': [1.0]})._repr_png_(); assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "solution", check=True)
