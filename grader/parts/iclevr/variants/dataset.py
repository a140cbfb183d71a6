"""Correct alternatives for i-CLEVR's labels and pictures."""

from functools import partial

from grader.authoring.patching import answer
from grader.course.assignment import Variant
from grader.parts.iclevr.mistakes.dataset import ALONE, ITEM
from grader.parts.iclevr.mistakes.pictures import RESIZED, SCALED

variant = partial(Variant, file="iclevr_dataset.py")
MULTI_HOT, TO_TENSOR, DATA = (answer("iclevr_dataset.py", f"5.{n}") for n in ("multi_hot", "to_tensor", "iclevr_data"))

TORCHVISION = variant(
    "5.torchvision",
    (
        (
            TO_TENSOR,
            """    from torchvision import transforms

    steps = [
        transforms.Resize((SIZE, SIZE)),
        transforms.ToTensor(),
        transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ]
    return transforms.Compose(steps)(image.convert("RGB"))""",
        ),
    ),
)

RESIZED_AS_A_TENSOR = variant(
    "5.resized_as_a_tensor",  # without smoothing first
    (
        (
            f"{RESIZED}\n    {SCALED}",
            """x = torch.from_numpy(np.asarray(image.convert("RGB"), dtype=np.float32).transpose(2, 0, 1).copy())
    resized = torch.nn.functional.interpolate(x[None], size=(SIZE, SIZE), mode="bilinear", align_corners=False)[0]
    return (resized / 255 - 0.5) / 0.5""",
        ),
    ),
)

ONE_HOT_SUMS = variant(
    "5.one_hot_sums",
    (
        (
            MULTI_HOT,
            """    rows = torch.eye(len(objects))
    label = torch.zeros(len(objects))
    for name in names:
        if name not in objects:
            raise IclevrError(f"who knows {name}?")
        label = label + rows[objects[name]]
    return label""",
        ),
        (
            DATA,
            """    if mode == "train":
        images, wanted = zip(*lists.items(), strict=True)
    else:
        images, wanted = None, lists
    return images, torch.stack([multi_hot(names, objects) for names in wanted])""",
        ),
        (
            f"{ALONE}        with",
            "        if self.img_list is None or self.cond:\n            return label\n        with",
        ),
    ),
)

NUMPY_LABELS = variant(
    "5.numpy_labels",
    (
        (
            MULTI_HOT,
            """    try:
        indices = [objects[name] for name in names]
    except KeyError as error:
        raise IclevrError(f"unknown object {error}") from error
    return torch.from_numpy(np.isin(np.arange(len(objects)), indices).astype(np.float32))""",
        ),
        (
            DATA,
            """    import os

    with open(os.path.join(root_folder, f"{mode}.json")) as file:
        lists = json.load(file)
    images, labels = None, np.zeros((len(lists), len(objects)))
    if mode == "train":
        images, lists = [*lists.keys()], [*lists.values()]
    for i, names in enumerate(lists):
        for name in names:
            labels[i, objects[name]] = 1
    return images, torch.tensor(labels, dtype=torch.float)""",
        ),
        (ITEM, "return self.trans(image.copy()), label.clone()"),
    ),
)
