"""Part 5: multi-hot labels for lists of objects."""

from grader.runtime.case import case
from grader.runtime.inputs import some_items
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

NAMES = tuple(
    f"{colour} {shape}"
    for colour in ("yellow", "red", "purple", "green", "gray", "cyan", "brown", "blue")
    for shape in ("sphere", "cylinder", "cube")
)
UNKNOWN = tuple(f"{colour} {shape}" for colour in ("pink", "white", "black", "orange") for shape in ("cone", "torus"))


def objects(rng, count=len(NAMES)):
    """Draw an objects.json with `count` objects, {name: index}, whose order differs from that of the indices."""
    names, indices = rng.choice("names", NAMES, count), rng.choice("indices", range(count), count)
    return dict(zip(names, indices, strict=True))


def names_of(rng, name, known, count):
    """Draw `count` different names of objects, in random order."""
    return rng.choice(name, list(known), count)


def labelled(rng):
    """Draw an objects.json with some of the objects, and two lists: one object, and several."""
    known = objects(rng, rng.integer("number of objects", 9, 20))
    return known, [
        names_of(rng, f"list {i}", known, count) for i, count in enumerate((1, rng.integer("several", 3, 6)))
    ]


@case(
    "5.multi_hot",
    points=2.5,
    equation="y_i = 1 if object i is in the picture, 0 otherwise; objects.json gives i",
    look="multi_hot: where do you get an object's index and the length of the label from?",
    term="'objects.json gives i': neither the position in a list of names nor the order of the file matters. Several "
    "y_i can be 1 at once.",
    shows={
        "one": "label of a list with one object",
        "several": "label of a list with several objects",
        "float32": "whether the labels are float32",
    },
)
def multi_hot(code, rng):
    """Labels: 1 at the index of each object in the picture, 0 elsewhere"""
    known, lists = labelled(rng)
    one, several = (probes.tensor(code.iclevr_dataset.multi_hot(names, known), "multi_hot") for names in lists)
    return {"one": one, "several": several, "float32": one.dtype == several.dtype == torch.float32}


def suspect(rng):
    """Draw an objects.json, ten lists of two objects, and the unknown name in each list (None if there is none)."""
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
    look="What does multi_hot do with an unknown name, in the first place of a list and in the last?",
    term="'IclevrError, with its name': raise the type from iclevr_scenes.py, with a message that lets a reader find "
    "the name in the lists.",
    shows={
        "refused": "lists that are refused (those with an unknown object should be)",
        "by": "types of the exceptions",
        "named": "whether each message names the unknown object",
    },
    needs=("5.multi_hot",),
)
def multi_hot_refusal(code, rng):
    """Labels: an object that is not in objects.json is refused by name"""
    known, lists, unknown = suspect(rng)
    raised = [_raised(code.iclevr_dataset.multi_hot, names, known) for names in lists]
    return {
        "refused": [error is not None for error in raised],
        "by": ", ".join(sorted({type(error).__name__ for error in raised if error})),
        "named": all(name in str(error) for name, error in zip(unknown, raised, strict=True) if name and error),
    }


def _raised(function, *arguments):
    """The exception that the call raises, or None."""
    try:
        function(*arguments)
    except NotImplementedError:
        raise
    except Exception as error:
        return error
