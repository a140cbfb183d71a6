"""Tiers of trust: where experiments run, from the weakest to the strongest.

`none` runs in this process, for a debugger. `process` runs each case in a child of its own and ends it when its time
is up: this protects against accidents, on a student's own machine. `restricted` and `sandbox` run what strangers wrote;
`doctor.py` says which of them a machine has.
"""

from __future__ import annotations

import sys

from grader.runtime.errors import InfrastructureError
from grader.sandbox.in_process import InProcess
from grader.sandbox.tier import Tier

__all__ = ["InProcess", "Tier", "start"]


def start(name: str) -> Tier:
    """Start the tier of this name on this machine.

    Raises:
        InfrastructureError: only Linux has it.
    """
    if name == "none":
        return InProcess()
    if sys.platform != "linux":
        if name != "process":
            raise InfrastructureError(f"there is no tier `{name}` on {sys.platform}: `grader doctor` says why")
        from grader.sandbox.serial import Serial

        return Serial()
    from grader.sandbox.servers import ForkServers

    return ForkServers(name)
