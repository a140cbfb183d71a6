"""Students' multi-label DDPM with a known network in place of their own."""

from grader.parts.iclevr.cases import inputs
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")


def labels_of(conditions):
    """Multi-hot labels, (N, 24) float32, from N lists of indices."""
    labels = torch.zeros(len(conditions), inputs.CONDITIONS)
    for row, objects in zip(labels, conditions, strict=True):
        row[objects] = 1.0
    return labels


def model(code, predict, num_steps=8, p_uncond=0.0, guidance_weight=0.0, weight=None):
    """Return (calls, model): the student's model, with the network's forward pass replaced by `probes.spy_on`.

    The network is the student's, because the model may use its attributes. If it cannot be built, an empty one is used.
    """
    try:
        network = code.conditional_diffusion.MultiLabelUnet(channels=(8, 8))
    except Exception:
        network = torch.nn.Linear(1, 1)  # only 5.multi_label should fail for this
        network.num_conditions = inputs.CONDITIONS
    calls = probes.spy_on(network, predict, weight)
    return calls, code.conditional_diffusion.MultiLabelDDPM(network, num_steps, p_uncond, guidance_weight)


def linear(slope, offset, of_labels):
    """Return eps_theta(x, t, labels) = slope_t x + offset_t + sum of of_labels; the null condition adds nothing."""

    def predict(x, t, labels):
        at_t = [table[t.long().clamp(0, len(table) - 1)].reshape(-1, 1, 1, 1) for table in (slope, offset)]
        return at_t[0] * x + at_t[1] + (labels * of_labels).sum(dim=1).reshape(-1, 1, 1, 1)

    return predict
