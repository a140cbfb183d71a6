"""Given: two classes of points in the plane for the warm-up, how far sets of points are apart, and pictures of them."""

import math
from itertools import cycle

import torch
from plots import COLOURS, Shown, numbers, title_of

CLASSES = 2
WINDOW = 10.0  # largest coordinate that is drawn


def moons(count, generator):
    """Two moons that reach into one another: points (count, 2) in [-2, 2], and the moon of each, (count,), int64."""
    labels = torch.arange(count) % CLASSES
    angle = math.pi * torch.rand(count, generator=generator)
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    points = torch.where(labels[:, None] == 0, upper, -upper) + 0.06 * torch.randn(count, 2, generator=generator)
    return 1.1 * points, labels


def swiss_roll(count, generator):
    """A spiral: points (count, 2) in [-2, 2], and whether each is on its inner (0) or outer (1) half, (count,)."""
    labels = torch.arange(count) % CLASSES
    angle = math.pi * (1.5 + 1.5 * (labels + torch.rand(count, generator=generator)))
    points = angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return (points + 0.4 * torch.randn(count, 2, generator=generator)) / 8, labels


DATA = {"moons": moons, "swiss_roll": swiss_roll}


def energy_distance(x, y):
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| of two sets of points (Szekely & Rizzo 2013), a float, 0 if they are equal.

    Args:
        x, y: shapes (N, D) and (M, D), float32.
    """
    x, y = x.double(), y.double()
    return (2 * torch.cdist(x, y).mean() - torch.cdist(x, x).mean() - torch.cdist(y, y).mean()).item()


def distance(points, labels, data, classes):
    """Root of the energy distance between two sets of points, for each class by itself; the mean over the classes.

    Args:
        points, data: shapes (N, 2) and (M, 2).
        labels, classes: theirs, shapes (N,) and (M,), int64.
    """
    found = [energy_distance(points[labels == c], data[classes == c]) for c in range(CLASSES)]
    return torch.tensor(found).clamp(min=0).sqrt().mean().item()  # which leaves NaN as it is


def scatter_strip(frames, timesteps, labels, data):
    """Draw points on their way from noise to samples, a panel for each timestep; behind them, in grey, the data.

    Args:
        frames: x_t at each timestep, a list of tensors (N, 2), in the order of sampling.
        timesteps: t of each; None for the samples themselves.
        labels: class of each point, shape (N,), int64.
        data: shape (M, 2).

    Returns:
        A figure.

    Raises:
        ValueError: there are not as many timesteps or labels.
    """
    figure = Shown(figsize=(1.9 * len(frames), 2.2), layout="constrained")
    panels = figure.subplots(1, len(frames), squeeze=False)[0]
    for panel, *drawn in zip(panels, *_checked(frames, timesteps, labels), strict=True):
        _scatter(panel, frames[0], labels, data)(*drawn)
    return figure


def scatter_animation(frames, timesteps, labels, data, milliseconds=120):
    """Draw the same as a film, which rests at its end: `IPython.display.HTML(film.to_jshtml())` shows it in a notebook.

    Args:
        frames, timesteps, labels, data: as of `scatter_strip`.
        milliseconds: for a frame.

    Returns:
        A `matplotlib.animation.FuncAnimation`; `film.save("name.gif", writer="pillow")` writes it.

    Raises:
        ValueError: there are not as many timesteps or labels.
    """
    from matplotlib.animation import FuncAnimation

    figure = Shown(figsize=(3.2, 3.4), layout="constrained")
    drawn = list(zip(*_checked(frames, timesteps, labels), strict=True))
    draw = _scatter(figure.subplots(), frames[0], labels, data)
    draw(*drawn[0])
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # which would move the panel with every other title
    rest = [drawn[-1]] * (2000 // milliseconds)
    return FuncAnimation(figure, lambda frame: draw(*frame), drawn + rest, lambda: None, interval=milliseconds)


def _checked(frames, timesteps, labels):
    """(frames, timesteps), of equal length."""
    if len(frames) != len(timesteps):
        raise ValueError(f"{len(frames)} frames need as many timesteps, not {len(timesteps)}")
    if wrong := [tuple(frame.shape) for frame in frames if tuple(frame.shape) != (len(labels), 2)]:
        raise ValueError(f"{len(labels)} labels need frames of as many points in the plane, not of shape {wrong[0]}")
    return frames, timesteps


def _scatter(panel, first, labels, data):
    """A function that draws points (N, 2) at a timestep into the panel, instead of those that it has drawn before."""
    data, labels = numbers(data), numbers(labels).int()
    panel.scatter(*data.T, s=4, color="#cccccc", linewidths=0)
    classes = labels.unique().tolist()
    clouds = [
        panel.plot([], [], marker, color=colour, markersize=2.5, markeredgewidth=0)[0]
        for _, colour, marker in zip(classes, cycle(COLOURS), cycle("o^sD"), strict=False)
    ]
    noise = numbers(first).clamp(-WINDOW, WINDOW).nan_to_num()
    low, high = torch.stack([*data.aminmax(), *noise.quantile(torch.tensor([0.01, 0.99]))]).aminmax()
    window = low.item() - 0.1, high.item() + 0.1
    panel.set(xlim=window, ylim=window, xticks=[], yticks=[], aspect="equal")

    def draw(points, t):
        for cloud, label in zip(clouds, classes, strict=True):
            cloud.set_data(*numbers(points)[labels == label].T)
        panel.set_title(title_of(t), fontsize=9)

    return draw
