"""Mistakes in training and sampling the DDPM, much of which the DDIM inherits. Each patch's old text occurs once."""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch

mistake = partial(one_patch, 4)

DRAW_T = "torch.randint(0, self.var_scheduler.num_steps, (len(x),), device=x.device)"
LOSS = "return F.mse_loss(self.network(x_t, t, label), noise)"
MEAN = "mean = (noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise) / alpha.sqrt()"
LAST = "z = z * (timestep.reshape(shape) > 0)"
STEP = "return mean + beta.sqrt() * z"
LOOP = "for t in range(self.var_scheduler.num_steps - 1, -1, -self.stride):"
LABELS = "labels = labels_of_samples(num_samples, self.network.num_classes, device, labels)"
GENERATE = (
    'def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):\n'
    '        """Generate images, all of them in one batch. Implements algorithm 2'
)
UPDATE = "x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)"
RETURN = UPDATE + "\n        return x"

TRAINING = (
    mistake(
        "loss_against_image",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label), x)",
        "The prediction is compared with x_0: the network predicts the noise.",
        "ddpm_loss",
        "ddpm_gradient",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "loss_against_noisy_image",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label), x_t)",
        "The prediction is compared with x_t: the network predicts the noise.",
        "ddpm_loss",
        "ddim_loss",
    ),
    mistake(
        "loss_summed",
        LOSS,
        'return F.mse_loss(self.network(x_t, t, label), noise, reduction="sum")',
        "The loss is a sum over the batch: take the mean, or the learning rate depends on the batch size.",
        "ddpm_loss",
        "ddpm_gradient",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "loss_not_reduced",
        LOSS,
        'return F.mse_loss(self.network(x_t, t, label), noise, reduction="none").mean(dim=(1, 2, 3))',
        "The loss has one value for each item: reduce it to a scalar.",
        "ddpm_loss",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "loss_detached",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label).detach(), noise)",
        "The loss is cut off from the network (detach, .data or no_grad), so nothing learns.",
        "ddpm_gradient",
        "ddim_loss",
        "lddpm_loss",
        "lddpm_frozen",
    ),
    mistake(
        "one_timestep_for_the_batch",
        DRAW_T,
        "torch.randint(0, self.var_scheduler.num_steps, (1,), device=x.device).expand(len(x))",
        "One t is drawn for the whole batch: draw one for each item.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "first_timestep_never_trained",
        DRAW_T,
        "torch.randint(1, self.var_scheduler.num_steps, (len(x),), device=x.device)",
        "t = 0 is never drawn: timesteps run from 0, and randint excludes its upper bound.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "last_timestep_never_trained",
        DRAW_T,
        "torch.randint(0, self.var_scheduler.num_steps - 1, (len(x),), device=x.device)",
        "t = T - 1 is never drawn: randint already excludes its upper bound.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "network_sees_clean_image",
        LOSS,
        "return F.mse_loss(self.network(x, t, label), noise)",
        "The network gets x_0: it must get the noisy x_t.",
        "ddpm_training",
        "lddpm_frozen",
    ),
    mistake(
        "labels_always_dropped",
        "< self.p_uncond",
        "> self.p_uncond",
        "Nearly all labels are dropped: the comparison with p_uncond is inverted.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
)

SAMPLING = (
    mistake(
        "noise_in_last_step",
        LAST,
        "pass",
        "Noise is added at t = 0 as well: the last step returns the mean.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "no_noise_in_last_two_steps",
        LAST,
        "z = z * (timestep.reshape(shape) > 1)",
        "No noise is added at t = 1: with timesteps from 0, only t = 0 goes without (t > 0, not t > 1).",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "noise_never_added",
        STEP,
        "return mean",
        "No noise is added at any step: the sampler returns the mean only.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "variance_for_sigma",
        STEP,
        "return mean + beta * z",
        "The noise is multiplied by the variance sigma^2: multiply by sigma, its square root.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_without_scale",
        MEAN,
        "mean = noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise",
        "The mean lacks its factor 1 / sqrt(alpha_t).",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_divided_by_alpha",
        MEAN,
        "mean = (noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise) / alpha",
        "The mean is divided by alpha_t: divide by its square root.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_without_root_of_alpha_bar",
        MEAN,
        "mean = (noisy_sample - beta / (1 - alpha_bar) * estimated_noise) / alpha.sqrt()",
        "The estimated noise is divided by 1 - alpha_bar_t: divide by its square root.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_with_alpha_for_beta",
        MEAN,
        "mean = (noisy_sample - alpha / (1 - alpha_bar).sqrt() * estimated_noise) / alpha.sqrt()",
        "alpha_t stands where beta_t = 1 - alpha_t belongs, in the factor of the estimated noise.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "posterior_variance_without_beta",
        "        z = z * (timestep.reshape(shape) > 0)\n        return mean + beta.sqrt() * z",
        "        previous = alpha_bar / alpha\n        z = z * (timestep.reshape(shape) > 0)\n"
        "        return mean + ((1 - previous) / (1 - alpha_bar)).sqrt() * z",
        "The posterior variance lacks its factor beta_t: (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "last_step_skipped",
        LOOP,
        "for t in range(self.var_scheduler.num_steps - 1, 0, -self.stride):",
        "The loop ends at t = 1: t = 0 is a step as well.",
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
        "The loop runs from t = 0 upward: sampling starts at t = T - 1 and goes down.",
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
        "The loop returns after its first step: the return belongs behind it, one indentation less.",
        "ddpm_sample",
        "ddpm_sampling_rules",
        "ddim_sample",
        "ddim_sampling_rules",
    ),
    mistake(
        "step_result_discarded",
        UPDATE,
        "self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)",
        "The result of a step is thrown away: x is still the noise it started from.",
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
        "Samples are made one by one: all of them go through the network in one batch.",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
        "lddpm_sampling_rules",
    ),
    mistake(
        "labels_ignored_in_sampling",
        LABELS,
        f"{LABELS}\n        labels = torch.zeros_like(labels)",
        "The labels asked for never reach the network.",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
    ),
    mistake(
        "gradients_kept_in_sampling",
        f"    @torch.no_grad()\n    {GENERATE}",
        f"    {GENERATE}",
        "Sampling records gradients through every step, which fills the memory: use @torch.no_grad().",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
    ),
    mistake(
        "wrong_number_of_labels_accepted",
        "if len(labels) != num_samples:",
        "if False:",
        "Fewer labels than samples are accepted: raise an exception.",
        "ddpm_sampling_rules",
        "ddim_sampling_rules",
    ),
)

PREPARE = (
    Mistake(
        "4.prepare_for_colour_images",
        (("UNet(in_channels=1,", "UNet(in_channels=3,"),),
        "The network is built for 3 channels: FashionMNIST is grey, in_channels = 1.",
        ("4.prepare_ddpm", "4.prepare_ddim"),
        file="assignment.py",
    ),
    Mistake(
        "4.prepare_without_gradients",
        (("guidance_weight=2.0)", "guidance_weight=2.0).requires_grad_(False)"),),
        "The model's parameters do not take gradients: it cannot have been trained like this.",
        ("4.prepare_ddpm", "4.prepare_ddim"),
        file="assignment.py",
    ),
)
