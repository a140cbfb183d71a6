"""Given: computes the light in i-CLEVR scenes by casting rays, from the camera to the objects and on to the lamps.

Light is linear until it becomes pixels. The code uses only sums, products, quotients and square roots, which every
processor rounds in the same way, and no sum depends on the number of scenes. Vectors and colours have their components
first: (3, N, S) for S rays through each of N pixels in which an object may be visible.
"""

from dataclasses import dataclass

import torch
from iclevr_scenes import FIELD
from iclevr_shapes import REACH, dot, meet, normals, unit

SAMPLES = ((-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375))  # places in a pixel: a rotated grid
POWER = (0.75, 0.45, 0.25)  # light of key, back and fill at the distance of the origin
AROUND = 0.32  # light from all directions
SHADOWS = (0, 1)  # the lamps that cast shadows: key and back
LAMP_POINTS = ((0.5, 0.3, 0.2), (-0.5, -0.3, 0.2), (0.3, -0.5, -0.2), (-0.3, 0.5, -0.2))  # on a lamp: soft shadows


@dataclass(frozen=True)
class Hits:
    """Where rays meet objects: N pairs of a pixel and an object that may be visible in it."""

    scene: torch.Tensor  # (N,) int64
    slot: torch.Tensor  # (N,) int64
    pixel: torch.Tensor  # (N,) int64, row by row
    seen: torch.Tensor  # (N, S) bool: whether this object is the first that the ray meets
    point: torch.Tensor  # (3, N, S)
    normal: torch.Tensor  # (3, N, S)
    view: torch.Tensor  # (3, N, S): unit vectors towards the camera


def first_hits(scenes, size):
    """Find what the camera's rays meet first.

    Args:
        scenes: `Scenes`.
        size: height and width of the picture in pixels.

    Returns:
        `Hits`, only for pixels near an object.
    """
    x, y = _screen(size)
    scene, slot, pixel = _near(scenes, x, y, 2 * FIELD[0] / size).nonzero(as_tuple=True)
    across, down = (torch.tensor(SAMPLES) / size * 2).T
    x, y = x[pixel % size, None] + across * FIELD[0], y[pixel // size, None] - down * FIELD[1]
    origin, right, up, forward = scenes.camera[scene].permute(1, 2, 0)[..., None]
    direction = forward + x * right + y * up
    o, d = _in_frame(scenes, scene, slot, origin, direction)
    shape = scenes.shape[scene, slot]
    near, far = meet(shape, o, d)
    depth = torch.where(near < far, near, torch.inf)
    depths = torch.full((*scenes.objects.shape, size * size, len(SAMPLES)), torch.inf)
    depths[scene, slot, pixel] = depth
    seen = (near < far) & (depth == depths.amin(dim=1)[scene, pixel])
    t = torch.where(seen, near, 0.0)
    normal = _turned(scenes, scene, slot, normals(shape, o + t * d), back=True)
    return Hits(scene, slot, pixel, seen, origin + t * direction, normal, -unit(direction))


def _screen(size):
    """The centres of the columns and rows of pixels, on a screen at distance 1."""
    step = (torch.arange(size) + 0.5) / size * 2 - 1
    return step * FIELD[0], -step * FIELD[1]


def _near(scenes, x, y, margin):
    """The pixels in which an object may be visible, (B, K, P) bool; `margin` is a pixel's width on the screen."""
    away = scenes.middle - scenes.camera[:, None, 0]
    right, up, forward = (dot(away.movedim(2, 0), scenes.camera[:, None, i].movedim(2, 0)) for i in (1, 2, 3))
    reach = torch.tensor(REACH)[scenes.shape] * scenes.size + margin * forward
    gap = right * right + up * up + forward * forward - reach * reach
    right, up, forward, gap = (value[..., None, None] for value in (right, up, forward, gap))
    along, squared = right * x + (up * y[:, None] + forward), 1 + x * x + (y * y)[:, None]
    return ((along * along > gap * squared) & scenes.there[..., None, None]).flatten(2)


def _turned(scenes, scene, slot, vectors, back=False):
    """Turn vectors (3, N, S) into the frame of an object that is rotated about the vertical axis, or back."""
    cos, sin = scenes.rotation[scene, slot].T[..., None]
    x, y, z = vectors
    sin = -sin if back else sin
    return torch.stack([cos * x + sin * y, cos * y - sin * x, z])


def _in_frame(scenes, scene, slot, origin, direction):
    """Transform rays (3, N, S) into the frames of objects."""
    size = scenes.size[scene, slot, None]
    origin = origin - scenes.middle[scene, slot].T[..., None]
    return (_turned(scenes, scene, slot, vectors) / size for vectors in (origin, direction))


def _blocked(scenes, scene, slot, point, towards):
    """Whether objects block the way from points (3, N, S) along `towards` to the lamps: (N, S) bool."""
    near, far = meet(scenes.shape[scene, slot], *_in_frame(scenes, scene, slot, point, towards))
    return (near < far) & (far > 0) & (near < 1)


def _lamp_light(power, at, towards):
    """Light on a surface that faces a lamp; it is `power` at the distance from the lamp to the origin."""
    home = dot(at, at)
    return 2 * power * home / (home + dot(towards, towards))


def object_light(scenes, hits):
    """The light that the camera receives from objects, (3, N, S)."""
    scene, slot = hits.scene, hits.slot
    albedo, ground = scenes.albedo[scene, slot].T[..., None], scenes.ground[scene].T[..., None]
    metal = scenes.metal[scene, slot, None]
    facing = dot(hits.normal, hits.view).clamp(0, 1)
    up = 0.5 + 0.5 * hits.normal[2]
    diffuse, shine = AROUND * (up + (1 - up) * ground), 0.0
    for lamp, power in enumerate(POWER):
        at = scenes.lamps[scene, lamp].T[..., None]
        towards = at - hits.point
        light = _lamp_light(power, at, towards) * scenes.light[scene, lamp].T[..., None]
        if lamp in SHADOWS:
            light = light * ~_in_shadow(scenes, hits, towards)
        towards = unit(towards)
        diffuse = diffuse + light * dot(hits.normal, towards).clamp(min=0)
        mirrored = dot(hits.normal, unit(towards + hits.view)).clamp(min=0)
        broad = _squared(mirrored, 3)
        shine = shine + light * torch.where(metal, 1.5 * _squared(broad, 3) + 0.9 * broad * albedo, 0.1 * broad)
    mirror = 2 * facing * hits.normal - hits.view
    rim = 1 - facing
    reflected = (0.9 * albedo + 0.25 * rim * rim * rim) * _surroundings(mirror[2], ground)
    return torch.where(metal, 0.6 * albedo * diffuse + reflected, albedo * diffuse) + shine


def _squared(x, times):
    for _ in range(times):
        x = x * x
    return x


def _surroundings(z, ground):
    """The light that a mirror reflects from a direction with vertical component z: lit ground or a dark room."""
    above = (0.5 + 4 * z).clamp(0, 1)
    return above * (0.15 + 0.5 * z.clamp(min=0)) + (1 - above) * 1.3 * ground


def _in_shadow(scenes, hits, towards):
    """Whether another object stands between a hit and a lamp, (N, S) bool."""
    dark, slots = torch.zeros_like(hits.seen), scenes.objects.shape[1]
    for step in range(1, slots):
        other = (hits.slot + step) % slots
        rows = scenes.there[hits.scene, other].nonzero().squeeze(1)
        dark[rows] |= _blocked(scenes, hits.scene[rows], other[rows], hits.point[:, rows], towards[:, rows])
    return dark


def ground_light(scenes, size):
    """The light that the camera receives from the ground, (3, B, P)."""
    x, y = _screen(size)
    origin, right, up, forward = scenes.camera.permute(1, 2, 0)[..., None, None]
    direction = (forward + x * right + y[:, None] * up).flatten(2)
    point = origin[..., 0] - origin[2, ..., 0] / direction[2] * direction
    away = scenes.middle.permute(2, 0, 1)[..., None] - point[:, :, None]  # (3, B, K, P)
    away[2] = scenes.middle[..., 2, None]  # exact, where point[2] is 0 only up to rounding
    squared = dot(away, away)
    close = torch.where(scenes.there, scenes.size * scenes.size, 0.0)[..., None] / squared
    open_sky = torch.ones_like(point[0])
    for closeness in close.unbind(1):
        open_sky = open_sky * (1 - 0.7 * closeness * closeness)
    light = AROUND * open_sky
    for lamp, power in enumerate(POWER):
        at = scenes.lamps[:, lamp].T[..., None]
        towards = at - point
        shed = _lamp_light(power, at, towards) * unit(towards)[2]
        if lamp in SHADOWS:
            shed = shed * (1 - _shadow(scenes, point, at, away, squared))
        light = light + shed * scenes.light[:, lamp].T[..., None]
    return light * scenes.ground.T[..., None]


def _shadow(scenes, point, at, away, squared):
    """The share of a lamp that objects hide from points on the ground, (B, P)."""
    reach = (torch.tensor(REACH)[scenes.shape] * scenes.size)[..., None]
    outside = squared - reach * reach
    dark = torch.zeros_like(point[0])
    for offset in LAMP_POINTS:
        lamp = at + torch.tensor(offset)[:, None, None]
        towards = lamp - point
        along = dot(towards[:, :, None], away)
        near = (along > 0) & (along * along > dot(towards, towards)[:, None] * outside) & scenes.there[..., None]
        scene, slot, pixel = near.nonzero(as_tuple=True)
        hidden = _blocked(scenes, scene, slot, point[:, scene, pixel, None], towards[:, scene, pixel, None])
        near[scene, slot, pixel] = hidden.squeeze(1)
        dark = dark + near.any(dim=1) / len(LAMP_POINTS)
    return dark
