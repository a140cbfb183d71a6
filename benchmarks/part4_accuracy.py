"""Measures the accuracy of part 4's references as the grader does: a frozen classifier judges rounds of samples.

    python benchmarks/part4_accuracy.py [--only ddim] [--setting "without guidance"] [--device cuda]

Tries each model as handed in, then with other settings: without guidance, and DDIM with other strides. All of it takes
a quarter of an hour on 2 CPU cores.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  (after the path)

from benchmarks.record import figure, named, record  # noqa: E402
from grader import sandbox  # noqa: E402
from grader.accuracy.grade import Accuracy, grade_accuracy  # noqa: E402
from grader.authoring.patching import write_patched  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402
from grader.course.assignment import Variant  # noqa: E402
from grader.grading import goldens  # noqa: E402
from grader.grading.run import open_submission  # noqa: E402
from grader.runtime.case import Outcome  # noqa: E402

DDPM, DDIM = "return DDPM(network, var_scheduler, guidance_weight=2.0)", "guidance_weight=2.0, stride=4)"
LDDPM = "return LDDPM(network, vae, var_scheduler, guidance_weight=1.5)"
# Model, setting, and the patches of assignment.py that make the setting.
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
    """Grade a model over all rounds, with the code in a folder and the weights in a checkpoint. Returns the verdict."""
    task = Accuracy(model, assignment.policy.accuracy[model])
    handed_in = folder / task.policy.checkpoint
    handed_in.parent.mkdir(exist_ok=True)
    shutil.copy(checkpoint, handed_in)
    with open_submission(assignment, tier, goldens.load(assignment.resources), folder) as grading:
        return grade_accuracy(grading, task, device, every_round=True)


def row(model, setting, verdict):
    """Make a line of the table."""
    if not verdict.figures:
        return f"{model:6} {setting:17} {verdict.outcome}: {verdict.message}"
    f, (low, high) = verdict.figures, verdict.figures["interval"]
    rounds = " ".join(f"{a:.3f}" for a in f["accuracies"])
    points = f"{verdict.points:g}/{verdict.case.points:g}"
    accuracy = f"{f['mean']:6.1%}  {low:6.1%} to {high:6.1%}  {rounds}  {f['confirmed']:9.1%}  {points:>7}"
    return f"{model:6} {setting:17} {accuracy} {verdict.seconds:7.0f}"


def figures_of(model: str, setting: str, verdict) -> list[dict]:
    """The figures of a verdict for benchmarks/results; none if the samples could not be judged."""
    if not verdict.figures:
        return []
    f, (low, high) = verdict.figures, verdict.figures["interval"]
    what = f"{model.upper()}, {setting}"
    return [
        figure(f"{what}: samples recognised (95% interval {low:.1%} to {high:.1%})", 100 * f["mean"], "%"),
        figure(f"{what}: confirmed by the auditor", 100 * f["confirmed"], "%"),
        figure(f"{what}: points, of {verdict.case.points:g}", verdict.points),
    ]


def show(model, setting, verdict):
    """Print a line of the table, and end the command if the fault is this machine's."""
    print(row(model, setting, verdict), flush=True)
    if verdict.outcome is Outcome.INFRASTRUCTURE:
        sys.exit(2)


def main():
    """Measure, print the table and the confusion matrices, and return the name of the result and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted({model for model, *_ in SETTINGS}))
    parser.add_argument("--setting", choices=sorted({setting for _, setting, _ in SETTINGS}))
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    assignment, tier, matrices = assignments.load(staff=True), sandbox.start("process"), {}
    figures = []
    print(HEADER)
    for model, setting, patches in SETTINGS:
        if arguments.only in (model, None) and arguments.setting in (setting, None):
            checkpoint = assignment.solution / assignment.policy.accuracy[model].checkpoint
            with tempfile.TemporaryDirectory() as temporary:
                change = Variant("4.setting", patches, file="assignment.py")
                folder = write_patched(assignment, change, Path(temporary) / model)
                verdict = measure(assignment, tier, model, folder, checkpoint, arguments.device)
            show(model, setting, verdict)
            figures += figures_of(model, setting, verdict)
            if not patches:
                matrices[model] = verdict.figures["confusion"]
    tier.close()
    for model, matrix in matrices.items():
        print(f"\n{model}: rows are the classes asked for, columns the classes recognised\n{np.array(matrix)}")
    return named("part4_accuracy", arguments.only, arguments.setting), figures


if __name__ == "__main__":
    name, measured = main()
    record(name, measured, note="The weights are the shipped ones.")
