"""Trains the weights that the repository ships, and records in MANIFEST.json how each file was made.

    python test_resources/train_references.py NAME             # train, then measure
    python test_resources/train_references.py NAME --measure   # only measure the existing file

Needs the real datasets (in $GENMODELS_DATA, or downloaded). Run the same command again to resume an interrupted
training.
"""

import argparse
import hashlib
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

import torch  # noqa: E402  (after the path)
from datasets import DatasetError  # noqa: E402
from trainers import TrainingError, best_device  # noqa: E402

from test_resources.references import cifar10, fashion_mnist, gan, iclevr, mnist, synthetic  # noqa: E402

MANIFEST = ROOT / "test_resources" / "MANIFEST.json"
MODULES = (gan, cifar10, mnist, fashion_mnist, synthetic, iclevr)
REFERENCES = {name: reference for module in MODULES for name, reference in module.REFERENCES.items()}


def entry(name, reference, config, seed, device):
    """Train a reference and return its entry for the manifest, without the measured figures."""
    start, before = time.monotonic(), manifest().get(key_of(reference))
    figures = reference.train(reference.path, config, seed, device)
    return {
        "command": f"python test_resources/train_references.py {name} --epochs {config.epochs} --seed {seed}",
        "data": reference.data,
        "seed": seed,
        "config": asdict(config),
        "torch": torch.__version__,
        "device": str(device),
        "seconds_of_last_run": round(time.monotonic() - start),
        **identity(reference.path),
        "figures": figures,
    } | ({"started_from": before} if reference.goes_on else {})


def identity(path):
    """The size and hash that identify a file."""
    return {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def manifest():
    """Read the manifest, {key: entry}."""
    return json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}


def key_of(reference):
    """The reference's key in the manifest."""
    return str(reference.path.relative_to(ROOT))


def record(key, entry):
    """Write one entry of the manifest, and keep entries that other processes have written meanwhile."""
    MANIFEST.write_text(json.dumps(dict(sorted((manifest() | {key: entry}).items())), indent=2) + "\n")


def main():
    """Train or measure one reference, and record it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=REFERENCES)
    parser.add_argument("--epochs", type=int, help="passes over the data (default: as for the shipped weights)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", action="store_true", help="do not train; measure the existing file")
    arguments = parser.parse_args()
    reference, device = REFERENCES[arguments.which], best_device()
    key = key_of(reference)
    if not arguments.measure:
        config = replace(reference.config, epochs=arguments.epochs or reference.config.epochs)
        record(key, entry(arguments.which, reference, config, arguments.seed, device))  # scoring verifies the hash
        for path in reference.beside:
            record(str(path.relative_to(ROOT)), {"made_with": key} | identity(path))
    found = manifest()[key]
    found["figures"] |= reference.measure(reference.path, device)
    record(key, found)
    print(f"{key}: {found['figures']}")


if __name__ == "__main__":
    try:
        main()
    except (DatasetError, TrainingError) as error:
        sys.exit(str(error))
