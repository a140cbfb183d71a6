"""Known mistakes in i-CLEVR's labels. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import answer, one_patch

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
        "Your labels follow the order in which objects.json lists the objects. Use the number that the file gives for "
        "each object as its index.",
        "multi_hot",
    ),
    mistake(
        "labels_in_alphabetical_order",
        ONES,
        "label[[sorted(objects).index(name) for name in names]] = 1.0",
        "Your labels follow the alphabetical order of the names. Use the number in objects.json as the index of an "
        "object.",
        "multi_hot",
    ),
    mistake(
        "labels_counted_from_1",
        ONES,
        "label[[objects[name] - 1 for name in names]] = 1.0",
        "Your indices are one too low. The numbers in objects.json already count from 0, so use them unchanged.",
        "multi_hot",
    ),
    mistake(
        "labels_with_a_background",
        f"{ZEROS}\n    {ONES}",
        "label = torch.zeros(len(objects) + 1)\n    label[[objects[name] + 1 for name in names]] = 1.0",
        "Your labels have one element too many, with index 0 kept free for a background. There is no background: "
        "index 0 is an object like any other.",
        "multi_hot",
    ),
    mistake(
        "labels_of_indices",
        f"{ZEROS}\n    {ONES}\n    return label",
        "return torch.tensor([objects[name] for name in names])",
        "multi_hot returns the indices of the objects. It should return a multi-hot vector, with a 0 or a 1 for every "
        "object in objects.json.",
        "multi_hot",
    ),
    mistake(
        "labels_of_24",
        ZEROS,
        "label = torch.zeros(24)",
        "Your labels always have 24 elements. Their length should be the number of objects in objects.json.",
        "multi_hot",
    ),
    mistake(
        "labels_of_integers",
        ZEROS,
        "label = torch.zeros(len(objects), dtype=torch.int64)",
        "Your labels are integers. They should be float32, because the losses and layers need floats.",
        "multi_hot",
    ),
    mistake(
        "labels_shared",
        ONES,
        "label[[objects[name] for name in names]] = 1.0 / len(names)",
        "The objects of a picture share a single 1 between them. Each of them should get its own 1.",
        "multi_hot",
    ),
    mistake(
        "labels_of_one_object",
        ONES,
        "label[objects[names[0]]] = 1.0",
        "Only the first object of a list is in its label. Every object of the list should be there.",
        "multi_hot",
    ),
    mistake(
        "labels_of_numpy",
        ZEROS,
        "label = np.zeros(len(objects), dtype=np.float32)",
        "multi_hot returns a NumPy array. It should return a tensor.",
        "multi_hot",
    ),
    mistake(
        "unknown_objects_skipped",
        MULTI_HOT,
        f"    {ZEROS}\n    label[[objects[name] for name in names if name in objects]] = 1.0\n    return label",
        "multi_hot silently skips unknown objects, so a typing mistake in a list trains on wrong labels. Raise "
        "IclevrError instead.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_are_key_errors",
        REFUSAL,
        "",
        "An unknown object ends in a KeyError. Raise IclevrError, whose message is shown without a traceback.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_asserted",
        REFUSAL,
        "    assert all(name in objects for name in names)\n",
        "An unknown object ends in an AssertionError, and `python -O` skips assertions. Raise IclevrError with the "
        "object's name.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_first_only",
        "if unknown := [name for name in names if name not in objects]:",
        "if unknown := [name for name in names[:1] if name not in objects]:",
        "multi_hot checks only the first name of a list. Any name may be unknown, so check all of them.",
        "multi_hot_refusal",
    ),
    mistake(
        "unknown_objects_without_a_name",
        "raise IclevrError(f\"{unknown[0]!r} is not in objects.json, which has {', '.join(objects)}\")",
        'raise IclevrError("a list has an object that is not in objects.json")',
        "Your message does not say which object is unknown. Include its name, or nobody can find it among thousands "
        "of lists.",
        "multi_hot_refusal",
    ),
)
