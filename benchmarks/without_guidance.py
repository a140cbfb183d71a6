"""What part 4's diffusion models earn without guidance: no label is dropped in training, none is left out in sampling.

    python benchmarks/without_guidance.py [--device cuda] [--only ddpm] [--epochs 16] [--out FOLDER]

The solution, patched as PATCHES and LOSS say, trains a DDPM from nothing by `main.py --mode train`, then a latent DDPM
with its VAE. Each is measured as by part4_accuracy.py, and a DDIM with the DDPM's weights. What is complete in FOLDER
is not trained again, and what was interrupted there goes on. Other options go to main.py: --limit 640 to try it out.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.part4_accuracy import DDIM, DDPM, HEADER, LDDPM, measure, show  # noqa: E402  (after the path)
from grader import assignment as assignments  # noqa: E402
from grader import sandbox  # noqa: E402
from grader.release import patched, write_patched  # noqa: E402
from grader.variants.part4.ddpm import L1_LOSS  # noqa: E402

# Of assignment.py.
PATCHES = (
    (DDPM, DDPM.replace("guidance_weight=2.0", "p_uncond=0.0, guidance_weight=0.0")),
    (DDIM, DDIM.replace("guidance_weight=2.0", "p_uncond=0.0, guidance_weight=0.0")),
    (LDDPM, LDDPM.replace("guidance_weight=1.5", "p_uncond=0.0, guidance_weight=0.0")),
)
LOSS = L1_LOSS  # of models.py: the other of the two that the contract of `DDPM.forward` names
EPOCHS = {"ddpm": 16, "lddpm": 24}
WITH_ITS_WEIGHTS = {"ddpm": ("ddpm", "ddim"), "lddpm": ("lddpm",)}


def write_unguided(assignment, folder):
    """Write the solution without guidance into a folder."""
    path = write_patched(assignment, LOSS, folder) / "assignment.py"
    path.write_text(patched(path.read_text(), PATCHES, "without guidance"))
    return folder


def train(folder, model, checkpoint, options):
    """Train a model by the main.py of a folder, unless its checkpoint is complete; say how long it took."""
    if checkpoint.exists() and not checkpoint.with_suffix(".resume.pt").exists():
        print(f"{model}: not trained again, {checkpoint} is complete", flush=True)
        return
    start = time.monotonic()
    what = ["--model", model, "--mode", "train", "--checkpoint", checkpoint]
    ended = subprocess.run([sys.executable, folder / "main.py", *options, *what], check=False)
    if ended.returncode:  # main.py has said why
        sys.exit(ended.returncode)
    print(f"{model}: {(time.monotonic() - start) / 60:.1f} minutes of training", flush=True)


def main():
    """Train, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=EPOCHS)
    parser.add_argument("--epochs", type=int, help=f"default: {EPOCHS}")
    parser.add_argument("--out", type=Path, help="where the checkpoints go (default: nowhere that lasts)")
    parser.add_argument("--device", default="cpu")
    arguments, others = parser.parse_known_args()
    assignment, tier = assignments.load(staff=True), sandbox.start("process")
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_unguided(assignment, Path(temporary) / "without_guidance")
        for trained in [arguments.only] if arguments.only else EPOCHS:
            checkpoint = (arguments.out or Path(temporary)) / f"{trained.upper()}.pt"
            options = [*others, "--epochs", str(arguments.epochs or EPOCHS[trained]), "--device", arguments.device]
            train(folder, trained, checkpoint, options)
            print(HEADER)
            for model in WITH_ITS_WEIGHTS[trained]:
                verdict = measure(assignment, tier, model, folder, checkpoint, arguments.device)
                show(model, "without guidance", verdict)
    tier.close()


if __name__ == "__main__":
    main()
