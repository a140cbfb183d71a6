"""Where a notebook works: paths, device, profile, data."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grader.inline.cells import STUDENT, session
from grader.inline.sentences import NotebookError, say_sentences

PROFILES = {"full": Path("checkpoints"), "tiny": Path("outputs") / "tiny"}  # and where checkpoints go
# What shows that the files of a dataset are there, in $GENMODELS_DATA or data/.
FILES = {
    "svhn": ("train_32x32.mat",),
    "cifar10": ("cifar10", "cifar-10-batches-py"),
    "mnist": ("MNIST",),
    "fashion_mnist": ("FashionMNIST",),
}
GUESSED = " if it trains, guessed for a GPU as Colab lends them; on a CPU hours"


def data_folder() -> Path:
    """Where datasets are, or are downloaded to."""
    return Path(os.environ.get("GENMODELS_DATA") or "data")


def has(name: str) -> bool:
    """Whether the files of a dataset are there."""
    return any((data_folder() / file).exists() for file in FILES.get(name, ()))


@dataclass(frozen=True)
class Setting:
    """Where and how long a notebook trains."""

    profile: str  # full, or tiny: seconds on a CPU, to see that everything works; its checkpoints are no good
    device: str  # cuda, mps or cpu

    @property
    def folder(self) -> Path:
        """Of the checkpoints, in the student's folder."""
        return PROFILES[self.profile]

    def choose(self, *, tiny, full):
        """What belongs to the profile."""
        return tiny if self.profile == "tiny" else full

    def images(self, name: str, channels: int = 1, train: bool = True, most: int = 256):
        """Images to train on, as `datasets.load` gives them.

        Args:
            name: of the dataset. In the profile tiny digits that are drawn stand in for it if its files are not there.
            channels: 1 for grey, 3 for colour.
            train: the training split; otherwise the test split.
            most: images in the profile tiny, taken at random.
        """
        import torch
        from datasets import load, synthetic_digits

        if self.profile == "full":
            return load(name, train, channels)
        if has(name):
            tensors = load(name, train, channels).tensors
            some = torch.randperm(len(tensors[0]), generator=torch.Generator().manual_seed(0))[:most]
            return torch.utils.data.TensorDataset(*(tensor[some] for tensor in tensors))
        if name in FILES:
            print(f"{name} is not in {data_folder().resolve()}: {most} digits that are drawn stand in for it")
        images, labels = synthetic_digits(most, seed=0 if train else 1, channels=channels)
        return torch.utils.data.TensorDataset(images.float() / 127.5 - 1, labels)

    def iclevr(self, most: int = 32) -> Path:
        """A folder of i-CLEVR: the one in the data folder, or pictures that are rendered in its stead.

        Args:
            most: pictures that the profile tiny renders, taken at even distances from our lists.
        """
        from iclevr_renderer import BESIDE, LISTS, RECORD, read_lists, write_folder

        folder = data_folder() / "iclevr"
        rendered = (folder / RECORD).exists()  # which may have been interrupted
        if any(folder.glob("**/*.png")) and not rendered:
            return folder
        lists = folder / "train.json" if rendered else LISTS
        if self.profile == "tiny":
            folder = self.folder / "iclevr"
            shutil.rmtree(folder, ignore_errors=True)
            names = read_lists(LISTS)
            some = {name: names[name] for name in list(names)[:: len(names) // most][:most]}
            lists = self.folder / "lists" / "train.json"
            lists.parent.mkdir(parents=True, exist_ok=True)
            lists.write_text(json.dumps(some))
            for name in BESIDE:
                shutil.copy(LISTS.with_name(name), lists.parent)
        write_folder(lists, folder)
        print(f"there are no pictures of i-CLEVR in {data_folder().resolve()}: those in {folder} are rendered")
        return folder

    def trained(self, name: str, train: Callable) -> list | dict:
        """Train, unless the profile is `full` and that is done already; a training that was interrupted goes on.

        Args:
            name: of the checkpoint.
            train: called as train(path), saves a checkpoint there and returns losses, ready for JSON.

        Returns:
            The losses, which are kept beside the checkpoint; an empty list if it was trained elsewhere.
        """
        path = self.folder / name
        losses = path.with_suffix(".losses.json")
        if self.profile == "tiny":  # of whatever the code was before
            for old in self.folder.glob(f"{path.stem}*"):
                old.unlink()
        if path.exists() and not path.with_suffix(".resume.pt").exists():
            print(f"{path} is there, and is used as it is: remove it to train anew")
            return json.loads(losses.read_text()) if losses.exists() else []
        path.parent.mkdir(parents=True, exist_ok=True)
        found = train(path)
        losses.write_text(json.dumps(found))
        return found


def begin(part: int, minutes: dict[str, int] | int, profile: str = "") -> Setting:
    """Make the notebook ready: paths, device, profile, sentences for errors, and a warm grader.

    Args:
        part: of the assignment.
        minutes: that the whole notebook takes in each profile, full with a GPU; one number if it trains nothing.
        profile: tiny or full; if empty, $GENMODELS_PROFILE, or full where there is a GPU.

    Raises:
        NotebookError: there is no such profile, or no folder of the student's.
    """
    if not STUDENT.is_dir():
        raise NotebookError(f"There is no folder {STUDENT}: the notebooks work on the handout's files in student/.")
    sys.path[:0] = [str(STUDENT)] if str(STUDENT) not in sys.path else []
    os.chdir(STUDENT)  # where the scripts of the assignment keep checkpoints/ and outputs/
    session()  # imports torch in a process of its own, while this one does
    from datasets import DatasetError
    from evaluator import EvaluatorError
    from iclevr_scenes import IclevrError
    from trainers import TrainingError, best_device

    say_sentences(DatasetError, EvaluatorError, IclevrError, TrainingError)
    device = best_device()
    profile = profile or os.environ.get("GENMODELS_PROFILE") or ("tiny" if device.type == "cpu" else "full")
    if profile not in PROFILES:
        raise NotebookError(f"There is no profile {profile!r}: write PROFILE = 'tiny' or 'full' in the first cell.")
    _welcome(part, profile, _name_of(device), minutes)
    return Setting(profile, str(device))


def _name_of(device):
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "Apple GPU" if device.type == "mps" else f"CPU, {torch.get_num_threads()} threads"


def _welcome(part, profile, device, minutes):
    """Show where the notebook works, and how long it takes."""
    from IPython.display import Markdown, display

    rows, guessed = {"device": device}, ""
    if isinstance(minutes, dict):
        what = {
            "tiny": "a few steps of training, to see that everything works: images will be no good",
            "full": "trains what you hand in; what is in `checkpoints/` already is used as it is",
        }
        rows["profile"] = f"`{profile}`: {what[profile]}"
        minutes, guessed = minutes[profile], GUESSED * (profile == "full")
    rows["expect"] = f"about {minutes} minute{'s' * (minutes != 1)} for the whole notebook{guessed}"
    rows["your code"] = f"`{STUDENT}`"
    told = "".join(f"| {name} | {text} |\n" for name, text in rows.items())
    display(Markdown(f"| part {part} | |\n|---|---|\n{told}"))
