"""Mistakes in training. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

DRAW_T = "t = DL_random((len(data),), int_range=(0, self.denoising_steps), seed=seed).to(data.device)"
NOISE = "noise = DL_random(tuple(data.shape), seed=seed).to(data.device)"
LOSS = "return F.mse_loss(self.noise_pred_net(x_t, t, cond), noise)"

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
