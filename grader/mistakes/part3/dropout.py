"""Mistakes in dropping labels. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 3, file="DDPM.py")

ONE_HOT = "one_hot = F.one_hot(conditions, config.num_classes).to(device, images.dtype)"
DROP = "drop = torch.rand(len(images), 1, device=device) < config.mask_p"
MASK = "one_hot = torch.where(drop, config.condition_mask_value, one_hot)"

DROPOUT = (
    mistake(
        "labels_not_one_hot",
        ONE_HOT,
        "one_hot = conditions[:, None].to(device, images.dtype)",
        "The network gets labels as numbers: it expects them one-hot, shape (B, num_classes).",
        "dropout",
    ),
    mistake(
        "dropout_per_element",
        DROP,
        "drop = torch.rand(len(images), config.num_classes, device=device) < config.mask_p",
        "Elements of a label are dropped one by one: draw once for each item, and drop its whole row.",
        "dropout",
    ),
    mistake(
        "one_dropout_for_the_batch",
        DROP,
        "drop = torch.rand(1, 1, device=device) < config.mask_p",
        "One draw drops all labels of a batch or none: draw once for each item.",
        "dropout",
    ),
    mistake(
        "dropout_inverted",
        DROP,
        "drop = torch.rand(len(images), 1, device=device) > config.mask_p",
        "Labels are kept with probability mask_p: they are dropped with it, so rand < mask_p.",
        "dropout",
    ),
    mistake(
        "dropout_rate_written_out",
        DROP,
        "drop = torch.rand(len(images), 1, device=device) < 0.1",
        "Labels are dropped with probability 0.1 whatever the configuration says: use its mask_p.",
        "dropout",
    ),
    mistake(
        "dropout_unused",
        MASK,
        "torch.where(drop, config.condition_mask_value, one_hot)",
        "No label is ever dropped: the masked labels must be what the network gets.",
        "dropout",
    ),
    mistake(
        "dropped_to_zero",
        MASK,
        "one_hot = torch.where(drop, 0, one_hot)",
        "A dropped label becomes zeros: it becomes condition_mask_value in every element.",
        "dropout",
    ),
    mistake(
        "only_the_one_dropped",
        MASK,
        "one_hot = torch.where(drop, config.condition_mask_value * one_hot, one_hot)",
        "Only the 1 of a dropped label changes: all its elements become condition_mask_value.",
        "dropout",
    ),
)
