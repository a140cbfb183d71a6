"""Mistakes in training. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your loss compares the prediction with x_0. The network predicts the noise eps.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_against_noisy_image",
        LOSS,
        "return self.loss_fn(self.network(x_t, t / config.T, one_hot), x_t)",
        "Your loss compares the prediction with x_t. The network predicts the noise eps.",
        "loss",
    ),
    mistake(
        "loss_summed",
        LOSS,
        'return F.mse_loss(self.network(x_t, t / config.T, one_hot), noise, reduction="sum")',
        "Your loss is a sum over the batch, so the best learning rate depends on the batch size. Take the mean.",
        "loss",
        "gradient",
    ),
    mistake(
        "loss_detached",
        LOSS,
        "return self.loss_fn(self.network(x_t, t / config.T, one_hot).detach(), noise)",
        "Your code cuts the loss off from the network (detach, .data or no_grad). Nothing learns unless you keep the "
        "gradient.",
        "gradient",
    ),
    mistake(
        "one_timestep_for_the_batch",
        DRAW_T,
        "t = torch.randint(1, config.T + 1, (1, 1, 1, 1), device=device)",
        "Your code draws one t for the whole batch. Draw one for each item.",
        "training",
    ),
    mistake(
        "last_timestep_never_trained",
        DRAW_T,
        "t = torch.randint(1, config.T, (len(images), 1, 1, 1), device=device)",
        "Your code never draws t = T. randint excludes its upper bound, so pass T + 1.",
        "training",
    ),
    mistake(
        "timesteps_from_0",
        DRAW_T,
        "t = torch.randint(0, config.T, (len(images), 1, 1, 1), device=device)",
        "Your t runs from 0 to T - 1. Timesteps run from 1 to T here: use randint(1, T + 1).",
        "training",
    ),
    mistake(
        "timestep_0_trained",
        DRAW_T,
        "t = torch.randint(0, config.T + 1, (len(images), 1, 1, 1), device=device)",
        "Your code also draws t = 0. Timesteps run from 1 to T: use randint(1, T + 1).",
        "training",
    ),
    mistake(
        "time_not_divided",
        LOSS,
        "return self.loss_fn(self.network(x_t, t.float(), one_hot), noise)",
        "Your network gets t. It expects t / T, between 0 and 1.",
        "training",
    ),
    mistake(
        "time_divided_twice",
        LOSS,
        "return self.loss_fn(self.network(x_t, t / config.T / config.T, one_hot), noise)",
        "Your code divides t by T twice. The network expects t / T.",
        "training",
    ),
    mistake(
        "time_divided_as_integer",
        LOSS,
        "return self.loss_fn(self.network(x_t, t // config.T, one_hot), noise)",
        "Your integer division of t by T gives 0 or 1. Use t / T, not t // T.",
        "training",
    ),
    mistake(
        "network_gets_another_time",
        LOSS,
        "return self.loss_fn(self.network(x_t, torch.randint_like(t, 1, config.T + 1) / config.T, one_hot), noise)",
        "Your network gets a different t from the one in x_t. Draw t once, and use it for both.",
        "training",
    ),
    mistake(
        "network_sees_clean_image",
        LOSS,
        "return self.loss_fn(self.network(images, t / config.T, one_hot), noise)",
        "Your network gets x_0. It should get the noisy x_t.",
        "training",
    ),
    mistake(
        "image_factor_without_root",
        NOISING,
        'x_t = schedule["alpha_t_bar"] * images + schedule["sqrt_oneminus_alpha_bar"] * noise',
        "Your factor of x_0 in x_t lacks its square root. It should be sqrt(alpha_bar_t).",
        "training",
    ),
    mistake(
        "noise_factor_without_root",
        NOISING,
        'x_t = schedule["sqrt_alpha_bar"] * images + (1 - schedule["alpha_t_bar"]) * noise',
        "Your factor of the noise in x_t lacks its square root. It should be sqrt(1 - alpha_bar_t).",
        "training",
    ),
    mistake(
        "noising_factors_swapped",
        NOISING,
        'x_t = schedule["sqrt_oneminus_alpha_bar"] * images + schedule["sqrt_alpha_bar"] * noise',
        "Your code swaps the two factors of x_t. sqrt(alpha_bar_t) belongs to x_0, and sqrt(1 - alpha_bar_t) to the "
        "noise.",
        "training",
    ),
    mistake(
        "one_noise_for_all_items",
        NOISE,
        "noise = torch.randn_like(images[:1]).expand_as(images)",
        "The whole batch shares one noise. Draw it in the full shape of the images.",
        "noise",
    ),
    mistake(
        "uniform_noise",
        NOISE,
        "noise = torch.rand_like(images)",
        "Your noise is uniform on [0, 1). It should be standard normal: use randn.",
        "noise",
    ),
    mistake(
        "noise_seeded",
        NOISE,
        "torch.manual_seed(0)\n        noise = torch.randn_like(images)",
        "Every call draws the same noise. Do not seed the generator in forward.",
        "noise",
    ),
)
