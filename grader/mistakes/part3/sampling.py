"""Mistakes in sampling. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 3, file="DDPM.py")

FLOAT = "        conditions = conditions.float()\n"
START = "x_t = torch.randn(len(conditions), config.num_channels, *config.input_dim, device=device)"
LOOP = "for step in range(config.T, 0, -1):"
PREDICT = "self.network(x_t.repeat(2, 1, 1, 1), t / config.T, both).chunk(2)"
MEAN = 'mean = now["oneover_sqrt_alpha"] * (x_t - now["beta_t"] / now["sqrt_oneminus_alpha_bar"] * noise)'
FRESH = "z = torch.randn_like(x_t) if step > 1 else torch.zeros_like(x_t)"
UPDATE = 'x_t = mean + now["sqrt_beta_t"] * z'
PIXELS = "return (x_t * 0.3081 + 0.1307).clamp(0, 1)"

SAMPLING = (
    mistake(
        "noise_in_last_step",
        FRESH,
        "z = torch.randn_like(x_t)",
        "Noise is added at t = 1 as well: the last step gives the mean, z = 0.",
        "sample",
    ),
    mistake(
        "noise_never_added",
        FRESH,
        "z = torch.zeros_like(x_t)",
        "No noise is added at any step: z ~ N(0, I) for t > 1.",
        "sample",
    ),
    mistake(
        "noise_drawn_once",
        FRESH,
        "start = x_t if step == config.T else start\n            z = start if step > 1 else torch.zeros_like(x_t)",
        "Every step adds the same noise: draw a fresh z in the loop.",
        "gaussian",
    ),
    mistake(
        "one_noise_for_all_images",
        FRESH,
        "z = torch.randn_like(x_t[:1]) if step > 1 else torch.zeros_like(x_t)",
        "One noise z is shared by all images: draw it in the full shape of x_t.",
        "sample",
        "gaussian",
    ),
    mistake(
        "variance_for_sigma",
        UPDATE,
        'x_t = mean + now["beta_t"] * z',
        "The noise is multiplied by the variance beta_t: multiply by sigma_t = sqrt(beta_t).",
        "sample",
    ),
    mistake(
        "posterior_variance",
        UPDATE,
        'before = now["alpha_t_bar"] / now["alpha_t"]\n'
        '            variance = now["beta_t"] * (1 - before) / (1 - now["alpha_t_bar"])\n'
        "            x_t = mean + variance.clamp(min=0).sqrt() * z",
        "sigma_t^2 is the posterior variance: here it is beta_t.",
        "sample",
    ),
    mistake(
        "mean_without_scale",
        MEAN,
        'mean = x_t - now["beta_t"] / now["sqrt_oneminus_alpha_bar"] * noise',
        "The mean lacks its factor 1 / sqrt(alpha_t).",
        "sample",
    ),
    mistake(
        "mean_times_root_of_alpha_bar",
        MEAN,
        'mean = now["oneover_sqrt_alpha"] * (x_t - now["beta_t"] * now["sqrt_oneminus_alpha_bar"] * noise)',
        "The noise estimate is multiplied by sqrt(1 - alpha_bar_t): divide by it.",
        "sample",
    ),
    mistake(
        "mean_without_root_of_alpha_bar",
        MEAN,
        'mean = now["oneover_sqrt_alpha"] * (x_t - now["beta_t"] / (1 - now["alpha_t_bar"]) * noise)',
        "The noise estimate is divided by 1 - alpha_bar_t: divide by its square root.",
        "sample",
    ),
    mistake(
        "mean_with_alpha_for_beta",
        MEAN,
        'mean = now["oneover_sqrt_alpha"] * (x_t - now["alpha_t"] / now["sqrt_oneminus_alpha_bar"] * noise)',
        "alpha_t stands where 1 - alpha_t = beta_t belongs, in the factor of the noise estimate.",
        "sample",
    ),
    mistake(
        "sampling_starts_from_zeros",
        START,
        START.replace("randn", "zeros"),
        "Sampling starts from zeros: x_T ~ N(0, I).",
        "sample",
    ),
    mistake(
        "sampling_starts_from_uniform_noise",
        START,
        START.replace("randn", "rand"),
        "Sampling starts from uniform noise: x_T ~ N(0, I), so randn.",
        "sample",
    ),
    mistake(
        "last_step_skipped",
        LOOP,
        "for step in range(config.T, 1, -1):",
        "The loop ends at t = 2: t = 1 is a step as well.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "sampling_runs_upward",
        LOOP,
        "for step in range(1, config.T + 1):",
        "The loop runs from t = 1 upward: sampling starts at t = T and goes down.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "time_not_divided_in_sampling",
        PREDICT,
        PREDICT.replace("t / config.T", "t"),
        "In sampling the network gets t: it was trained on t / T.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "time_off_by_one_in_sampling",
        PREDICT,
        PREDICT.replace("t / config.T", "(t - 1) / config.T"),
        "In sampling the network gets (t - 1) / T: it was trained on t / T.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "images_still_standardised",
        PIXELS,
        "return x_t.clamp(0, 1)",
        "The images are still standardised: multiply by 0.3081 and add 0.1307.",
        "sample",
    ),
    mistake(
        "standardisation_swapped",
        PIXELS,
        "return (x_t * 0.1307 + 0.3081).clamp(0, 1)",
        "Mean and standard deviation are swapped: images are x_0 * 0.3081 + 0.1307.",
        "sample",
    ),
    mistake(
        "images_not_clamped",
        PIXELS,
        "return x_t * 0.3081 + 0.1307",
        "Pixels leave [0, 1]: clamp the images.",
        "sampling_rules",
    ),
    mistake(
        "images_one_by_one",
        FLOAT,
        FLOAT + "        if len(conditions) > 1:\n"
        "            return torch.cat([self.sample(condition[None], omega) for condition in conditions])\n",
        "Images are made one by one: all of them go through the network in one batch.",
        "sampling_rules",
    ),
    mistake(
        "gradients_kept_in_sampling",
        "    @torch.no_grad()\n    def sample",
        "    def sample",
        "Sampling records gradients through every step, which fills the memory: use @torch.no_grad().",
        "sampling_rules",
    ),
)
