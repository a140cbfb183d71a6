"""Accuracy grading: the submission answers in one process, a trusted classifier scores in another, policy decides."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grader import ROOT, sampling
from grader.case import Case, InfrastructureError, Outcome, Verdict
from grader.exams import AnswerError, exam_of
from grader.judge import ending
from grader.policy import AccuracyPolicy, Policy
from grader.rng import case_seed
from grader.rounds import Judged, Rounds


@dataclass(frozen=True)
class Task:
    """The accuracy of one model: its policy, and the case that stands for it in reports."""

    name: str
    policy: AccuracyPolicy

    @property
    def id(self) -> str:
        """E.g. '4.ddpm_accuracy'."""
        return f"{self.policy.part}.{self.name}_accuracy"

    @property
    def part(self) -> int:
        """The part of the assignment."""
        return self.policy.part

    @property
    def case(self) -> Case:
        """The experiment as a case."""
        p = self.policy
        best = f"best accuracy of at most {p.rounds} rounds" if p.rounds > 1 else "accuracy"
        rule = (
            f"{best} of {p.samples_per_round} samples: up to {p.nothing_at:.0%} earns nothing, from "
            f"{p.everything_at:.0%} everything, linear between"
        )
        return Case(self.id, p.title, p.points, exam_of(p).experiment, rule, seconds=p.seconds, bonus=p.bonus)


def tasks(policy: Policy) -> list[Task]:
    """The accuracies that an assignment grades."""
    return [Task(name, accuracy) for name, accuracy in policy.accuracy.items()]


def grade_accuracy(
    grading, task: Task, device: str = "cpu", every_round: bool = False, show: Callable | None = None
) -> Verdict:
    """Ask and score until the points are decided.

    Args:
        grading: an open `Grading`.
        task: which model.
        device: where the submission computes.
        every_round: play all rounds even if the points are decided, for a closer look at the accuracy.
        show: gets the images of the first round, (N, C, H, W), if there are any, and the column of each, (N,) ints.
    """
    case, policy = task.case, task.policy
    if policy.checkpoint not in grading.submission.present:
        return Verdict(case, Outcome.NOT_IMPLEMENTED, 0.0, f"{policy.checkpoint} was not handed in")
    exam, rounds, seconds = exam_of(policy), Rounds(policy), 0.0
    try:
        with Scorer(policy.classifier) as scorer:
            while len(rounds.labels) < policy.rounds and (every_round or not rounds.decided):
                labels, asked, observation = _answer(grading, task, exam, len(rounds.labels), device)
                seconds += observation.seconds
                if problem := ending(observation):
                    check_device(grading, device)
                    return Verdict(case, problem[0], 0.0, problem[1], output=observation.output, seconds=seconds)
                try:
                    rounds.judged.append(exam.read(observation.arrays, scorer, asked))
                except AnswerError as error:
                    return Verdict(case, Outcome.FAILED, 0.0, str(error), output=observation.output, seconds=seconds)
                rounds.labels.append(labels)
                if show and len(rounds.labels) == 1 and (images := observation.arrays.get("images")) is not None:
                    columns = exam.columns(labels)
                    show(images[: len(columns)], columns)
    except InfrastructureError as error:
        return Verdict(case, Outcome.INFRASTRUCTURE, 0.0, str(error), seconds=seconds)
    outcome = Outcome.PASSED if rounds.share == 1.0 else Outcome.FAILED
    points = rounds.share * case.points
    return Verdict(case, outcome, points, rounds.summary(), seconds=seconds, figures=rounds.figures())


def check_device(grading, device: str) -> None:
    """A device that this machine lacks is whoever chose it to blame for, not the student.

    Raises:
        InfrastructureError: the device cannot be used.
    """
    if device == "cpu":
        return
    case = Case("0.device", "", 0.0, sampling.use, "", seconds=120.0)
    observation = grading.tier.observe_alone(
        case, grading.submission.folder, 0, grading.assignment.limits, {"device": device}, device
    )
    if problem := ending(observation):
        raise InfrastructureError(f"--device {device} cannot be used on this machine: {problem[1].splitlines()[0]}")


def _answer(grading, task, exam, number, device):
    """One round in the submission's process: what was asked, and what came back."""
    seed, seed_of_exam = (case_seed(grading.accuracy_seed, f"{task.id} {number}{s}") for s in ("", exam.stream))
    labels, asked = exam.ask(seed_of_exam)
    arguments = asked | {
        "model": task.policy.model_arguments(),
        "device": device,
        "threads": min(os.cpu_count(), grading.assignment.limits.processes // 2),
    }
    room = {"reply_bytes": exam.reply_bytes + 100_000, "memory_bytes": task.policy.memory_bytes}
    limits = replace(grading.assignment.limits, **room)
    observed = grading.tier.observe_alone(task.case, grading.submission.folder, seed, limits, arguments, device)
    return labels, asked, observed


class Scorer:
    """The trusted process that recognises images. A context manager."""

    def __init__(self, classifier: str):
        self._classifier = classifier

    def __enter__(self):
        command = [sys.executable, "-m", "grader.scoring", self._classifier]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
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
                self._process.stdin.write(f"{path}\n")
                self._process.stdin.flush()
                answer = json.loads(self._process.stdout.readline())
                quality = answer.pop("quality")
                return Judged(**{name: np.array(values) for name, values in answer.items()}, quality=quality)
            except (OSError, ValueError) as error:
                raise InfrastructureError(f"the scoring process failed ({error}); its messages are above") from error

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.terminate()
        self._process.wait()
