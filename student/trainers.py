"""Given: one training loop for every model of part 4, and the files that it leaves; parts 2 and 3 write theirs with it.
Every script that trains ends as `run` says.

A model is trained through `loss = model(images, labels)`. Training can be interrupted at any moment and goes on where
it last saved: the state lies beside the checkpoint, in `<name>.resume.pt`, until training is complete.
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
    """Training cannot start or go on; the message says why and what mends it."""


@dataclass(frozen=True)
class TrainConfig:
    """What decides the result of a training, beside the model and the data."""

    epochs: int = 10  # passes over the data
    batch_size: int = 128  # images a step
    learning_rate: float = 1e-3  # the peak of a one-cycle schedule (warm-up, then cosine decay)
    ema_decay: float = 0.999  # the weights saved are an exponential moving average of those trained
    grad_clip: float = 1.0  # largest norm of the gradient
    seed: int = 0  # of initialisation order, data order and noise


def best_device():
    """The fastest device of this machine: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def autocast(device):
    """A context that computes in bfloat16 where the hardware has it, and in float32 elsewhere."""
    device = torch.device(device)
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", torch.bfloat16)
    # Without the instructions, bfloat16 on a CPU is emulated and slower than float32.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    if device.type == "cpu" and (capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")):
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def model_loss(model, images, labels):
    """The loss of a model that is called with images and labels and returns a scalar."""
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
        dataset: a TensorDataset of images and labels, as from `datasets.load`.
        checkpoint: where the weights go, e.g. 'checkpoints/DDPM.pt'; float16, a plain state dict.
        config: a `TrainConfig`.
        device: where to train; the best device by default.
        resume: go on from `<name>.resume.pt` if an earlier run was interrupted; otherwise start anew.
        save_every: steps between two savings of the state.
        loss: called as loss(model, images, labels), returns a scalar.
        compiled: whether `torch.compile` makes the steps quicker; a minute passes before the first one.

    Returns:
        The mean loss of each epoch, a list of floats.

    Raises:
        TrainingError: an interrupted run had another configuration, or the loss is no longer finite.
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
        save_weights(ema.module, checkpoint)  # first: whoever resumes after the last epoch has nothing left to save
        store(state_path, parts, config, progress)
    state_path.unlink(missing_ok=True)
    return progress["losses"]


def averaging(decay):
    """An exponential moving average for `AveragedModel` that looks back no further than a part of the training so far.

    After n steps its decay is (1 + n) / (10 + n), and `decay` at most: a short training is not an average of its
    beginnings.
    """

    def update(averaged, current, steps):
        get_ema_multi_avg_fn(min(decay, (1 + float(steps)) / (10 + float(steps))))(averaged, current, steps)

    return update


def save_weights(model, path):
    """Write a state dict with float16 weights, whole or not at all."""
    weights = {name: w.half() if w.is_floating_point() else w for name, w in model.state_dict().items()}
    write_whole({name: w.cpu().contiguous() for name, w in weights.items()}, path)


def load_weights(model, path):
    """Load a state dict strictly.

    Raises:
        TrainingError: there is no such file, or it belongs to another model.
    """
    if not Path(path).is_file():
        raise TrainingError(f"there is no checkpoint {path}: train first")
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except RuntimeError as error:
        raise TrainingError(f"{path} does not fit the model that prepare_*() builds: {error}") from error
    return model


def store(path, parts, config, progress):
    """Write the state of a training: of its parts {name: network, optimizer, ...}, and of torch's generator."""
    states = {name: part.state_dict() for name, part in parts.items()}
    write_whole({"parts": states, "config": asdict(config), "progress": progress, "rng": torch.get_rng_state()}, path)


def restore(path, parts, config, device):
    """Read into the parts what `store` has written. Returns the progress.

    Raises:
        TrainingError: the state is one of another configuration.
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
    """Write a file with torch.save, whole or not at all; its folder is made if need be."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    os.replace(temporary, path)


def run(main, goes_on="after the last whole epoch", errors=TrainingError):
    """Call the `main` of a script, and end the process with a line on stderr where a traceback would say no more.

    Args:
        main: called without arguments.
        goes_on: where the same command goes on when a training was interrupted.
        errors: an exception, or a tuple of them, whose messages say all; their line, like any other here, comes with
            exit code 1.
    """
    try:
        main()
    except NotImplementedError as missing:
        sys.exit(f"not implemented yet: {missing}. Fill it in, and try `pytest grader/`")
    except errors as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(f"interrupted: the same command goes on {goes_on}")
