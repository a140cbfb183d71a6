"""The solution's latent DDPM: what it diffuses, what it decodes, and what stays as it is."""

import pytest
import torch
from models import LDDPM, VAE, VarianceScheduler
from torch import nn

from grader.runtime.probes import noise_tape

SCHEDULER = VarianceScheduler(0.02, 0.3, 6)
LABELS = torch.tensor([3, 0, 9, 3, 7])
STD = 2.5


class Knowing(nn.Module):
    """Knows the latents z_0, and so the noise in z_t; records what it sees."""

    num_classes = 10

    def __init__(self):
        super().__init__()
        self.z_0, self.weight, self.seen = 0.0, nn.Parameter(torch.ones(())), []

    def forward(self, z_t, timestep, label):
        self.seen.append((z_t.detach(), timestep, label, torch.is_grad_enabled()))
        z_0 = self.z_0.repeat(len(z_t) // len(self.z_0), 1, 1, 1)
        alpha_bar = SCHEDULER.alpha_bars[timestep].reshape(-1, 1, 1, 1)
        return self.weight * (z_t - alpha_bar.sqrt() * z_0) / (1 - alpha_bar).sqrt()


def build(**options):
    torch.manual_seed(0)
    vae = VAE(mid_channels=(16, 32), latent_dim=3, patch=2)
    return LDDPM(Knowing(), vae, SCHEDULER, **options)


@pytest.fixture
def images():
    return torch.rand(5, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


def known_to(model, images):
    """The means of the images' posteriors, which the network gets to know as they are diffused."""
    model.latent_std.fill_(STD)
    with torch.no_grad():
        mean, _ = model.vae.encode(images, LABELS)
    model.network.z_0 = mean / STD
    return mean


@pytest.mark.parametrize("guidance_weight", [0.0, 1.5])
def test_with_a_network_that_knows_the_latents_samples_are_their_images(images, guidance_weight):
    model = build(guidance_weight=guidance_weight).eval()
    mean = known_to(model, images)
    samples = model.generate_sample(5, device=torch.device("cpu"), labels=LABELS)
    expected = model.vae.decode(mean, LABELS)
    torch.testing.assert_close(samples, expected, rtol=1e-4, atol=1e-5)
    others = model.vae.decode(mean, (LABELS + 1) % 10)  # the test could fail: so much depends on the label
    assert (samples - others).abs().amax() > 0.01
    for z_t, _, label, with_gradient in model.network.seen:
        assert len(z_t) == (10 if guidance_weight else 5)
        assert torch.equal(label[:5], LABELS)
        assert not with_gradient


def test_the_network_is_trained_on_noisy_latents_of_the_scale_asked_for(images):
    model = build(p_uncond=0.0)
    mean = known_to(model, images)
    with noise_tape(0.0):
        loss = model(images, LABELS)
    seen, t, *_ = model.network.seen[-1]
    torch.testing.assert_close(seen, SCHEDULER.alpha_bars[t].sqrt().reshape(-1, 1, 1, 1) * mean / STD)
    assert loss < 1e-10  # there is no noise, and the network says so


def test_latents_are_drawn_from_the_posterior(images):
    model = build(p_uncond=0.0)
    mean = known_to(model, images)
    with torch.no_grad():
        _, logvar = model.vae.encode(images, LABELS)
    with noise_tape(1.0):
        model(images, LABELS)
        noise = torch.randn_like(mean)  # the tape's, in the latents and in z_t
    seen, t, *_ = model.network.seen[-1]
    alpha_bar = SCHEDULER.alpha_bars[t].reshape(-1, 1, 1, 1)
    latents = (mean + (0.5 * logvar).exp() * noise) / STD
    torch.testing.assert_close(seen, alpha_bar.sqrt() * latents + (1 - alpha_bar).sqrt() * noise, rtol=1e-4, atol=1e-5)


def test_a_step_of_training_leaves_the_vae_as_it_is(images):
    model = build().train()
    known_to(model, images)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    model(images, LABELS).backward()
    optimizer.step()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"network.weight"}


def test_the_vae_stays_in_evaluation_mode():
    model = build().train()
    assert model.network.training
    assert not any(module.training for module in model.vae.modules())
    model.eval()
    assert not model.network.training


def test_a_state_dict_holds_the_network_the_vae_and_the_scale():
    model, again = build(), build()
    for tensor in (model.latent_std, model.vae.head.bias, model.network.weight.data):
        tensor.fill_(0.7)
    state = model.state_dict()
    assert {name.split(".")[0] for name in state} == {"network", "vae", "latent_std"}
    again.load_state_dict(state)
    for tensor in (again.latent_std, again.vae.head.bias, again.network.weight):
        assert (tensor == 0.7).all()


def test_a_wrong_number_of_labels_is_refused():
    with pytest.raises(ValueError, match="4 samples need 4 labels, got 5"):
        build().generate_sample(4, device=torch.device("cpu"), labels=LABELS)
