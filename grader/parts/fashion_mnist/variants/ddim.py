"""Correct alternatives of the DDIM."""

from pathlib import Path

from grader.authoring.patching import answer, definition
from grader.course.assignment import Variant
from grader.parts.fashion_mnist.mistakes.ddim import ESTIMATE, SIGNATURE, STEP

DDIM = definition("models.py", "DDIM")
ANSWER = answer("models.py", "4.ddim_step")

COURSES_DDIM = Variant(
    "4.ddim_in_the_courses_style",  # a separate module, without guidance or stride, with one t for the whole batch
    (
        (
            DDIM,
            """class DDIM(nn.Module):
    def __init__(self, network, var_scheduler):
        super().__init__()
        self.var_scheduler = var_scheduler
        self.network = network

    def forward(self, x, label):
        timestep = torch.randint(0, self.var_scheduler.num_steps, (x.shape[0],)).to(x.device)
        noisy_input, noise = self.var_scheduler.add_noise(x, timestep)
        estimated_noise = self.network(noisy_input, timestep, label)
        return nn.MSELoss()(estimated_noise, noise)

    @torch.no_grad()
    def recover_sample(self, noisy_sample, estimated_noise, timestep):
        bars = self.var_scheduler.alpha_bars
        now = bars[timestep].item()
        previous = bars[timestep - 1].item() if timestep > 0 else 1.0
        x_0 = (noisy_sample - (1 - now) ** 0.5 * estimated_noise) / now**0.5
        return previous**0.5 * x_0 + (1 - previous) ** 0.5 * estimated_noise

    @torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        if labels is not None:
            assert len(labels) == num_samples, "one label for each sample"
            labels = labels.to(device)
        else:
            labels = torch.randint(0, self.network.num_classes, [num_samples], device=device)
        sample = torch.randn((num_samples, self.network.in_channels, 32, 32)).to(device)
        for step in reversed(range(self.var_scheduler.num_steps)):
            timestep = torch.ones(num_samples, dtype=torch.long, device=device) * step
            estimated_noise = self.network(sample, timestep, labels)
            sample = self.recover_sample(sample, estimated_noise, step)
        return sample""",
        ),
    ),
    files=Path(__file__).parent / "course",
)

LIST_OF_TIMESTEPS = Variant(
    "4.ddim_with_a_list_of_timesteps",  # twenty timesteps, including T - 1 and 0; the step gets its end as an argument
    (
        (
            SIGNATURE,
            """@torch.no_grad()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        labels = labels_of_samples(num_samples, self.network.num_classes, device, labels)
        x = torch.randn(num_samples, 1, 32, 32, device=device)
        steps = torch.linspace(self.var_scheduler.num_steps - 1, 0, 20).long().tolist()
        for t, before in zip(steps, [*steps[1:], -1], strict=True):
            timestep = torch.full((num_samples,), t, device=device)
            noise = self.network(x, timestep, labels)
            x = self.recover_sample(x, noise, timestep, torch.full_like(timestep, before))
        return x

    """
            + SIGNATURE.replace("timestep)", "timestep, before=None)"),
        ),
        (
            ANSWER,
            """        before = timestep - 1 if before is None else before
        bars = torch.cat([torch.ones(1), self.var_scheduler.alpha_bars]).to(timestep.device)  # from t = -1
        now, then = (bars[t + 1].reshape(-1, 1, 1, 1) for t in (timestep, before))
        x_0 = (noisy_sample - torch.sqrt(1 - now) * estimated_noise) / torch.sqrt(now)
        return torch.sqrt(then) * x_0 + torch.sqrt(1 - then) * estimated_noise""",
        ),
    ),
)

EVERY_FIFTH_TIMESTEP = Variant(
    "4.ddim_every_fifth_timestep",  # 0, 5, 10, ...: the highest is usually below T - 1; x_0 is clamped to [-1, 1]
    (
        (
            SIGNATURE,
            """@torch.inference_mode()
    def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):
        labels = labels_of_samples(num_samples, self.network.num_classes, device, labels)
        x, bars = torch.randn(num_samples, 1, 32, 32, device=device), self.var_scheduler.alpha_bars.to(device)
        for t in range(0, len(bars), 5)[::-1]:
            noise = self.guided_noise(x, torch.full((num_samples,), t, device=device), labels)
            x_0 = ((x - (1 - bars[t]).sqrt() * noise) / bars[t].sqrt()).clamp(-1, 1)
            x = bars[t - 5].sqrt() * x_0 + (1 - bars[t - 5]).sqrt() * noise if t else x_0
        return x

    """
            + SIGNATURE,
        ),
        (ESTIMATE, ESTIMATE.replace("x_0 = (", "x_0 = ((") + ").clamp(-1, 1)"),
    ),
)

REARRANGED = Variant(
    "4.ddim_rearranged",  # without x_0: only the factors of x_t and the estimated noise
    (
        (
            ESTIMATE + "\n        " + STEP,
            "ratio = alpha_bar_before / alpha_bar\n"
            "        of_noise = (1 - alpha_bar_before).sqrt() - (ratio * (1 - alpha_bar)).sqrt()\n"
            "        return ratio.sqrt() * noisy_sample + of_noise * estimated_noise",
        ),
    ),
)

ETA_OF_ZERO = Variant(
    "4.ddim_with_eta_of_zero",  # DDIM eq. (16) in full
    (
        (
            STEP,
            "eta = 0.0\n"
            "        variance = (1 - alpha_bar_before) / (1 - alpha_bar) * (1 - alpha_bar / alpha_bar_before)\n"
            "        sigma = eta * variance.sqrt()\n"
            "        direction = (1 - alpha_bar_before - sigma**2).sqrt() * estimated_noise\n"
            "        return alpha_bar_before.sqrt() * x_0 + direction + sigma * torch.randn_like(noisy_sample)",
        ),
    ),
)
