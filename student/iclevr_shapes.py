"""Given: closed forms for where a ray meets a cube, a sphere or a cylinder, and for the normal there.

Each shape has its own frame, with its centre at the origin and its axis along z; a sphere has radius 1. Points and
directions are float32 tensors (3, N, S), components first, for N rows of S rays. A ray is origin + t * direction.
"""

import torch

SHAPES = ("cube", "sphere", "cylinder")
CUBE = 0.8  # half an edge
HEIGHT = (CUBE, 1.0, 1.0)  # height of the centre above the ground, for each shape
REACH = (CUBE * 3**0.5, 1.0, 2**0.5)  # radius of the smallest sphere around each shape
BEVEL = 0.12  # distance from an edge at which the normal begins to bend; the surface itself stays flat


def meet(shapes, origin, direction):
    """Find the interval of t in which a ray is inside a shape.

    Args:
        shapes: indices of SHAPES, (N,) int64.
        origin, direction: (3, N, S), in the frame of each shape.

    Returns:
        (near, far), the ends of the interval, (N, S) float32. The ray misses the shape unless near < far.
    """
    near, far = torch.empty_like(direction[0]), torch.empty_like(direction[0])
    for index, meets in enumerate((_cube, _sphere, _cylinder)):
        rows = (shapes == index).nonzero().squeeze(1)
        near[rows], far[rows] = meets(origin[:, rows], direction[:, rows])
    return near, far


def normals(shapes, points):
    """The outward unit normals, (3, N, S), at points (3, N, S) on the surfaces of shapes (N,)."""
    outward = torch.empty_like(points)
    for index, faces in enumerate((_cube_faces, _sphere_faces, _cylinder_faces)):
        rows = (shapes == index).nonzero().squeeze(1)
        outward[:, rows] = faces(points[:, rows])
    return unit(outward)


def dot(a, b):
    """The dot product of vectors whose components come first."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def unit(vectors):
    """Scale vectors, components first, to length 1."""
    return vectors / dot(vectors, vectors).sqrt()


def _inside(a, b, c):
    """The interval where a t^2 + 2 b t + c < 0, for a > 0; NaN, for which near < far is false, if there is none."""
    root = (b * b - a * c).sqrt()
    return (-b - root) / a, (root - b) / a


def _slab(half, origin, direction):
    """The interval where |origin + t direction| < half."""
    one, other = (-half - origin) / direction, (half - origin) / direction
    return torch.minimum(one, other), torch.maximum(one, other)


def _both(one, other):
    """The interval where a ray is inside both."""
    return torch.maximum(one[0], other[0]), torch.minimum(one[1], other[1])


def _cube(o, d):
    x, y, z = (_slab(CUBE, o[i], d[i]) for i in range(3))
    return _both(_both(x, y), z)


def _sphere(o, d):
    return _inside(dot(d, d), dot(o, d), dot(o, o) - 1)


def _cylinder(o, d):
    side = _inside(d[0] * d[0] + d[1] * d[1], o[0] * d[0] + o[1] * d[1], o[0] * o[0] + o[1] * o[1] - 1)
    return _both(side, _slab(1.0, o[2], d[2]))


def _bent(distance, half):
    """A component of the normal: 0 on the flat part of a face of half-width `half`, growing over the bevel."""
    return distance.sign() * (distance.abs() - (half - BEVEL)).clamp(min=0)


def _cube_faces(p):
    return _bent(p, CUBE)


def _sphere_faces(p):
    return p


def _cylinder_faces(p):
    radius = (p[0] * p[0] + p[1] * p[1]).sqrt()
    side = _bent(radius, 1.0) / radius.clamp(min=BEVEL)
    return torch.stack([p[0] * side, p[1] * side, _bent(p[2], 1.0)])
