"""The two faults that end a command with a message: one is its user's, the other the grader's own."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user of a command can mend: the message says what is wrong, where, and how."""


class InfrastructureError(Exception):
    """The grader itself failed; no grade follows from it."""
