"""Mistakes in the model of images. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 2, file="image_gen.py")

IMAGE_GENERATOR = (
    mistake(
        "condition_dim_without_null",
        "self.condition_dim = len(CLASSES) + 1",
        "self.condition_dim = len(CLASSES)",
        "condition_dim is 3, but there are 4 conditions: the null condition 0 and the classes 1, 2, 3.",
        "image_generator",
    ),
    mistake(
        "condition_dim_of_all_classes",
        "self.condition_dim = len(CLASSES) + 1",
        "self.condition_dim = 10",
        "condition_dim is that of all of CIFAR-10: there are 4 conditions here, three classes and the null condition.",
        "image_generator",
    ),
    mistake(
        "image_shape_channels_last",
        "(3, 32, 32)\n",
        "(32, 32, 3)\n",
        "input_shape has the channels last: torch's images are (channels, height, width).",
        "image_generator",
    ),
)
