"""Correct alternatives for the multi-label DDPM."""

from functools import partial

from grader.course.assignment import Variant
from grader.parts.iclevr.mistakes.diffusion import COSINE, DROP, EMBEDDING, KEPT, LOSS, NOISY, F, U
from grader.parts.iclevr.mistakes.diffusion_sampling import BOTH, GUIDED, LOOP, MEAN, SIGMA, STACK, STATES, X_0

variant = partial(Variant, file="conditional_diffusion.py")

LABELS = "self.labels = nn.Sequential(nn.Linear(num_conditions, emb_dim), nn.SiLU(), nn.Linear(emb_dim, emb_dim))"
ONE_PASS = "with_labels, without = self.network(x_t.repeat(2, 1, 1, 1), timestep.repeat(2), both).chunk(2)\n        "
RETURN = "return mean / (1 - alpha_bar) + sigma * torch.randn_like(noisy_sample)"

COSINE_IN_NUMPY = variant(
    "5.cosine_in_numpy",
    (
        ("import torch\nimport torch.nn.functional", "import numpy as np\nimport torch\nimport torch.nn.functional"),
        (U, "u = np.arange(num_steps + 1) / num_steps"),
        (F, "f = np.cos((u + s) / (1 + s) * np.pi / 2) ** 2"),
        (COSINE, "return torch.from_numpy(np.minimum(1 - f[1:] / f[:-1], 0.999)).float()"),
    ),
)

COSINE_IN_A_LOOP = variant(
    "5.cosine_in_a_loop",
    (
        (U + "\n    " + F + "\n    ", "f = lambda u: math.cos((u / num_steps + s) / (1 + s) * math.pi / 2) ** 2\n    "),
        (COSINE, "return torch.tensor([min(1 - f(t + 1) / f(t), 0.999) for t in range(num_steps)])"),
    ),
)

SUM_OF_EMBEDDINGS = variant(
    "5.sum_of_embeddings",  # a table with a row for each object; the rows are added up
    (
        (LABELS, "self.table = nn.Embedding(num_conditions, emb_dim)"),
        (EMBEDDING, "emb = F.silu(self.time(timestep) + labels @ self.table.weight)"),
    ),
)

ONE_LAYER = variant("5.one_layer", ((LABELS, "self.labels = nn.Linear(num_conditions, emb_dim)"),))

DROPOUT_BY_BERNOULLI = variant(
    "5.dropout_by_bernoulli",
    (
        (KEPT, "dropped = torch.bernoulli(torch.full((len(labels),), float(self.p_uncond))).bool().to(labels.device)"),
        (DROP, "return labels.masked_fill(dropped[:, None], 0.0)"),
    ),
)

DROPOUT_IN_A_CLONE = variant(
    "5.dropout_in_a_clone",
    (
        (KEPT, "labels = labels.clone()"),
        (DROP, "labels[torch.rand(len(labels), device=labels.device) < self.p_uncond] = 0\n        return labels"),
    ),
)

LOSS_BY_HAND_MULTI_LABEL = variant(
    "5.loss_by_hand",
    (
        (NOISY, "noisy = torch.sqrt(alpha_bar) * images + torch.sqrt(1.0 - alpha_bar) * noise"),
        (LOSS, "return ((noise - self.network(noisy, timestep, self.drop_labels(labels))) ** 2).mean()"),
    ),
)

TWO_PASSES = variant(
    "5.two_passes",
    (
        (BOTH + "\n        ", ""),
        (
            ONE_PASS,
            "with_labels = self.network(x_t, timestep, labels)\n"
            "        without = self.network(x_t, timestep, torch.zeros_like(labels))\n        ",
        ),
    ),
)

GUIDANCE_BY_DIFFERENCE = variant(
    "5.guidance_by_difference", ((GUIDED, "return with_labels + w * (with_labels - without)"),)
)

POSTERIOR_BY_PRECISIONS = variant(
    "5.posterior_by_precisions",
    (
        (MEAN, "forward, prior = (1 - beta) / beta, 1 / (1 - before).clamp(min=1e-12)"),
        (
            SIGMA,
            "mean = forward * noisy_sample / (1 - beta).sqrt() + prior * before.sqrt() * x_0\n"
            "        sigma = (forward + prior).rsqrt()",
        ),
        (RETURN, "return mean / (forward + prior) + sigma * (t > 0) * torch.randn_like(noisy_sample)"),
    ),
)

NO_NOISE_IN_THE_LAST_STEP = variant(
    "5.no_noise_in_the_last_step",
    (
        (X_0, X_0 + "\n        if t == 0:\n            return x_0"),
        (LOOP, "for t in reversed(range(self.num_steps)):"),
        (RETURN, "z = torch.empty_like(noisy_sample).normal_(0, 1)\n        return mean / (1 - alpha_bar) + sigma * z"),
    ),
)

STRIP_IN_A_LOOP = variant(
    "5.strip_in_a_loop",
    (
        (
            STATES,
            "states, every = [x], self.num_steps // STRIP\n"
            "        for i, x in enumerate(self.denoise(x, labels.to(device)), start=1):\n"
            "            if i % every == 0:\n"
            "                states.append(x.clone())",
        ),
        (STACK, "return torch.stack(states).transpose(0, 1)"),
    ),
)
