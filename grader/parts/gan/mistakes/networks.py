"""Mistakes in the noise and the networks. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 1, file="gan_pytorch.py")

DRAW = "return 2 * torch.rand(batch_size, dim) - 1"
LAST_OF_D = "        nn.Flatten(),\n        nn.Linear(128 * 4 * 4, 1),\n"
MIDDLE_OF_D = "nn.Conv2d(64, 128, 4, stride=2, padding=1),\n"
FIRST_OF_G = "nn.Linear(noise_dim, 128 * 4 * 4, bias=False),"
NORM_OF_G = "nn.BatchNorm2d(128),"
LAST_OF_G = "nn.ConvTranspose2d(32, 3, 4, stride=2, padding=1),"

NOISE = (
    mistake(
        "noise_from_0_to_1",
        DRAW,
        "return torch.rand(batch_size, dim)",
        "Your noise lies in [0, 1). It should lie in [-1, 1): use 2 u - 1.",
        "sample_noise",
    ),
    mistake(
        "noise_from_minus_half_to_half",
        DRAW,
        "return torch.rand(batch_size, dim) - 0.5",
        "Your noise lies in [-0.5, 0.5). It should lie in [-1, 1): stretch it first, 2 u - 1.",
        "sample_noise",
    ),
    mistake(
        "noise_normal",
        DRAW,
        "return torch.randn(batch_size, dim)",
        "Your noise is normal. It should be uniform in [-1, 1): use torch.rand, not randn.",
        "sample_noise",
    ),
    mistake(
        "noise_of_integers",
        DRAW,
        "return torch.randint(-1, 2, (batch_size, dim)).float()",
        "Your noise is always -1, 0 or 1. Draw from the whole interval: 2 torch.rand - 1.",
        "sample_noise",
    ),
    mistake(
        "noise_shared_by_the_batch",
        DRAW,
        "return (2 * torch.rand(1, dim) - 1).repeat(batch_size, 1)",
        "All items get the same noise, so G draws the same image for each. Draw batch_size rows.",
        "sample_noise",
    ),
    mistake(
        "noise_always_the_same",
        DRAW,
        "torch.manual_seed(42)\n    return 2 * torch.rand(batch_size, dim) - 1",
        "Every call returns the same noise. Seed torch only if the caller passes a seed.",
        "sample_noise",
    ),
    mistake(
        "noise_transposed",
        DRAW,
        "return 2 * torch.rand(dim, batch_size) - 1",
        "Your noise has shape (dim, B). It should have one row for each item: (B, dim).",
        "sample_noise",
    ),
    mistake(
        "noise_from_numpy",
        DRAW,
        "return torch.from_numpy(np.random.uniform(-1, 1, (batch_size, dim)))",
        "Your noise comes from numpy: it is float64, and torch's seed does not repeat it. Use torch.rand.",
        "sample_noise",
    ),
)

DISCRIMINATOR = (
    mistake(
        "sigmoid_in_discriminator",
        LAST_OF_D,
        LAST_OF_D + "        nn.Sigmoid(),\n",
        "Your D ends with a sigmoid. It should return logits, because the losses apply the sigmoid themselves.",
        "discriminator",
    ),
    mistake(
        "tanh_in_discriminator",
        LAST_OF_D,
        LAST_OF_D + "        nn.Tanh(),\n",
        "Your D ends with a tanh, so its logits cannot leave [-1, 1]. End with the linear layer.",
        "discriminator",
    ),
    mistake(
        "discriminator_of_no_columns",
        LAST_OF_D,
        LAST_OF_D + "        nn.Flatten(0),\n",
        "Your D returns shape (B,). It should return (B, 1): a loss that mixes the two shapes gets (B, B).",
        "discriminator",
    ),
    mistake(
        "discriminator_of_two_classes",
        LAST_OF_D,
        "        nn.Flatten(),\n        nn.Linear(128 * 4 * 4, 2),\n",
        "Your D returns two scores per image. One logit is enough: real against generated.",
        "discriminator",
    ),
    mistake(
        "discriminator_mixes_images",
        MIDDLE_OF_D,
        MIDDLE_OF_D + "        nn.BatchNorm2d(128, track_running_stats=False),\n",
        "In eval mode, a logit of your D depends on the other images. Batch normalisation needs its running "
        "statistics.",
        "discriminator",
    ),
    mistake(
        "discriminator_too_large",
        LAST_OF_D,
        "        nn.Flatten(),\n        nn.Linear(128 * 4 * 4, 8192),\n        nn.Linear(8192, 1),\n",
        "Your D has more than 10 million parameters. Shrink the image with strided convolutions before the linear "
        "layer.",
        "discriminator",
    ),
    mistake(
        "discriminator_frozen",
        "        nn.Linear(128 * 4 * 4, 1),\n    )\n    return model\n",
        "        nn.Linear(128 * 4 * 4, 1),\n    )\n    return model.requires_grad_(False)\n",
        "No gradient reaches the parameters of your D. Something switches requires_grad off.",
        "discriminator",
    ),
)

GENERATOR = (
    mistake(
        "generator_without_tanh",
        "        nn.Tanh(),\n",
        "",
        "Your G's images leave [-1, 1]. End with nn.Tanh(), because D sees real images in [-1, 1].",
        "generator",
    ),
    mistake(
        "generator_with_sigmoid",
        "nn.Tanh(),",
        "nn.Sigmoid(),",
        "Your G's images lie in [0, 1]. D sees real images in [-1, 1], so end with nn.Tanh().",
        "generator",
    ),
    mistake(
        "generator_of_small_images",
        LAST_OF_G,
        "nn.ConvTranspose2d(32, 3, 3, stride=1, padding=1),",
        "Your G's images have 16x16 pixels. Double them once more: 4 -> 8 -> 16 -> 32.",
        "generator",
    ),
    mistake(
        "generator_of_grey_images",
        LAST_OF_G,
        "nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),",
        "Your G's images have one channel. House numbers have three.",
        "generator",
    ),
    mistake(
        "noise_dim_ignored",
        FIRST_OF_G,
        "nn.Linear(NOISE_DIM, 128 * 4 * 4, bias=False),",
        "Your G always takes 96 numbers. Use the argument noise_dim.",
        "generator",
    ),
    mistake(
        "generator_mixes_items",
        NORM_OF_G,
        "nn.BatchNorm2d(128, track_running_stats=False),",
        "In eval mode, an image of your G depends on the noise of other items. Batch normalisation needs its running "
        "statistics.",
        "generator",
    ),
    mistake(
        "generator_too_large",
        FIRST_OF_G,
        "nn.Linear(noise_dim, 8192), nn.ReLU(), nn.Linear(8192, 128 * 4 * 4, bias=False),",
        "Your G has more than 10 million parameters. End the linear layer at 4x4 pixels and leave the rest to "
        "convolutions.",
        "generator",
    ),
)
