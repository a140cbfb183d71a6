"""The students' door: `pytest grader/` grades `student/`, `--submission PATH` another folder or zip."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.accuracy.grade import Accuracy
from grader.grading.run import Grading
from grader.runtime.case import Case, Verdict


def test_case(
    case: Case | Accuracy, grading: Grading, settle: Callable[[Verdict], None], pytestconfig: pytest.Config
) -> None:
    if isinstance(case, Accuracy):
        settle(case.grade(grading, pytestconfig.option.device))
    else:
        settle(grading.verdict(case))
