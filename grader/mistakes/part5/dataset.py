"""Mistakes in i-CLEVR's lists and items. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 5, file="iclevr_dataset.py")

FILES = 'images = list(lists) if mode == "train" else None'
LABELS = 'labels = torch.stack([multi_hot(names, objects) for names in (lists.values() if mode == "train" else lists)])'
ALONE = "        if self.cond:\n            return label\n"
ITEM = "return self.trans(image), label"

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

MISTAKES = (*LISTS, *ITEMS)
