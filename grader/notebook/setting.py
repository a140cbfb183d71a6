"""Sets a notebook up: paths, device, profile, data."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from grader.notebook import output
from grader.notebook.cells import STUDENT, session
from grader.notebook.sentences import NotebookError, say_sentences

if TYPE_CHECKING:
    import torch

PROFILES = {"full": Path("checkpoints"), "tiny": Path("outputs") / "tiny"}  # where the checkpoints of each go
GUESSED = " with training, on a GPU such as Colab's (an estimate); hours on a CPU"

T = TypeVar("T")
Losses = list[float] | dict[str, list[float]]


@dataclass(frozen=True)
class Setting:
    """Where a notebook trains, and for how long."""

    profile: str  # full; or tiny, which takes seconds on a CPU, shows that all works, and leaves poor checkpoints
    device: str  # cuda, mps or cpu

    @property
    def folder(self) -> Path:
        """The folder of the checkpoints, within the student's folder."""
        return PROFILES[self.profile]

    def choose(self, *, tiny: T, full: T) -> T:
        """Pick the value for this profile."""
        return tiny if self.profile == "tiny" else full

    def images(
        self, name: str, channels: int = 1, train: bool = True, most: int = 256
    ) -> torch.utils.data.TensorDataset:
        """Load images to train on, as `datasets.load` returns them.

        Args:
            name: of the dataset. In profile tiny, drawn digits replace it if its files are missing.
            channels: 1 for grey, 3 for colour.
            train: the training split; otherwise the test split.
            most: how many images, taken at random, in profile tiny.
        """
        import torch
        from datasets import DATASETS, data_folder, is_here, load, synthetic_digits

        if self.profile == "full":
            return cast("torch.utils.data.TensorDataset", load(name, train, channels))
        if is_here(name):
            tensors = load(name, train, channels).tensors
            some = torch.randperm(len(tensors[0]), generator=torch.Generator().manual_seed(0))[:most]
            return torch.utils.data.TensorDataset(*(tensor[some] for tensor in tensors))
        if name in DATASETS:
            print(f"{name} is not in {data_folder().resolve()}: {most} drawn digits replace it")
        images, labels = synthetic_digits(most, seed=0 if train else 1, channels=channels)
        return torch.utils.data.TensorDataset(images.float() / 127.5 - 1, labels)

    def trained(self, name: str, train: Callable[[Path], Losses]) -> Losses:
        """Train, unless profile full has done so already. A training that was interrupted resumes.

        Args:
            name: of the checkpoint.
            train: called as train(path); saves a checkpoint there and returns losses, ready for JSON.

        Returns:
            The losses, which are kept beside the checkpoint; an empty list if it was trained elsewhere.
        """
        path = self.folder / name
        losses = path.with_suffix(".losses.json")
        if self.profile == "tiny":  # left by earlier code
            for old in self.folder.glob(f"{path.stem}*"):
                old.unlink()
        if path.exists() and not path.with_suffix(".resume.pt").exists():
            print(f"{path} exists and is used as it is: remove it to train again")
            return cast(Losses, json.loads(losses.read_text())) if losses.exists() else []
        path.parent.mkdir(parents=True, exist_ok=True)
        history = train(path)
        losses.write_text(json.dumps(history))
        return history


def begin(part: int, minutes: dict[str, int] | int, profile: str = "") -> Setting:
    """Set the notebook up: paths, device, profile, sentences for errors, and a grader that is ready.

    Args:
        part: the number of the part.
        minutes: how long the whole notebook takes in each profile, full with a GPU; one number if it trains nothing.
        profile: tiny or full; if empty, $GENMODELS_PROFILE, or else full where there is a GPU.

    Raises:
        NotebookError: there is no such profile, or the student's folder is missing.
    """
    if not STUDENT.is_dir():
        raise NotebookError(f"The folder {STUDENT} is missing: the notebooks use the handout's files in student/.")
    sys.path[:0] = [str(STUDENT)] if str(STUDENT) not in sys.path else []
    os.chdir(STUDENT)  # the assignment's scripts keep checkpoints/ and outputs/ there
    session()  # it imports torch in a process of its own, while this one does
    from trainers import best_device

    say_sentences(STUDENT)
    device = best_device()
    profile = profile or os.environ.get("GENMODELS_PROFILE") or ("tiny" if device.type == "cpu" else "full")
    if profile not in PROFILES:
        raise NotebookError(f"There is no profile {profile!r}. Write PROFILE = 'tiny' or 'full' in the first cell.")
    _welcome(part, profile, _name_of(device), minutes)
    return Setting(profile, str(device))


def _name_of(device: torch.device) -> str:
    import torch

    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return "Apple GPU" if device.type == "mps" else f"CPU, {torch.get_num_threads()} threads"


def _welcome(part: int, profile: str, device: str, minutes: dict[str, int] | int) -> None:
    """Show where the notebook runs, and how long it takes."""
    rows, guessed = {"device": device}, ""
    if isinstance(minutes, dict):
        what = {
            "tiny": "a few training steps, to see that everything works; the images will be poor",
            "full": "trains what you hand in; checkpoints that are in `checkpoints/` already are used as they are",
        }
        rows["profile"] = f"`{profile}`: {what[profile]}"
        minutes, guessed = minutes[profile], GUESSED * (profile == "full")
    rows["expect"] = f"about {minutes} minute{'s' * (minutes != 1)} for the whole notebook{guessed}"
    rows["your code"] = f"`{STUDENT}`"
    lines = "".join(f"| {name} | {text} |\n" for name, text in rows.items())
    output.show_markdown(f"| part {part} | |\n|---|---|\n{lines}")
