"""The cases of part 4's latent DDPM: what counts as the same image, and what of a student's model they keep."""

from types import SimpleNamespace

import assignment
import models
import pytest
import torch
from models import VAE, UNet, VarianceScheduler
from torch import nn

from grader.parts.fashion_mnist.cases.latents import SAME, LatentModel, same_image

SETTING = {"num_steps": 4, "beta_start": 0.05, "beta_end": 0.3}
IMAGES = torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: image,
        lambda image: 0.5 * image + 0.5,  # values in [0, 1]
        lambda image: image + SAME * 0.3 * torch.randn_like(image),
    ],
)
def test_an_image_is_the_same_if_scaled_shifted_and_hardly_changed(changed):
    torch.manual_seed(0)
    assert [same_image(changed(image), IMAGES) for image in IMAGES] == [0, 1, 2]


def test_an_image_is_the_same_if_kept_within_its_range():
    assert [same_image((2 * image).clamp(-1, 1), 2 * IMAGES) for image in IMAGES] == [0, 1, 2]


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: -image,
        lambda image: image + 0.01 * torch.randn_like(image),
        lambda image: image.flip(-1),
        lambda image: image.roll(1, dims=-1),
        lambda image: torch.zeros_like(image),
        lambda image: image * torch.nan,
    ],
)
def test_an_image_that_is_one_hundredth_off_or_another_one_is_not_the_same(changed):
    torch.manual_seed(0)
    assert [same_image(changed(image), IMAGES) for image in IMAGES] == [-1] * 3


class Own(nn.Module):
    """A latent DDPM that names and takes its arguments as it likes, and makes tables of them."""

    def __init__(self, *, scale, scheduler, autoencoder, unet):
        super().__init__()
        self.register_buffer("bars", scheduler.alpha_bars)
        self.noising, self.autoencoder, self.unet, self.scale = scheduler.add_noise, autoencoder, unet, scale


def own():
    vae = VAE(mid_channels=(8,), latent_dim=2, patch=2)
    network = UNet(in_channels=2, down_channels=(8,), up_channels=(8,), time_emb_dim=8)
    return Own(autoencoder=vae, unet=network, scheduler=VarianceScheduler(), scale=0.18)


def code_of(prepare, latent_class=Own):
    given = SimpleNamespace(LDDPM=latent_class, VAE=VAE, VarianceScheduler=VarianceScheduler)
    return SimpleNamespace(models=given, assignment=SimpleNamespace(prepare_lddpm=prepare))


def test_what_a_model_makes_of_its_arguments_and_adds_to_them_stays():
    construct = Own.__init__
    latent = LatentModel(code_of(own), SETTING)
    assert torch.equal(latent.model.bars, VarianceScheduler(**SETTING).alpha_bars)
    assert latent.model.noising.__self__ is latent.scheduler
    assert latent.model.scale == 0.18
    assert latent.vae is latent.model.autoencoder
    assert latent.model.unet(torch.ones(2, 2), torch.tensor([1, 2]), torch.tensor([3, 4])).tolist() == [[0, 0], [0, 0]]
    assert len(latent.calls) == 1
    assert Own.__init__ is construct


def test_only_single_numbers_of_the_model_itself_are_scaled():
    latent = LatentModel(SimpleNamespace(models=models, assignment=assignment), SETTING)
    kept = {name: tensor.clone() for name, tensor in latent.model.state_dict().items()}
    latent.scale_latents(6.5)
    changed = {name for name, tensor in latent.model.state_dict().items() if not torch.equal(tensor, kept[name])}
    assert changed == {"latent_std"}
    assert latent.model.latent_std == 6.5


def test_a_prepare_that_builds_something_else_is_told_so():
    with pytest.raises(TypeError, match=r"prepare_lddpm must build an LDDPM\(network, vae, var_scheduler\)"):
        LatentModel(code_of(lambda: nn.Linear(1, 1)), SETTING)


@pytest.mark.parametrize(
    ("sampled", "told"), [((1, 32, 32), r"\(1, 32, 32\) \(the images'\) in sampling"), ((4,), r"\(4,\) in sampling")]
)
def test_other_shapes_in_sampling_than_in_training_are_told(sampled, told):
    latent = LatentModel(code_of(own), SETTING)
    latent.answer_exactly(torch.zeros(2, 2, 16, 16))
    with pytest.raises(ValueError, match=rf"items of shape {told}, and of \(2, 16, 16\) in training"):
        latent.model.unet(torch.zeros(2, *sampled), torch.zeros(2), torch.zeros(2))
