"""Part 1: a generative adversarial network on house numbers (SVHN), or on other colour images of 32x32 pixels.

Loaders return images in [0, 1]. Both networks work with images in [-1, 1]. A logit is the discriminator's score of an
image: positive means real.
"""

import numpy as np
import torch
from torch import nn
from torch.utils.data import Sampler
from tqdm import tqdm

NOISE_DIM = 96
IMAGE = (3, 32, 32)
SHOWN = 16  # images in a snapshot


def sample_noise(batch_size, dim, seed=None):
    """Draw the noise that the generator turns into images.

    Args:
        batch_size: number of noise vectors B.
        dim: length of each vector.
        seed: if given, seeds torch's generator first.

    Returns:
        Independent numbers, uniform in [-1, 1), new in every call; shape (B, dim), float32.
    """
    if seed is not None:
        torch.manual_seed(seed)
    # TODO(1.sample_noise): uniform in [-1, 1), not in [0, 1)
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(1.sample_noise)")


def discriminator(seed=None):
    """Build the discriminator D, a network of your own design.

    Args:
        seed: if given, seeds torch's generator first.

    Returns:
        An `nn.Module` that maps images, shape (B, 3, 32, 32), float32 in [-1, 1], to logits, shape (B, 1). It has at
        most 10 million parameters, and all of them get gradients. In eval mode, each logit depends on its own image
        only.
    """
    if seed is not None:
        torch.manual_seed(seed)
    # TODO(1.discriminator): e.g. three strided convolutions, then a linear layer; no sigmoid
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(1.discriminator)")


def generator(noise_dim=NOISE_DIM, seed=None):
    """Build the generator G, a network of your own design.

    Args:
        noise_dim: length of a noise vector.
        seed: if given, seeds torch's generator first.

    Returns:
        An `nn.Module` that maps noise, shape (B, noise_dim), to images in [-1, 1], shape (B, 3, 32, 32) or flat,
        (B, 3072). It has at most 10 million parameters, and all of them get gradients.
    """
    if seed is not None:
        torch.manual_seed(seed)
    # TODO(1.generator): e.g. a linear layer to 4x4, then three transposed convolutions and tanh
    # (about 25 minutes, medium)
    raise NotImplementedError("TODO(1.generator)")


def bce_loss(input, target):
    """Compute the binary cross-entropy of logits. It and its gradient stay finite for logits of +-1000.

    Args:
        input: logits, any shape, float32.
        target: probabilities of "real" in [0, 1], same shape.

    Returns:
        The mean of -target log sigma(input) - (1 - target) log(1 - sigma(input)) over all elements, a scalar.
    """
    # TODO(1.bce_loss): max(x, 0) - x * target + log(1 + exp(-|x|)), or torch's own function
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(1.bce_loss)")


def discriminator_loss(logits_real, logits_fake):
    """Compute the loss that D minimises: one mean for each kind of image. From Goodfellow et al. 2014, eq. (1).

    Args:
        logits_real: D's logits of real images, shape (B,) or (B, 1), float32.
        logits_fake: D's logits of generated images, shape (B,) or (B, 1), float32.

    Returns:
        -mean log sigma(logits_real) - mean log(1 - sigma(logits_fake)), a scalar.
    """
    # TODO(1.discriminator_loss): the targets are 1 for real images and 0 for generated ones
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(1.discriminator_loss)")


def generator_loss(logits_fake):
    """Compute the non-saturating loss that G minimises. From Goodfellow et al. 2014, section 3.

    Args:
        logits_fake: D's logits of generated images, shape (B,) or (B, 1), float32.

    Returns:
        -mean log sigma(logits_fake), a scalar.
    """
    # TODO(1.generator_loss): the target is 1, because G wants D to say that
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(1.generator_loss)")


def get_optimizer(model):
    """Return Adam for all parameters of a model, with learning rate 1e-3, beta1 = 0.5 and beta2 = 0.999."""
    # TODO(1.optimizer): torch.optim.Adam, not with its default betas
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
    """Train both networks: for every batch, one step of D and one of G.

    Implements algorithm 1 of Goodfellow et al. 2014 with k = 1.

    Args:
        D, G: the networks, on the device where you train them.
        D_solver, G_solver: their optimizers.
        discriminator_loss, generator_loss: loss functions with the signatures of those above.
        loader_train: batches of (images, labels); images have shape (B, 3, 32, 32), float32 in [0, 1]. Ignores labels.
        show_every: steps between two snapshots. The first one is taken at step 0.
        batch_size: B. Skips a batch of any other size.
        noise_size: length of a noise vector.
        num_epochs: passes over the data.

    Returns:
        The snapshots: a list of arrays of up to 16 generated images, shape (16, 3, 32, 32) in [-1, 1].
    """
    images, step = [], 0
    device = next(G.parameters()).device
    for epoch in range(num_epochs):
        progress = tqdm(loader_train, desc=f"epoch {epoch + 1}/{num_epochs}", leave=False)
        for x, _ in progress:
            if len(x) != batch_size:
                continue
            real_images = preprocess_img(x.to(device))
            # TODO(1.training): D's step, then G's; set fake_images, d_loss and g_loss
            # (about 40 minutes, hard)
            raise NotImplementedError("TODO(1.training)")
            if step % show_every == 0:
                images.append(fake_images[:SHOWN].detach().cpu().numpy())
                progress.set_postfix(D=f"{d_loss.item():.3f}", G=f"{g_loss.item():.3f}")
            step += 1
    return images


def eval_discriminator(D, oracle_generator, val_loader, device, noise_size=96, batch_size=128):
    """Measure how well D tells real images from those of a generator that it never trained with.

    Args:
        D: the discriminator. This function puts it in eval mode.
        oracle_generator: a trained generator that maps noise, shape (B, noise_size), to images in [-1, 1].
        val_loader: batches of (images, labels); images have shape (B, 3, 32, 32), float32 in [0, 1]. Ignores labels.
        device: the device of both networks.
        noise_size: length of a noise vector.
        batch_size: B. Generate B images for each batch.

    Returns:
        (accuracy, precision, recall) over all images, floats in [0, 1]. Real is the positive class: D calls an image
        real if its logit is positive. Precision is 0 if D calls no image real.
    """
    D.eval()
    # TODO(1.evaluation): count true and false positives and negatives; D sees images in [-1, 1]
    # (about 20 minutes, medium)
    raise NotImplementedError("TODO(1.evaluation)")
    return accuracy, precision, recall


class Flatten(nn.Module):
    """Given: flattens (N, C, H, W) to (N, C H W)."""

    def forward(self, x):
        """Flatten each item."""
        return x.flatten(1)


class Unflatten(nn.Module):
    """Given: reshapes (N, C H W) to (N, C, H, W)."""

    def __init__(self, N=-1, C=128, H=7, W=7):
        super().__init__()
        self.shape = (N, C, H, W)

    def forward(self, x):
        """Reshape each item to an image with C channels."""
        return x.view(*self.shape)


def initialize_weights(m):
    """Given: Xavier initialisation of linear and transposed layers. Call `model.apply(initialize_weights)`."""
    if isinstance(m, nn.Linear | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(m.weight)


def preprocess_img(x):
    """Given: maps [0, 1] to [-1, 1]."""
    return 2 * x - 1.0


def deprocess_img(x):
    """Given: maps [-1, 1] to [0, 1]."""
    return (x + 1.0) / 2.0


def rel_error(x, y):
    """Given: returns the largest relative error between two arrays, |x - y| / (|x| + |y|)."""
    return np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y)))


def count_params(model):
    """Given: returns the number of parameters of a model."""
    return sum(p.numel() for p in model.parameters())


class ChunkSampler(Sampler):
    """Given: yields `num_samples` indices in order from `start`, so a DataLoader reads a part of a dataset."""

    def __init__(self, num_samples, start=0):
        self.num_samples, self.start = num_samples, start

    def __iter__(self):
        return iter(range(self.start, self.start + self.num_samples))

    def __len__(self):
        return self.num_samples


def show_images(images):
    """Given: plots images in a square of panels: shape (N, 3, 32, 32) or (N, 3072), in [0, 1], tensors or arrays."""
    from matplotlib import pyplot as plt  # slow to import

    images = np.asarray(torch.as_tensor(images).detach().cpu().reshape(-1, *IMAGE).clamp(0, 1))
    side = int(np.ceil(np.sqrt(len(images))))
    figure, panels = plt.subplots(side, side, figsize=(side, side), squeeze=False, layout="constrained")
    for panel in panels.flat:
        panel.axis("off")
    for panel, image in zip(panels.flat, images, strict=False):
        panel.imshow(image.transpose(1, 2, 0))
    return figure
