"""Correct alternatives to DDPM.py: other argument shapes, sources of noise and loops that students choose."""

from functools import partial

from grader.authoring.patching import answer
from grader.course.assignment import Variant
from grader.parts.mnist.mistakes.dropout import DROP, MASK, ONE_HOT
from grader.parts.mnist.mistakes.guidance import GUIDE
from grader.parts.mnist.mistakes.sampling import FRESH, MEAN, START
from grader.parts.mnist.mistakes.schedule import BARS, BETAS, INDEX
from grader.parts.mnist.mistakes.training import DRAW_T, LOSS, NOISE

variant = partial(Variant, file="DDPM.py")
SCHEDULE, TRAINING, SAMPLING = (answer("DDPM.py", f"3.{name}") for name in ("schedule", "training", "sample"))
IMPORTS = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom ResUNet import ConditionalUnet\n"

ONE_TIMESTEP_AT_A_TIME = variant(
    "3.one_timestep_at_a_time",  # scheduler takes a single t, so its callers loop
    (
        (
            SCHEDULE,
            """        t, beta, bar = t_s.item(), beta_1, 1.0
        for step in range(1, t + 1):
            beta = beta_1 + (step - 1) / (T - 1) * (beta_T - beta_1)
            bar = bar * (1 - beta)
        beta, bar = torch.tensor(beta), torch.tensor(bar)
        return dict(
            beta_t=beta,
            sqrt_beta_t=torch.sqrt(beta),
            alpha_t=1 - beta,
            sqrt_alpha_bar=torch.sqrt(bar),
            oneover_sqrt_alpha=torch.rsqrt(1 - beta),
            alpha_t_bar=bar,
            sqrt_oneminus_alpha_bar=torch.sqrt(1 - bar),
        )""",
        ),
        (
            TRAINING,
            """        T, count = self.dmconfig.T, images.shape[0]
        c = torch.eye(self.dmconfig.num_classes)[conditions]
        for i in range(count):
            if torch.rand(()) < self.dmconfig.mask_p:
                c[i] = self.dmconfig.condition_mask_value
        t = torch.randint(1, T + 1, (count,))
        noise = torch.randn(count, 1, 28, 28)
        x_t = torch.empty_like(images)
        for i in range(count):
            now = self.scheduler(t[i])
            x_t[i] = now["sqrt_alpha_bar"] * images[i] + now["sqrt_oneminus_alpha_bar"] * noise[i]
        return self.loss_fn(noise, self.network(x_t, t / T, c))""",
        ),
        ("now = self.scheduler(t[:1])", "now = self.scheduler(torch.tensor(step))"),
    ),
)

COLUMNS_OF_INTEGERS = variant(
    "3.columns_of_integers",  # t of shape (B, 1), int64 conditions for the network, and two network calls per step
    (
        (IMPORTS, IMPORTS + "from utils import *\n"),
        (INDEX, "index = t_s - 1"),
        (
            TRAINING,
            """        images, conditions = images.to(device), conditions.to(device)
        t = torch.randint(1, self.dmconfig.T + 1, (images.size(0), 1), device=device)
        c = F.one_hot(conditions, self.dmconfig.num_classes)
        kept = torch.bernoulli(torch.full((images.size(0), 1), 1 - self.dmconfig.mask_p, device=device)).bool()
        c = c.masked_fill(~kept, self.dmconfig.condition_mask_value)
        noise = torch.normal(0, 1, size=images.shape, device=device)
        now = self.scheduler(t)
        signal = now["sqrt_alpha_bar"].view(-1, 1, 1, 1)
        x_t = signal * images + now["sqrt_oneminus_alpha_bar"].view(-1, 1, 1, 1) * noise
        return self.loss_fn(self.network(x_t, t / self.dmconfig.T, c), noise)""",
        ),
        (
            SAMPLING,
            """        count = conditions.size(0)
        null = torch.full(conditions.size(), self.dmconfig.condition_mask_value, device=device)
        x_t = torch.normal(0, 1, size=(count, 1, 28, 28), device=device)
        for t in reversed(range(1, self.dmconfig.T + 1)):
            t_s = t * torch.ones(count, 1, dtype=torch.int, device=device)
            estimate = (1 + omega) * self.network.forward(x_t, t_s / self.dmconfig.T, conditions)
            estimate = estimate - omega * self.network.forward(x_t, t_s / self.dmconfig.T, null)
            now = {name: entry.view(-1, 1, 1, 1) for name, entry in self.scheduler(t_s).items()}
            z = torch.normal(0, 1, size=x_t.size(), device=device) if t != 1 else 0
            x_t = x_t - (1 - now["alpha_t"]) / now["sqrt_oneminus_alpha_bar"] * estimate
            x_t = now["oneover_sqrt_alpha"] * x_t + now["sqrt_beta_t"] * z""",
        ),
    ),
)

LABELS_AND_NUMPY = variant(
    "3.labels_and_numpy",  # sample takes only labels; a float64 schedule and noise from numpy; t of shape (1,)
    (
        (IMPORTS, "import numpy as np\n" + IMPORTS),
        (BETAS, "betas = torch.from_numpy(np.linspace(beta_1, beta_T, T))"),
        (DROP, "drop = torch.from_numpy(np.random.rand(len(images), 1)) < config.mask_p"),
        (DRAW_T, "t = torch.from_numpy(np.random.randint(1, config.T + 1, size=(len(images), 1, 1, 1)))"),
        (NOISE, "noise = torch.from_numpy(np.random.randn(*images.shape))"),
        (
            SAMPLING,
            """        given = F.one_hot(conditions, self.dmconfig.num_classes).float()
        null = 0 * given + self.dmconfig.condition_mask_value
        x_t = torch.from_numpy(np.random.normal(size=(len(conditions), 1, 28, 28)))
        for t in np.arange(self.dmconfig.T, 0, -1):
            t_s = torch.tensor([t])
            without = self.network(x_t, t_s / self.dmconfig.T, null)
            noise = without + (1 + omega) * (self.network(x_t, t_s / self.dmconfig.T, given) - without)
            now = self.scheduler(t_s)
            x_t = (x_t - now["beta_t"] / (1 - now["alpha_t_bar"]) ** 0.5 * noise) / now["alpha_t"] ** 0.5
            if t > 1:
                x_t = x_t + now["sqrt_beta_t"] * np.random.standard_normal(tuple(x_t.shape))""",
        ),
    ),
)

FLOATING_TIMESTEPS = variant(
    "3.floating_timesteps",  # the schedule as formulas of a float t, with masked products
    (
        (
            SCHEDULE,
            """        t = t_s.float().reshape(-1, 1)
        steps = torch.arange(1, T + 1, device=t.device)
        betas = beta_1 + (steps - 1) * (beta_T - beta_1) / (T - 1)
        beta_t = beta_1 + (t - 1) * (beta_T - beta_1) / (T - 1)
        alpha_t_bar = torch.where(steps <= t, 1 - betas, 1.0).prod(dim=1, keepdim=True)
        entries = {
            "beta_t": beta_t,
            "sqrt_beta_t": beta_t**0.5,
            "alpha_t": 1 - beta_t,
            "sqrt_alpha_bar": alpha_t_bar**0.5,
            "oneover_sqrt_alpha": (1 - beta_t) ** -0.5,
            "alpha_t_bar": alpha_t_bar,
            "sqrt_oneminus_alpha_bar": (1 - alpha_t_bar) ** 0.5,
        }
        return {name: entry.reshape(t_s.shape) for name, entry in entries.items()}""",
        ),
        (DRAW_T, "t = (torch.rand(len(images), 1, 1, 1, dtype=torch.float64) * config.T).floor() + 1"),
        (LOSS, "return F.mse_loss(noise, self.network(x_t.float(), (t / config.T).float(), one_hot))"),
        ("step, device=device)", "float(step), device=device)"),
    ),
)

MASK_BY_ARITHMETIC = variant(
    "3.mask_by_arithmetic",  # multiplies kept rows by 1 and sets dropped ones to -1, the course's condition_mask_value
    (
        (
            ONE_HOT,
            "one_hot = torch.zeros(len(images), 10, device=device).scatter(1, conditions[:, None].to(device), 1.0)",
        ),
        (MASK, "one_hot = one_hot * (~drop) - 1.0 * drop"),
        (GUIDE, "noise = torch.lerp(unconditional, conditional, 1 + omega)"),
    ),
)

CONDITIONAL_LAST = variant(
    "3.conditional_last",  # null rows first, noise from a distribution, and the step through x_0
    (
        (
            "both = torch.cat([conditions, torch.full_like(conditions, config.condition_mask_value)])",
            "both = torch.cat([torch.full_like(conditions, config.condition_mask_value), conditions])",
        ),
        ("conditional, unconditional = self.network(", "unconditional, conditional = self.network("),
        (START, "x_t = torch.distributions.Normal(0.0, 1.0).sample((len(conditions), 1, 28, 28)).to(device)"),
        (FRESH, "z = torch.empty_like(x_t).normal_() * (step > 1)"),
        (
            MEAN,
            'bar, before = now["alpha_t_bar"], now["alpha_t_bar"] / now["alpha_t"]\n'
            '            x_0 = (x_t - now["sqrt_oneminus_alpha_bar"] * noise) / now["sqrt_alpha_bar"]\n'
            '            mean = before.sqrt() * now["beta_t"] / (1 - bar) * x_0\n'
            '            mean = mean + now["alpha_t"].sqrt() * (1 - before) / (1 - bar) * x_t',
        ),
    ),
)

CPU_OR_CUDA = variant(
    "3.cpu_or_cuda",  # builds the tables once, on the GPU if there is one
    (
        (
            "        self.loss_fn = nn.MSELoss()\n",
            '        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")\n'
            "        betas = torch.linspace(dmconfig.beta_1, dmconfig.beta_T, dmconfig.T).double()\n"
            '        self.register_buffer("betas", betas.to(self.device))\n'
            '        self.register_buffer("logarithms", (1 - betas).log().cumsum(dim=0).to(self.device))\n'
            "        self.loss_fn = nn.MSELoss()\n",
        ),
        (BETAS, "betas = self.betas.float()"),
        (BARS, "alpha_bars = self.logarithms.exp().float()"),
        (INDEX, "index = t_s.long().to(self.device) - 1"),
    ),
)
