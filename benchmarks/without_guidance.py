"""Measures what part 4's diffusion models earn without guidance, in training and in sampling.

    python benchmarks/without_guidance.py [--device cuda] [--only ddpm] [--epochs 16] [--out FOLDER]

Patches the solution (PATCHES and LOSS) so that it never drops a label. Trains a DDPM from scratch with `main.py --mode
train`, then a latent DDPM with its VAE. Measures each as part4_accuracy.py does, and a DDIM with the DDPM's weights. A
complete checkpoint in FOLDER is not trained again; an interrupted one resumes. Other options go to main.py: add
--limit 640 to try it out.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.part4_accuracy import DDIM, DDPM, HEADER, LDDPM, figures_of, measure, show  # noqa: E402  (after the path)
from benchmarks.record import figure, named, record  # noqa: E402
from grader import sandbox  # noqa: E402
from grader.authoring.patching import patched, write_patched  # noqa: E402
from grader.course import assignment as assignments  # noqa: E402
from grader.parts.fashion_mnist.variants.ddpm import L1_LOSS  # noqa: E402

# Of assignment.py.
PATCHES = (
    (DDPM, DDPM.replace("guidance_weight=2.0", "p_uncond=0.0, guidance_weight=0.0")),
    (DDIM, DDIM.replace("guidance_weight=2.0", "p_uncond=0.0, guidance_weight=0.0")),
    (LDDPM, LDDPM.replace("guidance_weight=1.5", "p_uncond=0.0, guidance_weight=0.0")),
)
LOSS = L1_LOSS  # of models.py: the second of the two losses that the contract of `DDPM.forward` allows
EPOCHS = {"ddpm": 16, "lddpm": 24}
WITH_ITS_WEIGHTS = {"ddpm": ("ddpm", "ddim"), "lddpm": ("lddpm",)}


def write_unguided(assignment, folder):
    """Write the solution without guidance into a folder."""
    path = write_patched(assignment, LOSS, folder) / "assignment.py"
    path.write_text(patched(path.read_text(), PATCHES, "without guidance"))
    return folder


def train(folder, model, checkpoint, options):
    """Train a model with the main.py in a folder unless its checkpoint is complete; print and return the minutes."""
    if checkpoint.exists() and not checkpoint.with_suffix(".resume.pt").exists():
        print(f"{model}: not trained again, {checkpoint} is complete", flush=True)
        return None
    start = time.monotonic()
    what = ["--model", model, "--mode", "train", "--checkpoint", checkpoint]
    ended = subprocess.run([sys.executable, folder / "main.py", *options, *what], check=False)
    if ended.returncode:  # main.py has said why
        sys.exit(ended.returncode)
    minutes = (time.monotonic() - start) / 60
    print(f"{model}: {minutes:.1f} minutes of training", flush=True)
    return minutes


def main():
    """Train, measure, print the table, and return the name of the result and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=EPOCHS)
    parser.add_argument("--epochs", type=int, help=f"default: {EPOCHS}")
    parser.add_argument("--out", type=Path, help="keep the checkpoints in this folder")
    parser.add_argument("--device", default="cpu")
    arguments, others = parser.parse_known_args()
    assignment, tier = assignments.load(staff=True), sandbox.start("process")
    figures = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_unguided(assignment, Path(temporary) / "without_guidance")
        for trained in [arguments.only] if arguments.only else EPOCHS:
            checkpoint = (arguments.out or Path(temporary)) / f"{trained.upper()}.pt"
            options = [*others, "--epochs", str(arguments.epochs or EPOCHS[trained]), "--device", arguments.device]
            minutes = train(folder, trained, checkpoint, options)
            if minutes is not None:
                epochs = arguments.epochs or EPOCHS[trained]
                figures.append(figure(f"{trained.upper()}: training of {epochs} epochs", minutes, "min"))
            print(HEADER)
            for model in WITH_ITS_WEIGHTS[trained]:
                verdict = measure(assignment, tier, model, folder, checkpoint, arguments.device)
                show(model, "without guidance", verdict)
                figures += figures_of(model, "without guidance", verdict)
    tier.close()
    return named("without_guidance", arguments.only), figures


if __name__ == "__main__":
    name, measured = main()
    record(name, measured, note="Trained from scratch with absolute errors; the best round decides the points.")
