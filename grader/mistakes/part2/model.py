"""Mistakes in the loss, guidance, sampling, and the model of images. Each old text occurs exactly once."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

DROP = "if DL_random((1,), normal=False, seed=seed).item() < self.p_uncond:\n            cond = torch.zeros_like(cond)"
DRAW_T = "t = DL_random((len(data),), int_range=(0, self.denoising_steps), seed=seed).to(data.device)"
NOISE = "noise = DL_random(tuple(data.shape), seed=seed).to(data.device)"
LOSS = "return F.mse_loss(self.noise_pred_net(x_t, t, cond), noise)"
NULL = "both = torch.cat([cond, torch.zeros_like(cond)])"
LOOP = "for t in range(self.denoising_steps - 1, -1, -1):"
MIX = "noise = (1 + guidance_weight) * conditional - guidance_weight * unconditional"
STEP = "sample = self.noise_scheduler.denoise_step(noise, t, sample, threshold, seed)"
ESTIMATE = "conditional, unconditional = network(doubled, timestep, both).chunk(2)"

TRAINING = (
    mistake(
        "loss_against_sample",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(x_t, t, cond), data)",
        "The prediction is compared with x_0: the network predicts the noise.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_against_noisy_sample",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(x_t, t, cond), x_t)",
        "The prediction is compared with x_t: the network predicts the noise.",
        "loss",
    ),
    mistake(
        "loss_summed",
        LOSS,
        'return F.mse_loss(self.noise_pred_net(x_t, t, cond), noise, reduction="sum")',
        "The loss is a sum over the batch: take the mean, or the learning rate depends on the batch size.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_absolute",
        LOSS,
        "return F.l1_loss(self.noise_pred_net(x_t, t, cond), noise)",
        "The loss is the mean absolute error: this assignment asks for the mean squared error.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_detached",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(x_t, t, cond).detach(), noise)",
        "The loss is cut off from the network (detach, .data or no_grad), so nothing learns.",
        "gradient",
    ),
    mistake(
        "average_is_trained",
        LOSS,
        "return F.mse_loss(self.ema.averaged_model(x_t, t, cond), noise)",
        "The averaged network predicts here: train noise_pred_net, which the average follows.",
        "gradient",
    ),
    mistake(
        "one_timestep_for_the_batch",
        DRAW_T,
        "t = DL_random((1,), int_range=(0, self.denoising_steps), seed=seed).expand(len(data))",
        "One t is drawn for the whole batch: draw one for each item.",
        "training",
    ),
    mistake(
        "first_timestep_never_trained",
        DRAW_T,
        "t = DL_random((len(data),), int_range=(1, self.denoising_steps), seed=seed)",
        "t = 0 is never drawn: timesteps run from 0, and int_range excludes its upper bound.",
        "training",
    ),
    mistake(
        "last_timestep_never_trained",
        DRAW_T,
        "t = DL_random((len(data),), int_range=(0, self.denoising_steps - 1), seed=seed)",
        "t = T - 1 is never drawn: int_range already excludes its upper bound.",
        "training",
    ),
    mistake(
        "one_noise_for_all_items",
        NOISE,
        "noise = DL_random((1, *data.shape[1:]), seed=seed).expand_as(data)",
        "One noise is shared by the whole batch: draw it in the full shape of the data.",
        "training",
    ),
    mistake(
        "noise_uniform",
        NOISE,
        "noise = DL_random(tuple(data.shape), normal=False, seed=seed)",
        "The noise is uniform on [0, 1): leave DL_random's `normal` at True.",
        "loss",
        "training",
    ),
    mistake(
        "network_sees_clean_sample",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(data, t, cond), noise)",
        "The network gets x_0: it must get the noisy x_t.",
        "training",
    ),
)

GUIDANCE = (
    mistake(
        "condition_never_dropped",
        "            cond = torch.zeros_like(cond)",
        "            torch.zeros_like(cond)",
        "The condition is never dropped: the zeros are made, but not used.",
        "guidance_dropout",
    ),
    mistake(
        "dropped_with_the_wrong_probability",
        ".item() < self.p_uncond:",
        ".item() > self.p_uncond:",
        "The condition is dropped with probability 1 - p_uncond: the comparison is inverted.",
        "guidance_dropout",
        "training",
    ),
    mistake(
        "dropped_for_each_item",
        DROP,
        "drop = DL_random((len(cond), 1), normal=False, seed=seed) < self.p_uncond\n"
        "        cond = torch.where(drop, 0.0, cond)",
        "Each item's condition is dropped on its own: this assignment asks for one draw for the whole batch.",
        "guidance_dropout",
    ),
    mistake(
        "dropped_for_each_element",
        DROP,
        "drop = DL_random(tuple(cond.shape), normal=False, seed=seed) < self.p_uncond\n"
        "        cond = torch.where(drop, 0.0, cond)",
        "Single elements of the condition are dropped: drop the condition of the whole batch, or nothing.",
        "guidance_dropout",
    ),
    mistake(
        "null_is_minus_one",
        "            cond = torch.zeros_like(cond)",
        "            cond = torch.full_like(cond, -1.0)",
        "A dropped condition becomes -1: the null condition of this assignment is zeros.",
        "guidance_dropout",
    ),
    mistake(
        "callers_condition_zeroed",
        "            cond = torch.zeros_like(cond)",
        "            cond.zero_()",
        "The caller's condition is overwritten with zeros: make a new tensor.",
        "guidance_dropout",
    ),
)

SAMPLING = (
    mistake(
        "guidance_with_minus",
        MIX,
        "noise = (1 - guidance_weight) * conditional + guidance_weight * unconditional",
        "The sign of w is wrong: (1 + w) eps(c) - w eps(0) leads away from the unconditional estimate.",
        "guidance",
        "threshold_sample",
    ),
    mistake(
        "guidance_of_another_convention",
        MIX,
        "noise = unconditional + guidance_weight * (conditional - unconditional)",
        "w is shifted by one: that is the convention in which 1 is no guidance; here it is (1 + w) eps(c) - w eps(0).",
        "guidance",
    ),
    mistake(
        "guidance_swapped",
        MIX,
        "noise = (1 + guidance_weight) * unconditional - guidance_weight * conditional",
        "The two estimates are swapped: (1 + w) belongs to the conditional one.",
        "guidance",
    ),
    mistake(
        "null_pass_sees_the_condition",
        NULL,
        "both = torch.cat([cond, cond])",
        "The unconditional pass gets the condition as well, so guidance does nothing: it must get zeros.",
        "guidance",
    ),
    mistake(
        "only_first_step_guided",
        MIX,
        "first = t == self.denoising_steps - 1\n"
        "                    weight = guidance_weight if first else 0.0\n"
        "                    noise = (1 + weight) * conditional - weight * unconditional",
        "Only the first step is guided: mix the two estimates at every step.",
        "guidance",
        "threshold_sample",
    ),
    mistake(
        "condition_zeroed_in_sampling",
        NULL,
        "both = torch.cat([cond.clone(), cond.zero_()])",
        "The caller's condition is overwritten with zeros: make a new tensor.",
        "guidance",
    ),
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

IMAGES = (
    mistake(
        "condition_dim_without_null",
        "self.condition_dim = len(CLASSES) + 1",
        "self.condition_dim = len(CLASSES)",
        "condition_dim is 3, but there are 4 conditions: the null condition 0 and the classes 1, 2, 3.",
        "image_generator",
        file="image_gen.py",
    ),
    mistake(
        "condition_dim_of_all_classes",
        "self.condition_dim = len(CLASSES) + 1",
        "self.condition_dim = 10",
        "condition_dim is that of all of CIFAR-10: there are 4 conditions here, three classes and the null condition.",
        "image_generator",
        file="image_gen.py",
    ),
    mistake(
        "image_shape_channels_last",
        "(3, 32, 32)\n",
        "(32, 32, 3)\n",
        "input_shape has the channels last: torch's images are (channels, height, width).",
        "image_generator",
        file="image_gen.py",
    ),
)
