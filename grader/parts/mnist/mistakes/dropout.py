"""Mistakes in dropping labels during training. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 3, file="DDPM.py")

ONE_HOT = "one_hot = F.one_hot(conditions, config.num_classes).to(device, images.dtype)"
DROP = "drop = torch.rand(len(images), 1, device=device) < config.mask_p"
MASK = "one_hot = torch.where(drop, config.condition_mask_value, one_hot)"

DROPOUT = (
    mistake(
        "labels_not_one_hot",
        ONE_HOT,
        "one_hot = conditions[:, None].to(device, images.dtype)",
        "Your network gets labels as numbers. It expects them one-hot, with shape (B, num_classes).",
        "dropout",
    ),
    mistake(
        "dropout_per_element",
        DROP,
        "drop = torch.rand(len(images), config.num_classes, device=device) < config.mask_p",
        "Your code drops the elements of a label one by one. Draw once for each item, and drop its whole row.",
        "dropout",
    ),
    mistake(
        "one_dropout_for_the_batch",
        DROP,
        "drop = torch.rand(1, 1, device=device) < config.mask_p",
        "One draw drops all labels of your batch or none. Draw once for each item.",
        "dropout",
    ),
    mistake(
        "dropout_inverted",
        DROP,
        "drop = torch.rand(len(images), 1, device=device) > config.mask_p",
        "Your code keeps labels with probability mask_p. Drop them with that probability: rand < mask_p.",
        "dropout",
    ),
    mistake(
        "dropout_rate_written_out",
        DROP,
        "drop = torch.rand(len(images), 1, device=device) < 0.1",
        "Your code always drops labels with probability 0.1. Use mask_p of the configuration.",
        "dropout",
    ),
    mistake(
        "dropout_unused",
        MASK,
        "torch.where(drop, config.condition_mask_value, one_hot)",
        "Your code never drops a label. Pass the masked labels to the network.",
        "dropout",
    ),
    mistake(
        "dropped_to_zero",
        MASK,
        "one_hot = torch.where(drop, 0, one_hot)",
        "Your code replaces a dropped label by zeros. Every element should become condition_mask_value.",
        "dropout",
    ),
    mistake(
        "only_the_one_dropped",
        MASK,
        "one_hot = torch.where(drop, config.condition_mask_value * one_hot, one_hot)",
        "Your code changes only the 1 of a dropped label. All its elements should become condition_mask_value.",
        "dropout",
    ),
)
