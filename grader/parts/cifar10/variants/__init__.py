"""Correct alternatives in part 2: what students of the real course wrote, and what papers do differently."""

from functools import partial
from pathlib import Path

from grader.course.assignment import Variant
from grader.parts.cifar10.mistakes.dropout import DROP
from grader.parts.cifar10.mistakes.guidance import MIX
from grader.parts.cifar10.mistakes.sampling import ESTIMATE, LOOP, STEP
from grader.parts.cifar10.mistakes.schedule import BETAS, CUMPROD, NOISING, RESHAPE
from grader.parts.cifar10.mistakes.step import CLAMP, ESTIMATE_OF_X0, FRESH, LAST, MEAN, OF_X0, OF_XT, PREVIOUS
from grader.parts.cifar10.mistakes.training import DRAW_T, LOSS, NOISE

in_scheduler = partial(Variant, file="noise_scheduler.py")
in_model = partial(Variant, file="diffusion_model.py")

THE_COURSES_STYLE = Variant("2.the_courses_style", files=Path(__file__).parent / "course")

FLOAT64_TABLES = in_scheduler(
    "2.float64_tables",
    (
        (
            BETAS,
            "betas = torch.arange(num_steps).double() / (num_steps - 1) * (beta_end - beta_start) + beta_start\n"
            "        self.betas = betas.float()",
        ),
        (CUMPROD, "torch.exp(torch.cumsum(torch.log(1 - betas), dim=0)).float()"),
    ),
)

TABLES_AS_PARAMETERS_OF_A_MODULE = in_scheduler(
    "2.tables_in_a_module",
    (
        ("class NoiseScheduler:", "class NoiseScheduler(torch.nn.Module):"),
        ("        self.num_steps = num_steps\n", "        super().__init__()\n        self.num_steps = num_steps\n"),
        (BETAS, 'self.register_buffer("betas", torch.linspace(beta_start, beta_end, num_steps))'),
        (RESHAPE, "while alpha_bar.dim() < original_samples.dim():\n            alpha_bar = alpha_bar.unsqueeze(-1)"),
        (NOISING, "return torch.addcmul((1 - alpha_bar) ** 0.5 * noise, alpha_bar**0.5, original_samples)"),
    ),
)

MEAN_THROUGH_X0 = in_scheduler(
    "2.mean_through_x0",  # both branches use eq. (7) with the x_0 of eq. (15); only the clamp differs
    (
        ("        if threshold:\n", "        if True:\n"),
        (CLAMP, "            x_0 = x_0.clamp(-1, 1) if threshold else x_0\n"),
        ("        else:\n", "        elif False:\n"),
    ),
)

THRESHOLD_THROUGH_THE_NOISE = in_scheduler(
    "2.threshold_through_the_noise",  # puts the noise that the clamped x_0 implies into the mean of algorithm 2
    (
        (
            CLAMP + "            " + PREVIOUS + "\n            " + OF_X0 + "\n            " + OF_XT,
            "            implied = (x_t - alpha_bar.sqrt() * x_0.clamp(-1, 1)) / (1 - alpha_bar).sqrt()\n"
            "            " + MEAN.replace("model_prediction", "implied"),
        ),
    ),
)

NOISE_TIMES_ZERO = in_scheduler(
    "2.noise_times_zero",
    (
        (
            "        " + LAST + "\n            return mean\n        " + FRESH,
            "        sigma = torch.sqrt(1 - alpha) if t > 0 else 0.0\n"
            "        z = DL_random(list(x_t.shape), None, True, seed).to(x_t)\n"
            "        return torch.add(mean, sigma * z)",
        ),
        (
            ESTIMATE_OF_X0,
            "x_0 = torch.sqrt(1 / alpha_bar) * x_t - torch.sqrt(1 / alpha_bar - 1) * model_prediction\n",
        ),
    ),
)

TWO_PASSES = in_model(
    "2.two_passes",
    (
        (
            ESTIMATE,
            "now = torch.tensor([t], device=self.device)\n"
            "                    conditional = network(sample, now, cond)\n"
            "                    unconditional = network(sample, now, 0 * cond)",
        ),
        (MIX, "noise = conditional + guidance_weight * (conditional - unconditional)"),
        (LOOP, "for t in reversed(range(len(self.noise_scheduler.betas))):"),
        (STEP, "sample = self.noise_scheduler.denoise_step(noise, t, sample, threshold=threshold, seed=seed)"),
    ),
)

TIMESTEP_AS_INT = in_model(
    "2.timestep_as_int",
    (
        ("network(sample, timestep[: len(cond)], cond)", "network(sample, torch.tensor(t), cond)"),
        ("network(doubled, timestep, both)", "network(doubled, t, both)"),
        (DROP, "mask = float(DL_random((1,), None, False, seed)[0] >= self.p_uncond)\n        cond = mask * cond"),
        (
            LOSS,
            "error = self.noise_pred_net(x_t, t, cond) - noise\n        return (error * error).sum() / error.numel()",
        ),
    ),
)

OTHER_ORDER_OF_DRAWS = in_model(
    "2.other_order_of_draws",
    (
        (
            DRAW_T + "\n        " + NOISE,
            "noise = DL_random(data.shape, seed=seed).to(data)\n"
            "        uniform = DL_random((data.shape[0],), normal=False, seed=seed)\n"
            "        t = (uniform * self.denoising_steps).long()",
        ),
        ("with torch.no_grad():", "with torch.inference_mode():"),
    ),
)
