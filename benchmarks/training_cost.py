"""Measures how long part 4's reference models must train until enough of their samples are recognised for full marks.

    python benchmarks/training_cost.py [--only vae] [--epochs 1 2 4] [--device cuda]

Trains each model from scratch with main.py's own loop: for 1 epoch, then from scratch for 2, 4, ... until it is good
enough. The learning rate falls over the epochs of a training, so a training of 4 epochs is not one of 2 with two more.
A DDIM uses the weights of a DDPM. CPU minutes are those of all cores together; other programs disturb them least.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import torch  # noqa: E402  (after the path)
from classifier import classify, load_classifier  # noqa: E402
from datasets import load  # noqa: E402
from main import CLASSES, MODELS  # noqa: E402
from trainers import TrainConfig, best_device, load_weights  # noqa: E402

from benchmarks.record import figure, named, record  # noqa: E402

ENOUGH = 0.85  # assignment.toml's everything_at
SAMPLES = 1000


def cost(name, dataset, epochs, device):
    """Train a model from scratch. Returns the minutes, the CPU minutes, and the accuracy of its samples."""
    model = MODELS[name]
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, start, start_of_cpu = Path(folder) / model.name, time.monotonic(), time.process_time()
        torch.manual_seed(0)
        model.train(model.prepare(), dataset, checkpoint, replace(TrainConfig(), epochs=epochs), device)
        minutes = (time.monotonic() - start) / 60, (time.process_time() - start_of_cpu) / 60
        trained = load_weights(model.prepare(), checkpoint).to(device).eval()
    labels = torch.arange(SAMPLES) % CLASSES
    with torch.no_grad():
        batches = [trained.generate_sample(len(part), device=device, labels=part) for part in labels.split(200)]
    predicted = classify(load_classifier(device=device), torch.cat(batches))
    return *minutes, (predicted == labels).double().mean().item()


def main():
    """Train, print a line for each training, and return the name of the result and the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=MODELS)
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--device", type=torch.device, default=best_device())
    arguments = parser.parse_args()
    where = torch.cuda.get_device_name(arguments.device) if arguments.device.type == "cuda" else "CPU"
    print(f"on {where}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    print("model   epochs  minutes  CPU minutes  accuracy of 1,000 samples", flush=True)
    dataset, figures = load("fashion_mnist"), []
    for name in [arguments.only] if arguments.only else ["ddpm", "vae", "lddpm"]:
        for epochs in arguments.epochs:
            minutes, cpu_minutes, accuracy = cost(name, dataset, epochs, arguments.device)
            print(f"{name:7} {epochs:6} {minutes:8.1f} {cpu_minutes:12.1f} {accuracy:10.1%}", flush=True)
            what = f"{name.upper()}, {epochs} {'epoch' if epochs == 1 else 'epochs'}: training"
            figures.append(figure(f"{what} ({accuracy:.1%} of {SAMPLES:,} samples are recognised)", minutes, "min"))
            figures.append(figure(f"{what}, CPU time of all cores", cpu_minutes, "min"))
            if accuracy >= ENOUGH:
                break
    return named("training_cost", arguments.device.type, arguments.only), figures


if __name__ == "__main__":
    name, measured = main()
    record(name, measured, note=f"Full marks need {ENOUGH:.0%}. A DDIM uses the weights of a DDPM.")
