"""Mistakes in the image generator. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 2, file="image_gen.py")

IMAGE_GENERATOR = (
    mistake(
        "condition_dim_without_null",
        "self.condition_dim = len(CLASSES) + 1",
        "self.condition_dim = len(CLASSES)",
        "Your condition_dim is 3. There are 4 conditions: the null condition 0 and the classes 1, 2, 3.",
        "image_generator",
    ),
    mistake(
        "condition_dim_of_all_classes",
        "self.condition_dim = len(CLASSES) + 1",
        "self.condition_dim = 10",
        "Your condition_dim counts all classes of CIFAR-10. Here there are 4 conditions: three classes and the null "
        "condition.",
        "image_generator",
    ),
    mistake(
        "image_shape_channels_last",
        "(3, 32, 32)\n",
        "(32, 32, 3)\n",
        "Your input_shape has the channels last. Images in torch have shape (channels, height, width).",
        "image_generator",
    ),
)
