"""Part 5: a conditional DCGAN with an auxiliary classifier, on i-CLEVR.

Pictures are float32 tensors (B, 3, H, W) in [-1, 1]. A condition is multi-hot, (B, 24) float32, in the order of
objects.json. A logit is positive for what the discriminator takes for real, or for an object that it sees; losses are
exact however large it is. In evaluation mode nothing depends on other items of the batch.

References: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional GANs" (DCGAN); Mirza &
Osindero 2014, "Conditional Generative Adversarial Nets"; Odena et al. 2017, "Conditional Image Synthesis with
Auxiliary Classifier GANs" (AC-GAN); Miyato & Koyama 2018, "cGANs with Projection Discriminator"; Miyato et al. 2018,
"Spectral Normalization for GANs".
"""

# ruff: noqa: N803  (D and G are the papers' names)

from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

CONDITIONS = 24  # objects of objects.json


def sample_z(num_samples, n_z, device="cpu"):
    """Draw the generator's input.

    Args:
        num_samples: number of vectors N.
        n_z: of each vector.
        device: where they are needed.

    Returns:
        Independent standard normal numbers, fresh at every call: shape (N, n_z), float32.
    """
    # TODO(5.gan_noise): standard normal, not uniform
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.gan_noise)")


class Generator(nn.Module):
    """The generator G: from noise and a condition to a picture of 64 x 64. The layers are yours to choose.

    Args:
        n_z: numbers of noise.
        n_c: length of the condition's embedding.
        num_conditions: length of a condition.
        n_ch_g: channels of the last hidden layer; ours has twice as many in each layer before it.

    Attributes:
        n_z: as above.
    """

    def __init__(self, n_z, n_c, num_conditions=CONDITIONS, n_ch_g=64):
        super().__init__()
        self.n_z = n_z
        # TODO(5.generator): e.g. a linear embedding, then transposed convolutions from 4 x 4
        # (about 30 minutes, medium)
        raise NotImplementedError("TODO(5.generator)")

    def forward(self, z, condition):
        """Pictures of conditions.

        Args:
            z: noise, shape (B, n_z), float32.
            condition: multi-hot, shape (B, num_conditions), float32.

        Returns:
            Pictures, shape (B, 3, 64, 64), float32, in [-1, 1]. Both the noise and the condition decide them.
        """
        # TODO(5.generator): noise and embedding side by side, then the layers
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(5.generator)")

    @torch.no_grad()
    def generate_sample(self, labels, device=torch.device("cuda")):
        """Generate a picture for each condition, all of them in one batch.

        Args:
            labels: multi-hot, shape (N, num_conditions), float32.
            device: where to compute; move what you need there.

        Returns:
            Pictures, shape (N, 3, 64, 64), float32, in [-1, 1], on `device`.
        """
        # TODO(5.gan_sample): fresh noise for each picture
        # (about 10 minutes, easy)
        raise NotImplementedError("TODO(5.gan_sample)")


class Discriminator(nn.Module):
    """The discriminator D: how real a picture is for a condition, and which objects it sees. Yours to choose.

    Args:
        img_sz: height and width of the pictures, a power of 2, at least 16.
        num_conditions: length of a condition.
        n_ch_d: channels of the first layer; ours has twice as many in each layer after it.
    """

    def __init__(self, img_sz, num_conditions=CONDITIONS, n_ch_d=64):
        super().__init__()
        # TODO(5.discriminator): strided convolutions down to 4 x 4, a head for each result
        # (about 45 minutes, hard)
        raise NotImplementedError("TODO(5.discriminator)")

    def forward(self, images, condition):
        """Judge pictures.

        Args:
            images: shape (B, 3, img_sz, img_sz), float32, in [-1, 1].
            condition: what they are said to show: multi-hot, shape (B, num_conditions), float32.

        Returns:
            (logits, class_logits): whether each picture is real, shape (B,), which its condition helps to decide; and
            whether each object is in it, shape (B, num_conditions), of which the condition must tell nothing: the
            classifier would read the answer instead of looking.
        """
        # TODO(5.discriminator): e.g. projection (Miyato & Koyama, eq. 3)
        # (about 20 minutes, medium)
        raise NotImplementedError("TODO(5.discriminator)")


def auxiliary_loss(class_logits, labels):
    """How wrong the classifier of objects is (AC-GAN, eq. 3, but objects do not exclude one another).

    Args:
        class_logits: shape (B, num_conditions), float32.
        labels: multi-hot, likewise.

    Returns:
        Binary cross-entropy, summed over the objects of a picture; the mean over the batch, a scalar.
    """
    # TODO(5.auxiliary_loss): a sigmoid for each object, no softmax; sum over objects
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.auxiliary_loss)")


def discriminator_loss(logits_real, logits_fake, class_logits, labels):
    """What D minimises: that it tells real from generated pictures, and knows the objects of real ones.

    Args:
        logits_real, logits_fake: of real and of generated pictures, shape (B,), float32.
        class_logits: of the real pictures, shape (B, num_conditions).
        labels: of the real pictures, likewise.

    Returns:
        -mean log sigma(logits_real) - mean log(1 - sigma(logits_fake)) + auxiliary_loss, a scalar.
    """
    # TODO(5.discriminator_loss): target 1 for real, 0 for generated; the classifier's loss
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.discriminator_loss)")


def generator_loss(logits_fake, class_logits, labels):
    """What G minimises: that D takes its pictures for real and sees in them what was asked for.

    Args:
        logits_fake: of generated pictures, shape (B,), float32.
        class_logits: of the generated pictures, shape (B, num_conditions).
        labels: what they should show, likewise.

    Returns:
        -mean log sigma(logits_fake) + auxiliary_loss, a scalar.
    """
    # TODO(5.generator_loss): non-saturating, and the classifier's loss
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.generator_loss)")


def get_solver(model):
    """Adam for all parameters of a model, with DCGAN's learning rate 2e-4 and beta1 = 0.5 (sec. 4); beta2 is 0.999."""
    # TODO(5.gan_solver): torch.optim.Adam
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.gan_solver)")


def train_step(G, D, G_solver, D_solver, images, labels):
    """One step of D and then one of G, on a batch.

    G makes a picture of each of the batch's conditions, from fresh noise. Both steps may use the same pictures, but in
    G's the new D judges them. D is told the batch's conditions of all pictures. D's step leaves no gradients in G.

    Args:
        G, D: the networks, in training mode, on one device.
        G_solver, D_solver: their optimizers.
        images: real pictures, shape (B, 3, 64, 64), float32, in [-1, 1], on that device.
        labels: their conditions, shape (B, num_conditions), float32, on that device.

    Returns:
        (d_loss, g_loss): `discriminator_loss` and `generator_loss`, scalar tensors without a graph.
    """
    # TODO(5.gan_step): D's step does not reach G; G's loss passes through D, which stays as it is
    # (about 40 minutes, hard)
    raise NotImplementedError("TODO(5.gan_step)")


def save_training(path, parts, epoch):
    """Write all that a training needs to go on.

    Args:
        path: the file to write.
        parts: {name: network or optimizer}.
        epoch: how many epochs are complete.
    """
    # TODO(5.gan_resume): the state of every part, optimizers among them, and the epoch
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.gan_resume)")


def resume_training(path, parts, device="cpu"):
    """Read what `save_training` has written.

    Args:
        path: the file.
        parts: the same, newly made; their states are replaced.
        device: where they are.

    Returns:
        How many epochs are complete; 0, with the parts left as they are, if there is no such file.
    """
    # TODO(5.gan_resume): every part, strictly; the epoch to go on after
    # (about 10 minutes, easy)
    raise NotImplementedError("TODO(5.gan_resume)")


def prepare_cgan():
    """Build the generator whose weights are in `checkpoints/CGAN.pt`.

    Returns:
        A `Generator` on the CPU.
    """
    # TODO(5.prepare_cgan): a generator, as you trained it
    # (about 5 minutes, easy)
    raise NotImplementedError("TODO(5.prepare_cgan)")
