"""Mistakes in the noise and in the networks. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

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
        "The noise is in [0, 1): it is to be in [-1, 1), so 2 u - 1.",
        "sample_noise",
    ),
    mistake(
        "noise_from_minus_half_to_half",
        DRAW,
        "return torch.rand(batch_size, dim) - 0.5",
        "The noise is in [-0.5, 0.5): stretch it first, 2 u - 1.",
        "sample_noise",
    ),
    mistake(
        "noise_normal",
        DRAW,
        "return torch.randn(batch_size, dim)",
        "The noise is normal: it is to be uniform in [-1, 1), so torch.rand, not randn.",
        "sample_noise",
    ),
    mistake(
        "noise_of_integers",
        DRAW,
        "return torch.randint(-1, 2, (batch_size, dim)).float()",
        "The noise is -1, 0 or 1: draw from the whole interval, 2 torch.rand - 1.",
        "sample_noise",
    ),
    mistake(
        "noise_shared_by_the_batch",
        DRAW,
        "return (2 * torch.rand(1, dim) - 1).repeat(batch_size, 1)",
        "All items have the same noise, so G makes the same image of all: draw batch_size rows.",
        "sample_noise",
    ),
    mistake(
        "noise_always_the_same",
        DRAW,
        "torch.manual_seed(42)\n    return 2 * torch.rand(batch_size, dim) - 1",
        "Every call gives the same noise: seed torch only if a seed is given.",
        "sample_noise",
    ),
    mistake(
        "noise_transposed",
        DRAW,
        "return 2 * torch.rand(dim, batch_size) - 1",
        "The noise has shape (dim, B): it is to have a row for each item, (B, dim).",
        "sample_noise",
    ),
    mistake(
        "noise_from_numpy",
        DRAW,
        "return torch.from_numpy(np.random.uniform(-1, 1, (batch_size, dim)))",
        "numpy's noise is float64, and torch's seed does not repeat it: use torch.rand.",
        "sample_noise",
    ),
)

DISCRIMINATOR = (
    mistake(
        "sigmoid_in_discriminator",
        LAST_OF_D,
        LAST_OF_D + "        nn.Sigmoid(),\n",
        "D ends in a sigmoid: it is to put out logits, for the losses take the sigmoid themselves.",
        "discriminator",
    ),
    mistake(
        "tanh_in_discriminator",
        LAST_OF_D,
        LAST_OF_D + "        nn.Tanh(),\n",
        "D ends in a tanh, so its logits cannot leave [-1, 1]: end with the linear layer.",
        "discriminator",
    ),
    mistake(
        "discriminator_of_no_columns",
        LAST_OF_D,
        LAST_OF_D + "        nn.Flatten(0),\n",
        "D puts out shape (B,): it is to be (B, 1). Mixed with (B, 1) in a loss it becomes (B, B).",
        "discriminator",
    ),
    mistake(
        "discriminator_of_two_classes",
        LAST_OF_D,
        "        nn.Flatten(),\n        nn.Linear(128 * 4 * 4, 2),\n",
        "D puts out two scores an image: one logit is enough, real against generated.",
        "discriminator",
    ),
    mistake(
        "discriminator_mixes_images",
        MIDDLE_OF_D,
        MIDDLE_OF_D + "        nn.BatchNorm2d(128, track_running_stats=False),\n",
        "In eval mode a logit depends on other images: batch normalisation needs its running statistics.",
        "discriminator",
    ),
    mistake(
        "discriminator_too_large",
        LAST_OF_D,
        "        nn.Flatten(),\n        nn.Linear(128 * 4 * 4, 8192),\n        nn.Linear(8192, 1),\n",
        "D has more than 10 million parameters: convolve with a stride down to few pixels before the linear layer.",
        "discriminator",
    ),
    mistake(
        "discriminator_frozen",
        "        nn.Linear(128 * 4 * 4, 1),\n    )\n    return model\n",
        "        nn.Linear(128 * 4 * 4, 1),\n    )\n    return model.requires_grad_(False)\n",
        "No gradient reaches D's parameters: requires_grad has been switched off.",
        "discriminator",
    ),
)

GENERATOR = (
    mistake(
        "generator_without_tanh",
        "        nn.Tanh(),\n",
        "",
        "G's images leave [-1, 1]: end with nn.Tanh(), as the real images that D sees are in [-1, 1].",
        "generator",
    ),
    mistake(
        "generator_with_sigmoid",
        "nn.Tanh(),",
        "nn.Sigmoid(),",
        "G's images are in [0, 1]: the real images that D sees are in [-1, 1], so end with nn.Tanh().",
        "generator",
    ),
    mistake(
        "generator_of_small_images",
        LAST_OF_G,
        "nn.ConvTranspose2d(32, 3, 3, stride=1, padding=1),",
        "G's images are 16x16: another layer must double them, 4 -> 8 -> 16 -> 32.",
        "generator",
    ),
    mistake(
        "generator_of_grey_images",
        LAST_OF_G,
        "nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),",
        "G's images have one channel: house numbers have three.",
        "generator",
    ),
    mistake(
        "noise_dim_ignored",
        FIRST_OF_G,
        "nn.Linear(NOISE_DIM, 128 * 4 * 4, bias=False),",
        "G takes 96 numbers whatever noise_dim is: use the argument.",
        "generator",
    ),
    mistake(
        "generator_mixes_items",
        NORM_OF_G,
        "nn.BatchNorm2d(128, track_running_stats=False),",
        "In eval mode an image depends on the noise of others: batch normalisation needs its running statistics.",
        "generator",
    ),
    mistake(
        "generator_too_large",
        FIRST_OF_G,
        "nn.Linear(noise_dim, 8192), nn.ReLU(), nn.Linear(8192, 128 * 4 * 4, bias=False),",
        "G has more than 10 million parameters: let the linear layer end at 4x4 pixels, and convolutions do the rest.",
        "generator",
    ),
)
