"""The students' door: `pytest grader/` grades `student/`, `--submission PATH` another folder or zip."""

from grader.accuracy import Task, grade_accuracy


def test_case(case, grading, settle, pytestconfig):
    if isinstance(case, Task):
        settle(grade_accuracy(grading, case, pytestconfig.option.device))
    else:
        settle(grading.verdict(case))
