"""Given: plots what a model learns and generates, for notebooks and scripts.

Every function returns a figure. A notebook shows it if it is the last line of a cell; `figure.savefig("name.png")`
writes it to a file. Images are tensors of shape (N, C, H, W) with C = 1 or 3. `low` is black and 1 is white; values
outside are clamped.
"""

import io
import math
from itertools import cycle

import torch
from matplotlib.figure import Figure
from pictures import WHITE, grid

# Colour-blind readers can tell these apart (Okabe & Ito 2008); in grey the line style does it.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("-", "--", "-.", ":")
SMOOTHED = 20  # a loss is averaged over 1 / SMOOTHED of its steps
GAP = 2  # pixels between two images
INCHES = 0.75  # width of an image


class Shown(Figure):
    """A figure that notebooks show even if nobody has imported pyplot."""

    def _repr_png_(self):
        file = io.BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()


# ------------------------------------------------------------------------------------------------------------- curves


def schedule(schedulers):
    """Plot beta_t, alpha_bar_t and the logarithm of the signal-to-noise ratio alpha_bar_t / (1 - alpha_bar_t).

    Args:
        schedulers: {name: scheduler}, one curve each. A scheduler has `betas` and `alpha_bars`, shape (T,), as
            attributes or as a dictionary's entries, with t from 0. Or it is part 3's dictionary for t = 1 to T,
            `ddpm.scheduler(torch.arange(1, T + 1))`.

    Returns:
        A figure with three panels.

    Raises:
        ValueError: a scheduler lacks betas or alpha_bars, or their numbers differ.
    """
    figure = Shown(figsize=(10, 3.6), layout="constrained")
    panels = figure.subplots(1, 3)
    for (name, scheduler), colour, style in zip(schedulers.items(), cycle(COLOURS), cycle(STYLES), strict=False):
        betas, alpha_bars, first = _tables(name, scheduler)
        t = range(first, first + len(betas))
        label = f"{name}, t = {t[0]} to {t[-1]}"
        end = f"{alpha_bars[-1]:.2g} at t = {t[-1]}"
        log_snr = torch.log(alpha_bars / (1 - alpha_bars))  # NaN, and so a gap, where alpha_bar is not in (0, 1)
        for panel, values, text in zip(panels, (betas, alpha_bars, log_snr), (label, end, None), strict=True):
            panel.plot(t, values, color=colour, linestyle=style, label=text)
    panels[0].set(xlabel="timestep t", ylabel=r"$\beta_t$", title="variance of a step")
    panels[1].set(xlabel="timestep t", ylabel=r"$\bar\alpha_t$", title="share of the variance that is signal")
    panels[2].set(xlabel="timestep t", ylabel=r"$\log\,\bar\alpha_t / (1 - \bar\alpha_t)$", title="log SNR")
    panels[2].axhline(0, color="grey", linewidth=0.8)
    panels[1].legend(fontsize="small")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize="small")
    return figure


def _tables(name, scheduler):
    """Return (betas, alpha_bars, first timestep) of anything that `schedule` accepts."""
    entries = scheduler
    if not isinstance(scheduler, dict):
        entries = {key: getattr(scheduler, key) for key in ("betas", "alpha_bars") if hasattr(scheduler, key)}
    betas, alpha_bars, first = ("beta_t", "alpha_t_bar", 1) if "beta_t" in entries else ("betas", "alpha_bars", 0)
    if missing := [key for key in (betas, alpha_bars) if key not in entries]:
        raise ValueError(f"the scheduler {name!r} has no {' and no '.join(missing)}")
    betas, alpha_bars = (numbers(entries[key]).flatten() for key in (betas, alpha_bars))
    if len(betas) != len(alpha_bars):
        raise ValueError(f"the scheduler {name!r} has {len(betas)} betas, but {len(alpha_bars)} alpha_bars")
    return betas, alpha_bars, first


def losses(curves, xlabel="step", reference=None):
    """Plot training losses: a thin line for the values, and a thick one for their running mean.

    Args:
        curves: {name: losses}, one float for each step or epoch, counted from 1.
        xlabel: what the losses count, for example 'step' or 'epoch'.
        reference: {name: value}, drawn as horizontal lines.

    Returns:
        A figure.

    Raises:
        ValueError: a curve is empty.
    """
    figure = Shown(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    for (name, curve), colour, style in zip(curves.items(), cycle(COLOURS), cycle(STYLES), strict=False):
        values = numbers(curve)
        if not len(values):
            raise ValueError(f"the losses {name!r} are empty: was nothing trained?")
        window = len(values) // SMOOTHED
        steps = range(1, len(values) + 1)
        if window < 2:
            axes.plot(steps, values, color=colour, linestyle=style, marker=".", label=name)
            continue
        axes.plot(steps, values, color=colour, linewidth=0.5, alpha=0.3)
        label = f"{name}, mean of {window} {xlabel}s"
        axes.plot(steps[window - 1 :], values.unfold(0, window, 1).mean(1), color=colour, linestyle=style, label=label)
    for (name, value), style in zip((reference or {}).items(), cycle((":", "-.")), strict=False):
        axes.axhline(value, color="black", linewidth=0.9, linestyle=style, label=name)
    axes.set(xlabel=f"{xlabel}, from 1", ylabel="loss")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize="small")
    return figure


def gan_losses(d_losses, g_losses):
    """Plot the losses of a GAN, next to their values at the equilibrium, where D gives every image the probability 1/2.

    Args:
        d_losses, g_losses: losses of D (real and generated images together) and of G (non-saturating), floats.

    Returns:
        A figure.
    """
    equilibrium = {"D at the equilibrium, 2 log 2": 2 * math.log(2), "G at the equilibrium, log 2": math.log(2)}
    return losses({"D": d_losses, "G": g_losses}, reference=equilibrium)


def gradient_norms(model):
    """Plot the norm of each parameter's gradient after `loss.backward()`, with the first layer at the top.

    The plot marks parameters whose gradient is missing, zero or not finite. It leaves out parameters that are not
    trained (`requires_grad` is False).

    Args:
        model: an `nn.Module`.

    Returns:
        A figure, which is taller for more parameters.

    Raises:
        ValueError: no parameter has a gradient.
    """
    trained = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    if all(gradient is None for gradient in trained.values()):
        raise ValueError("no parameter has a gradient: call loss.backward() first, and plot before zero_grad()")
    norms = {name: math.nan if g is None else g.norm().item() for name, g in trained.items()}
    figure = Shown(figsize=(7, 1 + 0.17 * len(norms)), layout="constrained")
    axes = figure.subplots()
    for place, (name, norm) in enumerate(norms.items()):
        if norm > 0 and math.isfinite(norm):
            axes.plot(norm, place, "o", color=COLOURS[0], markersize=4)
            continue
        text = "no gradient" if trained[name] is None else f"{norm:g}"
        axes.annotate(f"x  {text}", (0.01, place), xycoords=("axes fraction", "data"), va="center", color=COLOURS[1])
    axes.set_yticks(range(len(norms)), norms, fontsize=7)
    axes.set(xscale="log", ylim=(len(norms) - 0.4, -0.6), xlabel="norm of the gradient")
    axes.grid(alpha=0.4)
    return figure


# ------------------------------------------------------------------------------------------------------------- images


def sample_grid(images, columns, titles=None, low=-1.0, inches=INCHES):
    """Draw images row by row.

    Args:
        images: shape (N, C, H, W).
        columns: number of images in a row.
        titles: one for each column, or one for each image.
        low: the value that is black, e.g. 0 for images in [0, 1].
        inches: width of an image in inches.

    Returns:
        A figure.

    Raises:
        ValueError: the images have another shape, or the titles fit neither the columns nor the images.
    """
    titles = list(titles or [])
    if len(titles) not in (0, columns, len(images)):
        raise ValueError(f"{len(titles)} titles fit neither {columns} columns nor {len(images)} images")
    height, width = images.shape[-2:]
    gap = GAP if len(titles) <= columns else GAP + height // 4  # room for a title
    picture = grid(images, columns, low, gap)
    figure = Shown(figsize=_size(picture, inches / width), layout="constrained")
    axes = figure.subplots()
    _show(axes, picture)
    for i, title in enumerate(titles):
        place = (i % columns * (width + gap) + width / 2, i // columns * (height + gap) - 0.5)
        axes.annotate(str(title), place, (0, 2), textcoords="offset points", ha="center", fontsize=7)
    return figure


def noising_strip(x_0, noised, timesteps, low=-1.0):
    """Draw images and their noisy versions from the forward process, one column for each timestep.

    Args:
        x_0: images, shape (N, C, H, W).
        noised: called as noised(t) with an int t; returns x_t of all images.
        timesteps: timesteps to draw, from the least noisy one.
        low: the value that is black.

    Returns:
        A figure.
    """
    return _strip({"": [x_0, *map(noised, timesteps)]}, ["data $x_0$", *map(title_of, timesteps)], low)


def denoising_strip(images, timesteps, low=-1.0):
    """Draw images on their way from noise to samples, one column for each timestep.

    Args:
        images: x_t at each timestep, a list of tensors (N, C, H, W) in sampling order.
        timesteps: t of each; None for the samples themselves.
        low: the value that is black.

    Returns:
        A figure.

    Raises:
        ValueError: the number of timesteps differs from the number of batches.
    """
    return _strip({"": images}, [*map(title_of, timesteps)], low)


def x0_trajectory(x_ts, x_0s, timesteps, low=-1.0):
    """Draw x_t, and below it the estimate of x_0 from the predicted noise (DDPM eq. (15)).

    Args:
        x_ts, x_0s: both at each timestep, lists of tensors (N, C, H, W) in sampling order.
        timesteps: t of each.
        low: the value that is black.

    Returns:
        A figure.

    Raises:
        ValueError: the number of timesteps differs from the number of batches.
    """
    return _strip({"$x_t$": x_ts, r"estimate $\hat x_0$": x_0s}, [f"t = {t}" for t in timesteps], low)


def guidance_sweep(rows, low=-1.0):
    """Draw a row of samples for each guidance weight. Use the same noise and labels, so that you can compare columns.

    Args:
        rows: {weight: images}, each of shape (N, C, H, W).
        low: the value that is black.

    Returns:
        A figure.
    """
    return _rows({f"w = {weight:g}": images for weight, images in rows.items()}, low)


def latent_walk(images, low=-1.0):
    """Draw images along a line between two latents.

    Args:
        images: shape (N, C, H, W), from one end to the other; or (R, N, C, H, W) for R lines, one below the other.
        low: the value that is black.

    Returns:
        A figure.
    """
    lines = images if images.dim() == 5 else images[None]
    figure = _rows({"" if len(lines) == 1 else f"line {i}": line for i, line in enumerate(lines, 1)}, low)
    figure.supxlabel(r"one latent $\longrightarrow$ another", fontsize=8)
    return figure


def _strip(rows, titles, low):
    """A figure of {name: batches of images}: a column for each title, and in each panel a column of images."""
    for name, batches in rows.items():
        if len(batches) != len(titles):
            raise ValueError(
                f"{len(titles)} timesteps need {len(titles)} batches of {name or 'images'}, got {len(batches)}"
            )
    pictures = [[grid(images, 1, low, GAP) for images in batches] for batches in rows.values()]
    width, height = INCHES, INCHES * sum(p[0].shape[0] / p[0].shape[1] for p in pictures)
    figure = Shown(figsize=((width + 0.06) * len(titles) + 0.3, height + 0.4), layout="constrained")
    panels = figure.subplots(len(rows), len(titles), squeeze=False)
    for row, name, line in zip(panels, rows, pictures, strict=True):
        for panel, picture in zip(row, line, strict=True):
            _show(panel, picture)
        row[0].set_ylabel(name, fontsize=8)
    for panel, title in zip(panels[0], titles, strict=True):
        panel.set_title(title, fontsize=8)
    return figure


def _rows(rows, low):
    """A figure of {name: images}, one row each."""
    pictures = [grid(images, len(images), low, GAP) for images in rows.values()]
    widest = max(len(images) for images in rows.values())
    height = INCHES * widest * sum(p.shape[0] / p.shape[1] for p in pictures)
    figure = Shown(figsize=(INCHES * widest + 0.5, height + 0.3), layout="constrained")
    for panel, name, picture in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows, pictures, strict=True):
        _show(panel, picture)
        panel.set_ylabel(name, fontsize=8)
    return figure


def _show(panel, picture):
    panel.imshow(picture, cmap="gray", vmin=0, vmax=WHITE, interpolation="nearest")
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set_visible(False)


def _size(picture, inches):
    """Size in inches of a figure for this picture, whose pixels are `inches` wide."""
    return tuple(inches * side + 0.2 for side in reversed(picture.shape[:2]))


def title_of(t):
    """Title of a picture at timestep t; for None, the title of the samples."""
    return "samples" if t is None else f"$x_t$, t = {t}"


def numbers(values):
    """Convert values to a float32 tensor on the CPU, without gradients."""
    return torch.as_tensor(values).detach().cpu().float()
