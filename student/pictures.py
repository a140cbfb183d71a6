"""Given: images as PNG files."""

from pathlib import Path

import numpy as np

ZOOM = 2  # pixels of the file for one of an image


def save_grid(images, path, columns, low=-1.0):
    """Write images as one PNG with `columns` images in a row; an incomplete last row is left out.

    Args:
        images: shape (N, C, H, W), float32, C = 1 or 3; values outside [low, 1] are clamped.
        path: of the file; its folder is made if need be.
        columns: images in a row, N at most.
        low: what is black; 1 is white.
    """
    from PIL import Image

    pixels = ((images.cpu().clamp(low, 1) - low) / (1 - low) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    rows = [np.concatenate(list(pixels[i : i + columns]), axis=1) for i in range(0, len(pixels), columns)]
    grid = np.concatenate([r for r in rows if r.shape == rows[0].shape], axis=0)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grid.squeeze(-1) if grid.shape[-1] == 1 else grid).resize(
        (ZOOM * grid.shape[1], ZOOM * grid.shape[0]), Image.Resampling.NEAREST
    ).save(path)
