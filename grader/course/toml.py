"""Files of settings, checked: every error names the file, the line and what is allowed there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ArgsKwargs

from grader.runtime.errors import UserError


class PolicyError(UserError):
    """A file of settings is not valid; the message names the line and what is allowed there."""


Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Fields that it does not know are errors, and none is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_toml(path: Path, kind: type[Model], known: Mapping[str, Any] | None = None) -> Model:
    """Read a TOML file as a model of pydantic's.

    Args:
        path: of the file.
        kind: of model.
        known: values that the file does not hold, such as its own name.

    Raises:
        PolicyError: with the line, the value and the allowed range of everything that is wrong.
    """
    try:
        text = path.read_text()
        return kind.model_validate({**tomllib.loads(text), **(known or {})})
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path.name} is not TOML: {error}") from error
    except ValidationError as error:
        raise PolicyError(problems(path.name, text, error)) from error


def problems(file: str, text: str, error: ValidationError, table: tuple[str, ...] = ()) -> str:
    """What is wrong in a TOML file, a line for each problem: where it is, what it is, and what is allowed there.

    Args:
        file: its name.
        text: what it holds.
        error: what pydantic says.
        table: that was checked by itself, as a dotted key.
    """
    lines = []
    for problem in error.errors():
        place = (*table, *_place(problem["loc"]))
        value = "" if isinstance(problem["input"], dict | ArgsKwargs) else f" = {problem['input']!r}"
        lines.append(f"{file}, line {_line_of(text, place)}: {'.'.join(map(str, place))}{value}: {problem['msg']}")
    return "\n".join(lines)


def _place(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The dotted key of a problem: pydantic names the protocol after the accuracy, and the file does not."""
    return (*location[:2], *location[3:]) if location[:1] == ("accuracy",) else location


def _line_of(text: str, location: tuple[int | str, ...]) -> int:
    """The line of a dotted key in a TOML text; that of its table if the key itself is missing."""
    table: tuple[str, ...] = ()
    closest = 1
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            table = tuple(header[1].split("."))
        key = re.match(r"\s*([\w-]+)\s*=", line)
        if not (header or key):
            continue
        here = (*table, key[1]) if key else table
        if here and here == tuple(map(str, location))[: len(here)]:
            closest = number
            if len(here) == len(location):
                break
    return closest
