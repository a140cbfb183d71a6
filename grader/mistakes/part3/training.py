"""Mistakes in training. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 3, file="DDPM.py")

DRAW_T = "t = torch.randint(1, config.T + 1, (len(images), 1, 1, 1), device=device)"
NOISE = "noise = torch.randn_like(images)"
NOISING = 'x_t = schedule["sqrt_alpha_bar"] * images + schedule["sqrt_oneminus_alpha_bar"] * noise'
LOSS = "return self.loss_fn(self.network(x_t, t / config.T, one_hot), noise)"

TRAINING = (
    mistake(
        "loss_against_image",
        LOSS,
        "return self.loss_fn(self.network(x_t, t / config.T, one_hot), images)",
        "The prediction is compared with x_0: the network predicts the noise eps.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_against_noisy_image",
        LOSS,
        "return self.loss_fn(self.network(x_t, t / config.T, one_hot), x_t)",
        "The prediction is compared with x_t: the network predicts the noise eps.",
        "loss",
    ),
    mistake(
        "loss_summed",
        LOSS,
        'return F.mse_loss(self.network(x_t, t / config.T, one_hot), noise, reduction="sum")',
        "The loss is a sum over the batch: take the mean, or the learning rate depends on the batch size.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_detached",
        LOSS,
        "return self.loss_fn(self.network(x_t, t / config.T, one_hot).detach(), noise)",
        "The loss is cut off from the network (detach, .data or no_grad), so nothing learns.",
        "gradient",
    ),
    mistake(
        "one_timestep_for_the_batch",
        DRAW_T,
        "t = torch.randint(1, config.T + 1, (1, 1, 1, 1), device=device)",
        "One t is drawn for the whole batch: draw one for each item.",
        "training",
    ),
    mistake(
        "last_timestep_never_trained",
        DRAW_T,
        "t = torch.randint(1, config.T, (len(images), 1, 1, 1), device=device)",
        "t = T is never drawn: randint excludes its upper bound, so T + 1 belongs there.",
        "training",
    ),
    mistake(
        "timesteps_from_0",
        DRAW_T,
        "t = torch.randint(0, config.T, (len(images), 1, 1, 1), device=device)",
        "t runs from 0 to T - 1: here timesteps run from 1 to T, randint(1, T + 1).",
        "training",
    ),
    mistake(
        "timestep_0_trained",
        DRAW_T,
        "t = torch.randint(0, config.T + 1, (len(images), 1, 1, 1), device=device)",
        "t = 0 is drawn as well: timesteps run from 1 to T, randint(1, T + 1).",
        "training",
    ),
    mistake(
        "time_not_divided",
        LOSS,
        "return self.loss_fn(self.network(x_t, t.float(), one_hot), noise)",
        "The network gets t: it expects t / T, between 0 and 1.",
        "training",
    ),
    mistake(
        "time_divided_twice",
        LOSS,
        "return self.loss_fn(self.network(x_t, t / config.T / config.T, one_hot), noise)",
        "t is divided by T twice: the network expects t / T.",
        "training",
    ),
    mistake(
        "time_divided_as_integer",
        LOSS,
        "return self.loss_fn(self.network(x_t, t // config.T, one_hot), noise)",
        "t is divided by T as an integer, which gives 0 or 1: use t / T, not t // T.",
        "training",
    ),
    mistake(
        "network_gets_another_time",
        LOSS,
        "return self.loss_fn(self.network(x_t, torch.randint_like(t, 1, config.T + 1) / config.T, one_hot), noise)",
        "The network gets another t than the one that x_t was made with: draw t once.",
        "training",
    ),
    mistake(
        "network_sees_clean_image",
        LOSS,
        "return self.loss_fn(self.network(images, t / config.T, one_hot), noise)",
        "The network gets x_0: it must get the noisy x_t.",
        "training",
    ),
    mistake(
        "image_factor_without_root",
        NOISING,
        'x_t = schedule["alpha_t_bar"] * images + schedule["sqrt_oneminus_alpha_bar"] * noise',
        "The factor of x_0 in x_t lacks its square root: sqrt(alpha_bar_t).",
        "training",
    ),
    mistake(
        "noise_factor_without_root",
        NOISING,
        'x_t = schedule["sqrt_alpha_bar"] * images + (1 - schedule["alpha_t_bar"]) * noise',
        "The factor of the noise in x_t lacks its square root: sqrt(1 - alpha_bar_t).",
        "training",
    ),
    mistake(
        "noising_factors_swapped",
        NOISING,
        'x_t = schedule["sqrt_oneminus_alpha_bar"] * images + schedule["sqrt_alpha_bar"] * noise',
        "The two factors of x_t are swapped: sqrt(alpha_bar_t) belongs to x_0, sqrt(1 - alpha_bar_t) to the noise.",
        "training",
    ),
    mistake(
        "one_noise_for_all_items",
        NOISE,
        "noise = torch.randn_like(images[:1]).expand_as(images)",
        "One noise is shared by the whole batch: draw it in the full shape of the images.",
        "noise",
    ),
    mistake(
        "uniform_noise",
        NOISE,
        "noise = torch.rand_like(images)",
        "The noise is uniform on [0, 1): it must be standard normal, so randn.",
        "noise",
    ),
    mistake(
        "noise_seeded",
        NOISE,
        "torch.manual_seed(0)\n        noise = torch.randn_like(images)",
        "Every call draws the same noise: do not seed the generator in forward.",
        "noise",
    ),
)
