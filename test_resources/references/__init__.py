"""How each weight file of the repository is trained and measured, one module a dataset."""

from collections.abc import Callable
from typing import Any, NamedTuple

from grader import assignment as assignments
from grader import golden
from grader.accuracy import grade_accuracy, tasks
from grader.grading import open_submission
from grader.sandbox import start


class Reference(NamedTuple):
    """One weight file of the repository."""

    path: Any  # pathlib.Path
    data: str  # what it is trained on
    config: Any  # a dataclass: what decides the training, beside the seed; its `epochs` are what the shipped file had
    train: Callable  # train(path, config, seed, device) -> {name: figure}
    measure: Callable  # measure(path, device) -> {name: figure}
    beside: tuple = ()  # what else its training writes, each a pathlib.Path
    goes_on: bool = False  # whether it starts from the weights that are there


def accuracy_of_solution(path, device):
    """The accuracy of a checkpoint of the solution as the grader measures it, over all rounds of the policy.

    Returns:
        Its figures; where several accuracies are graded of one checkpoint, {name of the accuracy: its figures}.
    """
    assignment, tier = assignments.load(staff=True), start("process")
    with open_submission(assignment, tier, golden.load(assignment.resources), assignment.solution) as grading:
        measured = [task for task in tasks(assignment.policy) if task.policy.checkpoint == f"checkpoints/{path.name}"]
        verdicts = {task.name: grade_accuracy(grading, task, str(device), every_round=True) for task in measured}
    tier.close()
    for verdict in verdicts.values():
        print(verdict.message)
    figures = {name: dict(verdict.figures) for name, verdict in verdicts.items()}
    return figures if len(figures) > 1 else next(iter(figures.values()), {})
