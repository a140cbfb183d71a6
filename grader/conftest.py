"""`pytest grader/`: one item for each case, on one worker for the whole session."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import ROOT, golden, hints, sandbox
from grader import assignment as assignments
from grader.accuracy import tasks
from grader.case import InfrastructureError, Outcome, total
from grader.classifiers import is_there
from grader.grading import open_submission, select
from grader.policy import PolicyError
from grader.report.terminal import STYLES, explanation, in_words
from grader.submission import SubmissionError

ASSIGNMENT: pytest.StashKey = pytest.StashKey()
TIER: pytest.StashKey = pytest.StashKey()
VERDICTS: pytest.StashKey[list] = pytest.StashKey()
FAULTS: pytest.StashKey[list] = pytest.StashKey()  # cases that ended without a verdict: the harness's own errors
GRADER_FAILED = 2  # exit code


def pytest_addoption(parser):
    group = parser.getgroup("grader")
    group.addoption(
        "--submission", type=Path, default=ROOT / "student", help="folder or zip to grade (default: student/)"
    )
    group.addoption("--part", type=int, help="grade one part of the assignment only")
    group.addoption("--accuracy", action="store_true", help="also generate samples and grade their accuracy (minutes)")
    group.addoption("--device", default="cpu", help="where samples are generated: cpu, cuda, cuda:1, mps")
    group.addoption(
        "--in-process", action="store_true", help="run your code in this process, for a debugger (unprotected)"
    )


def pytest_configure(config):
    config.option.verbose = max(config.option.verbose, 0 if "-q" in config.invocation_params.args else 1)
    config.stash[VERDICTS], config.stash[FAULTS] = [], []
    config.stash[ASSIGNMENT] = _load(config.option.part)
    if not (config.option.help or config.option.collectonly):
        config.stash[TIER] = sandbox.start("none" if config.option.in_process else "process")  # imports torch meanwhile


def _load(part):
    try:
        assignment = assignments.load()
    except PolicyError as error:
        raise pytest.UsageError(str(error)) from None
    parts = sorted({case.part for case in assignment.cases})
    if part not in (None, *parts):
        raise pytest.UsageError(f"there is no part {part}; the parts are: {', '.join(map(str, parts))}")
    return assignment


def pytest_unconfigure(config):
    if TIER in config.stash:
        config.stash[TIER].close()


def pytest_generate_tests(metafunc):
    option, assignment = metafunc.config.option, metafunc.config.stash[ASSIGNMENT]
    judged, _ = _accuracies(option, assignment)
    chosen = select([*assignment.cases, *judged], option.part)
    metafunc.parametrize("case", chosen, ids=[case.id for case in chosen])


def _accuracies(option, assignment):
    """The accuracies that are asked for: those that can be judged here, and those whose classifier only staff has."""
    asked = select(tasks(assignment.policy), option.part) if option.accuracy else []
    there = [is_there(f"{task.policy.classifier}.pt") for task in asked]
    return [[task for task, found in zip(asked, there, strict=True) if found is wanted] for wanted in (True, False)]


@pytest.fixture(scope="session")
def grading(pytestconfig):
    """The submission, laid out and ready."""
    assignment = pytestconfig.stash[ASSIGNMENT]
    try:
        known = golden.load(assignment.resources)
        with open_submission(assignment, pytestconfig.stash[TIER], known, pytestconfig.option.submission) as opened:
            yield opened
    except SubmissionError as error:
        pytest.exit(f"{error}", returncode=pytest.ExitCode.USAGE_ERROR)
    except InfrastructureError as error:
        pytest.exit(f"the grader failed: {error}", returncode=GRADER_FAILED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    verdict = getattr(item, "verdict", None)
    if verdict and report.when == "call":
        report.verdict = verdict
        report.outcome = "passed" if verdict.outcome is Outcome.PASSED else "failed"
    elif report.failed:
        item.config.stash[FAULTS].append(item.nodeid)
    return report


def pytest_report_teststatus(report):
    verdict = getattr(report, "verdict", None)
    if not verdict:
        return None
    color = {STYLES[verdict.outcome].replace("magenta", "purple"): True}
    word = f"{verdict.outcome} {verdict.points:g}/{verdict.case.points:g}"
    category = {Outcome.PASSED: "passed", Outcome.NOT_IMPLEMENTED: "not implemented"}.get(verdict.outcome, "failed")
    return category, verdict.outcome[0], (word, color)


def pytest_terminal_summary(terminalreporter, config):
    verdicts = config.stash[VERDICTS]
    if verdicts:
        terminalreporter.section("points")
        terminalreporter.write_line(
            f"{in_words(total(verdicts))}, for {config.option.submission} (written questions are marked by TAs)"
        )
        for v in verdicts:
            if v.outcome is Outcome.PASSED and v.message:
                terminalreporter.write_line(f"{v.case.id}: {v.message}")
        if others := _accuracies(config.option, config.stash[ASSIGNMENT])[1]:
            told = ", ".join(task.id for task in others)
            terminalreporter.write_line(f"by classifiers that TAs alone have, and so not tried here: {told}")
        if missing := [v for v in verdicts if v.outcome is Outcome.NOT_IMPLEMENTED]:
            terminalreporter.write_line(f"next: {missing[0].message.splitlines()[0]}, for {missing[0].case.id}")


def pytest_sessionfinish(session):
    stash = session.config.stash
    if stash[FAULTS] or any(v.outcome is Outcome.INFRASTRUCTURE for v in stash[VERDICTS]):
        session.exitstatus = GRADER_FAILED


@pytest.fixture
def settle(request, pytestconfig):
    """Record a verdict, and fail with its explanation unless it passed."""

    def record(verdict):
        request.node.verdict = verdict
        pytestconfig.stash[VERDICTS].append(verdict)
        if verdict.outcome is not Outcome.PASSED:
            told = [explanation(verdict, pytestconfig.stash[VERDICTS])]
            if verdict.outcome in (Outcome.FAILED, Outcome.ERROR) and verdict.case.look:  # an accuracy has no hints
                told.append(f"Hints: {hints.command(verdict.case.id, pytestconfig.option.submission)}")
            pytest.fail("\n".join(told), pytrace=False)

    return record
