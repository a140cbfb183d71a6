"""Part 1: a generative adversarial network on house numbers (SVHN), or on other colour images of 32x32.

Images that loaders give are in [0, 1]; those that both networks see are in [-1, 1]. A logit is the discriminator's
score of an image: positive for real.
"""

# ruff: noqa: N803  (D, G, N, C, H, W are the papers' names)

import numpy as np
import torch
from torch import nn
from torch.utils.data import Sampler
from tqdm import tqdm

NOISE_DIM = 96
IMAGE = (3, 32, 32)
SHOWN = 16  # images in a snapshot


def sample_noise(batch_size, dim, seed=None):
    """Draw the generator's input.

    Args:
        batch_size: number of vectors B.
        dim: of each vector.
        seed: if given, torch's generator is seeded with it first.

    Returns:
        Independent numbers, uniform in [-1, 1), fresh at every call: shape (B, dim), float32.
    """
    if seed is not None:
        torch.manual_seed(seed)
    # TODO(1.sample_noise): uniform in [-1, 1), not in [0, 1)
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(1.sample_noise)")


def discriminator(seed=None):
    """Build the discriminator D: a network of your design.

    Args:
        seed: if given, torch's generator is seeded with it first.

    Returns:
        An `nn.Module` from images, shape (B, 3, 32, 32), float32 in [-1, 1], to logits, shape (B, 1). It has at most
        10 million parameters, all of which get gradients; in eval mode each logit depends on its own image only.
    """
    if seed is not None:
        torch.manual_seed(seed)
    # TODO(1.discriminator): e.g. three strided convolutions, then a linear layer, no sigmoid
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(1.discriminator)")


def generator(noise_dim=NOISE_DIM, seed=None):
    """Build the generator G: a network of your design.

    Args:
        noise_dim: of the input.
        seed: if given, torch's generator is seeded with it first.

    Returns:
        An `nn.Module` from noise, shape (B, noise_dim), to images in [-1, 1], shape (B, 3, 32, 32) or flat, (B, 3072).
        It has at most 10 million parameters, all of which get gradients.
    """
    if seed is not None:
        torch.manual_seed(seed)
    # TODO(1.generator): e.g. a linear layer to 4x4, then three transposed convolutions, tanh
    # (about 25 minutes, medium)
    raise NotImplementedError("TODO(1.generator)")


def bce_loss(input, target):
    """Binary cross-entropy of logits, without overflow: finite, and with a finite gradient, for logits of +-1000.

    Args:
        input: logits, any shape, float32.
        target: probabilities of "real" in [0, 1], of the same shape.

    Returns:
        The mean of -target log sigma(input) - (1 - target) log(1 - sigma(input)) over all elements, a scalar.
    """
    # TODO(1.bce_loss): max(x, 0) - x * target + log(1 + exp(-|x|)), or torch's function of logits
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(1.bce_loss)")


def discriminator_loss(logits_real, logits_fake):
    """What D minimises (Goodfellow et al. 2014, eq. 1): the sum of two means, one for each kind of image.

    Args:
        logits_real: of real images, shape (B,) or (B, 1), float32.
        logits_fake: of generated images, likewise.

    Returns:
        -mean log sigma(logits_real) - mean log(1 - sigma(logits_fake)), a scalar.
    """
    # TODO(1.discriminator_loss): the targets are 1 for real images and 0 for generated ones
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(1.discriminator_loss)")


def generator_loss(logits_fake):
    """What G minimises, non-saturating (Goodfellow et al. 2014, sec. 3): that D takes its images for real.

    Args:
        logits_fake: of generated images, shape (B,) or (B, 1), float32.

    Returns:
        -mean log sigma(logits_fake), a scalar.
    """
    # TODO(1.generator_loss): the target is 1: what G wants D to say
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(1.generator_loss)")


def get_optimizer(model):
    """Adam (Kingma & Ba 2015) for all parameters of a model, with learning rate 1e-3, beta1 = 0.5 and beta2 = 0.999."""
    # TODO(1.optimizer): torch.optim.Adam; its default beta1 is too slow for a moving opponent
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(1.optimizer)")


def train_gan(
    D,
    G,
    D_solver,
    G_solver,
    discriminator_loss,
    generator_loss,
    loader_train,
    show_every=250,
    batch_size=128,
    noise_size=96,
    num_epochs=10,
):
    """Train both networks, one step of each for every batch (Goodfellow et al. 2014, algorithm 1 with k = 1).

    Args:
        D, G: the networks, on the device where they are to be trained.
        D_solver, G_solver: their optimizers.
        discriminator_loss, generator_loss: as above.
        loader_train: batches of images, shape (B, 3, 32, 32), float32 in [0, 1], and labels, which are not used.
        show_every: steps between two snapshots, the first of which is of step 0.
        batch_size: B; a batch of any other size is skipped.
        noise_size: dimension of G's input.
        num_epochs: passes over the data.

    Returns:
        The snapshots, a list of arrays of at most 16 generated images, shape (16, 3, 32, 32) in [-1, 1].
    """
    images, step = [], 0
    device = next(G.parameters()).device
    for epoch in range(num_epochs):
        progress = tqdm(loader_train, desc=f"epoch {epoch + 1}/{num_epochs}", leave=False)
        for x, _ in progress:
            if len(x) != batch_size:
                continue
            real_images = preprocess_img(x.to(device))
            # TODO(1.training): D's step, then G's; what follows needs fake_images, d_loss, g_loss
            # (about 40 minutes, hard)
            raise NotImplementedError("TODO(1.training)")
            if step % show_every == 0:
                images.append(fake_images[:SHOWN].detach().cpu().numpy())
                progress.set_postfix(D=f"{d_loss.item():.3f}", G=f"{g_loss.item():.3f}")
            step += 1
    return images


def eval_discriminator(D, oracle_generator, val_loader, device, noise_size=96, batch_size=128):
    """Measure how well D tells real images from those of a generator that it was not trained with.

    Args:
        D: the discriminator; it is put in eval mode.
        oracle_generator: a trained generator, from noise, shape (B, noise_size), to images in [-1, 1].
        val_loader: batches of B real images, shape (B, 3, 32, 32), float32 in [0, 1], and labels, which are not used.
        device: where both networks are.
        noise_size: dimension of the generator's input.
        batch_size: B; as many images are generated for each batch.

    Returns:
        (accuracy, precision, recall) over all images, floats in [0, 1]. Real is the positive class: an image with a
        positive logit is taken for real. Precision is 0 if no image is.
    """
    D.eval()
    # TODO(1.evaluation): count true and false positives and negatives; D sees images in [-1, 1]
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(1.evaluation)")
    return accuracy, precision, recall


class Flatten(nn.Module):
    """Given: (N, C, H, W) -> (N, C H W)."""

    def forward(self, x):
        """Flatten each item."""
        return x.flatten(1)


class Unflatten(nn.Module):
    """Given: (N, C H W) -> (N, C, H, W)."""

    def __init__(self, N=-1, C=128, H=7, W=7):
        super().__init__()
        self.shape = (N, C, H, W)

    def forward(self, x):
        """Shape each item into an image of C channels."""
        return x.view(*self.shape)


def initialize_weights(m):
    """Given: Xavier's uniform initialisation of linear and transposed layers, for `model.apply(initialize_weights)`."""
    if isinstance(m, nn.Linear | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(m.weight)


def preprocess_img(x):
    """Given: from [0, 1] to [-1, 1]."""
    return 2 * x - 1.0


def deprocess_img(x):
    """Given: from [-1, 1] to [0, 1]."""
    return (x + 1.0) / 2.0


def rel_error(x, y):
    """Given: the largest relative error between two arrays, |x - y| / (|x| + |y|)."""
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


def count_params(model):
    """Given: the number of parameters of a model."""
    return sum(p.numel() for p in model.parameters())


class ChunkSampler(Sampler):
    """Given: `num_samples` indices in order, from `start`: a part of a dataset, for a DataLoader."""

    def __init__(self, num_samples, start=0):
        self.num_samples, self.start = num_samples, start

    def __iter__(self):
        return iter(range(self.start, self.start + self.num_samples))

    def __len__(self):
        return self.num_samples


def show_images(images):
    """Given: plot images, shape (N, 3, 32, 32) or (N, 3072), in [0, 1], tensors or arrays, in a square of panels."""
    from matplotlib import pyplot as plt  # takes a second

    images = np.asarray(torch.as_tensor(images).detach().cpu().reshape(-1, *IMAGE).clamp(0, 1))
    side = int(np.ceil(np.sqrt(len(images))))
    figure, panels = plt.subplots(side, side, figsize=(side, side), squeeze=False, layout="constrained")
    for panel in panels.flat:
        panel.axis("off")
    for panel, image in zip(panels.flat, images, strict=False):
        panel.imshow(image.transpose(1, 2, 0))
    return figure
