"""Grades accuracies: the submission answers in one process, a trusted classifier scores in another, policy decides."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grader.accuracy.protocols import AnswerError, Protocol, protocol_of
from grader.accuracy.rounds import Rounds
from grader.accuracy.scorer import Scorer
from grader.accuracy.summary import summary
from grader.course.accuracy_policy import AccuracyPolicy
from grader.course.policy import Policy
from grader.grading.judge import ending
from grader.grading.run import Grading, Show
from grader.runtime import sampling
from grader.runtime.case import Case, Observation, Outcome, Verdict
from grader.runtime.errors import InfrastructureError
from grader.runtime.rng import case_seed
from grader.sandbox.exchange import Job


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of one model: its policy, and the case that stands for it in reports."""

    name: str
    policy: AccuracyPolicy

    @property
    def id(self) -> str:
        """E.g. '4.ddpm_accuracy'."""
        return f"{self.policy.part}.{self.name}_accuracy"

    @property
    def part(self) -> int:
        """The number of its part."""
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
        return Case(self.id, p.title, p.points, protocol_of(p).experiment, rule, seconds=p.seconds, bonus=p.bonus)

    def grade(self, grading: Grading, device: str = "cpu", show: Show | None = None) -> Verdict:
        """Ask and score until the points are decided: see `grade_accuracy`."""
        return grade_accuracy(grading, self, device, show=show)


def accuracies_of(policy: Policy) -> list[Accuracy]:
    """The accuracies that an assignment grades."""
    return [Accuracy(name, accuracy) for name, accuracy in policy.accuracy.items()]


def grade_accuracy(
    grading: Grading, accuracy: Accuracy, device: str = "cpu", every_round: bool = False, show: Show | None = None
) -> Verdict:
    """Ask and score until the points are decided.

    Args:
        grading: an open `Grading`.
        accuracy: which model.
        device: where the submission computes.
        every_round: play all rounds even if the points are decided, for a closer look at the accuracy.
        show: gets the images of the first round, (N, C, H, W), if there are any, and the column of each, (N,) ints.
    """
    case, policy = accuracy.case, accuracy.policy
    if policy.checkpoint not in grading.submission.present:
        return Verdict(case, Outcome.NOT_IMPLEMENTED, 0.0, f"{policy.checkpoint} was not handed in")
    protocol, rounds, seconds = protocol_of(policy), Rounds(policy), 0.0
    try:
        with Scorer(policy.classifier) as scorer:
            while len(rounds.labels) < policy.rounds and (every_round or not rounds.decided):
                labels, asked, observation = _answer(grading, accuracy, protocol, len(rounds.labels), device)
                seconds += observation.seconds
                if problem := ending(observation):
                    check_device(grading, device)
                    return Verdict(case, problem[0], 0.0, problem[1], output=observation.output, seconds=seconds)
                try:
                    rounds.judged.append(protocol.read(observation.arrays, scorer, asked))
                except AnswerError as error:
                    return Verdict(case, Outcome.FAILED, 0.0, str(error), output=observation.output, seconds=seconds)
                rounds.labels.append(labels)
                if show and len(rounds.labels) == 1 and (images := observation.arrays.get("images")) is not None:
                    columns = protocol.columns(labels)
                    show(images[: len(columns)], columns)
    except InfrastructureError as error:
        return Verdict(case, Outcome.INFRASTRUCTURE, 0.0, str(error), seconds=seconds)
    outcome = Outcome.PASSED if rounds.share == 1.0 else Outcome.FAILED
    points = rounds.share * case.points
    return Verdict(case, outcome, points, summary(rounds), seconds=seconds, figures=rounds.figures())


def check_device(grading: Grading, device: str) -> None:
    """Refuse a device that this machine lacks: whoever chose it is to blame, not the student.

    Raises:
        InfrastructureError: the device cannot be used.
    """
    if device == "cpu":
        return
    case = Case("0.device", "", 0.0, sampling.use, "", seconds=120.0)
    job = Job(case, grading.submission.folder, 0, grading.assignment.limits, {"device": device}, device)
    observation = grading.tier.observe_alone(job)
    if problem := ending(observation):
        raise InfrastructureError(f"--device {device} cannot be used on this machine: {problem[1].splitlines()[0]}")


def _answer(
    grading: Grading, accuracy: Accuracy, protocol: Protocol, number: int, device: str
) -> tuple[np.ndarray, dict[str, Any], Observation]:
    """One round in the submission's process: the labels, what was asked, and what came back."""
    seed, seed_of_question = (
        case_seed(grading.accuracy_seed, f"{accuracy.id} {number}{stream}") for stream in ("", protocol.stream)
    )
    labels, asked = protocol.ask(seed_of_question)
    arguments = asked | {
        "model": accuracy.policy.model_arguments(),
        "device": device,
        "threads": min(os.cpu_count() or 1, grading.assignment.limits.processes // 2),
    }
    room = {"reply_bytes": protocol.reply_bytes + 100_000, "memory_bytes": accuracy.policy.memory_bytes}
    limits = replace(grading.assignment.limits, **room)
    job = Job(accuracy.case, grading.submission.folder, seed, limits, arguments, device)
    return labels, asked, grading.tier.observe_alone(job)
