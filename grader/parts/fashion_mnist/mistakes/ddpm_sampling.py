"""Mistakes in sampling the DDPM. The DDIM inherits most of them. Each patch's old text occurs once."""

from functools import partial

from grader.authoring.patching import one_patch
from grader.course.assignment import Mistake

mistake = partial(one_patch, 4)

MEAN = "mean = (noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise) / alpha.sqrt()"
LAST = "z = z * (timestep.reshape(shape) > 0)"
STEP = "return mean + beta.sqrt() * z"
LOOP = "for t in range(self.var_scheduler.num_steps - 1, -1, -self.stride):"
LABELS = "labels = labels_of_samples(num_samples, self.network.num_classes, device, labels)"
GENERATE = (
    'def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):\n'
    '        """Generate all images in one batch. Implements algorithm 2'
)
UPDATE = "x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)"
RETURN = UPDATE + "\n        return x"

SAMPLING = (
    mistake(
        "noise_in_last_step",
        LAST,
        "pass",
        "Your step adds noise at t = 0. It should return the mean there.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "no_noise_in_last_two_steps",
        LAST,
        "z = z * (timestep.reshape(shape) > 1)",
        "Your step adds no noise at t = 1. Timesteps count from 0, so only t = 0 should skip it (t > 0, not t > 1).",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "noise_never_added",
        STEP,
        "return mean",
        "Your step never adds noise: it returns only the mean. It should add sigma_t z at every step but the last.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "variance_for_sigma",
        STEP,
        "return mean + beta * z",
        "Your step multiplies the noise by the variance, sigma_t^2. It should multiply by its square root, sigma_t.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_without_scale",
        MEAN,
        "mean = noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise",
        "Your mean lacks a factor. It should be multiplied by 1 / sqrt(alpha_t).",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_divided_by_alpha",
        MEAN,
        "mean = (noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise) / alpha",
        "Your mean is divided by alpha_t. It should be divided by its square root, sqrt(alpha_t).",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_without_root_of_alpha_bar",
        MEAN,
        "mean = (noisy_sample - beta / (1 - alpha_bar) * estimated_noise) / alpha.sqrt()",
        "Your code divides the estimated noise by 1 - alpha_bar_t. It should divide by its square root.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_with_alpha_for_beta",
        MEAN,
        "mean = (noisy_sample - alpha / (1 - alpha_bar).sqrt() * estimated_noise) / alpha.sqrt()",
        "Your factor of the estimated noise contains alpha_t. It should contain beta_t = 1 - alpha_t instead.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "posterior_variance_without_beta",
        "        z = z * (timestep.reshape(shape) > 0)\n        return mean + beta.sqrt() * z",
        "        previous = alpha_bar / alpha\n        z = z * (timestep.reshape(shape) > 0)\n"
        "        return mean + ((1 - previous) / (1 - alpha_bar)).sqrt() * z",
        "Your posterior variance lacks the factor beta_t. It should be (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) "
        "beta_t.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "last_step_skipped",
        LOOP,
        "for t in range(self.var_scheduler.num_steps - 1, 0, -self.stride):",
        "Your loop ends at t = 1. It should end at t = 0, which is a step too.",
        "ddpm_sample",
        "ddpm_sampling_rules",
        "ddim_sample",
        "ddim_sampling_rules",
        "lddpm_sample",
    ),
    mistake(
        "sampling_runs_upward",
        LOOP,
        "for t in range(self.var_scheduler.num_steps):",
        "Your loop runs upward from t = 0. It should start at t = T - 1 and run down.",
        "ddpm_sample",
        "ddpm_sampling_rules",
        "ddim_sample",
        "ddim_sampling_rules",
        "lddpm_sampling_rules",
    ),
    mistake(
        "sampling_ends_after_one_step",
        RETURN,
        RETURN.replace("\n", "\n    "),
        "Your loop returns after its first step. The return should come after the loop, one indentation level less.",
        "ddpm_sample",
        "ddpm_sampling_rules",
        "ddim_sample",
        "ddim_sampling_rules",
    ),
    mistake(
        "step_result_discarded",
        UPDATE,
        "self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)",
        "Your loop throws away the result of each step, so x stays the noise it started from. It should assign the "
        "result to x.",
        "ddpm_sample",
        "ddim_sample",
        "ddim_sampling_rules",
        "lddpm_sample",
    ),
    mistake(
        "samples_one_by_one",
        UPDATE,
        "x = torch.cat([self.recover_sample(x[i : i + 1], self.guided_noise(x[i : i + 1], timestep[i : i + 1], "
        "labels[i : i + 1]), timestep[i : i + 1]) for i in range(len(x))])",
        "Your code generates the samples one by one. It should send all of them through the network in one batch.",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
        "lddpm_sampling_rules",
    ),
    mistake(
        "labels_ignored_in_sampling",
        LABELS,
        f"{LABELS}\n        labels = torch.zeros_like(labels)",
        "Your sampler never passes the requested labels to the network. It should pass them at every step.",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
    ),
    mistake(
        "gradients_kept_in_sampling",
        f"    @torch.no_grad()\n    {GENERATE}",
        f"    {GENERATE}",
        "Your sampler records gradients through every step, which fills up the memory. Use @torch.no_grad().",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
    ),
    mistake(
        "wrong_number_of_labels_accepted",
        "if len(labels) != num_samples:",
        "if False:",
        "Your code accepts fewer labels than samples. It should raise an exception.",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
    ),
)

PREPARE = (
    Mistake(
        "4.prepare_for_colour_images",
        (("UNet(in_channels=1,", "UNet(in_channels=3,"),),
        "Your network is built for 3 channels. FashionMNIST is grey, so in_channels should be 1.",
        ("4.prepare_ddpm", "4.prepare_ddim"),
        file="assignment.py",
    ),
    Mistake(
        "4.prepare_without_gradients",
        (("guidance_weight=2.0)", "guidance_weight=2.0).requires_grad_(False)"),),
        "Your model's parameters do not require gradients, so it cannot have been trained like this. They should "
        "require them.",
        ("4.prepare_ddpm", "4.prepare_ddim"),
        file="assignment.py",
    ),
)
