"""Draws generated images as pictures: a grid for people, and a small preview of it for the report. No torch."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np

from grader.util import files

ROWS = 8  # images of each class: enough to see how varied they are
SIDE = 64  # side of one image in the file, in pixels, roughly
PREVIEW = (160, 64)  # pixels: a report of 500 submissions with eight grids each holds 4000 previews
QUALITY = 40  # of a preview, from 0 to 100


def save(images: np.ndarray, labels: np.ndarray, path: Path, low: float) -> None:
    """Write a PNG with a column for each class, its first images at the top.

    Args:
        images: shape (N, C, H, W), float, C = 1 or 3, N at least 1; values outside [low, 1] are clamped, NaN is black.
        labels: shape (N,), int: the class of each image, or whatever else decides its column.
        path: the file; its folder is created if needed.
        low: the value that is drawn black; 1 is white.
    """
    from PIL import Image

    clamped = np.nan_to_num(images, nan=low, posinf=1.0, neginf=low).clip(low, 1)
    pixels = ((clamped - low) / (1 - low) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    columns = [pixels[labels == label][:ROWS] for label in np.unique(labels)]
    _, height, width, channels = pixels.shape
    rows = max(map(len, columns))
    grid = np.zeros((rows * height, len(columns) * width, channels), np.uint8)
    for j, column in enumerate(columns):
        for i, image in enumerate(column):
            grid[i * height : (i + 1) * height, j * width : (j + 1) * width] = image
    picture = Image.fromarray(grid.squeeze(-1) if channels == 1 else grid)
    content = io.BytesIO()
    zoom = max(1, SIDE // height)
    size = (zoom * picture.width, zoom * picture.height)
    picture.resize(size, Image.Resampling.NEAREST).save(content, "PNG", optimize=True)
    files.replace(path, content.getvalue())


def preview(path: Path) -> str:
    """Return the top of a grid, scaled down, as a data: URI."""
    from PIL import Image

    with Image.open(path) as picture:
        width, height = PREVIEW
        top = picture.crop((0, 0, picture.width, min(picture.height, picture.width * height // width)))
        top.thumbnail(PREVIEW)
        content = io.BytesIO()
        top.convert("RGB").save(content, "WEBP", quality=QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(content.getvalue()).decode()}"


def whole(path: Path) -> str:
    """Return a whole grid, unscaled, as a data: URI."""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
