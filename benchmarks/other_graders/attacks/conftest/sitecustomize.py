"""Patches every Python process that starts with this folder on its path."""

import cheat  # noqa: F401
