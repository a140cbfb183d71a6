"""Mistakes in training. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

DRAW_T = "t = DL_random((len(data),), int_range=(0, self.denoising_steps), seed=seed).to(data.device)"
NOISE = "noise = DL_random(tuple(data.shape), seed=seed).to(data.device)"
LOSS = "return F.mse_loss(self.noise_pred_net(x_t, t, cond), noise)"

TRAINING = (
    mistake(
        "loss_against_sample",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(x_t, t, cond), data)",
        "Your loss compares the prediction with x_0. The network predicts the noise.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_against_noisy_sample",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(x_t, t, cond), x_t)",
        "Your loss compares the prediction with x_t. The network predicts the noise.",
        "loss",
    ),
    mistake(
        "loss_summed",
        LOSS,
        'return F.mse_loss(self.noise_pred_net(x_t, t, cond), noise, reduction="sum")',
        "Your loss is a sum over the batch, so the best learning rate depends on the batch size. Take the mean.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_absolute",
        LOSS,
        "return F.l1_loss(self.noise_pred_net(x_t, t, cond), noise)",
        "Your loss is the mean absolute error. This assignment uses the mean squared error.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_detached",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(x_t, t, cond).detach(), noise)",
        "Your code cuts the loss off from the network (detach, .data or no_grad). Nothing learns unless you keep the "
        "gradient.",
        "gradient",
    ),
    mistake(
        "average_is_trained",
        LOSS,
        "return F.mse_loss(self.ema.averaged_model(x_t, t, cond), noise)",
        "Your loss uses the averaged network. Train noise_pred_net, which the average follows.",
        "gradient",
    ),
    mistake(
        "one_timestep_for_the_batch",
        DRAW_T,
        "t = DL_random((1,), int_range=(0, self.denoising_steps), seed=seed).expand(len(data))",
        "Your code draws one t for the whole batch. Draw one for each item.",
        "training",
    ),
    mistake(
        "first_timestep_never_trained",
        DRAW_T,
        "t = DL_random((len(data),), int_range=(1, self.denoising_steps), seed=seed)",
        "Your code never draws t = 0. Timesteps count from 0, and int_range excludes its upper bound.",
        "training",
    ),
    mistake(
        "last_timestep_never_trained",
        DRAW_T,
        "t = DL_random((len(data),), int_range=(0, self.denoising_steps - 1), seed=seed)",
        "Your code never draws t = T - 1. int_range already excludes its upper bound.",
        "training",
    ),
    mistake(
        "one_noise_for_all_items",
        NOISE,
        "noise = DL_random((1, *data.shape[1:]), seed=seed).expand_as(data)",
        "The whole batch shares one noise. Draw it in the full shape of the data.",
        "training",
    ),
    mistake(
        "noise_uniform",
        NOISE,
        "noise = DL_random(tuple(data.shape), normal=False, seed=seed)",
        "Your noise is uniform on [0, 1). Leave DL_random's `normal` at True.",
        "loss",
        "training",
    ),
    mistake(
        "network_sees_clean_sample",
        LOSS,
        "return F.mse_loss(self.noise_pred_net(data, t, cond), noise)",
        "Your network gets x_0. It should get the noisy x_t.",
        "training",
    ),
)
