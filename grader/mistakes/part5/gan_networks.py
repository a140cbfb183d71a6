"""Mistakes in the conditional GAN's noise and generator. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

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
        "The noise is uniform in [0, 1): it is to be standard normal, so randn, not rand.",
        "gan_noise",
        "gan_sample",
        "gan_step",
    ),
    mistake(
        "gan_noise_narrow",
        DRAW,
        "return 0.1 * torch.randn(num_samples, n_z, device=device)",
        "The noise has standard deviation 0.1: it is to be 1.",
        "gan_noise",
    ),
    mistake(
        "gan_noise_always_the_same",
        DRAW,
        "return torch.randn(num_samples, n_z, generator=torch.Generator().manual_seed(0)).to(device)",
        "Every call gives the same noise: no seed belongs where it is drawn.",
        "gan_noise",
        "gan_sample",
        "gan_step_rules",
    ),
    mistake(
        "gan_noise_shared_by_the_batch",
        DRAW,
        "return torch.randn(1, n_z, device=device).repeat(num_samples, 1)",
        "All pictures have the same noise: draw a row for each.",
        "gan_noise",
        "gan_sample",
        "gan_step_rules",
    ),
    mistake(
        "gan_noise_transposed",
        DRAW,
        "return torch.randn(n_z, num_samples, device=device)",
        "The noise has shape (n_z, N): it is to have a row for each picture.",
        "gan_noise",
    ),
    mistake(
        "gan_noise_of_maps",
        DRAW,
        "return torch.randn(num_samples, n_z, 1, 1, device=device)",
        "The noise has shape (N, n_z, 1, 1), as transposed convolutions take it: give (N, n_z), and reshape it in G.",
        "gan_noise",
    ),
    mistake(
        "gan_noise_from_numpy",
        DRAW,
        "import numpy as np\n\n    return torch.from_numpy(np.random.randn(num_samples, n_z)).to(device)",
        "numpy's noise is float64: use torch.randn.",
        "gan_noise",
    ),
)

GENERATOR = (
    mistake(
        "generator_without_condition",
        SIDE_BY_SIDE,
        "torch.cat([z, torch.zeros_like(self.embed(condition))], dim=1)",
        "The condition does not reach G's pictures: what is embedded has to go into the layers beside the noise.",
        "generator",
    ),
    mistake(
        "generator_without_noise",
        SIDE_BY_SIDE,
        "torch.cat([torch.zeros_like(z), self.embed(condition)], dim=1)",
        "The noise does not reach G's pictures, so a condition has one picture only.",
        "generator",
    ),
    mistake(
        "generator_with_conditions_of_the_batch",
        SIDE_BY_SIDE,
        "torch.cat([z, self.embed(condition).mean(dim=0, keepdim=True).expand(len(z), -1)], dim=1)",
        "Pictures follow from the conditions of the whole batch: a mean goes over the wrong dimension.",
        "generator",
    ),
    mistake(
        "embedding_detached",
        SIDE_BY_SIDE,
        "torch.cat([z, self.embed(condition).detach()], dim=1)",
        "No gradient reaches the embedding of the condition: it is detached, and never learns.",
        "generator",
    ),
    mistake(
        "embedding_of_24",
        EMBEDDING,
        EMBEDDING.replace("num_conditions", "CONDITIONS"),
        "The embedding takes 24 conditions whatever num_conditions is: use the argument.",
        "generator",
        "gan_device",
    ),
    mistake(
        "cgan_without_tanh",
        LAST,
        LAST.replace(", nn.Tanh()", ""),
        "G's pictures leave [-1, 1]: end with nn.Tanh(), as the real pictures are in [-1, 1].",
        "generator",
    ),
    mistake(
        "cgan_with_sigmoid",
        LAST,
        LAST.replace("nn.Tanh()", "nn.Sigmoid()"),
        "G's pictures are in [0, 1]: real ones are in [-1, 1], so end with nn.Tanh().",
        "generator",
    ),
    mistake(
        "cgan_of_small_pictures",
        LAST,
        LAST.replace("n_ch_g, 3, 4, stride=2, padding=1", "n_ch_g, 3, 3, stride=1, padding=1"),
        "G's pictures have 32 x 32 pixels: one more layer must double them.",
        "generator",
    ),
    mistake(
        "cgan_mixes_pictures",
        NORM,
        "layers = [nn.BatchNorm2d(widths[0], track_running_stats=False), nn.ReLU()]",
        "In eval mode a picture depends on others: batch normalisation needs its running statistics.",
        "generator",
    ),
)

SAMPLING = (
    mistake(
        "samples_one_by_one",
        SAMPLE,
        "return torch.cat([self(sample_z(1, self.n_z, device), label[None].to(device)) for label in labels])",
        "Pictures are generated one by one, which takes many times as long: give all conditions in one call.",
        "gan_sample",
    ),
    mistake(
        "samples_of_narrow_noise",
        SAMPLE,
        "return self(0.5 * sample_z(len(labels), self.n_z, device), labels.to(device))",
        "The noise is scaled down for sampling: pictures are then less varied than those of training.",
        "gan_sample",
    ),
    mistake(
        "samples_of_other_conditions",
        SAMPLE,
        "conditions = torch.randint(2, labels.shape, device=device).float()\n"
        "        return self(sample_z(len(labels), self.n_z, device), conditions)",
        "Conditions are drawn at random: those that are asked for are the argument.",
        "gan_sample",
    ),
    mistake(
        "samples_from_0_to_1",
        SAMPLE,
        "return (self(sample_z(len(labels), self.n_z, device), labels.to(device)) + 1) / 2",
        "Samples are in [0, 1]: whoever draws them brings them there, and the evaluator takes [-1, 1].",
        "gan_sample",
    ),
)

MISTAKES = (*NOISE, *GENERATOR, *SAMPLING)
