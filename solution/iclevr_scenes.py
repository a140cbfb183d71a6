"""Given: draws random i-CLEVR scenes for the renderer.

The ground is the plane z = 0. Camera and lamps stand where CLEVR has them (Johnson et al. 2017), each moved at random.
Objects lie where |x|, |y| < 3. A scene always draws a place, a material and a rotation for SLOTS objects, however short
its list is, so adding an object to the list changes nothing else.
"""

from dataclasses import dataclass

import numpy as np
import torch
from iclevr_shapes import HEIGHT, SHAPES

COLOURS = {  # CLEVR's colours, in the order of objects.json
    "gray": (87, 87, 87),
    "red": (173, 35, 35),
    "blue": (42, 75, 215),
    "green": (29, 105, 20),
    "brown": (129, 74, 25),
    "purple": (129, 38, 192),
    "cyan": (41, 208, 208),
    "yellow": (255, 238, 51),
}
OBJECTS = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS)  # in the order of the labels
FIELD = (16 / 35, 12 / 35)  # half width and half height of what the camera sees at distance 1
REACH = 3.0  # largest |x| and |y| of an object
OF_OBJECTS = ("objects", "middle", "rotation", "size", "metal", "albedo")  # fields of Scenes, one entry for each object
SLOTS = 5  # most objects in a scene
CAMERA = (7.48, -6.51, 5.34)
LAMPS = ((6.45, -2.91, 4.26), (-1.17, 2.65, 5.82), (-4.67, -4.01, 3.01))  # key, back, fill
GAP = 0.25  # least gap between two objects on the ground
APART = 0.9  # least distance of two objects in the picture, in sums of their radii there
TRIES = 64  # random positions to try for an object


class IclevrError(Exception):
    """A scene cannot be drawn, or a file cannot be read; the message says which, where, and how to fix it."""


@dataclass(frozen=True)
class Look:
    """How much scenes vary besides the places of objects. The defaults are CLEVR's, with i-CLEVR's single size."""

    camera: float = 0.5  # largest shift of the camera along each axis
    lamps: float = 1.0  # largest shift of each lamp along each axis
    brightness: tuple[float, float] = (0.9, 1.1)  # factor of each lamp's brightness
    size: tuple[float, float] = (0.7, 0.7)  # radius of a sphere; the other shapes scale with it
    colour: float = 0.0  # largest difference from CLEVR's colour in a channel, where 1 is full
    ground: tuple[float, float] = (0.5, 0.56)  # reflectance of the ground
    tint: float = 0.0  # largest difference from grey in a channel of ground or lamps, where 1 is full
    metal: float = 0.5  # probability that an object is metal, not rubber


@dataclass(frozen=True)
class Scenes:
    """A batch of B scenes as tensors; coordinates and reflectances are float32."""

    objects: torch.Tensor  # (B, K) int64: an index of OBJECTS, or -1 for no object
    middle: torch.Tensor  # (B, K, 3)
    rotation: torch.Tensor  # (B, K, 2): cosine and sine of the angle about the vertical axis
    size: torch.Tensor  # (B, K)
    metal: torch.Tensor  # (B, K) bool
    albedo: torch.Tensor  # (B, K, 3): reflectance of each object, linear in the light, in [0, 1]
    camera: torch.Tensor  # (B, 4, 3): its position; its right, up and forward vectors, which are orthonormal
    lamps: torch.Tensor  # (B, 3, 3): their positions
    light: torch.Tensor  # (B, 3, 3): their colours, multiplied by their brightness
    ground: torch.Tensor  # (B, 3): its reflectance

    def __len__(self):
        return len(self.objects)

    @property
    def there(self):
        """Which slots have an object, (B, K) bool."""
        return self.objects >= 0

    @property
    def shape(self):
        """Indices of SHAPES, (B, K) int64; arbitrary where there is no object."""
        return self.objects.clamp(min=0) // len(COLOURS)

    def split(self, most):
        """Split the scenes into parts of `most`; drop slots that are empty in a whole part, but keep at least one."""
        for start in range(0, len(self), most):
            part = {name: value[start : start + most] for name, value in vars(self).items()}
            slots = max(1, int((part["objects"] >= 0).sum(dim=1).max()))
            yield Scenes(**{name: part[name][:, :slots] if name in OF_OBJECTS else part[name] for name in part})


def draw(label_lists, seed=0, numbers=None, look=Look()):
    """Draw random scenes.

    Args:
        label_lists: for each scene, the names of up to SLOTS objects, e.g. ["red cube", "cyan sphere"].
        seed: seed of everything that the lists leave open, at least 0.
        numbers: the integer number of each scene; scenes with the same number differ only in their objects. The default
            is 0, 1, 2, ...
        look: how much the scenes vary.

    Returns:
        `Scenes`. Each depends only on its list, its number, the seed and the look.

    Raises:
        IclevrError: a name is not that of an object, or a list is too long.
    """
    objects = torch.tensor([slots(names) for names in label_lists]).reshape(-1, SLOTS)
    numbers = range(len(objects)) if numbers is None else numbers
    uniform = _Uniform(seed, numbers)
    camera = _look_at_the_origin(CAMERA + uniform.around(look.camera, 3))
    lamps = LAMPS + uniform.around(look.lamps, 3, 3)
    light = uniform.between(look.brightness, 3, 1) * (1 + uniform.around(look.tint, 3, 3))
    ground = uniform.between(look.ground, 1) + uniform.around(look.tint, 3)
    size, angle = uniform.between(look.size, SLOTS), uniform.between((0, 2 * np.pi), SLOTS)
    metal = uniform.between((0, 1), SLOTS) < look.metal
    difference = uniform.around(look.colour, SLOTS, 3)
    place = _places(uniform.around(REACH, SLOTS, TRIES, 2), size, camera)
    height = size * np.array(HEIGHT)[objects.clamp(min=0).numpy() // len(COLOURS)]
    colour = torch.tensor([*COLOURS.values()])[objects % len(COLOURS)].numpy() / 255 + difference
    drawn = {
        "middle": np.concatenate([place, height[..., None]], axis=2),
        "rotation": np.stack([np.cos(angle), np.sin(angle)], axis=-1),
        "size": size,
        "albedo": colour.clip(0, 1) ** 2,
        "camera": camera,
        "lamps": lamps,
        "light": light,
        "ground": ground.clip(0, 1) ** 2,
    }
    floats = {name: torch.from_numpy(value).float() for name, value in drawn.items()}
    return Scenes(objects=objects, metal=torch.from_numpy(metal), **floats)


def slots(names):
    """Turn a list of names into SLOTS indices of OBJECTS, padded with -1.

    Raises:
        IclevrError: a name is not that of an object, or there are too many.
    """
    if unknown := [name for name in names if name not in OBJECTS]:
        raise IclevrError(f"{unknown[0]!r} is not an object: write a colour and a shape, such as {OBJECTS[0]!r}")
    if len(names) > SLOTS:
        raise IclevrError(f"a scene can have at most {SLOTS} objects, not {len(names)}: {', '.join(names)}")
    return [*map(OBJECTS.index, names), *[-1] * (SLOTS - len(names))]


class _Uniform:
    """Random numbers for scenes: each scene has its own generator, so its numbers do not depend on other scenes."""

    def __init__(self, seed, numbers):
        self.generators = {number: np.random.default_rng([seed, number]) for number in numbers}
        self.numbers = numbers

    def between(self, ends, *shape):
        """Draw numbers that are uniform in [low, high), shape (B, *shape)."""
        drawn = {number: generator.random(shape) for number, generator in self.generators.items()}
        low, high = ends
        return low + (high - low) * np.stack([drawn[number] for number in self.numbers])

    def around(self, most, *shape):
        """Draw numbers that are uniform in [-most, most), shape (B, *shape)."""
        return self.between((-most, most), *shape)


def _look_at_the_origin(camera):
    """Point cameras at (B, 3) to the origin: their positions, right, up and forward vectors, (B, 4, 3)."""
    forward = -camera / np.sqrt((camera**2).sum(axis=1, keepdims=True))
    right = np.stack([forward[:, 1], -forward[:, 0], 0 * forward[:, 0]], axis=1)
    right /= np.sqrt((right**2).sum(axis=1, keepdims=True))
    return np.stack([camera, right, np.cross(right, forward), forward], axis=1)


def _places(tries, size, camera):
    """Choose for each object the first position in the picture that is clear of all earlier objects.

    "Clear" means that the objects neither touch on the ground nor cover each other in the picture. If no position is
    clear, choose the one that comes closest.

    Args:
        tries: random positions on the ground, (B, SLOTS, TRIES, 2).
        size: of the objects, (B, SLOTS).
        camera: (B, 4, 3).

    Returns:
        The positions, (B, SLOTS, 2).
    """
    seen, depth = _projected(np.concatenate([tries, 0 * tries[..., :1] + size[..., None, None]], axis=-1), camera)
    radius = size[..., None] / depth  # in the picture
    room = (np.array(FIELD) - abs(seen)).min(axis=-1) - radius
    batch, chosen = np.arange(len(tries)), np.zeros(tries.shape[:2], dtype=int)
    for slot in range(SLOTS):
        slack = room[:, slot]
        for earlier in range(slot):
            at = (batch, earlier, chosen[:, earlier])
            on_ground = _distance(tries[:, slot], tries[at]) - (size[:, slot] + size[:, earlier])[:, None] - GAP
            radii = radius[:, slot] + radius[at][:, None]
            in_picture = _distance(seen[:, slot], seen[at]) - APART * radii
            slack = np.minimum(slack, np.minimum(on_ground, in_picture))
        chosen[:, slot] = np.minimum(slack, 0).argmax(axis=1)
    return np.take_along_axis(tries, chosen[..., None, None], axis=2)[:, :, 0]


def _projected(points, camera):
    """Project points (B, SLOTS, TRIES, 3) into the picture: their places there, (..., 2), and depths, (...)."""
    at, axes = camera[:, None, None, 0], camera[:, None, None, 1:]
    right, up, depth = ((points - at) * axes[..., i, :] for i in range(3))
    depth = depth.sum(axis=-1)
    return np.stack([right.sum(axis=-1), up.sum(axis=-1)], axis=-1) / depth[..., None], depth


def _distance(points, point):
    """Distances, (B, TRIES), from points (B, TRIES, 2) to a point (B, 2)."""
    return np.sqrt(((points - point[:, None]) ** 2).sum(axis=-1))
