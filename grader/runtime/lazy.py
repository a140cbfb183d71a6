"""Modules that are imported at first use, so that reading the cases does not import torch."""

from __future__ import annotations

import importlib
from typing import Any


class Lazy:
    """Stands for the module `name`, and imports it when you first ask for an attribute."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)
