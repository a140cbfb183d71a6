"""Mistakes in i-CLEVR's labels. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch
from grader.variants import answer

mistake = partial(one_patch, 5, file="iclevr_dataset.py")

MULTI_HOT = answer("iclevr_dataset.py", "5.multi_hot")
ZEROS = "label = torch.zeros(len(objects))"
ONES = "label[[objects[name] for name in names]] = 1.0"
REFUSAL = MULTI_HOT[: MULTI_HOT.index("    label =")]

MISTAKES = (
    mistake(
        "labels_in_order_of_the_file",
        ONES,
        "label[[list(objects).index(name) for name in names]] = 1.0",
        "Labels follow the order in which objects.json lists the objects: its numbers are the indices.",
        "multi_hot",
    ),
    mistake(
        "labels_in_alphabetical_order",
        ONES,
        "label[[sorted(objects).index(name) for name in names]] = 1.0",
        "Labels follow the alphabet: the index of an object is the number in objects.json.",
        "multi_hot",
    ),
    mistake(
        "labels_counted_from_1",
        ONES,
        "label[[objects[name] - 1 for name in names]] = 1.0",
        "Labels are shifted by one: the indices in objects.json count from 0 already.",
        "multi_hot",
    ),
    mistake(
        "labels_with_a_background",
        f"{ZEROS}\n    {ONES}",
        "label = torch.zeros(len(objects) + 1)\n    label[[objects[name] + 1 for name in names]] = 1.0",
        "Labels have one element more than there are objects: index 0 is an object, not the background.",
        "multi_hot",
    ),
    mistake(
        "labels_of_indices",
        f"{ZEROS}\n    {ONES}\n    return label",
        "return torch.tensor([objects[name] for name in names])",
        "These are the indices of the objects: a label is multi-hot, a 0 or 1 for every object there is.",
        "multi_hot",
    ),
    mistake(
        "labels_of_24",
        ZEROS,
        "label = torch.zeros(24)",
        "Labels have 24 elements whatever objects.json says: take its length.",
        "multi_hot",
    ),
    mistake(
        "labels_of_integers",
        ZEROS,
        "label = torch.zeros(len(objects), dtype=torch.int64)",
        "Labels are integers: the losses and layers that take them need float32.",
        "multi_hot",
    ),
    mistake(
        "labels_shared",
        ONES,
        "label[[objects[name] for name in names]] = 1.0 / len(names)",
        "The objects of a picture share a 1: each of them gets a 1 of its own.",
        "multi_hot",
    ),
    mistake(
        "labels_of_one_object",
        ONES,
        "label[objects[names[0]]] = 1.0",
        "Only the first object of a list is in its label.",
        "multi_hot",
    ),
    mistake(
        "labels_of_numpy",
        ZEROS,
        "label = np.zeros(len(objects), dtype=np.float32)",
        "Labels are arrays of numpy: return a tensor.",
        "multi_hot",
    ),
    mistake(
        "unknown_objects_skipped",
        MULTI_HOT,
        f"    {ZEROS}\n    label[[objects[name] for name in names if name in objects]] = 1.0\n    return label",
        "An unknown object is skipped without a word, so a mistyped list trains on wrong labels: raise IclevrError.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_are_key_errors",
        REFUSAL,
        "",
        "An unknown object ends in a KeyError: raise IclevrError, whose message is shown without a traceback.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_asserted",
        REFUSAL,
        "    assert all(name in objects for name in names)\n",
        "An unknown object ends in an AssertionError, which python -O leaves out: raise IclevrError with its name.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_first_only",
        "if unknown := [name for name in names if name not in objects]:",
        "if unknown := [name for name in names[:1] if name not in objects]:",
        "Only the first name of a list is looked up before: every one may be unknown.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_without_a_name",
        "raise IclevrError(f\"{unknown[0]!r} is not in objects.json, which has {', '.join(objects)}\")",
        'raise IclevrError("a list has an object that is not in objects.json")',
        "The message does not say which object is unknown: nobody finds it in thousands of lists.",
        "multi_hot_refusal",
    ),
)
