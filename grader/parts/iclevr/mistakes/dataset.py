"""Known mistakes in i-CLEVR's lists and items. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "You sort the file names but not the labels, so a picture gets the label of another one. Keep both in the "
        "order of the file.",
        "iclevr_data",
    ),
    mistake(
        "files_forgotten",
        FILES,
        "images = None",
        "You return no file names in the mode train. They are the keys of train.json.",
        "iclevr_data",
    ),
    mistake(
        "files_empty_in_test",
        FILES,
        'images = list(lists) if mode == "train" else []',
        "You return an empty list in the modes without pictures. Return None there.",
        "iclevr_data",
    ),
    mistake(
        "files_of_conditions",
        FILES,
        "images = list(lists)",
        "In the modes without pictures you return the lists of objects as file names. Return None there.",
        "iclevr_data",
    ),
    mistake(
        "test_read_as_train",
        LABELS,
        "labels = torch.stack([multi_hot(names, objects) for names in lists.values()])",
        "You read test.json as a dictionary of files. It is a list, so it has no values().",
        "iclevr_data",
    ),
    mistake(
        "train_read_as_test",
        LABELS,
        "labels = torch.stack([multi_hot(names, objects) for names in lists])",
        "You loop over train.json's dictionary itself, so multi_hot gets file names, letter by letter. The lists of "
        "objects are the dictionary's values().",
        "iclevr_data",
    ),
    mistake(
        "labels_in_a_list",
        LABELS,
        LABELS.replace("torch.stack([", "list([").replace(" else lists)])", " else lists)])"),
        "Your labels are a list of tensors. Stack them into one tensor of shape (N, 24).",
        "iclevr_data",
    ),
    mistake(
        "objects_of_the_list_only",
        LABELS,
        'seen = sorted({name for names in (lists.values() if mode == "train" else lists) for name in names})\n'
        f"    objects = {{name: i for i, name in enumerate(seen)}}\n    {LABELS}",
        "You number the objects of each list afresh, so an object's index depends on the mode. Use the indices in "
        "objects.json.",
        "iclevr_data",
    ),
)

ITEMS = (
    mistake(
        "condition_as_a_pair",
        ALONE,
        ALONE.replace("return label", "return None, label"),
        "Without a picture you return the pair (None, label). Return the label alone.",
        "iclevr_items",
    ),
    mistake(
        "label_before_picture",
        ITEM,
        "return label, self.trans(image)",
        "You return the label first. Return the picture first, then the label.",
        "iclevr_items",
    ),
    mistake(
        "trans_ignored",
        ITEM,
        "return to_tensor(image), label",
        "You always call to_tensor, whatever trans is. Call self.trans, which is to_tensor by default.",
        "iclevr_items",
    ),
    mistake(
        "trans_forgotten",
        ITEM,
        "return image.copy(), label",
        "You return a PIL image. Apply self.trans to it, which makes it a tensor.",
        "iclevr_items",
    ),
    mistake(
        "trans_of_an_array",
        ITEM,
        "return self.trans(np.array(image)), label",
        "You pass an array to trans. It expects a PIL image.",
        "iclevr_items",
    ),
    mistake(
        "picture_before",
        "Image.open(self.folder / self.img_list[index])",
        "Image.open(self.folder / self.img_list[index - 1])",
        "You return the picture of the item before. Label i belongs to file i.",
        "iclevr_items",
    ),
    mistake(
        "cond_ignored",
        ALONE,
        ALONE.replace("self.cond", "self.img_list is None"),
        "You ignore cond=True. It should make every item a label alone, in the mode train as well.",
        "iclevr_items",
    ),
    mistake(
        "condition_of_indices",
        ALONE,
        ALONE.replace("return label", "return label.nonzero().flatten()"),
        "You return the indices of the objects as the condition. Return the multi-hot label.",
        "iclevr_items",
    ),
)

MISTAKES = (*LISTS, *ITEMS)
