"""Mistakes in guidance and sampling of the multi-label DDPM. Each patch's old text occurs once."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 5, file="conditional_diffusion.py")

GUIDED = "return (1 + w) * with_labels - w * without"
BOTH = "both = torch.cat([labels, torch.zeros_like(labels)])"
BEFORE = "before = self.alpha_bars[t - 1] if t > 0 else torch.ones_like(alpha_bar)"
X_0 = "x_0 = ((noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()).clamp(-1, 1)"
MEAN = "mean = before.sqrt() * beta * x_0 + (1 - beta).sqrt() * (1 - before) * noisy_sample"
SIGMA = "sigma = ((1 - before) / (1 - alpha_bar) * beta).sqrt()"
LOOP = "for t in range(self.num_steps - 1, -1, -1):"
UPDATE = "x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)"
STATES = "states = [x, *self.denoise(x, labels.to(device))]"
STACK = "return torch.stack(states[:: self.num_steps // STRIP], dim=1)"

SAMPLING = (
    mistake(
        "guidance_of_the_other_convention",
        GUIDED,
        "return w * with_labels + (1 - w) * without",
        "w = 1 is no guidance here, and 0 is: the factors are (1 + w) and -w.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "guidance_reversed",
        GUIDED,
        "return (1 + w) * without - w * with_labels",
        "The two predictions are exchanged: labels repel.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "guidance_that_adds_up_to_more",
        GUIDED,
        "return (1 + w) * with_labels + w * without",
        "The factors add up to 1 + 2w: the unconditional prediction is subtracted.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "null_of_ones",
        BOTH,
        "both = torch.cat([labels, torch.ones_like(labels)])",
        "The null condition of sampling is all ones: it is the one that training knows, all zeros.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "same_labels_twice",
        BOTH,
        "both = torch.cat([labels, labels])",
        "Both predictions see the labels, so that guidance has no effect.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "x_0_not_clamped",
        X_0,
        "x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()",
        "The estimate of x_0 is not clamped to [-1, 1].",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "x_0_without_a_root",
        X_0,
        "x_0 = ((noisy_sample - (1 - alpha_bar) * estimated_noise) / alpha_bar.sqrt()).clamp(-1, 1)",
        "The estimated noise has the factor sqrt(1 - alpha_bar_t) in x_0; yours lacks the root.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "clamped_between_0_and_1",
        "alpha_bar.sqrt()).clamp(-1, 1)",
        "alpha_bar.sqrt()).clamp(0, 1)",
        "x_0 is clamped to [0, 1]: pictures are in [-1, 1].",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_factors_exchanged",
        MEAN,
        "mean = before.sqrt() * beta * noisy_sample + (1 - beta).sqrt() * (1 - before) * x_0",
        "The two factors of eq. (7) are exchanged.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_with_the_same_alpha_bar",
        MEAN,
        "mean = alpha_bar.sqrt() * beta * x_0 + (1 - beta).sqrt() * (1 - before) * noisy_sample",
        "The factor of x_0 has alpha_bar_{t-1} under its root, not alpha_bar_t.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "variance_for_deviation",
        SIGMA,
        "sigma = (1 - before) / (1 - alpha_bar) * beta",
        "The noise is multiplied by the variance: take its root.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "sigma_of_beta",
        SIGMA,
        "sigma = beta.sqrt()",
        "sigma^2 is beta_t, but (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t is asked for, which is 0 at t = 0.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "before_wraps_around",
        BEFORE,
        "before = self.alpha_bars[t - 1]",
        "At t = 0 the index -1 is the last alpha_bar: before the first step it is 1.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "loop_without_t_0",
        LOOP,
        "for t in range(self.num_steps - 1, 0, -1):",
        "The step of t = 0 is missing: range excludes its end.",
        "ddpm_sample",
    ),
    mistake(
        "loop_upward",
        LOOP,
        "for t in range(self.num_steps):",
        "The loop runs upward: sampling begins at t = T - 1.",
        "ddpm_sample",
    ),
    mistake(
        "sampling_ignores_labels",
        UPDATE,
        "x = self.recover_sample(x, self.guided_noise(x, timestep, torch.zeros_like(labels)), timestep)",
        "The labels asked for do not reach the network while sampling.",
        "ddpm_sample",
    ),
    mistake(
        "sampling_without_guidance",
        UPDATE,
        "x = self.recover_sample(x, self.network(x, timestep, labels), timestep)",
        "guided_noise is not used, so that guidance_weight has no effect on samples.",
        "ddpm_sample",
    ),
    mistake(
        "strip_without_the_noise",
        STATES,
        "states = [*self.denoise(x, labels.to(device))]",
        "The strip begins after the first step: the noise comes first.",
        "strip",
    ),
    mistake(
        "strip_of_steps",
        STACK,
        "return torch.stack(states[:: self.num_steps // STRIP])",
        "The first dimension is that of the pictures: stack the states along the second.",
        "strip",
    ),
    mistake(
        "strip_backwards",
        STACK,
        "return torch.stack(states[:: -(self.num_steps // STRIP)], dim=1)",
        "The strip runs from the picture to the noise.",
        "strip",
    ),
    mistake(
        "labels_stay_on_the_cpu",
        "for picture in self.denoise(x, labels.to(device)):",
        "for picture in self.denoise(x, labels):",
        "The labels stay where they came from: move them to the device.",
        "ddpm_device",
    ),
    mistake(
        "prepares_a_frozen_model",
        "return MultiLabelDDPM(MultiLabelUnet(channels=(64, 112, 144)), num_steps=120, guidance_weight=2.0)",
        "model = MultiLabelDDPM(MultiLabelUnet(channels=(64, 112, 144)), num_steps=120, guidance_weight=2.0)\n"
        "    return model.requires_grad_(False)",
        "The model's parameters are frozen: it cannot be trained.",
        "prepare_cddpm",
    ),
)
