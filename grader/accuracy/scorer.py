"""The parent's side of the process that recognises images."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

import numpy as np

from grader import ROOT
from grader.accuracy.rounds import Judged
from grader.runtime.errors import InfrastructureError


class Scorer:
    """The trusted process that recognises images. A context manager.

    Args:
        classifier: its name, a table [classifiers.NAME] of a part.toml.
    """

    def __init__(self, classifier: str):
        self._classifier = classifier

    def __enter__(self) -> Scorer:
        command = [sys.executable, "-m", "grader.accuracy.scorer_process", self._classifier]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both are pipes")
        self._questions, self._answers = self._process.stdin, self._process.stdout
        return self

    def judge(self, images: np.ndarray) -> Judged:
        """What the classifier, and the auditor if there is one, make of images, shape (N, C, H, W), float32.

        The quality is that of all images that this process has judged.

        Raises:
            InfrastructureError: the process has failed.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "images.npy"
            np.save(path, images)
            try:
                answer = json.loads(self._asked(f"{path}\n"))
                quality = answer.pop("quality")
                return Judged(**{name: np.array(values) for name, values in answer.items()}, quality=quality)
            except (OSError, ValueError) as error:
                raise InfrastructureError(f"the scoring process failed ({error}); its messages are above") from error

    def _asked(self, line: str) -> str:
        self._questions.write(line)
        self._questions.flush()
        return self._answers.readline()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._questions.close()
        self._answers.close()
        self._process.terminate()
        self._process.wait()
