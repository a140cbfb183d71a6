"""The VAE's cases: which reductions of the losses they accept, what they tell, and how sure their statistics are."""

import re
from types import SimpleNamespace

import assignment
import models
import numpy as np
import pytest
import torch

from grader.parts.fashion_mnist.cases import autoencoders
from grader.parts.fashion_mnist.cases.vae import STATISTIC, vae, vae_reparameterize
from grader.parts.fashion_mnist.cases.vae_losses import vae_kl
from grader.parts.fashion_mnist.cases.vae_sampling import vae_decode, vae_sample
from grader.runtime.probes import noise_tape, pattern
from grader.runtime.rng import TensorStreams, case_seed

SOLUTION = SimpleNamespace(models=models, assignment=assignment)
REDUCTIONS = {  # of values of shape (B, ...)
    "sum": lambda values: values.sum(),
    "sum over the item, mean over the batch": lambda values: values.sum() / len(values),
    "mean": lambda values: values.mean(),
    "mean over the item, sum over the batch": lambda values: values.mean() * len(values),
}
OF_THE_BATCH = {"sum", "mean over the item, sum over the batch"}


def observed(case, code=SOLUTION, seed=1):
    """What the case observes, as the worker would."""
    torch.manual_seed(seed)
    return case.observe(code, TensorStreams(case_seed(seed, case.id)))


def with_vae(**methods):
    """The solution with a VAE whose methods are replaced."""
    changed = type("VAE", (models.VAE,), methods)
    return SimpleNamespace(
        models=SimpleNamespace(VAE=changed), assignment=SimpleNamespace(prepare_vae=lambda: changed(latent_dim=16))
    )


def with_losses(divergence, reconstruction, factor=1.0):
    """Losses that are reduced like this, the divergence times a factor; there is no prepare_vae."""

    class Losses:
        @staticmethod
        def kl_loss(mean, logvar):
            return factor * REDUCTIONS[divergence]((mean.square() + logvar.exp() - 1 - logvar) / 2)

        @staticmethod
        def reconstruction_loss(pred, target):
            return REDUCTIONS[reconstruction]((pred - target).square())

    return SimpleNamespace(models=SimpleNamespace(VAE=Losses))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_missing_half_is_seen_with_every_reduction_and_other_weights_are_free(reduction, seed):
    def has_half(factor):
        return observed(vae_kl, with_losses(reduction, "mean", factor), seed)["factor_half"]

    assert [has_half(factor) for factor in (2.0, 1.0, 0.1, 3.0)] == [False, True, True, True]


@pytest.mark.parametrize("reconstruction", REDUCTIONS)
@pytest.mark.parametrize("divergence", REDUCTIONS)
def test_both_losses_are_averaged_over_the_batch_or_neither(divergence, reconstruction):
    alike = observed(vae_kl, with_losses(divergence, reconstruction))["scales_alike"]
    assert alike == ((divergence in OF_THE_BATCH) == (reconstruction in OF_THE_BATCH))


@pytest.mark.parametrize(
    ("returned", "told"),
    [(None, "(NoneType)"), (torch.zeros(1), "(Tensor)"), ((torch.zeros(1), 2.0, None), "(Tensor, float, NoneType)")],
)
def test_a_forward_pass_that_does_not_return_three_tensors_is_told_so(returned, told):
    code = with_vae(forward=lambda self, x, label: returned)
    message = f"forward must return the tensors (reconstruction, mean, logvar), not {told}"
    for case in (vae, vae_decode, vae_sample):
        with pytest.raises(TypeError, match=re.escape(message)):
            observed(case, code)


@pytest.mark.parametrize(("case", "method"), [(vae_reparameterize, "reparameterize"), (vae_sample, "generate_sample")])
def test_a_method_that_returns_no_tensor_is_told_so(case, method):
    with pytest.raises(TypeError, match=f"{method} must return a tensor, not NoneType"):
        observed(case, with_vae(**{method: lambda self, *args, **kwargs: None}))


def test_the_shape_of_latents_is_found_and_cases_that_need_no_forward_pass_work_without_it():
    assert autoencoders.latent_shape(models.VAE(mid_channels=(16, 16), latent_dim=3, patch=2)) == (3, 8, 8)
    code = with_vae(forward=None)
    with pytest.raises(TypeError):
        autoencoders.latent_shape(code.assignment.prepare_vae())
    assert autoencoders.latent_shape_if_any(code.assignment.prepare_vae) == (16,)
    for case in (vae_reparameterize, vae_kl):
        assert observed(case, code).keys() == observed(case).keys()


def test_the_factor_of_noise_is_found_in_latents_however_they_are_decoded():
    shape, scale = (3, 2, 4), 1.7
    z = scale * pattern(*shape)
    whole = [autoencoders.Decoding(z, torch.zeros(3), False)]
    one_by_one = [autoencoders.Decoding(z[i : i + 1], torch.zeros(1), False) for i in range(3)]
    for calls in (whole, one_by_one):
        assert autoencoders.factor_of_noise(calls, shape) == pytest.approx(scale)
    assert autoencoders.factor_of_noise([], shape) == 1.0
    assert np.isnan(autoencoders.factor_of_noise(one_by_one[:2], shape))
    assert np.isnan(autoencoders.factor_of_noise([autoencoders.Decoding(z + 0.1, torch.zeros(3), False)], shape))


def test_a_decoder_that_ignores_its_latents_is_not_the_same_as_any_image():
    images = torch.rand(2, 1, 4, 4)
    assert not autoencoders.same_images(images, images, images)


def test_the_bounds_of_the_noise_are_five_standard_errors_away():
    model, found = models.VAE(), []
    for seed in range(25):
        torch.manual_seed(seed)
        z = model.reparameterize(torch.zeros(STATISTIC), torch.zeros(STATISTIC)).double()
        found.append([z.mean(), z.square().mean() - 1, z.pow(4).mean() - 3])
    assert (5 * np.std(found, axis=0) < [0.04, 0.06, 0.4]).all()


def test_uniform_noise_of_the_right_variance_is_not_normal():
    def reparameterize(self, mean, logvar):
        return mean + (logvar / 2).exp() * (torch.rand_like(mean) - 0.5) * 12**0.5

    code = with_vae(reparameterize=reparameterize)
    assert not observed(vae_reparameterize, code)["standard_normal"]
    assert observed(vae_reparameterize)["standard_normal"]


def test_sampling_that_does_not_call_decode_is_judged_by_its_images():
    def generate_sample(self, num_samples, device, labels=None):
        assert labels is None or len(labels) == num_samples
        labels = torch.randint(10, (num_samples,)) if labels is None else labels
        with torch.no_grad():
            return models.VAE.decode(self, torch.randn(num_samples, 16, 1, 1), labels)

    arrays, expected = (observed(vae_sample, c) for c in (with_vae(generate_sample=generate_sample), SOLUTION))
    for name, value in expected.items():
        np.testing.assert_allclose(np.asarray(arrays[name]), np.asarray(value), err_msg=name)


def test_a_recorded_decode_still_answers():
    model = models.VAE().eval()
    calls, z, labels = autoencoders.record_decode(model), torch.randn(2, 16, 1, 1), torch.tensor([1, 2])
    with noise_tape(0.0), torch.no_grad():
        images = model.decode(z, labels=labels)
    assert torch.equal(images, models.VAE.decode(model, z, labels))
    assert torch.equal(calls[0].sample, z)
    assert torch.equal(calls[0].labels, labels)
    assert not calls[0].grad_enabled
