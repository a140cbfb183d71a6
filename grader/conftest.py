"""`pytest grader/`: one test for each case, all on one worker."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from grader import ROOT, sandbox
from grader.accuracy.classifiers import is_there
from grader.accuracy.grade import Accuracy, accuracies_of
from grader.course import assignment as assignments
from grader.course.assignment import Assignment
from grader.course.toml import PolicyError
from grader.grading import goldens, hints
from grader.grading.run import Grading, open_submission, select
from grader.report.terminal import STYLES, explanation, in_words, worth
from grader.runtime.case import Case, Outcome, Verdict, total
from grader.runtime.errors import InfrastructureError
from grader.sandbox.tier import Tier
from grader.submission.archive import SubmissionError

ASSIGNMENT = pytest.StashKey[Assignment]()
TIER = pytest.StashKey[Tier]()
VERDICTS = pytest.StashKey[list[Verdict]]()
FAULTS = pytest.StashKey[list[str]]()  # tests that ended without a verdict: the grader's own errors
GRADER_FAILED = 2  # exit code


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("grader")
    group.addoption(
        "--submission", type=Path, default=ROOT / "student", help="folder or zip to grade (default: student/)"
    )
    group.addoption("--part", type=int, help="grade only this part of the assignment")
    group.addoption("--accuracy", action="store_true", help="also generate samples and grade their accuracy (minutes)")
    group.addoption("--device", default="cpu", help="where samples are generated: cpu, cuda, cuda:1, mps")
    group.addoption(
        "--in-process", action="store_true", help="run your code in this process, for a debugger (unprotected)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.option.verbose = max(config.option.verbose, 0 if "-q" in config.invocation_params.args else 1)
    config.stash[VERDICTS], config.stash[FAULTS] = [], []
    config.stash[ASSIGNMENT] = _load(config.option.part)
    if not (config.option.help or config.option.collectonly):
        config.stash[TIER] = sandbox.start("none" if config.option.in_process else "process")  # imports torch meanwhile


def _load(part: int | None) -> Assignment:
    try:
        assignment = assignments.load()
    except PolicyError as error:
        raise pytest.UsageError(str(error)) from None
    parts = sorted({case.part for case in assignment.cases})
    if part not in (None, *parts):
        raise pytest.UsageError(f"there is no part {part}; the parts are: {', '.join(map(str, parts))}")
    return assignment


def pytest_unconfigure(config: pytest.Config) -> None:
    if TIER in config.stash:
        config.stash[TIER].close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option, assignment = metafunc.config.option, metafunc.config.stash[ASSIGNMENT]
    here, _ = _accuracies(option, assignment)
    chosen: list[Case | Accuracy] = [*select(assignment.cases, option.part), *here]
    metafunc.parametrize("case", chosen, ids=[case.id for case in chosen])


def _accuracies(option: argparse.Namespace, assignment: Assignment) -> tuple[list[Accuracy], list[Accuracy]]:
    """The accuracies to grade: those that can be judged here, and those whose classifier only staff has."""
    asked = select(accuracies_of(assignment.policy), option.part) if option.accuracy else []
    here = [accuracy for accuracy in asked if is_there(f"{accuracy.policy.classifier}.pt")]
    return here, [accuracy for accuracy in asked if accuracy not in here]


@pytest.fixture(scope="session")
def grading(pytestconfig: pytest.Config) -> Iterator[Grading]:
    """The submission, laid out and ready."""
    assignment = pytestconfig.stash[ASSIGNMENT]
    try:
        known = goldens.load(assignment.resources)
        with open_submission(assignment, pytestconfig.stash[TIER], known, pytestconfig.option.submission) as opened:
            yield opened
    except SubmissionError as error:
        pytest.exit(f"{error}", returncode=pytest.ExitCode.USAGE_ERROR)
    except InfrastructureError as error:
        pytest.exit(f"the grader failed: {error}", returncode=GRADER_FAILED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    verdict = getattr(item, "verdict", None)
    if verdict and report.when == "call":
        report.verdict = verdict  # type: ignore[attr-defined]  # pytest keeps it for `pytest_report_teststatus`
        report.outcome = "passed" if verdict.outcome is Outcome.PASSED else "failed"
    elif report.failed:
        item.config.stash[FAULTS].append(item.nodeid)
    return report


def pytest_report_teststatus(
    report: pytest.TestReport | pytest.CollectReport,
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    verdict: Verdict | None = getattr(report, "verdict", None)
    if not verdict:
        return None
    color = {STYLES[verdict.outcome].replace("magenta", "purple"): True}
    word = f"{verdict.outcome} {verdict.points:g}/{worth(verdict.case)}"
    category = {Outcome.PASSED: "passed", Outcome.NOT_IMPLEMENTED: "not implemented"}.get(verdict.outcome, "failed")
    return category, verdict.outcome[0], (word, color)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    verdicts = config.stash[VERDICTS]
    if verdicts:
        terminalreporter.section("points")
        terminalreporter.write_line(
            f"{in_words(total(verdicts))}, for {config.option.submission} (TAs mark the written questions)"
        )
        for v in verdicts:
            if v.outcome is Outcome.PASSED and v.message:
                terminalreporter.write_line(f"{v.case.id}: {v.message}")
        if for_staff := _accuracies(config.option, config.stash[ASSIGNMENT])[1]:
            ids = ", ".join(accuracy.id for accuracy in for_staff)
            terminalreporter.write_line(f"not graded here, because only TAs have the classifier: {ids}")
        if missing := [v for v in verdicts if v.outcome is Outcome.NOT_IMPLEMENTED]:
            terminalreporter.write_line(f"next: {missing[0].message.splitlines()[0]}, for {missing[0].case.id}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    stash = session.config.stash
    if stash[FAULTS] or any(v.outcome is Outcome.INFRASTRUCTURE for v in stash[VERDICTS]):
        session.exitstatus = GRADER_FAILED


@pytest.fixture
def settle(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Callable[[Verdict], None]:
    """Record a verdict, and fail the test with its explanation unless it passed."""

    def record(verdict: Verdict) -> None:
        request.node.verdict = verdict
        verdicts, case = pytestconfig.stash[VERDICTS], verdict.case
        verdicts.append(verdict)
        if verdict.outcome is not Outcome.PASSED:
            lines = [explanation(verdict, verdicts)]
            if verdict.outcome in (Outcome.FAILED, Outcome.ERROR) and isinstance(case, Case) and case.look:
                lines.append(f"Hints: {hints.command(case.id, pytestconfig.option.submission)}")
            pytest.fail("\n".join(lines), pytrace=False)

    return record
