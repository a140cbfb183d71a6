"""Theory with numpy, with torch.distributions, and in float32."""

from grader.authoring.patching import answer
from grader.course.assignment import Variant

FILE = "theory.py"


def answers(**code):
    """Patches that replace whole answers; each argument is named after its task."""
    return tuple((answer(FILE, f"6.{task}"), text) for task, text in code.items())


IMPORT = ("import torch\n\n\ndef gaussian_kl", "import numpy as np\nimport torch\n\n\ndef gaussian_kl")

NUMPY = Variant(
    "6.numpy",  # numpy arrays and floats wherever no gradient is needed
    (
        IMPORT,
        *answers(
            log_evidence="""    x, W, b, s2 = (np.asarray(given) for given in (x, W, b, s2))
    covariance = W @ W.T + s2 * np.eye(len(b))
    distance = np.einsum("bi,bi->b", x - b, np.linalg.solve(covariance, (x - b).T).T)
    return -(len(b) * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + distance) / 2""",
            true_posterior="""    x, W, b, s2 = (np.asarray(given) for given in (x, W, b, s2))
    covariance = np.linalg.inv(np.eye(W.shape[1]) + W.T @ W / s2)
    return (covariance @ W.T @ (x - b).T / s2).T, covariance""",
            posterior="""    x_0, x_t, t, betas = (np.asarray(given) for given in (x_0, x_t, t, betas))
    bars = np.concatenate([[1.0], np.cumprod(1 - betas)])
    beta, bar, before = (table.reshape((-1,) + (1,) * (x_t.ndim - 1)) for table in (betas[t - 1], bars[t], bars[t - 1]))
    mean = before**0.5 * beta / (1 - bar) * x_0 + (1 - beta) ** 0.5 * (1 - before) / (1 - bar) * x_t
    return mean, (1 - before) / (1 - bar) * beta""",
            optimal_discriminator="""    p, q = np.asarray(p), np.asarray(q)
    return np.divide(p, p + q, out=np.full(p.shape, 0.5), where=p + q > 0)""",
            jensen_shannon="""    p, q = p.numpy(), q.numpy()
    m = (p + q) / 2
    return [(kl(a, m) + kl(b, m)) / 2 for a, b, m in zip(p, q, m)]


def kl(p, m):
    return float(np.sum(p[p > 0] * np.log(p[p > 0] / m[p > 0])))""",
            random_walk_covariance="""    i = np.arange(1, n + 1)
    return s**2 * np.minimum.outer(i, i)""",
            random_walk_precision="""    precision = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    precision[n - 1, n - 1] = 1
    return precision / s**2""",
            conditionally_independent="""    size = np.abs(precision.numpy())
    return np.argwhere(np.triu(size <= 1e-9 * size.max(), k=1))""",
            joint_probability="""    true = [tables[name][tuple(map(values.get, parents[name]))] for name in parents]
    return np.prod(np.where([values[name] for name in parents], true, 1 - np.array(true)))""",
        ),
    ),
    file=FILE,
)

DISTRIBUTIONS = Variant(
    "6.distributions",  # densities and divergences from torch
    answers(
        gaussian_kl="""    shape = torch.broadcast_shapes(mu_p.shape, var_p.shape, mu_q.shape, var_q.shape)
    p = torch.distributions.Normal(mu_p.expand(shape), var_p.sqrt())
    q = torch.distributions.Normal(mu_q.expand(shape), var_q.sqrt())
    return torch.distributions.kl_divergence(p, q).sum(-1)""",
        log_evidence="""    covariance = W @ W.T + s2 * torch.eye(W.shape[0]).double()
    return torch.distributions.MultivariateNormal(b, covariance).log_prob(x)""",
        elbo="""    D, K = W.shape
    q = torch.distributions.MultivariateNormal(m, S)
    prior = torch.distributions.MultivariateNormal(torch.zeros(K).double(), torch.eye(K).double())
    at_mean = torch.distributions.Normal(m @ W.T + b, s2.sqrt()).log_prob(x).sum(dim=1)
    spread = torch.einsum("dk,kl,dl->", W, S, W) / (2 * s2)
    return at_mean - spread - torch.distributions.kl_divergence(q, prior)""",
        jensen_shannon="""    def entropy(probabilities):
        return torch.distributions.Categorical(probs=probabilities).entropy()

    return entropy((p + q) / 2) - entropy(p) / 2 - entropy(q) / 2""",
        game_value="""    m = (p + q).clamp(min=1e-300)
    return (p * torch.log((p / m).clamp(min=1e-300)) + q * torch.log((q / m).clamp(min=1e-300))).sum(-1)""",
    ),
    file=FILE,
)


def single(names, before):
    """A patch that casts these names to single precision before a line of the solution."""
    casts = ", ".join(f"{name}.float()" for name in names.split(", "))
    return before, f"{names} = {casts}\n    {before}"


FLOAT32 = Variant(
    "6.float32",  # answers in single precision
    (
        single("mu_p, var_p, mu_q, var_q", "terms = torch.log(var_q / var_p)"),
        single("x, W, b, s2", "D = len(b)"),
        single("x, W, b, s2", "precision = torch.eye("),
        single("x, W, b, m, S", "D, K = W.shape"),
        single("x_0, x_t, betas", "alpha_bars = torch.cumprod("),
        single("p, q", "total = p + q"),
        single("p, q", "m = (p + q) / 2"),
        single("p, q", "real = torch.xlogy("),
        ("i = torch.arange(1, n + 1, dtype=torch.float64)", "i = torch.arange(1, n + 1)"),
        ("diagonal = torch.full((n,), 2.0, dtype=torch.float64)", "diagonal = 2 * torch.ones(n)"),
    ),
    file=FILE,
)
