"""The solution of part 2 and its given files: against closed forms, and against schedulers that we did not write."""

import pickle

import noise_prediction_net as networks
import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from diffusion_model import DiffusionModel, ema_path
from ema import EMAModel
from hypothesis import given, settings
from hypothesis import strategies as st
from image_gen import CLASSES, ImageGenerator, read
from noise_prediction_net import ConditionalUnet1D, ConditionalUnet2D
from noise_scheduler import NoiseScheduler
from PIL import Image
from randomizer import DL_random
from torch import nn
from trainers import TrainingError

from grader.runtime.probes import noise_tape

schedules = st.tuples(st.floats(1e-4, 0.01), st.floats(0.02, 0.5), st.integers(2, 300))


def diffusers_scheduler(start, end, steps, clip=False):
    return DDPMScheduler(
        num_train_timesteps=steps, beta_start=start, beta_end=end, variance_type="fixed_large", clip_sample=clip
    )


@settings(derandomize=True, deadline=None, max_examples=25)
@given(schedules)
def test_the_schedule_is_that_of_diffusers(schedule):
    start, end, steps = schedule
    ours, theirs = NoiseScheduler(steps, start, end), diffusers_scheduler(start, end, steps)
    torch.testing.assert_close(ours.betas, theirs.betas, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(ours.alpha_bars, theirs.alphas_cumprod, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("steps", [100, 50])
def test_the_known_values_of_the_course(steps):
    scheduler = NoiseScheduler(steps)
    assert len(scheduler.alphas) == len(scheduler.alpha_bars) == steps
    assert scheduler.alphas[0].item() == pytest.approx(0.9999, rel=1e-7)


@pytest.mark.parametrize("shape", [(5, 30), (5, 4, 7), (5, 3, 8, 6)])
def test_noising_is_that_of_diffusers(shape):
    x, noise, t = torch.randn(shape), torch.randn(shape), torch.tensor([0, 1, 20, 49, 7])
    expected = diffusers_scheduler(0.001, 0.2, 50).add_noise(x, noise, t)
    torch.testing.assert_close(NoiseScheduler(50, 0.001, 0.2).add_noise(x, noise, t), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("threshold", [False, True])
@pytest.mark.parametrize("t", [0, 1, 25, 49])
def test_a_reverse_step_is_that_of_diffusers(t, threshold):
    x, prediction = torch.randn(5, 2, 7, 6), torch.randn(5, 2, 7, 6)
    with noise_tape(1.0):
        ours = NoiseScheduler(50, 0.001, 0.2).denoise_step(prediction, t, x, threshold)
        expected = diffusers_scheduler(0.001, 0.2, 50, clip=threshold).step(prediction, t, x).prev_sample
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_random_numbers_have_the_kind_and_seed_that_is_asked_for():
    whole = DL_random((1000,), int_range=(3, 7))
    assert (whole.dtype, set(whole.tolist())) == (torch.int64, {3, 4, 5, 6})
    uniform = DL_random((1000,), normal=False)
    assert 0 <= uniform.min() < 0.1 < 0.9 < uniform.max() < 1
    assert DL_random((4000,)).std().item() == pytest.approx(1.0, abs=0.06)
    assert torch.equal(DL_random((3,), seed=5), DL_random((3,), seed=5))


@pytest.mark.parametrize(
    ("network", "sample", "cond"),
    [
        (lambda: ConditionalUnet2D(16, 3, 3, 4, channels=(8, 16)), (2, 3, 16, 16), torch.tensor([[0], [3]])),
        (lambda: ConditionalUnet2D(8, 1, 1, 2, channels=(8, 16)), (2, 1, 8, 8), torch.tensor([1, 0])),
        (lambda: ConditionalUnet1D(5, 3, channels=(8, 16)), (2, 7, 5), torch.randn(2, 3)),
        (lambda: networks.TesterModel((4, 6), 3), (2, 4, 6), torch.randn(2, 3)),
    ],
    ids=["images", "grey", "sequences of odd length", "tester"],
)
def test_given_networks_keep_the_shape_and_learn_everywhere(network, sample, cond):
    net = network()
    prediction = net(torch.randn(sample), torch.tensor([3, 90]), cond)
    assert prediction.shape == sample
    prediction.square().mean().backward()
    assert [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("images", [True, False])
def test_time_and_condition_matter_to_the_given_networks(images):
    network = ConditionalUnet2D(16, channels=(8, 16)) if images else ConditionalUnet1D(4, 3, channels=(8, 16))
    x = torch.randn(1, 3, 16, 16) if images else torch.randn(1, 8, 4)
    here, there = (torch.tensor([1]), torch.tensor([2])) if images else (torch.ones(1, 3), torch.zeros(1, 3))
    base = network(x, torch.tensor([5]), here)
    assert torch.equal(base, network(x, 5, here))  # one timestep for all
    assert not torch.allclose(base, network(x, torch.tensor([6]), here), atol=1e-6)
    assert not torch.allclose(base, network(x, torch.tensor([5]), there), atol=1e-6)


@pytest.mark.parametrize("cond", [3, -1])
def test_a_condition_without_an_embedding_is_told_in_words(cond):
    """The course's condition_dim of 3 ended in a CUDA assert; here it names the mistake on every device."""
    model = DiffusionModel((3, 16, 16), condition_dim=3, sequential=False, denoising_steps=4)
    with pytest.raises(ValueError, match=r"condition_dim=3.*so 3 classes need 4"):
        model.compute_loss_on_batch(torch.randn(2, 3, 16, 16), torch.tensor([1, cond]))


def test_the_average_follows_the_network_and_starts_as_its_copy():
    network = nn.Linear(2, 1)
    average = EMAModel(network, power=0.75)
    start = average.averaged_model.weight.clone()
    assert torch.equal(start, network.weight)
    with torch.no_grad():
        network.weight.add_(1.0)
    average.step(network)  # keeps nothing at the first step: 1 - (1 + 0)^-power = 0
    assert torch.equal(average.averaged_model.weight, network.weight)
    with torch.no_grad():
        network.weight.add_(1.0)
    average.step(network)
    torch.testing.assert_close(average.averaged_model.weight, start + 1 + 2**-0.75)


def tiny(**options):
    return DiffusionModel((4, 3), condition_dim=2, denoising_steps=5, test=True, **options)


def batches():
    torch.manual_seed(3)
    return [(torch.randn(6, 4, 3), torch.randn(6, 2)) for _ in range(4)]


def test_weights_are_saved_with_their_twin_and_load_again(tmp_path):
    torch.manual_seed(0)
    model, path = tiny(), str(tmp_path / "a.pth")
    model.train(batches(), 2)
    model.save_weights(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.pth", "a_ema.pth"]
    again = tiny(weights_path=path)
    cond = torch.randn(3, 2)
    assert torch.equal(again.generate_sample(cond, 1.0, seed=4), model.generate_sample(cond, 1.0, seed=4))
    assert torch.equal(again.noise_pred_net.layers[0].weight, model.noise_pred_net.layers[0].weight)


def test_weights_that_are_missing_or_do_not_fit_are_refused(tmp_path):
    path = str(tmp_path / "a.pth")
    with pytest.raises(TrainingError, match=r"there is no .*a\.pth: train first"):
        tiny().load_weights(path)
    tiny().save_weights(path)
    with pytest.raises(TrainingError, match=r"a\.pth does not fit this network"):
        DiffusionModel((4, 4), 2, test=True).load_weights(path)


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, monkeypatch):
    state, data = tmp_path / "state.pth", batches()
    torch.manual_seed(1)
    whole, first, second = tiny(), tiny(), tiny()
    first.noise_pred_net.load_state_dict(whole.noise_pred_net.state_dict())
    first.ema.averaged_model.load_state_dict(whole.noise_pred_net.state_dict())
    torch.manual_seed(2)
    losses = whole.train(data, 3)
    torch.manual_seed(2)
    interrupt_after(2, first, monkeypatch, lambda: first.train(data, 3, state_path=state))
    assert state.exists()
    assert second.train(data, 3, state_path=state) == pytest.approx(losses, abs=1e-7)
    assert not state.exists()
    for mine, theirs in zip(second.ema.averaged_model.parameters(), whole.ema.averaged_model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def interrupt_after(epochs, model, monkeypatch, train):
    """Run a training that ends with KeyboardInterrupt after so many epochs."""
    epoch = model._train_epoch

    def interrupted(loader, schedule):
        if model.training_epoch == epochs:
            raise KeyboardInterrupt
        return epoch(loader, schedule)

    monkeypatch.setattr(model, "_train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train()


def test_training_lowers_the_loss_and_the_loss_must_be_finite():
    torch.manual_seed(0)
    data = [(torch.zeros(32, 4, 3), torch.zeros(32, 2))] * 20
    losses = tiny().train(data, 5, learning_rate=0.01)
    assert losses[-1] < 0.8 * losses[0]
    with pytest.raises(TrainingError, match="the loss is not finite"):
        tiny().train([(torch.full((2, 4, 3), float("inf")), torch.zeros(2, 2))], 1)


def write_batch_file(path, labels):
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 3072), dtype=np.uint8)
    path.write_bytes(pickle.dumps({b"data": images, b"labels": labels}))
    return images.reshape(-1, 3, 32, 32)


def test_a_batch_file_of_cifar10_gives_its_first_three_classes(tmp_path):
    images = write_batch_file(tmp_path / "data_batch_1", [0, 5, 2, 9, 1])
    found, labels = read(tmp_path / "data_batch_1")
    assert labels.tolist() == [0, 2, 1]
    assert np.array_equal(found, images[[0, 2, 4]])


def test_a_folder_of_images_gives_the_classes_by_name(tmp_path):
    for value, name in enumerate(reversed(CLASSES)):
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((32, 32, 3), 40 * value, np.uint8)).save(tmp_path / name / "0.png")
    found, labels = read(tmp_path)
    assert labels.tolist() == [0, 1, 2]
    assert found[:, 0, 0, 0].tolist() == [80, 40, 0]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "there is no .*: give CIFAR-10's batch files"),
        (lambda path: path.mkdir(), "needs a sub-folder airplane with images"),
        (lambda path: path.write_bytes(b"no pickle"), "is not a batch file of CIFAR-10's Python version"),
    ],
    ids=["missing", "empty folder", "another file"],
)
def test_what_is_no_dataset_is_refused(make, told, tmp_path):
    make(tmp_path / "data")
    with pytest.raises(TrainingError, match=told):
        read(tmp_path / "data")


def test_images_are_generated_from_what_was_read(tmp_path):
    """The whole path: read, train, generate. Conditions are class + 1, and images are also mirrored."""
    write_batch_file(tmp_path / "data_batch_1", [0, 1, 2, 1])
    generator = ImageGenerator(denoising_steps=2)
    generator.load_dataset([tmp_path / "data_batch_1"], batch_size=8)
    data, cond = next(iter(generator.data_loader))
    assert sorted(cond.tolist()) == [1, 1, 2, 2, 2, 2, 3, 3]
    assert -1 <= data.min() < -0.9 < 0.9 < data.max() <= 1
    generator.train_policy(1)
    images = generator.generate_images(guidance=1.0, num_samples=3, threshold=True, class_label=2)
    assert (images.shape, images.dtype) == ((3, 3, 32, 32), torch.float32)
    assert images.abs().max() <= 1


def test_twins_are_named_after_the_file():
    assert (ema_path("a.pth"), ema_path("b.c/d.pt")) == ("a_ema.pth", "b.c/d_ema.pt")
