"""Imported instead of torch if the submission's folder comes first on the path; loads the real torch and patches it."""

import os
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != HERE]
del sys.modules["torch"]
import torch  # noqa: E402, F401  (the real one)

sys.path.append(HERE)
import cheat  # noqa: E402, F401
