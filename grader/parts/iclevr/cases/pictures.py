"""Part 5: pictures as the networks expect them."""

import numpy as np

from grader.runtime.case import case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
pil = Lazy("PIL.Image")

LEVEL = 0.012  # 1.5 of a file's 255 levels, in [-1, 1], because resizing rounds once or twice


def pictures(rng):
    """Draw for each picture its mode, width, height, and the level and two slopes of a plane for each channel.

    A plane stays a plane when it is scaled, whether or not the scaling smooths.
    """
    sizes = (
        ("RGBA", 320, 240),  # i-CLEVR's
        ("RGB", rng.integer("width", 90, 140), rng.integer("height", 150, 200)),
        ("L", rng.integer("grey width", 70, 90), rng.integer("grey height", 20, 60)),
    )
    for mode, width, height in sizes:
        slopes = (
            rng.uniform(f"{mode}: slopes", 3, 2, low=25.0, high=50.0) * rng.choice(f"{mode}: sign", (-1.0, 1.0), 1)[0]
        )
        levels = rng.uniform(f"{mode}: levels", 3, low=105.0, high=150.0)
        yield mode, width, height, np.asarray(levels), np.asarray(slopes)


def plane(width, height, levels, slopes):
    """Three planes, (3, height, width): `levels` are their values in the middle, `slopes` the rise to the edges."""
    right, down = (2 * (np.arange(pixels) + 0.5) / pixels - 1 for pixels in (width, height))
    return levels[:, None, None] + slopes[:, :1, None] * right + slopes[:, 1:, None] * down[:, None]


def seen(image):
    """Some pixels of a picture (..., 64, 64), away from its edge, where scaling methods differ."""
    return image[..., 4:-4:7, 4:-4:7]


@case(
    "5.to_tensor",
    points=2.5,
    equation="x = 2 v / 255 - 1 for the levels v of red, green and blue, on 64 x 64 pixels",
    look="Print the shape, minimum and maximum of to_tensor's result for a picture of i-CLEVR. Then check which "
    "channel comes first.",
    term="'red, green and blue' from four channels or from one. '64 x 64' from any height and width, with nothing cut "
    "off. 2 v / 255 - 1 at both ends, 0 and 255.",
    shows={
        "shape": "shape of the tensor of a 320 x 240 picture with four channels",
        "float32": "whether this tensor is float32",
        "with_alpha": "some pixels of this tensor",
        "colours": "some pixels of a picture with three channels and another size",
        "grey": "some pixels of a picture with one channel",
    },
    atol=LEVEL,
    seconds=30.0,  # a file may import torchvision here, which takes six seconds on an idle machine
)
def to_tensor(code, rng):
    """Pictures: three channels of 64 x 64 in [-1, 1], whatever the file holds"""
    tensors = []
    for mode, *planes in pictures(rng):
        levels = plane(*planes).round().astype(np.uint8).transpose(1, 2, 0)
        image = pil.fromarray(np.ascontiguousarray(levels[:, :, 0] if mode == "L" else levels)).convert(mode)
        tensors.append(probes.tensor(code.iclevr_dataset.to_tensor(image), "to_tensor"))
    first = tensors[0]
    return {
        "shape": first.shape,
        "float32": first.dtype == torch.float32,
        **dict(zip(("with_alpha", "colours", "grey"), map(seen, tensors), strict=True)),
    }
