"""A task of a job array: grades its share of a class. Started as `python -m grader.batch.task PLAN INDEX`.

PLAN is the JSON file that the head wrote (`slurm.py`). What it writes is the ledger alone: reports are the head's.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import fields
from pathlib import Path

from rich.console import Console

from grader import assignment as assignments
from grader import golden
from grader import secret as secrets
from grader.batch import local
from grader.batch.intake import read_class
from grader.batch.keys import Key
from grader.batch.ledger import Ledger
from grader.batch.terms import Terms, to_do
from grader.case import InfrastructureError
from grader.sandbox import doctor


def run(plan: dict, index: int, console: Console) -> None:
    """Grade one share.

    Raises:
        InfrastructureError: this node would grade otherwise than the head expects.
    """
    found = next((finding for finding in doctor.findings() if finding.tier == plan["tier"]), None)
    if found is None or not found.available:
        lacks = "; ".join(found.lacks) if found else "no such tier"
        raise InfrastructureError(f"this node has no tier `{plan['tier']}`, which the head has: {lacks}")
    assignment = assignments.load()
    secret = None if plan["public_only"] else secrets.load_here(console)
    known = golden.load(assignment.resources)
    terms = Terms(assignment, known, secret, plan["tier"], plan["part"], plan["accuracy"])
    _compare(terms.keys, plan["keys"])
    ledger = Ledger(Path(plan["out"]), terms.asked)
    share = set(plan["shards"][index])
    entries = read_class(Path(plan["folder"]), assignment, ledger.grades).entries
    mine = [entry for entry in entries if entry.record in share]
    waiting = [entry for entry, stages in to_do(terms, ledger, mine) if stages]
    if waiting:
        cores = int(os.environ.get("SLURM_CPUS_PER_TASK") or local.cores())
        local.grade(terms, ledger, waiting, plan["jobs"] or cores, plan["devices"], console)


def _compare(here, expected):
    """Grades of a node with another grader, secret or torch would never be finished in the eyes of the head."""
    for stage, told in expected.items():
        if differ := [f.name for f in fields(Key) if getattr(here[stage], f.name) != told[f.name]]:
            raise InfrastructureError(
                f"this node grades {stage} otherwise than the head ({', '.join(differ)}): it needs the same "
                "repository, the same torch and numpy, and the same secret (GRADER_SECRET)"
            )


def main() -> None:
    """Run the task of the command line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the node is taken away: leave nothing behind
    try:
        run(json.loads(Path(sys.argv[1]).read_bytes()), int(sys.argv[2]), Console(stderr=True))
    except InfrastructureError as error:
        sys.exit(f"grader failed: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped: what is not finished is left for another task")


if __name__ == "__main__":
    main()
