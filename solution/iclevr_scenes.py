"""Given: what there is to see in a rendered i-CLEVR scene, drawn from a seed.

The ground is the plane z = 0. Camera and lamps stand where CLEVR has them (Johnson et al. 2017), each moved at random;
objects lie where |x|, |y| < 3. A scene has a place for each of SLOTS objects, with material and rotation, whether or
not its list is that long: with another object added everything else stays as it was.
"""

from dataclasses import dataclass

import numpy as np
import torch
from iclevr_shapes import HEIGHT, SHAPES

COLOURS = {  # CLEVR's, in the order of objects.json
    "gray": (87, 87, 87),
    "red": (173, 35, 35),
    "blue": (42, 75, 215),
    "green": (29, 105, 20),
    "brown": (129, 74, 25),
    "purple": (129, 38, 192),
    "cyan": (41, 208, 208),
    "yellow": (255, 238, 51),
}
OBJECTS = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS)  # the labels, in their order
FIELD = (16 / 35, 12 / 35)  # what the camera sees to each side, and up and down, at the distance 1
REACH = 3.0  # most |x| and |y| of an object
OF_OBJECTS = ("objects", "middle", "rotation", "size", "metal", "albedo")  # of the fields of Scenes
SLOTS = 5  # objects in a scene, at most
CAMERA = (7.48, -6.51, 5.34)
LAMPS = ((6.45, -2.91, 4.26), (-1.17, 2.65, 5.82), (-4.67, -4.01, 3.01))  # key, back, fill
GAP = 0.25  # between two objects on the ground, at least
APART = 0.9  # distance of two objects in the picture, at least, in sums of their radii there
TRIES = 64  # positions that are drawn for an object


class IclevrError(Exception):
    """A scene cannot be drawn or a file of it cannot be read; the message says which, where, and what mends it."""


@dataclass(frozen=True)
class Look:
    """How much scenes vary beyond their objects' places. The defaults are CLEVR's, with i-CLEVR's one size."""

    camera: float = 0.5  # most by which the camera is moved along each axis
    lamps: float = 1.0  # likewise each lamp
    brightness: tuple[float, float] = (0.9, 1.1)  # of each lamp, times its own
    size: tuple[float, float] = (0.7, 0.7)  # radius of a sphere; those of the others go with it
    colour: float = 0.0  # most by which a channel of an object's colour differs from CLEVR's, of 1
    ground: tuple[float, float] = (0.5, 0.56)  # reflectance of the ground
    tint: float = 0.0  # most by which a channel of ground and lamps differs from grey, of 1
    metal: float = 0.5  # probability that an object is of metal, not rubber


@dataclass(frozen=True)
class Scenes:
    """A batch of B scenes as tensors; coordinates and reflectances are float32."""

    objects: torch.Tensor  # (B, K) int64: an index of OBJECTS, or -1 for none
    middle: torch.Tensor  # (B, K, 3)
    rotation: torch.Tensor  # (B, K, 2): cosine and sine of the angle about the vertical axis
    size: torch.Tensor  # (B, K)
    metal: torch.Tensor  # (B, K) bool
    albedo: torch.Tensor  # (B, K, 3): what an object reflects, linear in the light, in [0, 1]
    camera: torch.Tensor  # (B, 4, 3): where it is; its right, up and forward, which are orthonormal
    lamps: torch.Tensor  # (B, 3, 3): where they are
    light: torch.Tensor  # (B, 3, 3): their colours times their brightness
    ground: torch.Tensor  # (B, 3): what it reflects

    def __len__(self):
        return len(self.objects)

    @property
    def there(self):
        """Whether there is an object, (B, K) bool."""
        return self.objects >= 0

    @property
    def shape(self):
        """Indices of SHAPES, (B, K) int64; of what is not there, any."""
        return self.objects.clamp(min=0) // len(COLOURS)

    def split(self, most):
        """The same scenes in parts of `most`, without slots (but one) that are empty in all scenes of a part."""
        for start in range(0, len(self), most):
            part = {name: value[start : start + most] for name, value in vars(self).items()}
            slots = max(1, int((part["objects"] >= 0).sum(dim=1).max()))
            yield Scenes(**{name: part[name][:, :slots] if name in OF_OBJECTS else part[name] for name in part})


def draw(label_lists, seed=0, numbers=None, look=Look()):
    """Draw scenes.

    Args:
        label_lists: for each scene the names of its objects, e.g. ["red cube", "cyan sphere"]; SLOTS at most.
        seed: of all that the labels leave open, at least 0.
        numbers: which scene each is, integers; equal ones have everything in common but their objects. Default: 0, 1,
            2, ...
        look: how much they vary.

    Returns:
        `Scenes`. Each depends on its list, its number, the seed and the look, and on nothing else.

    Raises:
        IclevrError: a name is no object, or a list is too long.
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
    """The objects of a list as SLOTS indices of OBJECTS, with -1 where there is none.

    Raises:
        IclevrError: a name is no object, or there are too many.
    """
    if unknown := [name for name in names if name not in OBJECTS]:
        raise IclevrError(f"{unknown[0]!r} is no object: write a colour and a shape, such as {OBJECTS[0]!r}")
    if len(names) > SLOTS:
        raise IclevrError(f"a scene has {SLOTS} objects at most, not {len(names)}: {', '.join(names)}")
    return [*map(OBJECTS.index, names), *[-1] * (SLOTS - len(names))]


class _Uniform:
    """Numbers of scenes, each from a generator of its own; a scene draws the same whatever others are beside it."""

    def __init__(self, seed, numbers):
        self.generators = {number: np.random.default_rng([seed, number]) for number in numbers}
        self.numbers = numbers

    def between(self, ends, *shape):
        """Uniform in [low, high), (B, *shape)."""
        drawn = {number: generator.random(shape) for number, generator in self.generators.items()}
        low, high = ends
        return low + (high - low) * np.stack([drawn[number] for number in self.numbers])

    def around(self, most, *shape):
        """Uniform in [-most, most), (B, *shape)."""
        return self.between((-most, most), *shape)


def _look_at_the_origin(camera):
    """Where a camera is, (B, 3), with its right, up and forward: (B, 4, 3)."""
    forward = -camera / np.sqrt((camera**2).sum(axis=1, keepdims=True))
    right = np.stack([forward[:, 1], -forward[:, 0], 0 * forward[:, 0]], axis=1)
    right /= np.sqrt((right**2).sum(axis=1, keepdims=True))
    return np.stack([camera, right, np.cross(right, forward), forward], axis=1)


def _places(tries, size, camera):
    """For each object the first try that is in the picture and neither near nor before or behind an earlier object.

    Where there is none, the try that comes nearest to it.

    Args:
        tries: (B, SLOTS, TRIES, 2); size: (B, SLOTS); camera: (B, 4, 3).

    Returns:
        (B, SLOTS, 2).
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
    """Points (B, SLOTS, TRIES, 3) in the picture, (..., 2), and their depths, (...)."""
    at, axes = camera[:, None, None, 0], camera[:, None, None, 1:]
    right, up, depth = ((points - at) * axes[..., i, :] for i in range(3))
    depth = depth.sum(axis=-1)
    return np.stack([right.sum(axis=-1), up.sum(axis=-1)], axis=-1) / depth[..., None], depth


def _distance(points, point):
    """(B, TRIES, 2) and (B, 2) to (B, TRIES)."""
    return np.sqrt(((points - point[:, None]) ** 2).sum(axis=-1))
