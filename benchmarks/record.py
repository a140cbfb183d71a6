"""Writes the figures of a benchmark to `benchmarks/results/NAME.json`, from which `benchmarks/page.py` makes the page.

A benchmark's `main` prints its figures and returns them. Its last lines record them, so a test that calls `main`
records nothing. The environment variable BENCHMARK_RESULTS names another folder, to try a benchmark out.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from grader import ROOT
from grader.util import files

RESULTS = ROOT / "benchmarks" / "results"
FOLDER_VARIABLE = "BENCHMARK_RESULTS"
DIGITS = 6  # significant digits that a result file keeps
Value = int | float | str


class RecordError(Exception):
    """A result cannot be written or read; the message says which and why."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Baseline(_Model):
    """What a figure is compared with."""

    what: str  # a noun phrase
    value: Value  # in the figure's unit


class Figure(_Model):
    """One measured figure."""

    what: str  # a sentence or noun phrase that says what was measured
    value: Value
    unit: str = ""
    baseline: Baseline | None = None
    ratio: float | None = None  # between the figure and its baseline; `what` says which way round


class Machine(_Model):
    """The machine that measured. It has no name, because the page is public."""

    cores: int  # that this process may use
    processor: str
    memory_gb: float | None = None
    gpu: str | None = None


class Record(_Model):
    """A result file."""

    name: str
    about: str  # first line of the benchmark's docstring
    note: str = ""  # what a reader must know to understand the figures
    date: str  # ISO, UTC
    command: str
    machine: Machine
    versions: dict[str, str]
    figures: tuple[Figure, ...]


def figure(
    what: str, value: Value, unit: str = "", *, baseline: tuple[str, Value] | None = None, ratio: float | None = None
) -> dict:
    """Build a figure for `record`.

    Args:
        what: a sentence or noun phrase that says what was measured.
        value: a number, rounded only for display, or a text.
        unit: of the value and of its baseline.
        baseline: what the figure is compared with, and its value.
        ratio: between the two.
    """
    built = {"what": what, "value": _rounded(value), "unit": unit}
    if baseline:
        built["baseline"] = {"what": baseline[0], "value": _rounded(baseline[1])}
    if ratio is not None:
        built["ratio"] = _rounded(ratio)
    return built


def named(benchmark: str, *options: object) -> str:
    """The name of a result: the benchmark's, followed by the options that make it a result of its own, if given."""
    words = [benchmark, *(str(option) for option in options if option)]
    return re.sub(r"[^a-z0-9]+", "_", " ".join(words).lower()).strip("_")


def record(name: str, figures: Iterable[Mapping], *, baseline: Mapping | None = None, note: str = "") -> Path:
    """Write a benchmark's result file, and return its path.

    Args:
        name: of the file; lower-case letters, digits and underscores.
        figures: as `figure` builds them.
        baseline: {"what", "value"} for every figure that has none of its own.
        note: what a reader must know to understand the figures.

    Raises:
        RecordError: the name or a figure is not valid, or there is no figure.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise RecordError(f"{name!r} is not the name of a result: use lower-case letters, digits and underscores")
    figures = [dict(one) if "baseline" in one or not baseline else {**one, "baseline": baseline} for one in figures]
    if not figures:
        raise RecordError(f"{name}: there is no figure to record")
    about = (sys.modules["__main__"].__doc__ or name).strip().partition("\n")[0]
    try:
        result = Record(
            name=name,
            about=about,
            note=note,
            date=datetime.datetime.now(datetime.UTC).date().isoformat(),
            command=command(sys.argv, getattr(sys.modules["__main__"], "__spec__", None)),
            machine=this_machine(),
            versions={"python": platform.python_version()} | {p: version(p) for p in ("torch", "numpy")},
            figures=figures,
        )
    except ValidationError as error:
        raise RecordError(f"{name}: {_problems(error)}") from None
    path = folder() / f"{name}.json"
    files.replace(path, (result.model_dump_json(indent=1, exclude_none=True) + "\n").encode())
    print(f"recorded in {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}", file=sys.stderr)
    return path


def folder() -> Path:
    """The folder of the result files: $BENCHMARK_RESULTS, or benchmarks/results."""
    return Path(os.environ.get(FOLDER_VARIABLE) or RESULTS).resolve()


def read(path: Path) -> Record:
    """Read a result file.

    Raises:
        RecordError: it is not one, or a field is missing, unknown or of the wrong type.
    """
    try:
        result = Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RecordError(f"{path.name}: {_problems(error)}") from None
    if path.stem != result.name:
        raise RecordError(f"{path.name} holds the result of {result.name!r}: rename it")
    return result


def command(argv: Sequence[str], spec=None) -> str:
    """The command of this process, with paths relative to the repository and without paths outside it.

    Args:
        argv: of the process; the first is the path of its script.
        spec: of its main module, if Python was started with -m.
    """
    if spec is not None:
        program = f"-m {spec.name.removesuffix('.__main__')}"
    else:
        program = os.path.relpath(Path(argv[0]).resolve(), ROOT)
    return f"python {program} {shlex.join(map(_without_machine, argv[1:]))}".strip()


def _without_machine(argument):
    """An argument in which an absolute path is relative to the repository, or else just PATH."""
    option, equals, path = argument.rpartition("=")
    if not os.path.isabs(path):
        return argument
    inside = Path(path).resolve().is_relative_to(ROOT)
    return f"{option}{equals}{os.path.relpath(path, ROOT) if inside else 'PATH'}"


def this_machine() -> Machine:
    """What this process runs on."""
    available = getattr(os, "sched_getaffinity", None)
    return Machine(
        cores=len(available(0)) if available else os.cpu_count(),
        processor=_processor(),
        memory_gb=_memory_gb(),
        gpu=_gpu(),
    )


def _processor():
    try:
        model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:  # not Linux
        model = None
    return model[1] if model else platform.processor() or platform.machine()


def _memory_gb():
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9, 1)
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def _gpu():
    """The GPU's name, if this process has imported torch and could use one."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name() if torch and torch.cuda.is_available() else None


def _rounded(value):
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _problems(error):
    """What pydantic found wrong, on one line."""
    return "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
