"""Given: tiles images into one picture, and saves it as a PNG file."""

from pathlib import Path

import numpy as np
import torch

ZOOM, LARGE = 2, 64  # images below this height are enlarged by ZOOM in files
WHITE = 255


def grid(images, columns, low=-1.0, gap=0):
    """Tile images row by row into one picture, and fill an incomplete last row with white.

    Args:
        images: shape (N, C, H, W), C = 1 or 3, any dtype; values outside [low, 1] are clamped.
        columns: number of images in a row.
        low: the value of black; 1 is white.
        gap: number of white pixels between two images.

    Returns:
        A NumPy array, uint8, shape (height, width), or (height, width, 3) in colour.

    Raises:
        ValueError: the images have another shape, or there are none.
    """
    images = torch.as_tensor(images).detach().cpu().float()
    if images.dim() != 4 or images.shape[1] not in (1, 3) or not len(images):
        raise ValueError(
            f"images need shape (N, C, H, W) with C = 1 or 3, not {tuple(images.shape)}: "
            "for a single image x, pass x[None]"
        )
    pixels = ((images.clamp(low, 1) - low) / (1 - low) * WHITE).round().byte().permute(0, 2, 3, 1).numpy()
    height, width = (side + gap for side in pixels.shape[1:3])
    rows = -(-len(pixels) // columns)
    picture = np.full((rows * height - gap, columns * width - gap, pixels.shape[-1]), WHITE, np.uint8)
    for i, image in enumerate(pixels):
        top, left = i // columns * height, i % columns * width
        picture[top : top + height - gap, left : left + width - gap] = image
    return picture.squeeze(-1) if picture.shape[-1] == 1 else picture


def save_grid(images, path, columns, low=-1.0):
    """Save images as one PNG file with `columns` images in a row.

    Args:
        images, columns, low: as for `grid`.
        path: path of the file; its folder is created if necessary.
    """
    from PIL import Image

    picture, zoom = grid(images, columns, low), 1 if images.shape[-2] >= LARGE else ZOOM
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).resize((zoom * picture.shape[1], zoom * picture.shape[0]), Image.Resampling.NEAREST).save(
        path
    )
