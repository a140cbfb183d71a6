"""Given: the data of the warm-up, which are two classes of points in the plane, with a distance and pictures."""

import math
from itertools import cycle

import torch
from plots import COLOURS, Shown, numbers, title_of

CLASSES = 2
WINDOW = 10.0  # largest coordinate in a picture


def moons(count, generator):
    """Draw two interlocking moons: points, (count, 2) in [-2, 2], and the moon of each, (count,), int64."""
    labels = torch.arange(count) % CLASSES
    angle = math.pi * torch.rand(count, generator=generator)
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], dim=1)
    points = torch.where(labels[:, None] == 0, upper, -upper) + 0.06 * torch.randn(count, 2, generator=generator)
    return 1.1 * points, labels


def swiss_roll(count, generator):
    """Draw a spiral: points, (count, 2) in [-2, 2], and the half of each, (count,): 0 for inner, 1 for outer."""
    labels = torch.arange(count) % CLASSES
    angle = math.pi * (1.5 + 1.5 * (labels + torch.rand(count, generator=generator)))
    points = angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return (points + 0.4 * torch.randn(count, 2, generator=generator)) / 8, labels


DATA = {"moons": moons, "swiss_roll": swiss_roll}


def energy_distance(x, y):
    """Return 2 E|X - Y| - E|X - X'| - E|Y - Y'| of two sets of points (Szekely & Rizzo 2013), 0 for equal sets.

    Args:
        x, y: shapes (N, D) and (M, D), float32.
    """
    x, y = x.double(), y.double()
    return (2 * torch.cdist(x, y).mean() - torch.cdist(x, x).mean() - torch.cdist(y, y).mean()).item()


def distance(points, labels, data, classes):
    """Return the root of the energy distance between two sets of points, class by class, averaged over the classes.

    Args:
        points, data: the two sets, shapes (N, 2) and (M, 2).
        labels, classes: their classes, shapes (N,) and (M,), int64.
    """
    distances = [energy_distance(points[labels == c], data[classes == c]) for c in range(CLASSES)]
    return torch.tensor(distances).clamp(min=0).sqrt().mean().item()  # clamp keeps NaN


def scatter_strip(frames, timesteps, labels, data):
    """Draw points on their way from noise to samples, one panel per timestep, with the data in grey behind them.

    Args:
        frames: x_t at each timestep, a list of tensors (N, 2), in the order of sampling.
        timesteps: t of each frame; None for the samples themselves.
        labels: class of each point, shape (N,), int64.
        data: points of the data, shape (M, 2).

    Returns:
        A figure.

    Raises:
        ValueError: the numbers of frames and timesteps, or of points and labels, differ.
    """
    figure = Shown(figsize=(1.9 * len(frames), 2.2), layout="constrained")
    panels = figure.subplots(1, len(frames), squeeze=False)[0]
    for panel, *drawn in zip(panels, *_checked(frames, timesteps, labels), strict=True):
        _scatter(panel, frames[0], labels, data)(*drawn)
    return figure


def scatter_animation(frames, timesteps, labels, data, milliseconds=120):
    """Draw the same as a film that pauses at its end. `IPython.display.HTML(film.to_jshtml())` shows it in a notebook.

    Args:
        frames, timesteps, labels, data: as for `scatter_strip`.
        milliseconds: duration of a frame.

    Returns:
        A `matplotlib.animation.FuncAnimation`; `film.save("name.gif", writer="pillow")` writes it.

    Raises:
        ValueError: the numbers of frames and timesteps, or of points and labels, differ.
    """
    from matplotlib.animation import FuncAnimation

    figure = Shown(figsize=(3.2, 3.4), layout="constrained")
    drawn = list(zip(*_checked(frames, timesteps, labels), strict=True))
    draw = _scatter(figure.subplots(), frames[0], labels, data)
    draw(*drawn[0])
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # a layout engine would move the panel when the title changes
    rest = [drawn[-1]] * (2000 // milliseconds)
    return FuncAnimation(figure, lambda frame: draw(*frame), drawn + rest, lambda: None, interval=milliseconds)


def _checked(frames, timesteps, labels):
    """Check the shapes, and return (frames, timesteps)."""
    if len(frames) != len(timesteps):
        raise ValueError(f"{len(frames)} frames need {len(frames)} timesteps, not {len(timesteps)}")
    if wrong := [tuple(frame.shape) for frame in frames if tuple(frame.shape) != (len(labels), 2)]:
        raise ValueError(f"{len(labels)} labels need frames of shape {(len(labels), 2)}, not {wrong[0]}")
    return frames, timesteps


def _scatter(panel, first, labels, data):
    """Return a function that draws points, (N, 2), at a timestep into the panel, in place of the previous ones."""
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
