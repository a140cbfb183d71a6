"""The experiments behind accuracy grading: a submission's checkpoint loads, and generates images.

They run where student code runs.
"""

from grader.lazy import Lazy

torch = Lazy("torch")


def use(code, rng, *, device):
    """Compute something on the device, without the student's code."""
    return {"zero": torch.zeros(1, device=device)}


def load(code, rng, *, prepare, checkpoint):
    """Build the model and load its checkpoint strictly. Observes its number of parameters."""
    return {"parameters": sum(p.numel() for p in _model(code, prepare, checkpoint).parameters())}


def sample(code, rng, *, prepare, checkpoint, labels, image_shape, device, threads):
    """Build the model, load its checkpoint, and generate an image for each label.

    Args:
        code: the student's modules.
        rng: unused; sampling draws from torch's seeded generator.
        prepare: function of `assignment.py` that builds the model.
        checkpoint: its file, relative to the submission.
        labels: classes, a list of N ints.
        image_shape: [C, H, W] that each image must have.
        device: where to sample.
        threads: of the CPU; unit cases have one.

    Returns:
        shape: of what generate_sample returned.
        images: that, as float32; only if the shape is right.
    """
    torch.set_num_threads(threads)
    model = _model(code, prepare, checkpoint).to(device).eval()
    images = model.generate_sample(len(labels), device=torch.device(device), labels=torch.tensor(labels))
    right = list(images.shape) == [len(labels), *image_shape]
    return {"shape": images.shape} | ({"images": images.float()} if right else {})


def _model(code, prepare, checkpoint):
    model = getattr(code.assignment, prepare)()
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
    return model
