"""Shows something below a cell. IPython's functions have no types, so only this module calls them."""

from __future__ import annotations


def show(thing: object) -> None:
    """Show an object as IPython renders it."""
    from IPython.display import display

    display(thing)  # type: ignore[no-untyped-call]  # IPython's functions have no types


def show_markdown(text: str) -> None:
    """Show a text in Markdown."""
    from IPython.display import Markdown

    show(Markdown(text))  # type: ignore[no-untyped-call]  # IPython's functions have no types
