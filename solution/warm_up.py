"""Given, optional: try your own noise schedule, loss and sampler on points in the plane before you train on images.

python warm_up.py --part 4                       # your VarianceScheduler and DDPM, in half a minute on a CPU
python warm_up.py --part 4 --sampler ddim        # your DDIM as well
python warm_up.py --part 2 --data swiss_roll     # your NoiseScheduler and DiffusionModel
python warm_up.py --part 3 --guidance 2          # your ConditionalDDPM, with guidance

It writes a film of the sampling and a strip of its frames to outputs/warm_up/. It also prints the distance of your
samples from the data, and the distance between two sets of data to compare with. You need no U-Net, because a small
network is given here. To your code a point is an image with one pixel and two channels, so do not assume a size of
images.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import torch
from noise_prediction_net import TimestepEmbedding
from points import CLASSES, DATA, distance, scatter_animation, scatter_strip
from torch import nn
from tqdm import tqdm
from trainers import TrainingError, run

POINT = (2, 1, 1)  # channels, height and width
STEPS = 100  # T; with ten times the default variances, alpha_bar ends where 1000 default steps end
BETAS = (0.001, 0.2)
STRIDE = 4  # timesteps per step of DDIM
SHOWN = 500  # points in a picture
FRAMES = 24  # in the film
PANELS = 6  # in the strip
NEAR, FAR = 2.5, 5.0  # multiples of the distance between real data
LOSSES = (0.05, 0.3)  # the range of the final loss if all is well
OUTPUTS = Path("outputs") / "warm_up"


class Perceptron(nn.Module):
    """Predicts the noise in points. The code of every part calls it as network(x_t, t, condition).

    Args:
        condition: a module that embeds a condition as 128 numbers.
        time_scale: factor that turns t into a number of steps.
    """

    num_classes, in_channels = CLASSES, POINT[0]  # part 4 reads these

    def __init__(self, condition, time_scale=1):
        super().__init__()
        self.condition, self.time_scale = condition, time_scale
        self.time = TimestepEmbedding(128)
        self.stem = nn.Linear(2, 128)
        self.body = nn.Sequential(nn.SiLU(), nn.Linear(128, 128), nn.SiLU(), nn.Linear(128, 128), nn.SiLU())
        self.head = nn.Linear(128, 2)

    def steps(self, t):
        """Return timesteps as a flat tensor of steps."""
        return torch.as_tensor(t).reshape(-1) * self.time_scale

    def forward(self, x_t, t, condition):
        """Predict the noise in x_t, (B, 2, 1, 1), from t (one for each item or for all) and one condition per item."""
        if tuple(x_t.shape[1:]) != POINT or len(condition) != len(x_t):
            raise ValueError(
                f"the network gets x_t of shape {tuple(x_t.shape)} and {len(condition)} conditions, not (B, 2, 1, 1) "
                "and B: here a point is an image with one pixel and two channels; take the shape from the data or the "
                "configuration"
            )
        time = self.time(self.steps(t).to(x_t.device).expand(len(x_t)))
        return self.head(self.body(self.stem(x_t.flatten(1)) + time + self.condition(condition))).reshape(x_t.shape)


@dataclass(frozen=True)
class Model:
    """A student's model of points, from any part. Points have shape (B, 2, 1, 1), labels (B,)."""

    network: nn.Module  # the network to train
    loss: Callable  # loss(points, labels), a scalar
    sample: Callable  # sample(labels), points
    sampler: nn.Module = None  # the network that samples, if it is a different one
    after_step: Callable = lambda: None  # runs after each optimizer step
    mean: float = 0.0  # subtracted from points before the noising,
    std: float = 1.0  # which then divides them
    device: str | torch.device = "cpu"  # of the network


def model_of_part_2(_, guidance):
    """Build the model from `NoiseScheduler` and `DiffusionModel`."""
    from diffusion_model import DiffusionModel
    from ema import EMAModel
    from noise_scheduler import NoiseScheduler

    model = DiffusionModel(POINT, CLASSES + 1, sequential=False, denoising_steps=STEPS, test=True)
    model.noise_scheduler = NoiseScheduler(STEPS, *BETAS)
    model.noise_pred_net = network = Perceptron(nn.Embedding(CLASSES + 1, 128)).to(model.device)
    model.ema = EMAModel(network)
    return Model(
        network,
        lambda points, labels: model.compute_loss_on_batch(points, labels + 1),
        lambda labels: model.generate_sample(labels + 1, guidance),
        sampler=model.ema.averaged_model,
        after_step=lambda: model.ema.step(network),
        device=model.device,
    )


def model_of_part_3(_, guidance):
    """Build the model from `ConditionalDDPM`, without its U-Net."""
    import DDPM as part_3  # noqa: N811
    from utils import MEAN, STD, DMConfig

    config = DMConfig(
        input_dim=POINT[1:], num_channels=POINT[0], num_classes=CLASSES, T=STEPS, beta_1=BETAS[0], beta_T=BETAS[1]
    )
    network = Perceptron(nn.Linear(CLASSES, 128), time_scale=STEPS)
    with mock.patch.object(part_3, "ConditionalUnet", return_value=network):
        model = part_3.ConditionalDDPM(config)
    # Part 3 standardises images from [0, 1], and its sampler returns images in [0, 1].
    mean, std = 4 * MEAN - 2, 4 * STD

    def sample(labels):
        return 4 * model.sample(nn.functional.one_hot(labels, CLASSES), guidance) - 2

    return Model(network, lambda points, labels: model((points - mean) / std, labels), sample, mean=mean, std=std)


def model_of_part_4(sampler, guidance):
    """Build the model from `VarianceScheduler`, and `DDPM` or `DDIM`."""
    import models

    network = Perceptron(nn.Embedding(CLASSES + 1, 128))
    scheduler = models.VarianceScheduler(*BETAS, STEPS)
    if sampler == "ddim":
        model = models.DDIM(network, scheduler, guidance_weight=guidance, stride=STRIDE)
    else:
        model = models.DDPM(network, scheduler, guidance_weight=guidance)
    return Model(network, model, lambda labels: model.denoise(torch.randn(len(labels), *POINT), labels))


PARTS = {2: model_of_part_2, 3: model_of_part_3, 4: model_of_part_4}


def train(model, data, iterations, batch_size=1024):
    """Train on points, (N, 2), and labels. Returns the mean loss of the last tenth of all steps.

    Raises:
        TrainingError: the loss is not finite.
    """
    points, labels = (tensor.to(model.device) for tensor in data)
    optimizer = torch.optim.Adam(model.network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=iterations, pct_start=0.1)
    losses, bar = [], tqdm(range(iterations), desc="training", leave=False)
    for _ in bar:
        batch = torch.randint(len(points), (batch_size,))
        loss = model.loss(points[batch].reshape(-1, *POINT), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        model.after_step()
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise TrainingError("the loss is not finite: look for a division by zero in the schedule or in the loss")
    last = losses[-max(1, iterations // 10) :]
    return sum(last) / len(last)


def sample(model, labels):
    """Sample a point for each label, and record what the network sees on the way.

    Returns:
        (frames, timesteps): a list of the points, (N, 2), at each step, and t of each step. The samples come last, with
        None as their t.
    """
    seen = {}

    def look(network, arguments):
        x_t, t, *_ = arguments
        # With guidance the network sees every point twice, in one call or in two.
        seen.setdefault(round(network.steps(t)[0].item()), x_t[: len(labels)].clone())

    sampler = model.sampler or model.network
    hook = sampler.register_forward_pre_hook(look)
    with torch.no_grad():
        samples = model.sample(labels.to(model.device))
    hook.remove()
    frames = [(x_t * model.std + model.mean).reshape(-1, 2).cpu() for x_t in seen.values()]
    return [*frames, samples.reshape(-1, 2).cpu()], [*seen, None]


def verdict(times, loss, part):
    """Judge samples that are `times` as far from the data as other data are, in a sentence or two."""
    if times <= NEAR:
        return f"Close. `pytest grader/ --part {part}` finds mistakes that are too small to show here."
    where = "the mean and variance of a step, the loop, and the noising"
    if not LOSSES[0] < loss < LOSSES[1]:
        where = f"the schedule, the noising and the loss, which should be between {LOSSES[0]} and {LOSSES[1]}"
    near = "Neither close nor far" if times <= FAR else "Far"
    return f"{near}. Watch the film, then check {where}. `pytest grader/ --part {part}` may know the mistake."


def thinned(sequence, count):
    """Pick at most `count` items, first and last included, closer together towards the end, where more happens."""
    last = len(sequence) - 1
    return [sequence[i] for i in sorted({round(last * (1 - (1 - i / (count - 1)) ** 1.5)) for i in range(count)})]


def draw(frames, timesteps, labels, data, path):
    """Save a film of the frames as `path`.gif, and a strip of some of them as `path`.png."""
    shown = [(frame[:SHOWN], t) for frame, t in zip(frames, timesteps, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    scatter_strip(*zip(*thinned(shown, PANELS), strict=True), labels[:SHOWN], data).savefig(f"{path}.png")
    film = scatter_animation(*zip(*thinned(shown, FRAMES), strict=True), labels[:SHOWN], data)
    film.save(f"{path}.gif", writer="pillow")


def parse(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=int, choices=PARTS, required=True)
    parser.add_argument("--sampler", choices=("ddpm", "ddim"), default="ddpm", help="sampler of part 4")
    parser.add_argument("--data", choices=DATA, default="moons")
    parser.add_argument(
        "--guidance", type=float, default=0.0, metavar="W", help="guidance weight (default: no guidance)"
    )
    parser.add_argument("--iterations", type=int, default=1000, help="training steps (default: 1000)")
    parser.add_argument("--num-samples", type=int, default=5000, help="number of points to sample (default: 5000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--outputs", type=Path, default=OUTPUTS, help="folder for the pictures")
    arguments = parser.parse_args(arguments)
    if arguments.sampler == "ddim" and arguments.part != 4:
        parser.error("only part 4 has a DDIM")
    return arguments


def main(arguments=None):
    """Train, sample, draw, and judge the samples. Returns their distance as a multiple of that between real data."""
    arguments = parse(arguments)
    torch.manual_seed(arguments.seed)
    generator = torch.Generator().manual_seed(arguments.seed)
    data = [DATA[arguments.data](arguments.num_samples, generator) for _ in range(4)]
    model = PARTS[arguments.part](arguments.sampler, arguments.guidance)
    loss = train(model, DATA[arguments.data](20_000, generator), arguments.iterations)
    labels = torch.arange(arguments.num_samples) % CLASSES
    frames, timesteps = sample(model, labels)
    name = f"part{arguments.part}_{arguments.sampler}_{arguments.data}_w{arguments.guidance:g}"
    draw(frames, timesteps, labels, data[0][0][:SHOWN], arguments.outputs / name)
    print(f"{arguments.outputs / name}.gif is the film; .png shows some of its frames")
    print(f"final loss {loss:.3f}; a network that always predicts 0 has loss 1")
    far, real = (
        sum(distance(*points, *other) for other in data[1:]) / len(data[1:])
        for points in ((frames[-1], labels), data[0])
    )
    print(f"your samples are {far:.3f} from the data, and other data are {real:.3f}: {far / real:.2g} times as far")
    if arguments.guidance:
        print("Guidance moves samples away from the data, to what is typical of their class: judge with --guidance 0.")
    else:
        print(verdict(far / real, loss, arguments.part))
    return far / real


if __name__ == "__main__":
    run(main, "from its beginning, in half a minute")
