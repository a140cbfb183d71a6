"""Judges observations: pure functions of a case, what was observed, and what is known. No files, no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.runtime.case import Case, Ended, Observation, Outcome, Verdict

Arrays = Mapping[str, np.ndarray]
MESSAGE_CAP = 500  # characters of what is said of one array: some hold text of the student's
MESSAGE_LINES = 4  # of differences: the later arrays of a case mostly follow from the first


@dataclass(frozen=True)
class Fingerprint:
    """What a known mistake makes of one case: arrays, or the exception that it ends in."""

    mistake: str
    hint: str
    arrays: Arrays
    exception: str = ""


# What a message alone does not say to a student: (pattern in 'Type: message', sentence).
REMEDIES = (
    (
        r"CUDA|NVIDIA driver",
        "This machine has no GPU: use the device that is passed in, or that of the tensor at hand.",
    ),
    (
        r"^ModuleNotFoundError: No module",
        "Only the files of the assignment are submitted, and only its packages installed.",
    ),
    (
        r"^WrongDeviceError",
        "No GPU accepts this: make tensors where the others are (device=x.device), and move tables and labels there.",
    ),
    (r"Weights only load failed|weights_only=True", "Save a plain state dict: torch.save(model.state_dict(), path)."),
    (
        r"loading state_dict",
        "The checkpoint belongs to another model: your code must build the one that was trained.",
    ),
    (r"^SystemExit", "A file that is imported must not call exit(): guard it with if __name__ == '__main__'."),
    (r"^EOFError: EOF when reading", "Nobody answers input() here: guard it with if __name__ == '__main__'."),
    (r"^SyntaxError|^IndentationError|^TabError", "Python cannot read the file; every case that needs it fails."),
    (r"^SyntaxError: .*(null bytes|'utf-8'|Non-UTF-8)", "It is not text in UTF-8: save it with that encoding."),
    (
        r"PytorchStreamReader|^EOFError: $",
        "The checkpoint is not whole: save it again, and upload it anew.",
    ),
    (r"^MemoryError|can't allocate memory|Cannot allocate memory", "This is more memory than a case may use."),
    (r"^BlockingIOError|can't start new thread", "These are more processes or threads than a case may start."),
    (
        r"URLError|gaierror|Network is unreachable|^PermissionError: \[Errno 1\] Operation not permitted$",
        "There is no network while your code is graded, and little else of the system: compute, and return.",
    ),
    (r"No space left on device|File too large", "These are more files than a case may write."),
    (r"Read-only file system|^PermissionError: \[Errno 13\]", "Write to the working directory only, and little."),
)


def judge(
    case: Case, observation: Observation, goldens: Sequence[Arrays], fingerprints: Sequence[Fingerprint] = ()
) -> Verdict:
    """Compare an observation with what must come out.

    Args:
        case: what was tried.
        observation: what came of it.
        goldens: the arrays of the solution, and of every accepted alternative; one of them must match.
        fingerprints: the known mistakes of this case; a failure that equals exactly one of them is diagnosed.

    Returns:
        A `Verdict`, with full points or none.
    """
    outcome, message = _outcome(case, observation, goldens)
    wrong = outcome in (Outcome.FAILED, Outcome.ERROR)
    known = [f for f in fingerprints if wrong and matches(case, observation, f)]
    diagnosed = known[0] if len(known) == 1 else None
    return Verdict(
        case,
        outcome,
        case.points if outcome is Outcome.PASSED else 0.0,
        message,
        diagnosis=diagnosed.mistake if diagnosed else "",
        hint=diagnosed.hint if diagnosed else "",
        output=observation.output,
        seconds=observation.seconds,
    )


def ending(observation: Observation) -> tuple[Outcome, str] | None:
    """Outcome and message of a run that did not complete; None if it did."""
    at = f"\n  at {observation.where}" if observation.where else ""
    match observation.ended:
        case Ended.NOT_IMPLEMENTED:
            return Outcome.NOT_IMPLEMENTED, (observation.message or "raises NotImplementedError") + at
        case Ended.RAISED:
            raised = f"{observation.exception}: {observation.message}"
            remedies = [sentence for pattern, sentence in REMEDIES if re.search(pattern, raised)]
            return Outcome.ERROR, "\n  ".join([raised + at, *remedies])
        case Ended.TIMED_OUT:
            return Outcome.ERROR, f"was stopped after {observation.seconds:.0f} seconds{at}"
        case Ended.DIED:
            return Outcome.ERROR, observation.message + at
    return None


def _outcome(case: Case, observation: Observation, goldens: Sequence[Arrays]) -> tuple[Outcome, str]:
    if ended := ending(observation):
        return ended
    of_each = [differences(case, observation, golden) for golden in goldens]
    if not all(of_each):
        return Outcome.PASSED, ""
    lines = of_each[0]
    more = [f"... and {len(lines) - MESSAGE_LINES} more"] if len(lines) > MESSAGE_LINES else []
    return Outcome.FAILED, "\n".join(lines[:MESSAGE_LINES] + more)


def matches(case: Case, observation: Observation, fingerprint: Fingerprint) -> bool:
    """Whether the observation is what this known mistake makes of the case."""
    if observation.ended is Ended.RAISED:
        return fingerprint.exception == exception_of(observation)
    if observation.ended is not Ended.COMPLETED or fingerprint.exception or not fingerprint.arrays:
        return False
    same_names = fingerprint.arrays.keys() == observation.arrays.keys()
    return same_names and not differences(case, observation, fingerprint.arrays)


def exception_of(observation: Observation) -> str:
    """The exception of a run as it is compared: its type and message, numbers left out."""
    return re.sub(r"\d+", "#", f"{observation.exception}: {observation.message}")


def differences(case: Case, observation: Observation, golden: Arrays) -> list[str]:
    """One line for each array that is not as in `golden`: what differs, by how much, and where."""
    lines = []
    for name, expected in golden.items():
        shown = case.shows.get(name, name)
        if name in observation.not_arrays:
            lines.append(f"{shown}: a tensor is needed, not {observation.not_arrays[name]}")
        elif name not in observation.arrays:
            lines.append(f"{shown}: missing")
        elif difference := difference_of(case, observation.arrays[name], expected):
            lines.append(f"{shown}: {difference}")
    return lines


def difference_of(case: Case, actual: np.ndarray, expected: np.ndarray) -> str:
    """What is different between two arrays, in at most MESSAGE_CAP characters; '' if nothing is. NaN equals NaN."""
    return _difference(case, actual, expected)[:MESSAGE_CAP]


def _difference(case: Case, actual: np.ndarray, expected: np.ndarray) -> str:
    if _kind(actual) != _kind(expected):
        return f"expected {_describe(expected)}, got {_describe(actual)}"
    if actual.shape != expected.shape:
        return f"expected shape {expected.shape}, got {actual.shape}{_values(expected, actual)}"
    if expected.dtype.kind in "Ub":
        wrong = actual != expected
    else:
        wrong = ~np.isclose(actual, expected, rtol=case.rtol, atol=case.atol, equal_nan=True)
    if not wrong.any():
        return ""
    if actual.ndim == 0:
        return f"expected {_number(expected)}, got {_number(actual)}"
    if actual.dtype.kind in "Ub":
        return f"expected {expected.tolist()}, got {actual.tolist()}"
    return _largest_error(actual, expected, wrong)


def _largest_error(actual: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> str:
    with np.errstate(invalid="ignore"):
        error = np.where(wrong, np.nan_to_num(np.abs(actual.astype(float) - expected), nan=np.inf, posinf=np.inf), -1.0)
    worst = tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))
    place = f"at {list(worst)}: expected {_number(expected[worst])}, got {_number(actual[worst])}"
    return f"{int(wrong.sum())} of {wrong.size} values differ; the worst {place}"


def distance(case: Case, actual: Arrays, expected: Arrays) -> float:
    """How many tolerances lie between two sets of arrays at their worst place; inf if they differ in kind or shape."""
    worst = 0.0
    for name in expected:
        a, e = actual.get(name), expected[name]
        if a is None or _kind(a) != _kind(e) or a.shape != e.shape:
            return float("inf")
        if e.dtype.kind in "Ub":
            worst = max(worst, float("inf") if (a != e).any() else 0.0)
        elif e.size:
            a, e = a.astype(float), e.astype(float)
            with np.errstate(all="ignore"):
                error = np.nan_to_num(np.abs(a - e) / (case.atol + case.rtol * np.abs(e)), nan=np.inf, posinf=np.inf)
            error = np.where((a == e) | (np.isnan(a) & np.isnan(e)), 0.0, error)
            worst = max(worst, float(error.max()))
    return worst


def _kind(array: np.ndarray) -> str:
    """Booleans, text and numbers are not comparable; integers and floats are."""
    return {"b": "b", "U": "U"}.get(array.dtype.kind, "number")


def _describe(array: np.ndarray) -> str:
    return repr(array.item()) if array.ndim == 0 else f"an array of {array.dtype}"


def _values(expected: np.ndarray, actual: np.ndarray) -> str:
    # Not by size: an array of shape (10**12, 0) has none, and an endless list.
    small = all(len(a.shape) <= 3 and math.prod(max(n, 1) for n in a.shape) <= 12 for a in (expected, actual))
    return f": {expected.tolist()} against {actual.tolist()}" if small else ""


def _number(array: np.ndarray) -> str:
    value = array.item()
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
