"""The given training of part 4's latent DDPM: first its VAE, then its network; both can be interrupted."""

from types import SimpleNamespace

import pytest
import torch
import train_latent
import trainers
from assignment import prepare_lddpm
from datasets import synthetic_digits
from models import LDDPM, VAE, UNet, VarianceScheduler
from torch.utils.data import TensorDataset
from train_latent import measure_latents, train_lddpm, vae_loss
from trainers import TrainConfig, load_weights

CONFIG = TrainConfig(epochs=2, batch_size=16, learning_rate=0.01, ema_decay=0.9, seed=3)


def build():
    """The smallest latent DDPM, always the same."""
    torch.manual_seed(0)
    vae = VAE(mid_channels=(8, 8), latent_dim=2, patch=2, kl_weight=0.01)
    network = UNet(in_channels=2, down_channels=(8, 8), up_channels=(8, 8), time_emb_dim=8)
    return LDDPM(network, vae, VarianceScheduler(num_steps=10))


@pytest.fixture(scope="module")
def data():
    images, labels = synthetic_digits(48)
    return TensorDataset(images.float() / 127.5 - 1, labels)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """The folder of a whole training."""
    folder = tmp_path_factory.mktemp("trained")
    train_lddpm(build(), data, folder / "LDDPM.pt", CONFIG, "cpu")
    return folder


def weights(path):
    return torch.load(path, weights_only=True)


def test_training_leaves_a_checkpoint_and_its_vae(trained):
    assert sorted(path.name for path in trained.iterdir()) == ["LDDPM.pt", "LDDPM_vae.pt"]
    whole, vae = weights(trained / "LDDPM.pt"), weights(trained / "LDDPM_vae.pt")
    assert vae.keys() == {name.removeprefix("vae.") for name in whole if name.startswith("vae.")}
    assert all(torch.equal(whole[f"vae.{name}"], tensor) for name, tensor in vae.items())


def test_both_are_trained(trained):
    whole, before = weights(trained / "LDDPM.pt"), build().state_dict()
    still = {name for name, tensor in whole.items() if torch.equal(tensor, before[name].half())}
    assert still <= {name for name in whole if name.endswith(("label_emb.weight", "bias"))}
    assert "latent_std" not in still


def test_a_vae_that_is_there_is_not_trained_again_unless_afresh(trained, data, tmp_path, monkeypatch):
    (tmp_path / "LDDPM_vae.pt").write_bytes((trained / "LDDPM_vae.pt").read_bytes())

    def trained_again(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(train_latent, "train_vae", trained_again)
    model = build()
    train_lddpm(model, data, tmp_path / "LDDPM.pt", CONFIG, "cpu")
    assert all(
        torch.equal(tensor, weights(trained / "LDDPM.pt")[n]) for n, tensor in weights(tmp_path / "LDDPM.pt").items()
    )
    assert not any(parameter.requires_grad for parameter in model.vae.parameters())
    with pytest.raises(AssertionError, match="trained again"):
        train_lddpm(build(), data, tmp_path / "LDDPM.pt", CONFIG, "cpu", resume=False)


def test_the_scale_is_the_standard_deviation_of_the_latents(data):
    model = build()
    with torch.no_grad():
        model.vae.moments.bias[0] += 3.0  # a mean that is not 0, as of one channel
    measure_latents(model, data)
    images, labels = data.tensors
    with torch.no_grad():
        moments = model.vae.encode(images, labels)
        draws = torch.stack([model.vae.reparameterize(*moments) for _ in range(20)])
    assert float(model.latent_std) == pytest.approx(float(draws.std()), rel=0.01)


@pytest.mark.parametrize(("stored", "stage"), [(1, "LDDPM_vae"), (3, "LDDPM")])
def test_an_interrupted_training_ends_with_the_same_weights(stored, stage, trained, data, tmp_path, monkeypatch):
    states = []

    def power_cut(path, *arguments, store=trainers.store):
        store(path, *arguments)
        states.append(path.name)
        if len(states) == stored:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trainers, "store", power_cut)
        with pytest.raises(KeyboardInterrupt):
            train_lddpm(build(), data, tmp_path / "LDDPM.pt", CONFIG, "cpu")
    assert states[-1] == f"{stage}.resume.pt"
    train_lddpm(build(), data, tmp_path / "LDDPM.pt", CONFIG, "cpu")
    for name in ("LDDPM_vae.pt", "LDDPM.pt"):
        whole, parts = weights(trained / name), weights(tmp_path / name)
        assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_a_checkpoint_fits_a_model_that_is_built_anew(data, tmp_path):
    few = TensorDataset(*(tensor[:8] for tensor in data.tensors))
    path = tmp_path / "LDDPM.pt"
    train_lddpm(prepare_lddpm(), few, path, TrainConfig(epochs=1, batch_size=8), "cpu")
    model = load_weights(prepare_lddpm(), path)
    assert torch.equal(model.latent_std.half(), weights(path)["latent_std"])
    assert float(model.latent_std) != 1.0


def test_the_loss_of_a_vae_is_the_sum_of_its_two_losses(data):
    images, labels = (tensor[:4] for tensor in data.tensors)
    vae = build().vae
    result = vae(images, labels)

    def replay(*_):
        return result

    def fixed(**attributes):
        """A VAE that always gives the same: a callable with the losses of the true one."""
        losses = {"reconstruction_loss": vae.reconstruction_loss, "kl_loss": vae.kl_loss}
        return type("Fixed", (SimpleNamespace,), {"__call__": replay})(**losses, **attributes)

    reconstruction, divergence = vae.reconstruction_loss(result[0], images), vae.kl_loss(*result[1:])
    torch.testing.assert_close(vae_loss(fixed(kl_weight=0.3), images, labels), reconstruction + 0.3 * divergence)
    torch.testing.assert_close(vae_loss(fixed(), images, labels), reconstruction + divergence)
