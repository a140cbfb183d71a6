"""How the multi-label DDPM is tried: with a network of ours in the place of the student's."""

from grader.cases.part5 import inputs
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")


def labels_of(conditions):
    """Labels of lists of indices: (N, 24) float32."""
    labels = torch.zeros(len(conditions), inputs.CONDITIONS)
    for row, objects in zip(labels, conditions, strict=True):
        row[objects] = 1.0
    return labels


def model(code, predict, num_steps=8, p_uncond=0.0, guidance_weight=0.0, weight=None):
    """(calls, model): the student's model, with its network's forward pass replaced by `probes.spy_on`.

    A student's model may use attributes of the student's network, so that is what it gets, or else an empty one.
    """
    try:
        network = code.conditional_diffusion.MultiLabelUnet(channels=(8, 8))
    except Exception:
        network = torch.nn.Linear(1, 1)  # its fault is counted once, in 5.multi_label
        network.num_conditions = inputs.CONDITIONS
    calls = probes.spy_on(network, predict, weight)
    return calls, code.conditional_diffusion.MultiLabelDDPM(network, num_steps, p_uncond, guidance_weight)


def linear(slope, offset, of_labels):
    """eps_theta(x, t, labels) = slope_t x + offset_t + what the labels add; the null condition adds nothing."""

    def predict(x, t, labels):
        at_t = [table[t.long().clamp(0, len(table) - 1)].reshape(-1, 1, 1, 1) for table in (slope, offset)]
        return at_t[0] * x + at_t[1] + (labels * of_labels).sum(dim=1).reshape(-1, 1, 1, 1)

    return predict
