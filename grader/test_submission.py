"""The students' door: `pytest grader/` grades `student/`, `--submission PATH` another folder or zip."""


def test_case(case, grading, settle):
    settle(grading.verdict(case))


def test_accuracy(task, grading, settle, pytestconfig):
    from grader.accuracy import grade_accuracy

    settle(grade_accuracy(grading, task, pytestconfig.option.device))
