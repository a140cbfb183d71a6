"""Builds this part's model from its checkpoint and generates images with it."""

from dataclasses import dataclass, fields

from grader.runtime.lazy import Lazy
from grader.runtime.sampling import CheckpointError, weights

torch = Lazy("torch")

OWN = ("num_feat", "T", "beta_1", "beta_T", "mask_p")  # fields of DMConfig: an own configuration changes at least one
SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True)
class Model:
    """The settings of a model in part.toml, [accuracy.NAME.model]."""

    guidance: float  # guidance weight omega of the samples
    own_configuration: bool = False  # whether the checkpoint must hold a configuration other than the default

    def __post_init__(self):
        if not 0 <= self.guidance <= 100:
            raise ValueError("guidance must be between 0 and 100")


def build(code, model):
    """Build `DDPM.ConditionalDDPM` with the configuration in its checkpoint.

    Returns:
        (network, generate). `generate(labels, device)` returns images in [0, 1].

    Raises:
        CheckpointError: the checkpoint lacks its weights or its configuration, or the configuration is not valid.
    """
    saved = weights(model["checkpoint"])
    parts = [saved.get(key) if isinstance(saved, dict) else None for key in ("dmconfig", "model_state_dict")]
    if not all(isinstance(part, dict) for part in parts):
        raise CheckpointError(
            f"{model['checkpoint']} must hold the dictionaries 'model_state_dict' and 'dmconfig': hand in the "
            "best_checkpoint.pth that solver() saves"
        )
    network = code.DDPM.ConditionalDDPM(_configuration(code.utils.DMConfig, parts[0], model))
    network.load_state_dict(parts[1])

    def generate(labels, device):
        network.to(device).eval()
        labels = labels.to(device)
        one_hot = torch.nn.functional.one_hot(labels, model["classes"])
        with torch.no_grad():
            return _first_accepted(lambda conditions: network.sample(conditions, model["guidance"]), one_hot, labels)

    return network, generate


def _first_accepted(sample, one_hot, labels):
    """Call `sample` with one-hot labels, or with labels, (B,), as some students expect. Raises the first error."""
    try:
        return sample(one_hot)
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError) as refusal:
        try:
            return sample(labels)
        except Exception:
            raise refusal from None


def _configuration(config_class, saved, model):
    """Return the `DMConfig` of a checkpoint. Every field must have the type of its default."""
    where, default = f"{model['checkpoint']}: dmconfig", config_class()
    known = {field.name: getattr(default, field.name) for field in fields(config_class)}
    for name, value in saved.items():
        if name not in known:
            raise CheckpointError(f"{where} has {_shown(name)}, which is no field of DMConfig: {', '.join(known)}")
        if not _alike(value, known[name]):
            raise CheckpointError(
                f"{where}[{name!r}] is {_shown(value)}, but its default is {known[name]!r}: use the same type"
            )
    if model["own_configuration"] and all(saved.get(name, known[name]) == known[name] for name in OWN):
        raise CheckpointError(f"{where} is the default: train with another value of {', '.join(OWN[:-1])} or {OWN[-1]}")
    return config_class(**saved)


def _alike(value, default):
    """Whether a value is a number or a sequence of numbers, like the default. An int may replace a float."""
    if isinstance(default, tuple | list):
        return isinstance(value, tuple | list) and all(_alike(v, default[0]) for v in value)
    return type(value) is type(default) or (type(value) is int and type(default) is float)


def _shown(value):
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
