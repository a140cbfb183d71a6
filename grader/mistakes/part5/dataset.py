"""Mistakes in i-CLEVR's labels, pictures and items. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch
from grader.variants import answer

mistake = partial(one_patch, 5, file="iclevr_dataset.py")

MULTI_HOT = answer("iclevr_dataset.py", "5.multi_hot")
ZEROS = "label = torch.zeros(len(objects))"
ONES = "label[[objects[name] for name in names]] = 1.0"
REFUSAL = MULTI_HOT[: MULTI_HOT.index("    label =")]
RESIZED = 'resized = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)'
SCALED = "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 127.5 - 1.0"
FILES = 'images = list(lists) if mode == "train" else None'
LABELS = 'labels = torch.stack([multi_hot(names, objects) for names in (lists.values() if mode == "train" else lists)])'
ALONE = "        if self.cond:\n            return label\n"
ITEM = "return self.trans(image), label"

LABEL = (
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

PICTURE = (
    mistake(
        "pictures_from_0_to_1",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255",
        "Pictures are in [0, 1]: 2 x - 1 brings them to [-1, 1], where the generator's are.",
        "to_tensor",
    ),
    mistake(
        "pictures_from_minus_half_to_half",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255 - 0.5",
        "Pictures are in [-0.5, 0.5]: stretch them as well, 2 x - 1 of x in [0, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_from_0_to_2",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 127.5",
        "Pictures are in [0, 2]: subtract 1.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_bytes",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()",
        "Pictures have the file's levels, 0 to 255: scale them to [-1, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_normalised_as_imagenet",
        SCALED,
        "x = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255\n"
        "    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])\n"
        "    return (x - mean[:, None, None]) / std[:, None, None]",
        "Mean and standard deviation are ImageNet's: with 0.5 for both, pictures are in [-1, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_of_bgr",
        SCALED,
        f"{SCALED.replace('permute', 'flip(2).permute')}",
        "Red and blue are swapped: PIL's channels are red, green, blue; only OpenCV's are reversed.",
        "to_tensor",
    ),
    mistake(
        "pictures_with_channels_last",
        SCALED,
        SCALED.replace(".permute(2, 0, 1)", ""),
        "Channels come last, as in PIL: convolutions need (3, 64, 64), so permute(2, 0, 1).",
        "to_tensor",
    ),
    mistake(
        "pictures_transposed",
        SCALED,
        SCALED.replace("permute(2, 0, 1)", "permute(2, 1, 0)"),
        "Height and width are swapped, so pictures lie on their side: permute(2, 0, 1).",
        "to_tensor",
    ),
    mistake(
        "pictures_reshaped",
        SCALED,
        SCALED.replace("permute(2, 0, 1)", "reshape(3, SIZE, SIZE)"),
        "reshape cuts rows of pixels into channels: permute(2, 0, 1) moves the axis.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_four_channels",
        RESIZED,
        'resized = image.convert("RGBA").resize((SIZE, SIZE), Image.Resampling.BILINEAR)',
        "The alpha channel of the file is kept: convert('RGB') leaves three channels.",
        "to_tensor",
    ),
    mistake(
        "pictures_not_resized",
        RESIZED,
        'resized = image.convert("RGB")',
        "Pictures keep the file's size: resize them to 64 x 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_128",
        RESIZED,
        'resized = image.convert("RGB").resize((128, 128), Image.Resampling.BILINEAR)',
        "Pictures have 128 x 128 pixels: the networks and the evaluator take 64 x 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_cropped",
        RESIZED,
        "from PIL import ImageOps\n\n"
        '    resized = ImageOps.fit(image.convert("RGB"), (SIZE, SIZE), Image.Resampling.BILINEAR)',
        "The longer side is cut, and objects at the edge with it: scale both sides to 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_in_float64",
        SCALED,
        SCALED.replace(".float()", ".double()"),
        "Pictures are float64: the networks' weights are float32.",
        "to_tensor",
    ),
)

LISTS = (
    mistake(
        "files_sorted",
        FILES,
        'images = sorted(lists) if mode == "train" else None',
        "File names are sorted, their labels are not: a picture gets the label of another one.",
        "iclevr_data",
    ),
    mistake(
        "files_forgotten",
        FILES,
        "images = None",
        "The mode train gives no file names: they are the keys of train.json.",
        "iclevr_data",
    ),
    mistake(
        "files_empty_in_test",
        FILES,
        'images = list(lists) if mode == "train" else []',
        "The modes without pictures give an empty list: None is asked for.",
        "iclevr_data",
    ),
    mistake(
        "files_of_conditions",
        FILES,
        "images = list(lists)",
        "The modes without pictures give their lists of objects as file names: None is asked for.",
        "iclevr_data",
    ),
    mistake(
        "test_read_as_train",
        LABELS,
        "labels = torch.stack([multi_hot(names, objects) for names in lists.values()])",
        "test.json is a list, no dictionary of files: it has no values().",
        "iclevr_data",
    ),
    mistake(
        "train_read_as_test",
        LABELS,
        "labels = torch.stack([multi_hot(names, objects) for names in lists])",
        "Going over train.json's dictionary gives its file names, letter by letter: the lists are its values().",
        "iclevr_data",
    ),
    mistake(
        "labels_in_a_list",
        LABELS,
        LABELS.replace("torch.stack([", "list([").replace(" else lists)])", " else lists)])"),
        "The labels are a list of tensors: stack them to (N, 24).",
        "iclevr_data",
    ),
    mistake(
        "objects_numbered_anew",
        LABELS,
        f"objects = {{name: i for i, name in enumerate(objects)}}\n    {LABELS}",
        "Objects are numbered anew, in the order of the file: objects.json says the index of each.",
        "iclevr_data",
    ),
    mistake(
        "objects_of_the_list_only",
        LABELS,
        'seen = sorted({name for names in (lists.values() if mode == "train" else lists) for name in names})\n'
        f"    objects = {{name: i for i, name in enumerate(seen)}}\n    {LABELS}",
        "Objects are numbered as they occur in a list, so the same object has another index in each mode.",
        "iclevr_data",
    ),
)

ITEMS = (
    mistake(
        "condition_as_a_pair",
        ALONE,
        ALONE.replace("return label", "return None, label"),
        "A condition comes as a pair with None: without a picture the item is the label alone.",
        "iclevr_items",
    ),
    mistake(
        "label_before_picture",
        ITEM,
        "return label, self.trans(image)",
        "The label comes first: the picture does.",
        "iclevr_items",
    ),
    mistake(
        "trans_ignored",
        ITEM,
        "return to_tensor(image), label",
        "to_tensor is called whatever trans is: use self.trans, which is to_tensor by default.",
        "iclevr_items",
    ),
    mistake(
        "trans_forgotten",
        ITEM,
        "return image.copy(), label",
        "The item holds a PIL image: self.trans makes a tensor of it.",
        "iclevr_items",
    ),
    mistake(
        "trans_of_an_array",
        ITEM,
        "return self.trans(np.array(image)), label",
        "trans gets an array: it is made for a PIL image.",
        "iclevr_items",
    ),
    mistake(
        "picture_before",
        "Image.open(self.folder / self.img_list[index])",
        "Image.open(self.folder / self.img_list[index - 1])",
        "The picture is the one before: file i belongs to label i.",
        "iclevr_items",
    ),
    mistake(
        "cond_ignored",
        ALONE,
        ALONE.replace("self.cond", "self.img_list is None"),
        "cond=True is ignored: items are then labels alone, in the mode train as well.",
        "iclevr_items",
    ),
    mistake(
        "condition_of_indices",
        ALONE,
        ALONE.replace("return label", "return label.nonzero().flatten()"),
        "A condition holds the indices of its objects: it is the multi-hot label.",
        "iclevr_items",
    ),
)

MISTAKES = (*LABEL, *PICTURE, *LISTS, *ITEMS)
