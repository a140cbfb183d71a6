"""The VAE of part 4 against torch.distributions, closed forms and moments."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from models import VAE
from torch.distributions import Normal, kl_divergence

CPU = torch.device("cpu")
small_vae = partial(VAE, mid_channels=(16, 16), latent_dim=3, num_classes=4, patch=2)
finite = partial(st.floats, allow_nan=False)
posteriors = st.lists(st.tuples(finite(-5, 5), finite(-6, 4)), min_size=6, max_size=6).map(
    lambda rows: torch.tensor(rows, dtype=torch.float64).T.reshape(2, 2, 3)  # (mean, logvar) of 2 items with 3 latents
)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(posteriors)
def test_the_divergence_is_that_of_torch_summed_over_latents_averaged_over_the_batch(moments):
    mean, logvar = moments
    theirs = kl_divergence(Normal(mean, (logvar / 2).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(VAE.kl_loss(mean, logvar), theirs.sum() / 2)


def test_the_divergence_is_the_mean_log_ratio_of_samples():
    torch.manual_seed(0)
    posterior = Normal(torch.tensor([0.7, -1.2]), torch.tensor([0.4, 1.6]))
    z = posterior.sample((200_000,))
    ratios = (posterior.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(dim=1).double()
    exact = VAE.kl_loss(posterior.mean[None], 2 * posterior.stddev.log()[None])
    assert abs(ratios.mean() - exact) < 4 * ratios.std() / len(ratios) ** 0.5


def test_the_reconstruction_loss_is_the_l1_distance_of_images_averaged_over_the_batch():
    pred, target = torch.randn(3, 2, 5, 4), torch.randn(3, 2, 5, 4)
    distances = [torch.dist(p, t, p=1) for p, t in zip(pred, target, strict=True)]
    torch.testing.assert_close(VAE.reconstruction_loss(pred, target), sum(distances) / 3)


def test_gradients_through_z_are_those_of_the_expectation():
    # E[z^2] = mean^2 + exp(logvar), whose derivatives are 2 mean and exp(logvar).
    torch.manual_seed(0)
    model, draws = small_vae(), 400_000
    mean, logvar = torch.tensor([0.8], requires_grad=True), torch.tensor([-0.6], requires_grad=True)
    z = model.reparameterize(mean.expand(draws), logvar.expand(draws))
    gradients = torch.autograd.grad(z.square().mean(), (mean, logvar))
    sigma = (logvar / 2).exp().item()
    # One draw gives 2 z, of standard deviation 2 sigma, and z sigma eps = mean sigma eps + sigma^2 eps^2.
    deviations = (2 * sigma, (0.8**2 * sigma**2 + 2 * sigma**4) ** 0.5)
    for gradient, exact, deviation in zip(gradients, (1.6, sigma**2), deviations, strict=True):
        assert abs(gradient.item() - exact) < 4 * deviation / draws**0.5


def test_z_has_the_moments_of_the_posterior():
    torch.manual_seed(0)
    mean, logvar, draws = torch.tensor([-1.5, 0.0, 2.0]), torch.tensor([-3.0, 0.0, 1.0]), 100_000
    z = small_vae().reparameterize(mean.expand(draws, 3), logvar.expand(draws, 3)).double()
    variance = logvar.exp()
    assert ((z.mean(dim=0) - mean).abs() < 4 * (variance / draws).sqrt()).all()
    assert ((z.var(dim=0) / variance - 1).abs() < 4 * (2 / draws) ** 0.5).all()
    assert (torch.corrcoef(z.T)[~torch.eye(3, dtype=torch.bool)].abs() < 4 / draws**0.5).all()


def test_latents_of_samples_are_standard_normal_and_decoded_with_the_labels(monkeypatch):
    torch.manual_seed(0)
    model, seen = small_vae(), []
    monkeypatch.setattr(model, "decode", lambda z, labels: seen.append((z, labels)) or z)
    labels = torch.arange(200) % 4
    assert model.generate_sample(200, device=CPU, labels=labels) is seen[0][0]
    ((z, given_labels),) = seen
    assert z.shape == (200, 3, 8, 8)
    assert torch.equal(given_labels, labels)
    n = z.numel()
    assert abs(z.mean()) < 4 / n**0.5
    assert abs(z.var() - 1) < 4 * (2 / n) ** 0.5
    assert abs(z.pow(4).mean() - 3) < 4 * (96 / n) ** 0.5


def test_samples_are_what_decode_makes_of_the_latents_drawn():
    model, labels = small_vae().eval(), torch.tensor([0, 3, 1])
    torch.manual_seed(5)
    images = model.generate_sample(3, device=CPU, labels=labels)
    torch.manual_seed(5)
    z = torch.randn(3, 3, 8, 8)
    assert not images.requires_grad
    torch.testing.assert_close(images, model.decode(z, labels))


def test_the_same_latents_give_other_images_with_other_labels():
    torch.manual_seed(0)
    model, z = small_vae().eval(), torch.randn(1, 3, 8, 8)
    images = model.decode(z.expand(4, -1, -1, -1), torch.arange(4))
    assert torch.pdist(images.flatten(1)).min() > 0.01


def test_encoding_knows_the_label_and_no_other_item():
    torch.manual_seed(0)
    model, x = small_vae().eval(), torch.rand(3, 1, 32, 32)
    mean, logvar = model.encode(x, torch.tensor([0, 1, 2]))
    alone = model.encode(x[1:2], torch.tensor([1]))
    torch.testing.assert_close((mean[1:2], logvar[1:2]), tuple(alone), rtol=1e-4, atol=1e-5)
    other = model.encode(x[1:2], torch.tensor([3]))
    assert not torch.allclose(alone[0], other[0], atol=1e-3)


@pytest.mark.parametrize(("height", "width", "channels"), [(32, 32, 1), (16, 24, 3), (64, 32, 2)])
def test_other_sizes_and_channels(height, width, channels):
    model = small_vae(in_channels=channels, height=height, width=width)
    assert (model.latent_dim, model.num_classes, model.mid_size) == (3, 4, (16, height // 4, width // 4))
    x, labels = torch.rand(2, channels, height, width), torch.tensor([0, 3])
    reconstruction, mean, logvar = model(x, labels)
    assert reconstruction.shape == x.shape
    assert mean.shape == logvar.shape == (2, 3, height // 4, width // 4)
    assert model.generate_sample(2, device=CPU, labels=labels).shape == x.shape
    assert reconstruction.abs().max() <= 1


def test_the_default_is_a_multilayer_perceptron_with_a_vector_as_latents():
    model, x = VAE(), torch.rand(2, 1, 32, 32)
    assert (model.latent_dim, model.num_classes, model.mid_size) == (16, 10, (512, 1, 1))
    assert {m.kernel_size for m in model.modules() if isinstance(m, torch.nn.Conv2d)} == {(1, 1)}
    reconstruction, mean, _ = model(x, torch.tensor([0, 9]))
    assert (reconstruction.shape, mean.shape) == (x.shape, (2, 16, 1, 1))


def test_a_few_steps_of_training_lower_the_loss():
    torch.manual_seed(0)
    model, x, labels = (
        small_vae(),
        torch.linspace(-1, 1, 8).reshape(8, 1, 1, 1).expand(8, 1, 32, 32),
        torch.arange(8) % 4,
    )
    optimizer, losses = torch.optim.Adam(model.parameters(), 3e-3), []
    for _ in range(25):
        reconstruction, mean, logvar = model(x, labels)
        loss = model.reconstruction_loss(reconstruction, x) + model.kl_loss(mean, logvar)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("count", [0, 2, 4])
def test_a_wrong_number_of_labels_is_refused(count):
    with pytest.raises(ValueError, match=f"3 samples need 3 labels, got {count}"):
        small_vae().generate_sample(3, device=CPU, labels=torch.zeros(count, dtype=torch.int64))
