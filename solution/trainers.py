"""Given: the training loop for every model of part 4, and the files that it writes. Parts 2 and 3 use the same files.

The loop trains a model with `loss = model(images, labels)`. You can interrupt it at any moment: the next run resumes
from the last saved state. That state is next to the checkpoint, in `<name>.resume.pt`, until training is complete.
Every training script calls its `main` through `run`.
"""

import os
import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm


class TrainingError(Exception):
    """Training cannot start or resume; the message says why and how to fix it."""


@dataclass(frozen=True)
class TrainConfig:
    """The settings that decide the result of training, apart from the model and the data."""

    epochs: int = 10  # passes over the data
    batch_size: int = 128  # images per step
    learning_rate: float = 1e-3  # peak of the one-cycle schedule (warm-up, then cosine decay)
    ema_decay: float = 0.999  # decay of the exponential moving average of the weights, which is what gets saved
    grad_clip: float = 1.0  # largest norm of the gradient
    seed: int = 0  # seed of the data order and the noise


def best_device():
    """Return the fastest device of this machine: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def autocast(device):
    """A context that computes in bfloat16 if the hardware supports it, otherwise in float32."""
    device = torch.device(device)
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", torch.bfloat16)
    # A CPU without bfloat16 instructions emulates it, which is slower than float32.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    if device.type == "cpu" and (capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")):
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def model_loss(model, images, labels):
    """The loss of a model that takes images and labels and returns a scalar."""
    return model(images, labels)


def train(
    model,
    dataset,
    checkpoint,
    config=TrainConfig(),
    device=None,
    resume=True,
    save_every=200,
    loss=model_loss,
    compiled=False,
):
    """Train `model` and save the averaged weights.

    Args:
        model: its `parameters()` are trained.
        dataset: a TensorDataset of images and labels, for example from `datasets.load`.
        checkpoint: file for the weights, e.g. 'checkpoints/DDPM.pt': a plain state dict in float16.
        config: a `TrainConfig`.
        device: device to train on; by default the fastest one.
        resume: resume from `<name>.resume.pt` if an earlier run was interrupted; if False, start again.
        save_every: number of steps between saved states.
        loss: called as loss(model, images, labels), returns a scalar.
        compiled: use `torch.compile` for faster steps; the first one then takes a minute.

    Returns:
        The mean loss of each epoch, a list of floats.

    Raises:
        TrainingError: the interrupted run had another configuration, or the loss is NaN.
    """
    device = torch.device(device or best_device())
    images, labels = dataset.tensors
    steps = max(1, len(images) // config.batch_size)
    model = model.to(device, memory_format=torch.channels_last).train()
    ema = AveragedModel(model, multi_avg_fn=averaging(config.ema_decay), use_buffers=True)
    if compiled:
        model.compile(mode="reduce-overhead")
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=config.epochs * steps, pct_start=0.05
    )
    parts = {"model": model, "ema": ema, "optimizer": optimizer, "schedule": schedule}
    state_path = Path(checkpoint).with_suffix(".resume.pt")
    progress = {"epoch": 0, "step": 0, "total": 0.0, "losses": []}
    torch.manual_seed(config.seed)
    if resume and state_path.exists():
        progress = restore(state_path, parts, config, device)

    while progress["epoch"] < config.epochs:
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(config.seed + progress["epoch"]))
        bar = tqdm(range(progress["step"], steps), initial=progress["step"], total=steps)
        bar.set_description(f"epoch {progress['epoch'] + 1}/{config.epochs}")
        for step in bar:
            batch = order[step * config.batch_size : (step + 1) * config.batch_size]
            with autocast(device):
                value = loss(model, images[batch].to(device), labels[batch].to(device))
            optimizer.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.grad_clip)
            optimizer.step()
            schedule.step()
            ema.update_parameters(model)
            progress["total"] += value.item()
            progress["step"] = step + 1
            bar.set_postfix(loss=f"{progress['total'] / progress['step']:.4f}")
            if progress["step"] % save_every == 0:
                store(state_path, parts, config, progress)
        mean = progress["total"] / steps
        if mean != mean:
            raise TrainingError("the loss is NaN: lower the learning rate, or look for a division by zero in the loss")
        progress = {"epoch": progress["epoch"] + 1, "step": 0, "total": 0.0, "losses": [*progress["losses"], mean]}
        save_weights(ema.module, checkpoint)  # before the state: resuming after the last epoch saves no weights
        store(state_path, parts, config, progress)
    state_path.unlink(missing_ok=True)
    return progress["losses"]


def averaging(decay):
    """An exponential moving average for `AveragedModel` that starts with a short memory.

    After n steps its decay is (1 + n) / (10 + n), at most `decay`. So early weights do not dominate a short training.
    """

    def update(averaged, current, steps):
        get_ema_multi_avg_fn(min(decay, (1 + float(steps)) / (10 + float(steps))))(averaged, current, steps)

    return update


def save_weights(model, path):
    """Write the model's state dict in float16. The file is either complete or not written at all."""
    weights = {name: w.half() if w.is_floating_point() else w for name, w in model.state_dict().items()}
    write_whole({name: w.cpu().contiguous() for name, w in weights.items()}, path)


def load_weights(model, path):
    """Load a state dict into the model, strictly.

    Raises:
        TrainingError: the file is missing or belongs to another model.
    """
    if not Path(path).is_file():
        raise TrainingError(f"there is no checkpoint {path}: train first")
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except RuntimeError as error:
        raise TrainingError(f"{path} does not fit the model that prepare_*() builds: {error}") from error
    return model


def store(path, parts, config, progress):
    """Write the state of training: its parts {name: network, optimizer, ...} and torch's random state."""
    states = {name: part.state_dict() for name, part in parts.items()}
    write_whole({"parts": states, "config": asdict(config), "progress": progress, "rng": torch.get_rng_state()}, path)


def restore(path, parts, config, device):
    """Load the state that `store` wrote into the parts, and return the progress.

    Raises:
        TrainingError: the state belongs to another configuration.
    """
    state = torch.load(path, map_location=device, weights_only=True)
    if state["config"] != asdict(config):
        raise TrainingError(
            f"{path} was made with {state['config']}, not {asdict(config)}: repeat those options, or start with --fresh"
        )
    for name, part in parts.items():
        part.load_state_dict(state["parts"][name])
    torch.set_rng_state(state["rng"].cpu())
    print(f"resuming at epoch {state['progress']['epoch'] + 1}, step {state['progress']['step']}")
    return state["progress"]


def write_whole(content, path):
    """Write a file with torch.save, either complete or not at all. Creates the folder if it is missing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    os.replace(temporary, path)


def run(main, resumes="after the last complete epoch", errors=TrainingError):
    """Call the `main` of a script. For expected errors, print one line on stderr instead of a traceback.

    Args:
        main: called without arguments.
        resumes: where the same command resumes an interrupted training.
        errors: an exception class, or a tuple of them, whose message says everything. The exit code is 1.
    """
    try:
        main()
    except NotImplementedError as missing:
        sys.exit(f"not implemented yet: {missing}. Fill it in, then run `pytest grader/`")
    except errors as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(f"interrupted: the same command resumes {resumes}")
