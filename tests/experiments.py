"""Experiments of the tests. A fork server imports this beside student code, so it brings nothing else of ours along."""

import importlib
import os
import sys

from grader.runtime.case import case


def experiment(function):
    """A case out of a function, which a worker finds if it is one of this file."""
    return case("9.experiment", points=1, equation="", shows={})(function)


@experiment
def asks_student(code, rng):
    """Call what the student wrote"""
    return {"value": code.models.answer()}


@experiment
def modules_loaded(code, rng, *, reference):
    """Run another experiment, 'module:case', and tell which of the student's modules are loaded then"""
    module, name = reference.split(":")
    getattr(importlib.import_module(module), name).observe(code, rng)
    folder = os.getcwd()
    loaded = [n for n, m in sys.modules.items() if os.path.dirname(getattr(m, "__file__", None) or "") == folder]
    return {"modules": sorted(loaded)}
