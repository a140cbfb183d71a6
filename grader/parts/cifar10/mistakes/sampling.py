"""Mistakes in sampling. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

LOOP = "for t in range(self.denoising_steps - 1, -1, -1):"
ESTIMATE = "conditional, unconditional = network(doubled, timestep, both).chunk(2)"
STEP = "sample = self.noise_scheduler.denoise_step(noise, t, sample, threshold, seed)"

SAMPLING = (
    mistake(
        "threshold_not_passed_on",
        STEP,
        "sample = self.noise_scheduler.denoise_step(noise, t, sample, False, seed)",
        "Your generate_sample never passes `threshold` on. denoise_step needs it.",
        "threshold_sample",
    ),
    mistake(
        "training_network_samples",
        "network = self.ema.averaged_model\n        network.eval()",
        "network = self.noise_pred_net\n        network.eval()",
        "Your code samples with the network that it trains. Use its average, ema.averaged_model.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "samples_in_training_mode",
        "        network.eval()\n",
        "        network.train()\n",
        "Your network samples in training mode, with dropout active. Call eval() first.",
        "sampling_rules",
    ),
    mistake(
        "gradients_kept_in_sampling",
        "with torch.no_grad():",
        "with torch.enable_grad():",
        "Your code records gradients through every step, which fills the memory. Use torch.no_grad().",
        "sampling_rules",
    ),
    mistake(
        "last_step_skipped",
        LOOP,
        "for t in range(self.denoising_steps - 1, 0, -1):",
        "Your loop ends at t = 1. t = 0 is a step as well.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "sampling_runs_upward",
        LOOP,
        "for t in range(self.denoising_steps):",
        "Your loop runs from t = 0 upward. Sampling starts at t = T - 1 and goes down.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "step_result_discarded",
        STEP,
        "self.noise_scheduler.denoise_step(noise, t, sample, threshold, seed)",
        "Your code throws away the result of each step, so the sample stays the noise that it started from. Keep the "
        "result.",
        "sample",
        "gaussian",
    ),
    mistake(
        "samples_one_by_one",
        ESTIMATE,
        "one_by_one = [network(doubled[i : i + 1], timestep[:1], both[i : i + 1]) for i in range(len(both))]\n"
        "                    conditional, unconditional = torch.cat(one_by_one).chunk(2)",
        "Your code makes the samples one by one. Send all of them through the network in one batch.",
        "sampling_rules",
    ),
    mistake(
        "seed_ignored_in_sampling",
        "sample = DL_random((len(cond), *self.input_shape), seed=seed).to(self.device)",
        "sample = DL_random((len(cond), *self.input_shape)).to(self.device)",
        "Your generate_sample never passes its seed to DL_random, so nobody can repeat its samples. Pass the seed on.",
        "seeds",
    ),
)
