"""Compares part 2's reference sampler with diffusers' DDPMPipeline, on the same network, batch and steps.

    python benchmarks/sampling.py [--batch 16] [--steps 20] [--rounds 5]

With guidance, the pipeline runs in two ways: with the two passes of a step one after the other, and with both passes
as one batch. Each round runs all samplers, and the medians are compared. First the benchmark checks that both samplers
make the same images in float32 when they draw the same noise.
"""

import argparse
import statistics
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import torch  # noqa: E402  (after the path)
from diffusers import DDPMPipeline, DDPMScheduler, ModelMixin  # noqa: E402
from diffusers.configuration_utils import ConfigMixin, register_to_config  # noqa: E402
from image_gen import ImageGenerator  # noqa: E402

from benchmarks.record import figure, record  # noqa: E402
from grader.runtime.probes import noise_tape  # noqa: E402

WEIGHT = 2.0  # of guidance


class Predictor(ModelMixin, ConfigMixin):
    """Wraps a network of part 2 as diffusers' pipelines expect it: predictor(x, t).sample, for fixed conditions."""

    @register_to_config
    def __init__(self, sample_size=32, in_channels=3):
        super().__init__()

    def bind(self, network, cond, passes):
        """Set the network, the conditions of the batch, and the passes of a step: 'one', 'two' or 'doubled'."""
        self.network, self.cond, self.predict = network, cond, getattr(self, passes)
        return self

    def forward(self, x, t):
        """x: (B, 3, 32, 32); t: a single timestep."""
        return SimpleNamespace(sample=self.predict(x, t))

    def one(self, x, t):
        """No guidance."""
        return self.network(x, t, self.cond)

    def two(self, x, t):
        """Guidance, with one pass after the other."""
        conditional, null = self.network(x, t, self.cond), self.network(x, t, torch.zeros_like(self.cond))
        return (1 + WEIGHT) * conditional - WEIGHT * null

    def doubled(self, x, t):
        """Guidance, with both passes as one batch."""
        both = torch.cat([self.cond, torch.zeros_like(self.cond)])
        conditional, null = self.network(torch.cat([x, x]), t, both).chunk(2)
        return (1 + WEIGHT) * conditional - WEIGHT * null


def samplers(batch, steps):
    """{name: function that samples a batch}; the images are in [-1, 1]."""
    torch.manual_seed(0)
    policy = ImageGenerator(denoising_steps=steps).policy
    device, network = policy.device, policy.ema.averaged_model
    cond = (torch.arange(batch) % 3 + 1).to(device)
    scheduler = DDPMScheduler(
        num_train_timesteps=steps, beta_start=1e-4, beta_end=0.02, variance_type="fixed_large", clip_sample=False
    )

    def theirs(passes):
        pipeline = DDPMPipeline(Predictor().bind(network, cond, passes).to(device), scheduler)
        pipeline.set_progress_bar_config(disable=True)

        def run():
            images = pipeline(batch_size=batch, num_inference_steps=steps, output_type="np").images
            return torch.from_numpy(images).permute(0, 3, 1, 2) * 2 - 1

        return run

    return {
        "ours": lambda: policy.generate_sample(cond).clamp(-1, 1).cpu(),
        "diffusers": theirs("one"),
        "ours, guided": lambda: policy.generate_sample(cond, WEIGHT).clamp(-1, 1).cpu(),
        "diffusers, guided, two passes": theirs("two"),
        "diffusers, guided, one batch": theirs("doubled"),
    }


def same_images(first, second):
    """Whether two samplers make the same images when every normal draw returns the same known values."""
    with (
        mock.patch("noise_prediction_net.autocast", return_value=nullcontext()),  # bfloat16 rounds differently
        noise_tape(1.0),
        mock.patch("diffusers.schedulers.scheduling_ddpm.randn_tensor", _drawn),
        mock.patch("diffusers.pipelines.ddpm.pipeline_ddpm.randn_tensor", _drawn),
    ):
        return torch.allclose(first(), second(), atol=1e-3)


def _drawn(shape, generator=None, device=None, dtype=None):
    return torch.randn(tuple(shape), dtype=dtype).to(device)


def main():
    """Measure, print images a second of each sampler and the ratios, and return the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    run_of = samplers(arguments.batch, arguments.steps)
    for ours, theirs in (("ours", "diffusers"), ("ours, guided", "diffusers, guided, one batch")):
        if not same_images(run_of[ours], run_of[theirs]):
            sys.exit(f"{ours!r} and {theirs!r} make different images, so their times cannot be compared")
    seconds = {name: [] for name in run_of}
    for _ in range(arguments.rounds):
        for name, run in run_of.items():
            begin = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - begin)
    speed = {name: arguments.batch / statistics.median(times) for name, times in seconds.items()}
    for name, images in speed.items():
        print(f"{name:<32}{images:8.2f} images/s")
    print(f"ours / diffusers: {speed['ours'] / speed['diffusers']:.2f} without guidance")
    for baseline in ("two passes", "one batch"):
        ratio = speed["ours, guided"] / speed[f"diffusers, guided, {baseline}"]
        print(f"ours / diffusers, {baseline}: {ratio:.2f} with guidance")
    return [
        figure(
            what,
            speed[ours],
            "images/s",
            baseline=(theirs, speed[theirs]),
            ratio=speed[ours] / speed[theirs],
        )
        for what, ours, theirs in (
            ("Part 2's sampler without guidance", "ours", "diffusers"),
            ("Part 2's sampler with guidance", "ours, guided", "diffusers, guided, two passes"),
            ("Part 2's sampler with guidance", "ours, guided", "diffusers, guided, one batch"),
        )
    ]


if __name__ == "__main__":
    record("sampling", main(), note="A ratio above 1 means that the course's sampler is faster.")
