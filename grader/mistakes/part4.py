"""Mistakes in the conditional DDPM of part 4. Each patch's old text occurs exactly once in the solution."""

from grader.assignment import Mistake

LINEAR = "self.betas = torch.linspace(beta_start, beta_end, num_steps)\n"
QUADRATIC = "torch.linspace(beta_start**0.5, beta_end**0.5, num_steps) ** 2"
CUMPROD = "torch.cumprod(self.alphas, dim=0)"
NOISING = "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar).sqrt() * noise"
DRAW = "noise = torch.randn_like(x)"
DRAW_T = "torch.randint(0, self.var_scheduler.num_steps, (len(x),), device=x.device)"
LOSS = "return F.mse_loss(self.network(x_t, t, label), noise)"
MEAN = "mean = (noisy_sample - beta / (1 - alpha_bar).sqrt() * estimated_noise) / alpha.sqrt()"
LAST = "z = z * (timestep.reshape(shape) > 0)"
STEP = "return mean + beta.sqrt() * z"
LOOP = "for t in reversed(range(self.var_scheduler.num_steps)):"
UPDATE = "x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)"


def mistake(name, old, new, hint, *fails):
    """A mistake of one patch in models.py."""
    return Mistake(f"4.{name}", ((old, new),), hint, tuple(f"4.{case}" for case in fails))


EMBEDDING = (
    mistake(
        "embedding_only_sines",
        "torch.cat([angles.sin(), angles.cos()], dim=-1)",
        "torch.cat([angles.sin(), (2 * angles).sin()], dim=-1)",
        "Every frequency needs both its sine and its cosine: without the cosine, t = 0 is embedded as zeros.",
        "embedding",
    ),
    mistake(
        "embedding_without_minus",
        "torch.exp(-math.log(10000.0)",
        "torch.exp(math.log(10000.0)",
        "The frequencies grow up to 10000 instead of falling to 1/10000: the exponent of 10000 is negative.",
        "embedding",
    ),
    mistake(
        "embedding_of_scaled_time",
        "angles = time[:, None].float() *",
        "angles = time[:, None].float() / 1000 *",
        "The timestep is divided before it is embedded; here the embedding takes t itself, from 0 to T - 1.",
        "embedding",
    ),
)

UNET = (
    mistake(
        "unet_ignores_time",
        "emb = F.silu(self.time_mlp(timestep) + self.label_emb(label))",
        "emb = F.silu(0 * self.time_mlp(timestep) + self.label_emb(label))",
        "The output does not depend on the timestep: add the time embedding in every block.",
        "unet",
    ),
    mistake(
        "unet_ignores_label",
        "emb = F.silu(self.time_mlp(timestep) + self.label_emb(label))",
        "emb = F.silu(self.time_mlp(timestep) + 0 * self.label_emb(label))",
        "The output does not depend on the label: embed it, and add it to the time embedding.",
        "unet",
    ),
    mistake(
        "unet_one_channel_out",
        "self.head = nn.Conv2d(previous, 4 * in_channels, 3, padding=1)",
        "self.head = nn.Conv2d(previous, 4, 3, padding=1)",
        "The last layer always gives one channel: it must give in_channels, because noise has the image's shape.",
        "unet",
    ),
    mistake(
        "unet_embedding_of_first_item",
        "        skips = []\n",
        "        emb = emb[:1].expand_as(emb)\n        skips = []\n",
        "All items of a batch get the time and label of the first one: keep the batch dimension of the embedding.",
        "unet",
    ),
)

SCHEDULE = (
    mistake(
        "alpha_bars_by_cumsum",
        CUMPROD,
        "torch.cumsum(self.alphas, dim=0)",
        "alpha_bar_t is the product of the alphas up to t, not their sum: cumprod.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "alpha_bars_of_betas",
        CUMPROD,
        "torch.cumprod(self.betas, dim=0)",
        "alpha_bar_t is the product of the alphas, not of the betas.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "alpha_bars_without_current_step",
        CUMPROD,
        "torch.cat([torch.ones(1), torch.cumprod(self.alphas, dim=0)[:-1]])",
        "alpha_bar_t includes alpha_t: alpha_bar_0 is alpha_0, not 1.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "beta_end_too_small",
        "def __init__(self, beta_start=0.0001, beta_end=0.02, num_steps=1000, interpolation",
        "def __init__(self, beta_start=0.0001, beta_end=0.002, num_steps=1000, interpolation",
        "The default of beta_end is 0.02; with 0.002 an image still shows through at t = T - 1.",
        "schedule",
        "schedule_quadratic",
    ),
    mistake(
        "schedule_one_step_too_many",
        LINEAR,
        "self.betas = torch.linspace(beta_start, beta_end, num_steps + 1)[1:]\n",
        "beta_0 is beta_start itself: interpolate num_steps values, both ends included.",
        "schedule",
    ),
    mistake(
        "quadratic_is_linear",
        QUADRATIC,
        "torch.linspace(beta_start, beta_end, num_steps)",
        "With 'quadratic' the betas still run linearly: interpolate their square roots, then square.",
        "schedule_quadratic",
    ),
    mistake(
        "quadratic_of_beta",
        QUADRATIC,
        "torch.linspace(beta_start, beta_end, num_steps) ** 2",
        "The betas themselves are squared: interpolate their square roots, so that the ends stay where they are.",
        "schedule_quadratic",
    ),
    mistake(
        "unknown_interpolation_accepted",
        "raise ValueError(f\"interpolation must be 'linear' or 'quadratic', not {interpolation!r}\")",
        "self.betas = torch.linspace(beta_start, beta_end, num_steps)",
        "An unknown interpolation is taken for a known one: raise an exception that names it.",
        "schedule_refusal",
    ),
)

NOISE = (
    mistake(
        "noise_factor_of_root",
        NOISING,
        "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar.sqrt()).sqrt() * noise",
        "The factor of the noise is sqrt(1 - alpha_bar_t), not sqrt(1 - sqrt(alpha_bar_t)).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "noise_factor_without_root",
        NOISING,
        "noisy = alpha_bar.sqrt() * x + (1 - alpha_bar) * noise",
        "The factor of the noise lacks its square root: sqrt(1 - alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "image_factor_without_root",
        NOISING,
        "noisy = alpha_bar * x + (1 - alpha_bar).sqrt() * noise",
        "The factor of x_0 lacks its square root: sqrt(alpha_bar_t).",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "noising_factors_swapped",
        NOISING,
        "noisy = (1 - alpha_bar).sqrt() * x + alpha_bar.sqrt() * noise",
        "The two factors are swapped: sqrt(alpha_bar_t) belongs to x_0, sqrt(1 - alpha_bar_t) to the noise.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "alpha_for_alpha_bar",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alphas.to(x.device)[time_step]",
        "alpha_t stands where alpha_bar_t belongs: x_t is reached from x_0 in t + 1 steps, not in one.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "timestep_off_by_one",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step - 1]",
        "alpha_bar_{t-1} stands where alpha_bar_t belongs: timesteps are indexed from 0.",
        "add_noise",
        "ddpm_training",
    ),
    mistake(
        "alpha_bar_reshaped_for_vectors",
        "alpha_bar = alpha_bar.reshape(-1, *[1] * (x.dim() - 1))",
        "alpha_bar = alpha_bar.reshape(-1, 1)",
        "alpha_bar_t of shape (B, 1) fits vectors only: give it as many dimensions as x has, (B, 1, ..., 1).",
        "add_noise",
    ),
    mistake(
        "one_noise_for_all_items",
        DRAW,
        "noise = torch.randn_like(x[:1]).expand_as(x)",
        "One noise is shared by the whole batch: draw it in x's full shape.",
        "noise",
        "ddpm_training",
    ),
    mistake(
        "uniform_noise",
        DRAW,
        "noise = torch.rand_like(x)",
        "The noise is uniform on [0, 1): it must be standard normal, so randn.",
        "noise",
    ),
    mistake(
        "input_noised_in_place",
        NOISING,
        "noisy = x.mul_(alpha_bar.sqrt()).add_((1 - alpha_bar).sqrt() * noise)",
        "x_0 is changed in place: the caller still needs it.",
        "add_noise",
    ),
    mistake(
        "float64_noising",
        NOISING,
        "noisy = alpha_bar.double().sqrt() * x + (1 - alpha_bar).sqrt() * noise",
        "x_t becomes float64, which a float32 network refuses: keep the schedule in float32.",
        "add_noise",
    ),
)

TRAINING = (
    mistake(
        "loss_against_image",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label), x)",
        "The prediction is compared with x_0: the network predicts the noise.",
        "ddpm_loss",
        "ddpm_gradient",
    ),
    mistake(
        "loss_against_noisy_image",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label), x_t)",
        "The prediction is compared with x_t: the network predicts the noise.",
        "ddpm_loss",
    ),
    mistake(
        "loss_summed",
        LOSS,
        'return F.mse_loss(self.network(x_t, t, label), noise, reduction="sum")',
        "The loss is a sum over the batch: take the mean, or the learning rate depends on the batch size.",
        "ddpm_loss",
        "ddpm_gradient",
    ),
    mistake(
        "loss_not_reduced",
        LOSS,
        'return F.mse_loss(self.network(x_t, t, label), noise, reduction="none").mean(dim=(1, 2, 3))',
        "The loss has one value for each item: reduce it to a scalar.",
        "ddpm_loss",
    ),
    mistake(
        "loss_detached",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label).detach(), noise)",
        "The loss is cut off from the network (detach, .data or no_grad), so nothing learns.",
        "ddpm_gradient",
    ),
    mistake(
        "one_timestep_for_the_batch",
        DRAW_T,
        "torch.randint(0, self.var_scheduler.num_steps, (1,), device=x.device).expand(len(x))",
        "One t is drawn for the whole batch: draw one for each item.",
        "ddpm_training",
    ),
    mistake(
        "first_timestep_never_trained",
        DRAW_T,
        "torch.randint(1, self.var_scheduler.num_steps, (len(x),), device=x.device)",
        "t = 0 is never drawn: timesteps run from 0, and randint excludes its upper bound.",
        "ddpm_training",
    ),
    mistake(
        "last_timestep_never_trained",
        DRAW_T,
        "torch.randint(0, self.var_scheduler.num_steps - 1, (len(x),), device=x.device)",
        "t = T - 1 is never drawn: randint already excludes its upper bound.",
        "ddpm_training",
    ),
    mistake(
        "network_sees_clean_image",
        LOSS,
        "return F.mse_loss(self.network(x, t, label), noise)",
        "The network gets x_0: it must get the noisy x_t.",
        "ddpm_training",
    ),
    mistake(
        "labels_always_dropped",
        "< self.p_uncond",
        "> self.p_uncond",
        "Nearly all labels are dropped: the comparison with p_uncond is inverted.",
        "ddpm_training",
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
        "for t in reversed(range(1, self.var_scheduler.num_steps)):",
        "The loop ends at t = 1: t = 0 is a step as well.",
        "ddpm_sample",
        "ddpm_sampling_rules",
    ),
    mistake(
        "sampling_runs_upward",
        LOOP,
        "for t in range(self.var_scheduler.num_steps):",
        "The loop runs from t = 0 upward: sampling starts at t = T - 1 and goes down.",
        "ddpm_sample",
        "ddpm_sampling_rules",
    ),
    mistake(
        "step_result_discarded",
        UPDATE,
        "self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)",
        "The result of a step is thrown away: x is still the noise it started from.",
        "ddpm_sample",
    ),
    mistake(
        "samples_one_by_one",
        UPDATE,
        "x = torch.cat([self.recover_sample(x[i : i + 1], self.guided_noise(x[i : i + 1], timestep[i : i + 1], "
        "labels[i : i + 1]), timestep[i : i + 1]) for i in range(len(x))])",
        "Samples are made one by one: all of them go through the network in one batch.",
        "ddpm_sampling_rules",
    ),
    mistake(
        "labels_ignored_in_sampling",
        "        labels = labels.to(device)\n",
        "        labels = torch.zeros_like(labels).to(device)\n",
        "The labels asked for never reach the network.",
        "ddpm_sampling_rules",
    ),
    mistake(
        "gradients_kept_in_sampling",
        "    @torch.no_grad()\n    def generate_sample",
        "    def generate_sample",
        "Sampling records gradients through every step, which fills the memory: use @torch.no_grad().",
        "ddpm_sampling_rules",
    ),
    mistake(
        "wrong_number_of_labels_accepted",
        "if len(labels) != num_samples:",
        "if False:",
        "3 labels for 4 samples are accepted: raise an exception.",
        "ddpm_sampling_rules",
    ),
)

PREPARE = (
    Mistake(
        "4.prepare_for_colour_images",
        (("UNet(in_channels=1,", "UNet(in_channels=3,"),),
        "The network is built for 3 channels: FashionMNIST is grey, in_channels = 1.",
        ("4.prepare_ddpm",),
        file="assignment.py",
    ),
    Mistake(
        "4.prepare_without_gradients",
        (("guidance_weight=2.0)", "guidance_weight=2.0).requires_grad_(False)"),),
        "The model's parameters do not take gradients: it cannot have been trained like this.",
        ("4.prepare_ddpm",),
        file="assignment.py",
    ),
)
