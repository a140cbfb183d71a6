"""The renderer of i-CLEVR: the same picture whatever is beside it, shapes as in closed forms, the course's folder."""

from __future__ import annotations

import json
from dataclasses import replace

import iclevr_renderer
import iclevr_shapes as shapes
import numpy as np
import pytest
import torch
from iclevr_renderer import coverage, pictures, render, scene_number, write_folder
from iclevr_scenes import COLOURS, FIELD, OBJECTS, SLOTS, IclevrError, Look, draw
from PIL import Image
from scipy.spatial import ConvexHull, Delaunay

GREY, RED, CYAN = "gray cube", "red sphere", "cyan cylinder"
LISTS = [[OBJECTS[(7 * n + 5 * i) % 24] for i in range(1 + n % SLOTS)] for n in range(21)]


def only(scenes, slot):
    """The scenes with one of their objects alone."""
    objects = torch.full_like(scenes.objects, -1)
    objects[:, slot] = scenes.objects[:, slot]
    return replace(scenes, objects=objects)


# ------------------------------------------------------------------------------------------------- the same picture


def test_a_picture_does_not_depend_on_the_batch():
    together = render(draw(LISTS, seed=3))
    alone = [render(draw([names], seed=3, numbers=[n])) for n, names in enumerate(LISTS)]
    assert torch.equal(together, torch.cat(alone))
    reverse = range(len(LISTS) - 1, -1, -1)
    assert torch.equal(together.flip(0), render(draw(LISTS[::-1], seed=3, numbers=reverse)))
    assert len({image.numpy().tobytes() for image in together}) == len(LISTS)


def test_a_picture_does_not_depend_on_the_number_of_threads():
    scenes, threads, found = draw(LISTS, seed=3), torch.get_num_threads(), []
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            found.append(render(scenes))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*found)


def test_another_seed_number_or_look_is_another_picture():
    bright = Look(ground=(0.7, 0.7))
    arguments = ({}, {"seed": 1}, {"numbers": [1]}, {"look": bright})
    first, seed, number, look = (render(draw([[RED]], **options)) for options in arguments)
    assert not any(torch.equal(first, other) for other in (seed, number, look))


def test_scenes_with_one_number_differ_in_their_objects_alone():
    steps = draw([[RED], [RED, GREY], [RED, GREY, CYAN], []], numbers=[4, 4, 4, 4])
    for name, value in vars(steps).items():
        for slot, others in enumerate(([1, 2], [2], [])) if name in ("middle", "albedo") else ():
            assert (value[others, slot] == value[slot, slot]).all()
        if name not in ("objects", "middle", "albedo"):
            assert (value == value[:1]).all()
    empty, *images = (image.int() for image in render(steps)[[3, 0, 1, 2]])
    covers = coverage(steps)
    for step, (before, after) in enumerate(zip((empty, *images), images, strict=False)):
        added = covers[step, step] > 0
        assert (before != after).any(dim=0)[added].float().mean() > 0.9
        assert (before == after).all(dim=0).float().mean() > 0.3  # its shadow and what it shades are elsewhere as well
        assert (covers[step, :step] <= covers[step - 1, :step]).all()


# ----------------------------------------------------------------------------------------------------- what is seen


@pytest.mark.parametrize("metal", [0.0, 1.0])
def test_every_object_is_seen_in_its_colour(metal):
    scenes = draw([[name] for name in OBJECTS], seed=1, look=Look(metal=metal))
    palette = torch.tensor([*COLOURS.values()]).float()
    palette /= palette.norm(dim=1, keepdim=True)
    for index, (image, cover) in enumerate(zip(render(scenes), coverage(scenes)[:, 0], strict=True)):
        inside = image.float()[:, cover == 1]
        assert inside.shape[1] > 10
        typical = inside.median(dim=1).values
        assert (palette @ typical).argmax() == index % len(COLOURS), OBJECTS[index]


def test_objects_hide_no_more_than_a_part_of_each_other():
    lists = [[OBJECTS[(n + 8 * i) % 24] for i in range(3)] for n in range(96)]
    scenes = draw(lists, seed=5)
    together = coverage(scenes).sum(dim=(2, 3))[:, :3]
    alone = torch.stack([coverage(only(scenes, slot)).sum(dim=(2, 3))[:, slot] for slot in range(3)], dim=1)
    assert together.min() > 10  # of 4096 pixels; CLEVR asks for 200 of 76,800
    assert (together / alone).min() > 0.5
    assert (together / alone).mean() > 0.97


def outline(scenes, points):
    """The convex hull of points (N, 3) as the camera of a scene sees them, on a screen at the distance 1."""
    camera, right, up, forward = scenes.camera[0].double().numpy()
    away = points - camera
    seen = np.stack([away @ right, away @ up], axis=1) / (away @ forward)[:, None]
    return seen[ConvexHull(seen).vertices]


def surface(scenes):
    """Points of the only object of a scene whose hull is the object."""
    kind, size = shapes.SHAPES[scenes.shape[0, 0]], scenes.size[0, 0].item()
    angle = np.linspace(0, 2 * np.pi, 721)
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
    if kind == "cube":
        points = shapes.CUBE * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        cos, sin = scenes.rotation[0, 0].double().numpy()
        points = points @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    elif kind == "cylinder":
        up = np.array([0, 0, 1])
        points = np.concatenate([ring + up, ring - up])
    else:  # the circle in which the cone from the camera touches the sphere
        towards = (scenes.camera[0, 0] - scenes.middle[0, 0]).double().numpy() / size
        distance = np.linalg.norm(towards)
        axis = towards / distance
        one = np.cross(axis, [0, 0, 1])
        one /= np.linalg.norm(one)
        points = axis / distance + np.sqrt(1 - distance**-2) * ring @ np.stack([one, np.cross(axis, one), axis])
    return size * points + scenes.middle[0, 0].double().numpy()


@pytest.mark.parametrize("name", [GREY, RED, CYAN])
@pytest.mark.parametrize("number", range(3))
def test_the_outline_of_a_shape_is_that_of_its_closed_form(name, number):
    scenes, size = draw([[name]], numbers=[number]), 96
    cover = coverage(scenes, size)[0, 0].numpy()
    hull = outline(scenes, surface(scenes))
    step = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(FIELD[0] * step, -FIELD[1] * step)
    inside = Delaunay(hull).find_simplex(np.stack([x, y], axis=-1)) >= 0
    assert inside[cover == 1].all()
    assert not inside[cover == 0].any()
    pixel = 4 * FIELD[0] * FIELD[1] / size**2
    assert cover.sum() * pixel == pytest.approx(ConvexHull(hull).volume, rel=0.02)  # `volume` is the area in a plane


def test_an_object_stands_between_the_key_light_and_its_shadow():
    lit, scenes = (draw([names], look=Look(camera=0, lamps=0)) for names in ([], [RED]))
    lamp, middle = scenes.lamps[0, 0], scenes.middle[0, 0]
    ground = lamp + (middle - lamp) * lamp[2] / (lamp[2] - middle[2])  # where the ray through its middle ends
    camera, right, up, forward = scenes.camera[0]

    def brightness(point):
        x, y = ((point - camera) @ axis / ((point - camera) @ forward) for axis in (right, up))
        column, row = (int((s / f + 1) * 32) for s, f in ((x, FIELD[0]), (-y, FIELD[1])))
        return [int(render(scene)[0, 0, row, column]) for scene in (lit, scenes)]

    before, after = brightness(ground)
    assert after < 0.9 * before
    before, after = brightness(2 * middle - ground)  # towards the lamp
    assert after > 0.97 * before


# ------------------------------------------------------------------------------------------------------------ shapes


def inside(kind, points):
    """Whether points (..., 3) are in a shape, by its definition."""
    x, y, z = np.moveaxis(points, -1, 0)
    return {
        "cube": np.maximum(np.maximum(abs(x), abs(y)), abs(z)) < shapes.CUBE,
        "sphere": x**2 + y**2 + z**2 < 1,
        "cylinder": (x**2 + y**2 < 1) & (abs(z) < 1),
    }[kind]


@pytest.mark.parametrize("kind", shapes.SHAPES)
def test_a_ray_is_in_a_shape_from_near_to_far(kind):
    rng = np.random.default_rng(1)
    origin, aim = rng.normal(size=(3, 400, 1)) * 3, rng.uniform(-1.2, 1.2, size=(3, 400, 1))
    rays = [torch.from_numpy(vectors).float() for vectors in (origin, aim - origin)]
    near, far = shapes.meet(torch.full((400,), shapes.SHAPES.index(kind)), *rays)
    t = torch.linspace(-2, 3, 301).numpy()
    expected = inside(kind, np.moveaxis(origin + t * (aim - origin), 0, -1))
    found = (near.numpy() < t) & (t < far.numpy())
    assert 0.05 < expected.any(axis=1).mean() < 0.95
    assert (found == expected).mean() > 0.9995  # but for points on the surface, as float32 has it


def test_normals_point_outward_and_follow_the_faces():
    points = {
        "cube": [((shapes.CUBE, 0.1, -0.3), (1, 0, 0)), ((0.1, 0.2, -shapes.CUBE), (0, 0, -1))],
        "sphere": [((0.6, 0.0, 0.8), (0.6, 0.0, 0.8)), ((0.0, -1.0, 0.0), (0, -1, 0))],
        "cylinder": [((0.6, 0.8, 0.3), (0.6, 0.8, 0)), ((0.3, -0.2, 1.0), (0, 0, 1)), ((0.0, 0.0, -1.0), (0, 0, -1))],
    }
    for index, kind in enumerate(shapes.SHAPES):
        at, expected = (torch.tensor(column).T[..., None] for column in zip(*points[kind], strict=True))
        found = shapes.normals(torch.full((at.shape[1],), index), at.float())
        assert torch.allclose(found, expected.float(), atol=1e-6)


def test_an_edge_is_bent_half_way_between_its_faces():
    corner = torch.full((3, 1, 1), shapes.CUBE)
    assert torch.allclose(shapes.normals(torch.tensor([0]), corner), torch.full((3, 1, 1), 3**-0.5))


# ------------------------------------------------------------------------------------------------ labels and folders


@pytest.mark.parametrize(
    ("names", "told"),
    [(["red cub"], "'red cub' is not an object: write a colour and a shape"), ([RED] * 6, "at most 5 objects, not 6")],
)
def test_lists_that_cannot_be_drawn_are_told(names, told):
    with pytest.raises(IclevrError, match=told):
        draw([[RED], names])


def test_the_number_of_a_scene_is_in_the_name_of_its_pictures():
    assert {scene_number(f"CLEVR_train_004592_{step}.png") for step in range(3)} == {4592}
    for name in ("a.png", "CLEVR_train_1.png", "../CLEVR_train_000001_0.png", "CLEVR_train_000001_0.jpg"):
        with pytest.raises(IclevrError, match=r"is not a name like CLEVR_train_004592_0\.png"):
            scene_number(name)


@pytest.fixture
def lists(tmp_path):
    """A train.json with two scenes, the second of one step, and test.json beside it."""
    (tmp_path / "lists").mkdir()
    names = {"000007_0": [RED], "000007_1": [RED, CYAN], "000002_0": [GREY]}
    names = {f"CLEVR_train_{name}.png": objects for name, objects in names.items()}
    (tmp_path / "lists" / "train.json").write_text(json.dumps(names))
    (tmp_path / "lists" / "test.json").write_text(json.dumps([[RED]]))
    return tmp_path / "lists" / "train.json"


def test_a_folder_has_a_picture_for_each_list_and_the_lists(lists, tmp_path):
    write_folder(lists, tmp_path / "new" / "out")
    out = tmp_path / "new" / "out"
    names = json.loads(lists.read_text())
    assert {path.name for path in (out / "images").iterdir()} == names.keys()
    assert (out / "train.json").read_bytes() == lists.read_bytes()
    assert (out / "test.json").read_bytes() == lists.with_name("test.json").read_bytes()
    assert {path.name for path in out.iterdir()} == {"images", "train.json", "test.json", "rendered.json"}
    expected = pictures([*names.values()], numbers=[7, 7, 2]).permute(0, 2, 3, 1).numpy()
    for name, image in zip(names, expected, strict=True):
        assert np.array_equal(np.asarray(Image.open(out / "images" / name)), image)


def test_a_folder_that_was_interrupted_is_completed(lists, tmp_path, monkeypatch):
    def power_cut(image, path, write=iclevr_renderer._write_png):
        if path.name.endswith("_1.png"):
            raise KeyboardInterrupt
        write(image, path)

    with monkeypatch.context() as patch:
        patch.setattr(iclevr_renderer, "_write_png", power_cut)
        with pytest.raises(KeyboardInterrupt):
            write_folder(lists, tmp_path / "out")
    first = tmp_path / "out" / "images" / "CLEVR_train_000007_0.png"
    first.write_bytes(b"as it was")
    iclevr_renderer.main(["--lists", str(lists), "--out", str(tmp_path / "out")])
    assert first.read_bytes() == b"as it was"
    assert len(list((tmp_path / "out" / "images").glob("*.png"))) == 3


def test_a_folder_of_other_pictures_is_left_alone(lists, tmp_path):
    write_folder(lists, tmp_path / "out")
    with pytest.raises(IclevrError, match="other lists or another seed: give another folder with --out"):
        write_folder(lists, tmp_path / "out", seed=1)
    (tmp_path / "out" / "rendered.json").unlink()
    with pytest.raises(IclevrError, match="files that the renderer did not make: give another folder with --out"):
        write_folder(lists, tmp_path / "out")


def test_a_list_that_cannot_be_drawn_leaves_no_folder(lists, tmp_path):
    lists.write_text('{"CLEVR_train_000001_0.png": ["red cub"]}')
    with pytest.raises(IclevrError, match="'red cub' is not an object"):
        write_folder(lists, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [None, "{", "[1]", '{"a.png": 3}'])
def test_lists_that_cannot_be_read_are_told(content, tmp_path):
    if content is not None:
        (tmp_path / "train.json").write_text(content)
    with pytest.raises(IclevrError, match=r"train\.json is not a train\.json, \{file name: \[object, \.\.\.\]\}"):
        write_folder(tmp_path / "train.json", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def tiny_folder(data):
    return iclevr_renderer.found_or_rendered(data, data / "tiny", most=3)


def test_pictures_that_are_not_there_are_rendered_and_can_be_read(tmp_path, capsys):
    from iclevr_dataset import ICLEVRLoader

    (tmp_path / "iclevr").mkdir()
    (tmp_path / "iclevr" / "train.json").write_text("{}")  # lists alone are no pictures
    for _ in range(2):
        folder = tiny_folder(tmp_path)
        assert folder.parent == tmp_path / "tiny"
        assert len(ICLEVRLoader(folder)) == len(list(folder.glob("images/*.png"))) == 3
    assert [len(ICLEVRLoader(folder, mode=mode)) for mode in ("test", "new_test")] == [32, 32]
    assert f"There are no i-CLEVR pictures in {tmp_path}, so {folder} holds rendered ones." in capsys.readouterr().out


def test_the_courses_pictures_are_taken_where_they_are(tmp_path):
    (tmp_path / "iclevr" / "images").mkdir(parents=True)
    (tmp_path / "iclevr" / "images" / "CLEVR_train_000000_0.png").touch()
    assert tiny_folder(tmp_path) == tmp_path / "iclevr"


def test_in_full_all_pictures_are_rendered_and_an_interrupted_rendering_goes_on(monkeypatch, tmp_path):
    lists = tmp_path / "lists" / "train.json"
    lists.parent.mkdir()
    lists.write_text('{"CLEVR_train_000000_0.png": ["red cube"], "CLEVR_train_000001_0.png": ["cyan sphere"]}')
    monkeypatch.setattr(iclevr_renderer, "LISTS", lists)
    for _ in range(2):
        folder = iclevr_renderer.found_or_rendered(tmp_path)
        pictures = sorted(folder.glob("images/*.png"))
        assert (folder, len(pictures)) == (tmp_path / "iclevr", 2)
        pictures[0].unlink()
