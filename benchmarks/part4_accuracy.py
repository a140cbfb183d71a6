"""Accuracy of part 4's references as the grader measures it: 5 seeds of 200 samples, judged by a frozen classifier.

    python benchmarks/part4_accuracy.py [--only ddim] [--setting "without guidance"] [--device cuda]

Each model is tried as it is handed in, and then with changed settings: without guidance, and DDIM with other strides.
On 2 CPU cores all of it takes a quarter of an hour.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  (after the path)

from grader import assignment as assignments  # noqa: E402
from grader import golden, sandbox  # noqa: E402
from grader.accuracy import Task, grade_accuracy  # noqa: E402
from grader.assignment import Variant  # noqa: E402
from grader.case import Outcome  # noqa: E402
from grader.grading import open_submission  # noqa: E402
from grader.release import write_patched  # noqa: E402

DDPM, DDIM = "return DDPM(network, var_scheduler, guidance_weight=2.0)", "guidance_weight=2.0, stride=4)"
LDDPM = "return LDDPM(network, vae, var_scheduler, guidance_weight=1.5)"
# Model, setting, and how assignment.py is patched for it.
SETTINGS = (
    ("ddpm", "as handed in", ()),
    ("ddpm", "without guidance", ((DDPM, DDPM.replace("2.0", "0.0")),)),
    ("ddim", "as handed in", ()),
    ("ddim", "without guidance", ((DDIM, DDIM.replace("2.0", "0.0")),)),
    ("ddim", "stride 10", ((DDIM, DDIM.replace("stride=4", "stride=10")),)),
    ("ddim", "stride 20", ((DDIM, DDIM.replace("stride=4", "stride=20")),)),
    ("vae", "as handed in", ()),
    ("lddpm", "as handed in", ()),
    ("lddpm", "without guidance", ((LDDPM, LDDPM.replace("1.5", "0.0")),)),
)
HEADER = "model  setting             mean  95% interval      accuracy of each seed          confirmed   points seconds"


def measure(assignment, tier, model, folder, checkpoint, device):
    """The verdict on a model with the code in a folder, and with the weights in a checkpoint; all rounds played."""
    task = Task(model, assignment.policy.accuracy[model])
    handed_in = folder / task.policy.checkpoint
    handed_in.parent.mkdir(exist_ok=True)
    shutil.copy(checkpoint, handed_in)
    with open_submission(assignment, tier, golden.load(assignment.resources), folder) as grading:
        return grade_accuracy(grading, task, device, every_round=True)


def row(model, setting, verdict):
    """A line of the table."""
    if not verdict.figures:
        return f"{model:6} {setting:17} {verdict.outcome}: {verdict.message}"
    f, (low, high) = verdict.figures, verdict.figures["interval"]
    rounds = " ".join(f"{a:.3f}" for a in f["accuracies"])
    points = f"{verdict.points:g}/{verdict.case.points:g}"
    told = f"{f['mean']:6.1%}  {low:6.1%} to {high:6.1%}  {rounds}  {f['confirmed']:9.1%}  {points:>7}"
    return f"{model:6} {setting:17} {told} {verdict.seconds:7.0f}"


def show(model, setting, verdict):
    """Print a line of the table as soon as it is known; the command ends with it if this machine is to blame."""
    print(row(model, setting, verdict), flush=True)
    if verdict.outcome is Outcome.INFRASTRUCTURE:
        sys.exit(2)


def main():
    """Measure, and print the table and the confusion matrices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted({model for model, *_ in SETTINGS}))
    parser.add_argument("--setting", choices=sorted({setting for _, setting, _ in SETTINGS}))
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    assignment, tier, matrices = assignments.load(staff=True), sandbox.start("process"), {}
    print(HEADER)
    for model, setting, patches in SETTINGS:
        if arguments.only in (model, None) and arguments.setting in (setting, None):
            checkpoint = assignment.solution / assignment.policy.accuracy[model].checkpoint
            with tempfile.TemporaryDirectory() as temporary:
                change = Variant("4.setting", patches, file="assignment.py")
                folder = write_patched(assignment, change, Path(temporary) / model)
                verdict = measure(assignment, tier, model, folder, checkpoint, arguments.device)
            show(model, setting, verdict)
            if not patches:
                matrices[model] = verdict.figures["confusion"]
    tier.close()
    for model, matrix in matrices.items():
        print(f"\n{model}: rows are what was asked for, columns what it was taken for\n{np.array(matrix)}")


if __name__ == "__main__":
    main()
