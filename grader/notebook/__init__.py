"""What notebooks do with the grader. The first cells of a notebook find this package and call `begin`."""

from grader.notebook.cells import grade, show, submit
from grader.notebook.setting import begin

__all__ = ["begin", "grade", "show", "submit"]
