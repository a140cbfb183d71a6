"""The warm-up: points of the plane through a student's own schedule, loss and sampler."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys

import numpy as np
import points
import pytest
import torch
import warm_up
from PIL import Image
from scipy import stats
from trainers import TrainingError

from grader.authoring import patching, stubs

SHORT = ("--iterations", "300", "--num-samples", "2000")
# So many times as far from the data as other data are the samples, trained so shortly, of the solution, at most;
SOLUTION = 3.5
MISTAKE = 5.5  # and those of these mistakes, at least.


@pytest.fixture(autouse=True)
def _without_bars(monkeypatch):
    monkeypatch.setattr(warm_up, "tqdm", lambda steps, **_: steps)


@pytest.fixture
def call(tmp_path):
    """call(argument, ...) is a short call of warm_up.py. Returns how far its samples are."""
    return lambda *arguments: warm_up.main([*SHORT, "--outputs", str(tmp_path / "out"), *map(str, arguments)])


@pytest.fixture(scope="module")
def trained():
    """The weights of a network that the solution of part 4 has trained for a while."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm_up, "tqdm", lambda steps, **_: steps)
        model = warm_up.model_of_part_4("ddpm", 0.0)
        warm_up.train(model, points.moons(20_000, torch.Generator().manual_seed(0)), 300)
    return model.network.state_dict()


# --------------------------------------------------------------------------------------------------- data and distance


@pytest.mark.parametrize("name", points.DATA)
def test_data_are_two_classes_in_the_square(name):
    x, labels = points.DATA[name](4000, torch.Generator().manual_seed(0))
    assert (x.shape, x.dtype, labels.dtype) == ((4000, 2), torch.float32, torch.int64)
    assert labels.bincount().tolist() == [2000, 2000]
    assert 1.4 < x.abs().max() < 2
    radius = x.norm(dim=1)
    if name == "moons":
        centre = 1.1 * torch.tensor([[-0.5, -0.25], [0.5, 0.25]])[labels]
        assert ((x - centre).norm(dim=1) - 1.1).abs().max() < 0.4
    else:
        assert radius[labels == 0].quantile(0.95) < radius[labels == 1].quantile(0.05) + 0.2


def test_the_energy_distance_is_scipys():
    x, y = (torch.randn(n, 1, generator=torch.Generator().manual_seed(n)) * n / 30 for n in (40, 70))
    theirs = stats.energy_distance(x.flatten().numpy(), y.flatten().numpy())
    assert points.energy_distance(x, y) == pytest.approx(theirs**2)
    assert points.energy_distance(x, x) == pytest.approx(0, abs=1e-12)


def test_the_distance_sees_labels_that_are_exchanged():
    x, labels = points.moons(1000, torch.Generator().manual_seed(0))
    assert points.distance(x, labels, x, labels) == pytest.approx(0, abs=1e-6)
    assert points.distance(x, 1 - labels, x, labels) > 0.5
    x[3, 1] = math.nan  # of a sampler that divides by zero
    assert math.isnan(points.distance(x, labels, *points.moons(1000, torch.Generator())))


# ------------------------------------------------------------------------------------------------- with the solution


@pytest.mark.parametrize(
    ("part", "options", "first"),
    [
        (2, ("--iterations", 600), 99),
        (3, ("--iterations", 600), 100),
        (4, (), 99),
        (4, ("--sampler", "ddim"), 99),
    ],
)
def test_the_solutions_samples_come_near_and_are_drawn(part, options, first, call, tmp_path, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr(warm_up, "draw", lambda *what, draw=warm_up.draw: (seen.extend(what), draw(*what)))
    assert call("--part", part, *options) < SOLUTION
    frames, timesteps, labels, _, path = seen
    sampler = "ddim" if "ddim" in options else "ddpm"
    step = warm_up.STRIDE if sampler == "ddim" else 1
    assert timesteps == [*range(first, first - 100, -step), None]
    assert frames[0].std() == pytest.approx(warm_up.PARTS[part]("ddpm", 0.0).std, rel=0.1)  # x_T is noise
    assert frames[-1].shape == (len(labels), 2)
    assert (frames[-2] - frames[-1]).abs().mean() < 0.2  # and the last step a small one
    assert path.name == f"part{part}_{sampler}_moons_w0"
    gif = Image.open(f"{path}.gif")
    assert gif.n_frames > 15
    assert np.asarray(Image.open(f"{path}.png")).std() > 0
    told = capsys.readouterr().out
    assert f"{path}.gif is the film" in told
    assert "times as far" in told


def test_guidance_parts_the_classes(call, trained, monkeypatch, capsys):
    monkeypatch.setattr(warm_up, "train", lambda model, *_: model.network.load_state_dict(trained) and 0.2)
    monkeypatch.setattr(warm_up, "draw", lambda frames, _, labels, *__: drawn.append((frames[-1], labels)))
    drawn = []
    for weight in (0, 3):
        call("--part", 4, "--guidance", weight)
    between, guided = ((x[labels == 0].mean(0) - x[labels == 1].mean(0)).norm() for x, labels in drawn)
    assert guided > between + 0.2
    assert "judge with --guidance 0" in capsys.readouterr().out


def test_a_film_skips_more_of_the_beginning():
    chosen = warm_up.thinned(list(range(101)), 6)
    assert (len(chosen), chosen[0], chosen[-1]) == (6, 0, 100)
    assert sorted(np.diff(chosen), reverse=True) == np.diff(chosen).tolist()
    assert warm_up.thinned(list("ab"), 6) == ["a", "b"]
    assert warm_up.thinned(["a"], 6) == ["a"]


# ------------------------------------------------------------------------------------------------------ with mistakes


@pytest.fixture
def with_mistake(assignment, tmp_path, monkeypatch):
    """with_mistake('4.name') makes models.py one with that known mistake."""

    def change(name):
        (mistake,) = (m for m in assignment.mistakes if m.id == name)
        path = patching.write_patched(assignment, mistake, tmp_path / "mistaken") / "models.py"
        spec = importlib.util.spec_from_file_location("models", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "models", module)
        spec.loader.exec_module(module)

    return change


@pytest.mark.parametrize(
    ("mistake", "sampler"),
    [
        ("4.noise_never_added", "ddpm"),
        ("4.mean_without_root_of_alpha_bar", "ddpm"),
        ("4.variance_for_sigma", "ddpm"),
        ("4.ddim_direction_without_root", "ddim"),
        ("4.ddim_index_wraps", "ddim"),
    ],
)
def test_mistakes_in_sampling_show(mistake, sampler, call, with_mistake, trained, monkeypatch, capsys):
    with_mistake(mistake)
    monkeypatch.setattr(warm_up, "train", lambda model, *_: model.network.load_state_dict(trained) and 0.2)
    monkeypatch.setattr(warm_up, "draw", lambda *_: None)
    assert call("--part", 4, "--sampler", sampler) > MISTAKE
    assert (
        "Far. Watch the film, then check the mean and variance of a step, the loop, and the noising"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize("mistake", ["4.noising_factors_swapped", "4.network_sees_clean_image"])
def test_mistakes_in_training_show(mistake, call, with_mistake, monkeypatch):
    with_mistake(mistake)
    monkeypatch.setattr(warm_up, "draw", lambda *_: None)
    assert call("--part", 4) > MISTAKE


def test_the_verdict_goes_by_distance_and_says_where_to_look():
    training, part = "which should be between 0.05 and 0.3", "`pytest grader/ --part 2`"
    assert warm_up.verdict(1.2, 0.2, 2) == f"Close. {part} finds mistakes that are too small to show here."
    assert warm_up.verdict(4, 0.2, 2).startswith("Neither close nor far. ")
    assert warm_up.verdict(30, 0.2, 2).startswith("Far. ")
    assert warm_up.verdict(math.nan, 0.2, 2).startswith("Far. ")
    assert [training in warm_up.verdict(30, loss, 2) for loss in (0.001, 0.2, 0.99)] == [True, False, True]
    assert part in warm_up.verdict(30, 0.2, 2)


def test_a_loss_that_is_not_finite_ends_the_training():
    network = torch.nn.Linear(2, 1)
    model = warm_up.Model(network, lambda points, _: network(points.flatten(1)).mean() / 0, None)
    with pytest.raises(TrainingError, match="the loss is not finite"):
        warm_up.train(model, points.moons(100, torch.Generator()), 5)


def test_a_size_of_images_that_is_assumed_is_told():
    network = warm_up.Perceptron(torch.nn.Embedding(3, 128))
    with pytest.raises(ValueError, match=r"shape \(4, 2, 32, 32\) and 4 conditions, .* an image with one pixel"):
        network(torch.zeros(4, 2, 32, 32), torch.zeros(4), torch.zeros(4).long())


# -------------------------------------------------------------------------------------------------------- with a stub


ALL_PARTS = """
import runpy, sys
for part in "234":
    sys.argv = ["warm_up.py", "--part", part]
    try:
        runpy.run_path("warm_up.py", run_name="__main__")
    except SystemExit as end:
        print(end)
"""


def test_a_stub_is_told_its_todo(assignment, tmp_path):
    for name, content in stubs.student_files(assignment).items():
        if name.endswith(".py"):
            (tmp_path / name).write_bytes(content)
    told = subprocess.run([sys.executable, "-c", ALL_PARTS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == [
        f"not implemented yet: TODO({todo}). Fill it in, then run `pytest grader/`"
        for todo in ("2.schedule", "3.training", "4.schedule")
    ]


def test_only_part_4_has_a_ddim(capsys):
    with pytest.raises(SystemExit):
        warm_up.parse(["--part", "2", "--sampler", "ddim"])
    assert "only part 4 has a DDIM" in capsys.readouterr().err
