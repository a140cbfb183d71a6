"""Mistakes in sampling. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your code adds noise at t = 1. The last step should give the mean: z = 0.",
        "sample",
    ),
    mistake(
        "noise_never_added",
        FRESH,
        "z = torch.zeros_like(x_t)",
        "Your code never adds noise. z ~ N(0, I) for t > 1.",
        "sample",
    ),
    mistake(
        "noise_drawn_once",
        FRESH,
        "start = x_t if step == config.T else start\n            z = start if step > 1 else torch.zeros_like(x_t)",
        "Your code adds the same noise at every step. Draw a new z inside the loop.",
        "gaussian",
    ),
    mistake(
        "one_noise_for_all_images",
        FRESH,
        "z = torch.randn_like(x_t[:1]) if step > 1 else torch.zeros_like(x_t)",
        "All images share one noise z. Draw it in the full shape of x_t.",
        "sample",
        "gaussian",
    ),
    mistake(
        "variance_for_sigma",
        UPDATE,
        'x_t = mean + now["beta_t"] * z',
        "Your code multiplies the noise by the variance beta_t. Multiply it by sigma_t = sqrt(beta_t).",
        "sample",
    ),
    mistake(
        "posterior_variance",
        UPDATE,
        'before = now["alpha_t_bar"] / now["alpha_t"]\n'
        '            variance = now["beta_t"] * (1 - before) / (1 - now["alpha_t_bar"])\n'
        "            x_t = mean + variance.clamp(min=0).sqrt() * z",
        "Your code uses the posterior variance for sigma_t^2. Here it is beta_t.",
        "sample",
    ),
    mistake(
        "mean_without_scale",
        MEAN,
        'mean = x_t - now["beta_t"] / now["sqrt_oneminus_alpha_bar"] * noise',
        "Your mean lacks a factor. Multiply it by 1 / sqrt(alpha_t).",
        "sample",
    ),
    mistake(
        "mean_times_root_of_alpha_bar",
        MEAN,
        'mean = now["oneover_sqrt_alpha"] * (x_t - now["beta_t"] * now["sqrt_oneminus_alpha_bar"] * noise)',
        "Your code multiplies the noise estimate by sqrt(1 - alpha_bar_t). Divide by it.",
        "sample",
    ),
    mistake(
        "mean_without_root_of_alpha_bar",
        MEAN,
        'mean = now["oneover_sqrt_alpha"] * (x_t - now["beta_t"] / (1 - now["alpha_t_bar"]) * noise)',
        "Your code divides the noise estimate by 1 - alpha_bar_t. Divide by the square root of that.",
        "sample",
    ),
    mistake(
        "mean_with_alpha_for_beta",
        MEAN,
        'mean = now["oneover_sqrt_alpha"] * (x_t - now["alpha_t"] / now["sqrt_oneminus_alpha_bar"] * noise)',
        "Your factor of the noise estimate uses alpha_t. It should use beta_t = 1 - alpha_t.",
        "sample",
    ),
    mistake(
        "sampling_starts_from_zeros",
        START,
        START.replace("randn", "zeros"),
        "Your sampling starts from zeros. It should start from x_T ~ N(0, I).",
        "sample",
    ),
    mistake(
        "sampling_starts_from_uniform_noise",
        START,
        START.replace("randn", "rand"),
        "Your sampling starts from uniform noise. It should start from x_T ~ N(0, I): use randn.",
        "sample",
    ),
    mistake(
        "last_step_skipped",
        LOOP,
        "for step in range(config.T, 1, -1):",
        "Your loop ends at t = 2. t = 1 is a step as well.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "sampling_runs_upward",
        LOOP,
        "for step in range(1, config.T + 1):",
        "Your loop runs from t = 1 upward. Sampling starts at t = T and goes down.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "time_not_divided_in_sampling",
        PREDICT,
        PREDICT.replace("t / config.T", "t"),
        "In sampling, your network gets t. It was trained on t / T.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "time_off_by_one_in_sampling",
        PREDICT,
        PREDICT.replace("t / config.T", "(t - 1) / config.T"),
        "In sampling, your network gets (t - 1) / T. It was trained on t / T.",
        "sample",
        "sampling_rules",
    ),
    mistake(
        "images_still_standardised",
        PIXELS,
        "return x_t.clamp(0, 1)",
        "Your images are still standardised. Multiply them by 0.3081 and add 0.1307.",
        "sample",
    ),
    mistake(
        "standardisation_swapped",
        PIXELS,
        "return (x_t * 0.1307 + 0.3081).clamp(0, 1)",
        "Your code swaps mean and standard deviation. Images are x_0 * 0.3081 + 0.1307.",
        "sample",
    ),
    mistake(
        "images_not_clamped",
        PIXELS,
        "return x_t * 0.3081 + 0.1307",
        "Your pixels leave [0, 1]. Clamp the images.",
        "sampling_rules",
    ),
    mistake(
        "images_one_by_one",
        FLOAT,
        FLOAT + "        if len(conditions) > 1:\n"
        "            return torch.cat([self.sample(condition[None], omega) for condition in conditions])\n",
        "Your code makes the images one by one. Send all of them through the network in one batch.",
        "sampling_rules",
    ),
    mistake(
        "gradients_kept_in_sampling",
        "    @torch.no_grad()\n    def sample",
        "    def sample",
        "Your code records gradients through every step, which fills the memory. Use @torch.no_grad().",
        "sampling_rules",
    ),
)
