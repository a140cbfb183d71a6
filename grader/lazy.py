"""Modules that are imported at first use, so that reading the cases costs no `import torch`."""

import importlib


class Lazy:
    """Stands for the module `name` and imports it when an attribute is first asked for."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self._name), attribute)
