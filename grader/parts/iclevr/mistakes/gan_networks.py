"""Known mistakes in the conditional GAN's noise and generator. Each patch's old text occurs exactly once."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 5, file="conditional_gan.py")

DRAW = "return torch.randn(num_samples, n_z, device=device)"
EMBEDDING = "self.embed = nn.Sequential(nn.Linear(num_conditions, n_c), nn.LeakyReLU(0.2))"
NORM = "layers = [nn.BatchNorm2d(widths[0]), nn.ReLU()]"
LAST = "self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(n_ch_g, 3, 4, stride=2, padding=1), nn.Tanh())"
SIDE_BY_SIDE = "torch.cat([z, self.embed(condition)], dim=1)"
SAMPLE = "return self(sample_z(len(labels), self.n_z, device), labels.to(device))"

NOISE = (
    mistake(
        "gan_noise_from_0_to_1",
        DRAW,
        "return torch.rand(num_samples, n_z, device=device)",
        "Your noise is uniform in [0, 1). It should be standard normal: use randn, not rand.",
        "gan_noise",
        "gan_sample",
        "gan_step",
    ),
    mistake(
        "gan_noise_narrow",
        DRAW,
        "return 0.1 * torch.randn(num_samples, n_z, device=device)",
        "Your noise has standard deviation 0.1. It should be 1.",
        "gan_noise",
    ),
    mistake(
        "gan_noise_always_the_same",
        DRAW,
        "return torch.randn(num_samples, n_z, generator=torch.Generator().manual_seed(0)).to(device)",
        "Every call gives the same noise. Do not set a seed where you draw it.",
        "gan_noise",
        "gan_sample",
        "gan_step_rules",
    ),
    mistake(
        "gan_noise_shared_by_the_batch",
        DRAW,
        "return torch.randn(1, n_z, device=device).repeat(num_samples, 1)",
        "All pictures of a batch get the same noise. Draw a new row for each picture.",
        "gan_noise",
        "gan_sample",
        "gan_step_rules",
    ),
    mistake(
        "gan_noise_transposed",
        DRAW,
        "return torch.randn(n_z, num_samples, device=device)",
        "Your noise has shape (n_z, N). It should have one row for each picture: (N, n_z).",
        "gan_noise",
    ),
    mistake(
        "gan_noise_of_maps",
        DRAW,
        "return torch.randn(num_samples, n_z, 1, 1, device=device)",
        "Your noise has shape (N, n_z, 1, 1), as transposed convolutions expect. Return (N, n_z), and reshape it in G.",
        "gan_noise",
    ),
    mistake(
        "gan_noise_from_numpy",
        DRAW,
        "import numpy as np\n\n    return torch.from_numpy(np.random.randn(num_samples, n_z)).to(device)",
        "You draw the noise with NumPy, which gives float64. Use torch.randn.",
        "gan_noise",
    ),
)

GENERATOR = (
    mistake(
        "generator_without_condition",
        SIDE_BY_SIDE,
        "torch.cat([z, torch.zeros_like(self.embed(condition))], dim=1)",
        "The condition has no effect on G's pictures. Feed its embedding into the layers together with the noise.",
        "generator",
    ),
    mistake(
        "generator_without_noise",
        SIDE_BY_SIDE,
        "torch.cat([torch.zeros_like(z), self.embed(condition)], dim=1)",
        "The noise has no effect on G's pictures, so each condition has only one picture. Feed the noise into the "
        "layers as well.",
        "generator",
    ),
    mistake(
        "generator_with_conditions_of_the_batch",
        SIDE_BY_SIDE,
        "torch.cat([z, self.embed(condition).mean(dim=0, keepdim=True).expand(len(z), -1)], dim=1)",
        "Each picture depends on the conditions of the whole batch: you take a mean over the wrong dimension. A "
        "picture should depend on its own condition only.",
        "generator",
    ),
    mistake(
        "embedding_detached",
        SIDE_BY_SIDE,
        "torch.cat([z, self.embed(condition).detach()], dim=1)",
        "You detach the embedding of the condition, so it never learns. Let the gradient reach it.",
        "generator",
    ),
    mistake(
        "embedding_of_24",
        EMBEDDING,
        EMBEDDING.replace("num_conditions", "CONDITIONS"),
        "Your embedding always expects 24 conditions. Use the argument num_conditions.",
        "generator",
        "gan_device",
    ),
    mistake(
        "cgan_without_tanh",
        LAST,
        LAST.replace(", nn.Tanh()", ""),
        "G's pictures leave [-1, 1]. Real pictures are in [-1, 1], so end with nn.Tanh().",
        "generator",
    ),
    mistake(
        "cgan_with_sigmoid",
        LAST,
        LAST.replace("nn.Tanh()", "nn.Sigmoid()"),
        "G's pictures are in [0, 1]. Real pictures are in [-1, 1], so end with nn.Tanh().",
        "generator",
    ),
    mistake(
        "cgan_of_small_pictures",
        LAST,
        LAST.replace("n_ch_g, 3, 4, stride=2, padding=1", "n_ch_g, 3, 3, stride=1, padding=1"),
        "G's pictures have 32 x 32 pixels. You need one more layer that doubles their size.",
        "generator",
    ),
    mistake(
        "cgan_mixes_pictures",
        NORM,
        "layers = [nn.BatchNorm2d(widths[0], track_running_stats=False), nn.ReLU()]",
        "In eval mode a picture depends on the rest of its batch. Batch normalisation should use its running "
        "statistics there.",
        "generator",
    ),
)

SAMPLING = (
    mistake(
        "samples_one_by_one",
        SAMPLE,
        "return torch.cat([self(sample_z(1, self.n_z, device), label[None].to(device)) for label in labels])",
        "You generate the pictures one by one, which takes many times longer. Pass all conditions in one call.",
        "gan_sample",
    ),
    mistake(
        "samples_of_narrow_noise",
        SAMPLE,
        "return self(0.5 * sample_z(len(labels), self.n_z, device), labels.to(device))",
        "You scale the noise down for sampling, so the pictures vary less than in training. Use the noise unchanged.",
        "gan_sample",
    ),
    mistake(
        "samples_of_other_conditions",
        SAMPLE,
        "conditions = torch.randint(2, labels.shape, device=device).float()\n"
        "        return self(sample_z(len(labels), self.n_z, device), conditions)",
        "You draw random conditions. Use the labels that generate_sample is given.",
        "gan_sample",
    ),
    mistake(
        "samples_from_0_to_1",
        SAMPLE,
        "return (self(sample_z(len(labels), self.n_z, device), labels.to(device)) + 1) / 2",
        "Your samples are in [0, 1]. Leave them in [-1, 1]: the evaluator expects that, and the plotting code "
        "rescales them itself.",
        "gan_sample",
    ),
)

MISTAKES = (*NOISE, *GENERATOR, *SAMPLING)
