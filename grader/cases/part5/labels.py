"""Part 5: labels of lists of objects."""

from grader.case import case
from grader.cases.inputs import some_items
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")

NAMES = tuple(
    f"{colour} {shape}"
    for colour in ("yellow", "red", "purple", "green", "gray", "cyan", "brown", "blue")
    for shape in ("sphere", "cylinder", "cube")
)
UNKNOWN = tuple(f"{colour} {shape}" for colour in ("pink", "white", "black", "orange") for shape in ("cone", "torus"))


def objects(rng, count=len(NAMES)):
    """What objects.json says, of so many objects: their order in the file is not that of their indices."""
    names, indices = rng.choice("names", NAMES, count), rng.choice("indices", range(count), count)
    return dict(zip(names, indices, strict=True))


def names_of(rng, name, known, count):
    """So many different objects, in random order."""
    return rng.choice(name, list(known), count)


def labelled(rng):
    """What objects.json says of fewer objects than there are, and two lists: of one object, and of several."""
    known = objects(rng, rng.integer("number of objects", 9, 20))
    return known, [
        names_of(rng, f"list {i}", known, count) for i, count in enumerate((1, rng.integer("several", 3, 6)))
    ]


@case(
    "5.multi_hot",
    points=2.5,
    equation="y_i = 1 if object i is in the picture, 0 else; i is what objects.json says",
    look="multi_hot: where do the index of an object and the length of the label come from?",
    term="'i is what objects.json says': neither the place in a list of names nor the order of the file. Several y_i "
    "are 1 at a time.",
    shows={
        "one": "label of a list of one object",
        "several": "label of a list of several objects",
        "float32": "whether labels are float32",
    },
)
def multi_hot(code, rng):
    """Labels: 1 at the index of each object in the picture, 0 elsewhere"""
    known, lists = labelled(rng)
    one, several = (probes.tensor(code.iclevr_dataset.multi_hot(names, known), "multi_hot") for names in lists)
    return {"one": one, "several": several, "float32": one.dtype == several.dtype == torch.float32}


def suspect(rng):
    """What objects.json says, ten lists of two known objects, and of which of them a name is replaced by which."""
    known = objects(rng)
    lists = [names_of(rng, f"list {i}", known, 2) for i in range(10)]
    wrong = some_items(rng, "wrong", len(lists))
    names = [rng.choice(f"unknown {i}", UNKNOWN, 1)[0] if is_wrong else None for i, is_wrong in enumerate(wrong)]
    for i, name in enumerate(names):
        if name:
            lists[i][rng.integer(f"place {i}", 0, 2)] = name
    return known, lists, names


@case(
    "5.multi_hot_refusal",
    points=0.5,
    equation="an object that is not in objects.json has no index: IclevrError, with its name",
    look="What multi_hot does with a name that it does not find, in the first place of a list and in the last one.",
    term="'IclevrError, with its name': the type from iclevr_scenes.py, and a message by which the name can be found "
    "in the lists.",
    shows={
        "refused": "which lists are refused (those with an unknown object)",
        "by": "names of the exceptions",
        "named": "whether each message says which object is unknown",
    },
    needs=("5.multi_hot",),
)
def multi_hot_refusal(code, rng):
    """Labels: an object that objects.json does not know is refused by name"""
    known, lists, unknown = suspect(rng)
    raised = [_raised(code.iclevr_dataset.multi_hot, names, known) for names in lists]
    return {
        "refused": [error is not None for error in raised],
        "by": ", ".join(sorted({type(error).__name__ for error in raised if error})),
        "named": all(name in str(error) for name, error in zip(unknown, raised, strict=True) if name and error),
    }


def _raised(function, *arguments):
    """What the call raises; None if nothing."""
    try:
        function(*arguments)
    except NotImplementedError:
        raise
    except Exception as error:
        return error
