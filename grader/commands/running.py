"""What every command line has in common: how errors end it, and how a tier is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import typer

from grader import sandbox
from grader.runtime.errors import InfrastructureError, UserError
from grader.sandbox.tier import Tier


def run(app: typer.Typer) -> None:
    """Run a command line; what a user can mend, and what the grader failed at, is one message, not a traceback."""
    try:
        app()
    except UserError as error:
        typer.echo(f"grader: {error}", err=True)
        raise SystemExit(1) from None
    except InfrastructureError as error:
        typer.echo(f"grader failed: {error}", err=True)
        raise SystemExit(2) from None


@contextlib.contextmanager
def opened_tier(name: str = "process") -> Iterator[Tier]:
    """Start a tier, and stop it at the end."""
    with contextlib.closing(sandbox.start(name)) as tier:
        yield tier


@contextlib.contextmanager
def opened_pool(size: int) -> Iterator[Tier]:
    """Start a tier `process` with several workers, and stop it at the end."""
    from grader.sandbox.pool import Pool

    with contextlib.closing(Pool("process", size)) as pool:
        yield pool
