# %%
HANDOUT = ""  # only on Colab and Kaggle: the handout's git address, or the path of its zip or folder
PROFILE = ""  # "tiny": seconds, on any CPU. "full": trains what you hand in. Empty: picked for this machine

# %% jupyter={"source_hidden": true} cellView="form"
# @title Find and install the handout (runs by itself)
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path


class HandoutError(Exception):
    def _render_traceback_(self):  # IPython asks for it
        return [str(self)]


def places():
    """Yield the folders that may be the handout: first what is here already, then what HANDOUT names."""
    here = Path.cwd()
    yield from (here, *here.parents, *here.glob("*/"), *map(Path, sys.path))
    if HANDOUT.startswith("/content/drive"):
        from google.colab import drive

        drive.mount("/content/drive")
    if "://" in HANDOUT or HANDOUT.startswith("git@"):
        subprocess.run(["git", "clone", "--depth", "1", HANDOUT], check=True)
    elif zipfile.is_zipfile(HANDOUT):
        zipfile.ZipFile(HANDOUT).extractall()
    elif HANDOUT and os.access(HANDOUT, os.W_OK):
        yield Path(HANDOUT)
    elif HANDOUT and Path(HANDOUT).is_dir():  # Kaggle's inputs are read-only
        shutil.copytree(HANDOUT, "assignment")
    yield from here.glob("*/")


def is_handout(folder):
    return (folder / "grader" / "notebook").is_dir() and (folder / "student").is_dir()


def missing(root):
    """Yield the requirements of the handout that are not installed."""
    for requirement in tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]:
        try:
            metadata.version(re.match(r"[\w.-]+", requirement)[0])
        except metadata.PackageNotFoundError:
            yield requirement


ROOT = next((place.resolve() for place in places() if is_handout(place)), None)
if ROOT is None:
    raise HandoutError(
        f"There is no handout at or above {Path.cwd()}. Write its address or path into HANDOUT in the first cell, and "
        "run the notebook again."
    )
if requirements := list(missing(ROOT)):
    print("installing", *requirements)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *requirements], check=True)
sys.path[:0] = [str(ROOT)]
