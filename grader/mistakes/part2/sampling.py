"""Mistakes in sampling. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

LOOP = "for t in range(self.denoising_steps - 1, -1, -1):"
ESTIMATE = "conditional, unconditional = network(doubled, timestep, both).chunk(2)"
STEP = "sample = self.noise_scheduler.denoise_step(noise, t, sample, threshold, seed)"

SAMPLING = (
    mistake(
        "threshold_not_passed_on",
        STEP,
        "sample = self.noise_scheduler.denoise_step(noise, t, sample, False, seed)",
        "`threshold` never reaches denoise_step.",
        "threshold_sample",
    ),
    mistake(
        "training_network_samples",
        "network = self.ema.averaged_model\n        network.eval()",
        "network = self.noise_pred_net\n        network.eval()",
        "The network that is trained samples: use its average, ema.averaged_model.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "samples_in_training_mode",
        "        network.eval()\n",
        "        network.train()\n",
        "The network samples in training mode, where dropout is active: call eval() first.",
        "sampling_rules",
    ),
    mistake(
        "gradients_kept_in_sampling",
        "with torch.no_grad():",
        "with torch.enable_grad():",
        "Sampling records gradients through every step, which fills the memory: use torch.no_grad().",
        "sampling_rules",
    ),
    mistake(
        "last_step_skipped",
        LOOP,
        "for t in range(self.denoising_steps - 1, 0, -1):",
        "The loop ends at t = 1: t = 0 is a step as well.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "sampling_runs_upward",
        LOOP,
        "for t in range(self.denoising_steps):",
        "The loop runs from t = 0 upward: sampling starts at t = T - 1 and goes down.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "step_result_discarded",
        STEP,
        "self.noise_scheduler.denoise_step(noise, t, sample, threshold, seed)",
        "The result of a step is thrown away: the sample is still the noise it started from.",
        "sample",
        "gaussian",
    ),
    mistake(
        "samples_one_by_one",
        ESTIMATE,
        "one_by_one = [network(doubled[i : i + 1], timestep[:1], both[i : i + 1]) for i in range(len(both))]\n"
        "                    conditional, unconditional = torch.cat(one_by_one).chunk(2)",
        "Samples are made one by one: all of them go through the network in one batch.",
        "sampling_rules",
    ),
    mistake(
        "seed_ignored_in_sampling",
        "sample = DL_random((len(cond), *self.input_shape), seed=seed).to(self.device)",
        "sample = DL_random((len(cond), *self.input_shape)).to(self.device)",
        "generate_sample does not pass its seed on to DL_random, so its samples cannot be repeated.",
        "seeds",
    ),
)
