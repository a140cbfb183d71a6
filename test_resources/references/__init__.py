"""How each weight file of the repository is trained and measured, with one module for each dataset."""

from collections.abc import Callable
from typing import Any, NamedTuple

from grader.accuracy.grade import accuracies_of, grade_accuracy
from grader.course import assignment as assignments
from grader.grading import goldens
from grader.grading.run import open_submission
from grader.sandbox import start


class Reference(NamedTuple):
    """One weight file of the repository."""

    path: Any  # pathlib.Path
    data: str  # what it is trained on
    config: Any  # a dataclass with all settings but the seed; its `epochs` are those of the shipped file
    train: Callable  # train(path, config, seed, device) -> {name: figure}
    measure: Callable  # measure(path, device) -> {name: figure}
    beside: tuple = ()  # other files that its training writes, each a pathlib.Path
    goes_on: bool = False  # whether it starts from the existing weights


def accuracy_of_solution(path, device):
    """Measure the accuracy of the solution's checkpoint as the grader does, over all rounds of the policy.

    Returns:
        Its figures; if several accuracies are graded with this checkpoint, {name of the accuracy: its figures}.
    """
    assignment, tier = assignments.load(staff=True), start("process")
    with open_submission(assignment, tier, goldens.load(assignment.resources), assignment.solution) as grading:
        measured = [a for a in accuracies_of(assignment.policy) if a.policy.checkpoint == f"checkpoints/{path.name}"]
        verdicts = {a.name: grade_accuracy(grading, a, str(device), every_round=True) for a in measured}
    tier.close()
    for verdict in verdicts.values():
        print(verdict.message)
    figures = {name: dict(verdict.figures) for name, verdict in verdicts.items()}
    return figures if len(figures) > 1 else next(iter(figures.values()), {})
