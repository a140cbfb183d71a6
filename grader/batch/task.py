"""A task of a job array: grades its share of a class. Started as `python -m grader.batch.task PLAN INDEX`.

PLAN is the JSON file that `slurm.py` writes. A task writes into the ledger alone; the command that you started writes
the reports.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TypedDict

from rich.console import Console

from grader.authoring import secret as secrets
from grader.batch import local
from grader.batch.cache_keys import CacheKey
from grader.batch.intake import read_class
from grader.batch.ledger import Ledger
from grader.batch.terms import Terms, to_do
from grader.course import assignment as assignments
from grader.grading import goldens
from grader.runtime.errors import InfrastructureError
from grader.sandbox import doctor


class Request(TypedDict):
    """What you asked `grader batch` for, as far as tasks must know it."""

    folder: str  # of the class
    out: str  # folder of grades
    jobs: int | None  # submissions at once; None for one on each core
    devices: list[str]
    public_only: bool


class Plan(Request):
    """All that a task must know."""

    tier: str  # of trust, at which this task must grade too
    part: int | None
    accuracy: bool
    keys: dict[str, dict[str, str]]  # stage -> its cache key, which this task must arrive at
    shards: list[list[str]]  # ids of the records that each task grades


def run(plan: Plan, index: int, console: Console) -> None:
    """Grade one share.

    Raises:
        InfrastructureError: this node would grade differently.
    """
    _check_tier(plan["tier"])
    assignment = assignments.load()
    secret = None if plan["public_only"] else secrets.load_here(console)
    known = goldens.load(assignment.resources)
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


def _check_tier(tier: str) -> None:
    """Refuse a node without the tier at which the class is graded."""
    finding = next((finding for finding in doctor.findings() if finding.tier == tier), None)
    if finding is None or not finding.available:
        lacks = "; ".join(finding.lacks) if finding else "no such tier"
        raise InfrastructureError(f"this node lacks tier `{tier}`, at which the class is graded: {lacks}")


def _compare(here: Mapping[str, CacheKey], expected: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a node with another grader, secret or torch: its grades would never count as finished."""
    for stage, key in expected.items():
        if differ := [f.name for f in fields(CacheKey) if getattr(here[stage], f.name) != key[f.name]]:
            raise InfrastructureError(
                f"this node would grade {stage} differently ({', '.join(differ)}): it needs the same repository, the "
                "same torch and numpy, and the same secret (GRADER_SECRET) as the machine that submitted the job"
            )


def main() -> None:
    """Run the task that the command line names."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the node is taken away: leave nothing behind
    try:
        run(json.loads(Path(sys.argv[1]).read_bytes()), int(sys.argv[2]), Console(stderr=True))
    except InfrastructureError as error:
        sys.exit(f"grader failed: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped: what is not finished is left for another task")


if __name__ == "__main__":
    main()
