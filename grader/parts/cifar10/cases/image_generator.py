"""Part 2: the model of CIFAR-10 images."""

from unittest import mock

from grader.runtime.case import case

PARAMETERS = ("input_shape", "condition_dim", "sequential", "denoising_steps", "p_uncond", "weights_path", "test")
DEFAULTS = {"sequential": True, "denoising_steps": 100, "p_uncond": 0.2}


@case(
    "2.image_generator",
    points=1,
    equation="images (3, 32, 32); conditions: three classes and the null condition",
    look="Check the two attributes that you set. In which order are an image's dimensions, and which values can a "
    "condition have?",
    term="(3, 32, 32) is in torch's order, and condition_dim counts 'three classes and the null condition'.",
    shows={
        "input_shape": "the input_shape that DiffusionModel gets",
        "condition_dim": "the condition_dim that DiffusionModel gets",
        "images": "whether DiffusionModel gets sequential=False, which makes it a model of images",
        "denoising_steps": "the denoising_steps that DiffusionModel gets",
        "p_uncond": "the p_uncond that DiffusionModel gets",
    },
    atol=1e-9,
)
def image_generator(code, rng):
    """Image generation: a model of 3x32x32 images with three classes and the null condition"""
    made = []

    def record(*positional, **named):
        made.append(DEFAULTS | dict(zip(PARAMETERS, positional, strict=False)) | named)
        return mock.MagicMock()

    steps, p_uncond = rng.integer("steps", 20, 400), rng.number("p_uncond", 0.05, 0.5)
    with mock.patch.object(code.image_gen, "DiffusionModel", record):
        code.image_gen.ImageGenerator(denoising_steps=steps, p_uncond=p_uncond)
    if not made:
        raise RuntimeError("ImageGenerator() creates no DiffusionModel")
    arguments = made[-1]
    return {
        "input_shape": list(arguments["input_shape"]),
        "condition_dim": arguments["condition_dim"],
        "images": not arguments["sequential"],
        "denoising_steps": arguments["denoising_steps"],
        "p_uncond": arguments["p_uncond"],
    }
