"""Writes gan-checks.npz, against which students check their losses in part 1.

    python test_resources/make_gan_checks.py

logits_real and logits_fake have shape (10,), float32. d_loss_true is the discriminator's loss for them, computed with
NumPy.
"""

from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("gan-checks.npz")


def checks():
    """Compute the arrays of the file, {name: array}."""
    real, fake = np.random.default_rng(1).normal((1.0, -1.0), 2.0, (10, 2)).astype(np.float32).T
    loss = np.logaddexp(0, -real.astype(np.float64)).mean() + np.logaddexp(0, fake.astype(np.float64)).mean()
    return {"logits_real": real, "logits_fake": fake, "d_loss_true": loss}


if __name__ == "__main__":
    np.savez(PATH, **checks())
