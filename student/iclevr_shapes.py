"""Given: where a ray meets a cube, a sphere, a cylinder, and which way the surface faces there, in closed form.

A shape has its own frame: its middle is the origin, its axis is z, and a sphere has the radius 1. Points and directions
are float32 tensors (3, N, S), components first: N rows of S rays. A ray is origin + t * direction.
"""

import torch

SHAPES = ("cube", "sphere", "cylinder")
CUBE = 0.8  # half an edge
HEIGHT = (CUBE, 1.0, 1.0)  # of the middle above the ground, by shape
REACH = (CUBE * 3**0.5, 1.0, 2**0.5)  # radius of the sphere around a shape
BEVEL = 0.12  # how far from an edge the surface begins to bend; it does so in its normal alone


def meet(shapes, origin, direction):
    """Between which t a ray is inside a shape: from `near` to `far`, and nowhere unless near < far.

    Args:
        shapes: (N,) int64, indices of SHAPES.
        origin, direction: (3, N, S), each in the frame of its shape.

    Returns:
        near and far, (N, S) float32.
    """
    near, far = torch.empty_like(direction[0]), torch.empty_like(direction[0])
    for index, meets in enumerate((_cube, _sphere, _cylinder)):
        rows = (shapes == index).nonzero().squeeze(1)
        near[rows], far[rows] = meets(origin[:, rows], direction[:, rows])
    return near, far


def normals(shapes, points):
    """The outward normals, (3, N, S) of length 1, at points (3, N, S) of the surfaces of shapes (N,)."""
    outward = torch.empty_like(points)
    for index, faces in enumerate((_cube_faces, _sphere_faces, _cylinder_faces)):
        rows = (shapes == index).nonzero().squeeze(1)
        outward[:, rows] = faces(points[:, rows])
    return unit(outward)


def dot(a, b):
    """The product of vectors whose components come first."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def unit(vectors):
    """Vectors, components first, at length 1."""
    return vectors / dot(vectors, vectors).sqrt()


def _inside(a, b, c):
    """Where a t^2 + 2 b t + c < 0, for a > 0: NaN, which is less than nothing, if nowhere."""
    root = (b * b - a * c).sqrt()
    return (-b - root) / a, (root - b) / a


def _slab(half, origin, direction):
    """Where |origin + t direction| < half."""
    one, other = (-half - origin) / direction, (half - origin) / direction
    return torch.minimum(one, other), torch.maximum(one, other)


def _both(one, other):
    """Where a ray is inside both."""
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
    """A component of the normal: 0 on the flat part of a face at `half`, growing over the bevel."""
    return distance.sign() * (distance.abs() - (half - BEVEL)).clamp(min=0)


def _cube_faces(p):
    return _bent(p, CUBE)


def _sphere_faces(p):
    return p


def _cylinder_faces(p):
    radius = (p[0] * p[0] + p[1] * p[1]).sqrt()
    side = _bent(radius, 1.0) / radius.clamp(min=BEVEL)
    return torch.stack([p[0] * side, p[1] * side, _bent(p[2], 1.0)])
