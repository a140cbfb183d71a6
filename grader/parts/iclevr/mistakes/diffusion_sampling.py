"""Known mistakes in the multi-label DDPM's guidance and sampling. Each patch's old text occurs exactly once."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "In your convention w = 1 means no guidance. Here w = 0 does: the factors are (1 + w) and -w.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "guidance_reversed",
        GUIDED,
        "return (1 + w) * without - w * with_labels",
        "You exchange the two predictions, so pictures avoid their labels. The prediction with labels has the factor "
        "(1 + w).",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "guidance_that_adds_up_to_more",
        GUIDED,
        "return (1 + w) * with_labels + w * without",
        "Your factors add up to 1 + 2w. Subtract the unconditional prediction.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "null_of_ones",
        BOTH,
        "both = torch.cat([labels, torch.ones_like(labels)])",
        "Your null condition is all ones in sampling. It should be all zeros, as in training.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "same_labels_twice",
        BOTH,
        "both = torch.cat([labels, labels])",
        "Both of your predictions see the labels, so guidance has no effect. One of them should see the null "
        "condition.",
        "guidance",
        "ddpm_sample",
    ),
    mistake(
        "x_0_not_clamped",
        X_0,
        "x_0 = (noisy_sample - (1 - alpha_bar).sqrt() * estimated_noise) / alpha_bar.sqrt()",
        "You do not clamp your estimate of x_0. Clamp it to [-1, 1].",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "x_0_without_a_root",
        X_0,
        "x_0 = ((noisy_sample - (1 - alpha_bar) * estimated_noise) / alpha_bar.sqrt()).clamp(-1, 1)",
        "Your estimate of x_0 multiplies the noise by 1 - alpha_bar_t. The factor should be sqrt(1 - alpha_bar_t).",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "clamped_between_0_and_1",
        "alpha_bar.sqrt()).clamp(-1, 1)",
        "alpha_bar.sqrt()).clamp(0, 1)",
        "You clamp x_0 to [0, 1]. Pictures are in [-1, 1].",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_factors_exchanged",
        MEAN,
        "mean = before.sqrt() * beta * noisy_sample + (1 - beta).sqrt() * (1 - before) * x_0",
        "You exchange the two factors of eq. (7). Check which of them belongs to x_0.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "mean_with_the_same_alpha_bar",
        MEAN,
        "mean = alpha_bar.sqrt() * beta * x_0 + (1 - beta).sqrt() * (1 - before) * noisy_sample",
        "The factor of x_0 has alpha_bar_t under its root. It should be alpha_bar_{t-1}.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "variance_for_deviation",
        SIGMA,
        "sigma = (1 - before) / (1 - alpha_bar) * beta",
        "You multiply the noise by the variance. Take its square root.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "sigma_of_beta",
        SIGMA,
        "sigma = beta.sqrt()",
        "Your sigma^2 is beta_t. It should be (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t, which is 0 at t = 0.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "before_wraps_around",
        BEFORE,
        "before = self.alpha_bars[t - 1]",
        "At t = 0 your index -1 gives the last alpha_bar. There alpha_bar_{t-1} should be 1.",
        "ddpm_step",
        "ddpm_sample",
    ),
    mistake(
        "loop_without_t_0",
        LOOP,
        "for t in range(self.num_steps - 1, 0, -1):",
        "You skip the step at t = 0, because range excludes its end. The loop should include it.",
        "ddpm_sample",
    ),
    mistake(
        "loop_upward",
        LOOP,
        "for t in range(self.num_steps):",
        "Your loop runs upward. Sampling starts at t = T - 1 and counts down.",
        "ddpm_sample",
    ),
    mistake(
        "sampling_ignores_labels",
        UPDATE,
        "x = self.recover_sample(x, self.guided_noise(x, timestep, torch.zeros_like(labels)), timestep)",
        "The labels do not reach the network during sampling. Pass them on in each step.",
        "ddpm_sample",
    ),
    mistake(
        "sampling_without_guidance",
        UPDATE,
        "x = self.recover_sample(x, self.network(x, timestep, labels), timestep)",
        "You do not call guided_noise, so guidance_weight has no effect on samples. Use it for the noise of each step.",
        "ddpm_sample",
    ),
    mistake(
        "strip_without_the_noise",
        STATES,
        "states = [*self.denoise(x, labels.to(device))]",
        "Your strip starts after the first step. It should start with the noise.",
        "strip",
    ),
    mistake(
        "strip_of_steps",
        STACK,
        "return torch.stack(states[:: self.num_steps // STRIP])",
        "You stack the states along the first dimension, which is that of the pictures. Stack them along the second.",
        "strip",
    ),
    mistake(
        "strip_backwards",
        STACK,
        "return torch.stack(states[:: -(self.num_steps // STRIP)], dim=1)",
        "Your strip runs from the picture to the noise. It should start with the noise.",
        "strip",
    ),
    mistake(
        "labels_stay_on_the_cpu",
        "for picture in self.denoise(x, labels.to(device)):",
        "for picture in self.denoise(x, labels):",
        "generate_sample leaves the labels on the CPU. Move them to the device.",
        "ddpm_device",
    ),
    mistake(
        "prepares_a_frozen_model",
        "return MultiLabelDDPM(MultiLabelUnet(channels=(64, 112, 144)), num_steps=120, guidance_weight=2.0)",
        "model = MultiLabelDDPM(MultiLabelUnet(channels=(64, 112, 144)), num_steps=120, guidance_weight=2.0)\n"
        "    return model.requires_grad_(False)",
        "prepare_cddpm freezes the model's parameters, so it cannot be trained. Leave requires_grad on.",
        "prepare_cddpm",
    ),
)
