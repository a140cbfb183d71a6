"""Part 5: a conditional DCGAN with an auxiliary classifier, on i-CLEVR.

Pictures are float32 tensors (B, 3, H, W) in [-1, 1]. A condition is multi-hot, (B, 24) float32, in the order of
objects.json. A logit is positive if the discriminator takes a picture for real, or sees an object in it. Losses are
exact for logits of any size. In evaluation mode an item does not depend on the rest of its batch.

References: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional GANs" (DCGAN); Mirza &
Osindero 2014, "Conditional Generative Adversarial Nets"; Odena et al. 2017, "Conditional Image Synthesis with
Auxiliary Classifier GANs" (AC-GAN); Miyato & Koyama 2018, "cGANs with Projection Discriminator"; Miyato et al. 2018,
"Spectral Normalization for GANs".
"""

from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

CONDITIONS = 24  # number of objects in objects.json


def sample_z(num_samples, n_z, device="cpu"):
    """Draw the noise that the generator starts from.

    Args:
        num_samples: number of vectors N.
        n_z: length of each vector.
        device: device of the result.

    Returns:
        Independent standard normal numbers, new at every call: shape (N, n_z), float32.
    """
    # TODO(5.gan_noise): standard normal, not uniform
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.gan_noise)")


class Generator(nn.Module):
    """The generator G, which turns noise and a condition into a picture of 64 x 64. You choose its layers.

    Args:
        n_z: length of the noise vector.
        n_c: length of the condition's embedding.
        num_conditions: length of a condition.
        n_ch_g: channels of the last hidden layer; in our generator each earlier layer has twice as many.

    Attributes:
        n_z: length of the noise vector.
    """

    def __init__(self, n_z, n_c, num_conditions=CONDITIONS, n_ch_g=64):
        super().__init__()
        self.n_z = n_z
        # TODO(5.generator): e.g. a linear embedding, then transposed convolutions from 4 x 4
        # (about 30 minutes, medium)
        raise NotImplementedError("TODO(5.generator)")

    def forward(self, z, condition):
        """Generate a picture from each row of noise and its condition.

        Args:
            z: noise, shape (B, n_z), float32.
            condition: multi-hot conditions, shape (B, num_conditions), float32.

        Returns:
            Pictures, shape (B, 3, 64, 64), float32, in [-1, 1]. They depend on both the noise and the condition.
        """
        # TODO(5.generator): concatenate noise and embedding, then apply the layers
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(5.generator)")

    @torch.no_grad()
    def generate_sample(self, labels, device=torch.device("cuda")):
        """Generate a picture for each condition, all of them in one batch.

        Args:
            labels: multi-hot conditions, shape (N, num_conditions), float32, on any device.
            device: device to compute on, where this module already is; move the labels there.

        Returns:
            Pictures, shape (N, 3, 64, 64), float32, in [-1, 1], on `device`.
        """
        # TODO(5.gan_sample): new noise for each picture
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(5.gan_sample)")


class Discriminator(nn.Module):
    """The discriminator D: is a picture real for its condition, and which objects does it show? You choose its layers.

    Args:
        img_sz: height and width of the pictures, a power of 2, at least 16.
        num_conditions: length of a condition.
        n_ch_d: channels of the first layer; in our discriminator each later layer has twice as many.
    """

    def __init__(self, img_sz, num_conditions=CONDITIONS, n_ch_d=64):
        super().__init__()
        # TODO(5.discriminator): strided convolutions down to 4 x 4, then one head for each result
        # (about 45 minutes, hard)
        raise NotImplementedError("TODO(5.discriminator)")

    def forward(self, images, condition):
        """Judge pictures.

        Args:
            images: shape (B, 3, img_sz, img_sz), float32, in [-1, 1].
            condition: what the pictures should show: multi-hot, shape (B, num_conditions), float32.

        Returns:
            (logits, class_logits): whether each picture is real, given its condition, shape (B,); and whether each
            object is in the picture, shape (B, num_conditions). class_logits must not depend on the condition, because
            the classifier would read the answer there instead of looking at the picture.
        """
        # TODO(5.discriminator): e.g. projection (Miyato & Koyama, eq. 3)
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(5.discriminator)")


def auxiliary_loss(class_logits, labels):
    """Measure how wrong the classifier of objects is (AC-GAN, eq. 3, for objects that do not exclude one another).

    Args:
        class_logits: shape (B, num_conditions), float32.
        labels: multi-hot labels, shape (B, num_conditions), float32.

    Returns:
        The binary cross-entropy, summed over the objects and averaged over the batch: a scalar.
    """
    # TODO(5.auxiliary_loss): a sigmoid for each object, not a softmax; sum over objects
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.auxiliary_loss)")


def discriminator_loss(logits_real, logits_fake, class_logits, labels):
    """The loss of D, which should tell real from generated pictures and name the objects of the real ones.

    Args:
        logits_real, logits_fake: logits of real and of generated pictures, shape (B,), float32.
        class_logits: objects' logits of the real pictures, shape (B, num_conditions), float32.
        labels: multi-hot labels of the real pictures, shape (B, num_conditions), float32.

    Returns:
        -mean log sigma(logits_real) - mean log(1 - sigma(logits_fake)) + auxiliary_loss, a scalar.
    """
    # TODO(5.discriminator_loss): target 1 for real, 0 for generated; add the classifier's loss
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.discriminator_loss)")


def generator_loss(logits_fake, class_logits, labels):
    """The loss of G, whose pictures should pass for real and show the objects of their condition.

    Args:
        logits_fake: logits of generated pictures, shape (B,), float32.
        class_logits: objects' logits of the generated pictures, shape (B, num_conditions), float32.
        labels: the conditions of these pictures, multi-hot, shape (B, num_conditions), float32.

    Returns:
        -mean log sigma(logits_fake) + auxiliary_loss, a scalar.
    """
    # TODO(5.generator_loss): the non-saturating loss, plus the classifier's loss
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.generator_loss)")


def get_solver(model):
    """Return Adam for all parameters of a model, with learning rate 2e-4, beta1 0.5 (DCGAN, sec. 4) and beta2 0.999."""
    # TODO(5.gan_solver): torch.optim.Adam
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.gan_solver)")


def train_step(G, D, G_solver, D_solver, images, labels):
    """Train on one batch: one step of D, then one step of G.

    G makes a picture for each condition of the batch, from new noise. Both steps may use the same pictures, but in G's
    step the updated D judges them. D gets the batch's conditions for real and generated pictures alike. D's step leaves
    no gradients in G.

    Args:
        G, D: the networks, in training mode, on one device.
        G_solver, D_solver: their optimizers.
        images: real pictures, shape (B, 3, 64, 64), float32, in [-1, 1], on that device.
        labels: their conditions, multi-hot, shape (B, num_conditions), float32, on that device.

    Returns:
        (d_loss, g_loss): `discriminator_loss` and `generator_loss`, scalar tensors without a graph.
    """
    # TODO(5.gan_step): D's step must not reach G; G's loss passes through D without changing it
    # (about 40 minutes, hard)
    raise NotImplementedError("TODO(5.gan_step)")


def save_training(path, parts, epoch):
    """Save everything that you need to resume training.

    Args:
        path: the file to write.
        parts: {name: network or optimizer}.
        epoch: number of complete epochs.
    """
    # TODO(5.gan_resume): the state of every part, including optimizers, and the epoch
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.gan_resume)")


def resume_training(path, parts, device="cpu"):
    """Load what `save_training` has saved.

    Args:
        path: the file to read.
        parts: newly made networks and optimizers under the same names; their states are replaced.
        device: device of the networks.

    Returns:
        The number of complete epochs. If there is no file, 0; the parts then stay unchanged.
    """
    # TODO(5.gan_resume): load every part, and return the number of complete epochs
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.gan_resume)")


def prepare_cgan():
    """Build the generator whose weights are in `checkpoints/CGAN.pt`.

    Returns:
        A `Generator` on the CPU.
    """
    # TODO(5.prepare_cgan): the generator with the sizes that you trained
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.prepare_cgan)")
