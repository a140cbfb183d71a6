"""What the tests share: one worker for the session, the assignment, and a way to make submissions."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
sys.path[:0] = [str(ROOT), str(ROOT / "solution")]

from grader.course import assignment as assignments  # noqa: E402  (after the path)
from grader.grading import goldens  # noqa: E402
from grader.grading.run import open_submission  # noqa: E402
from grader.sandbox import doctor, start  # noqa: E402


def pytest_configure():
    """Ctrl-C works: where the tests run in the background it is ignored, and so it would be by all that they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


QUICK = "not slow"  # the -m of `make test-quick`
# Files that start many processes, train, open a browser, or run whole commands: `make test-quick` leaves them out.
SLOW = (
    *("accuracy/test_classifiers.py", "accuracy/test_conditions_protocol.py", "accuracy/test_frechet.py"),
    *("accuracy/test_grade.py", "accuracy/test_protocols.py", "accuracy/test_sampling.py"),
    *("authoring/test_check.py", "authoring/test_coverage.py", "authoring/test_stubs.py"),
    *("batch/", "benchmarks/", "commands/", "docs/", "notebook/", "parts/", "release/", "sandbox/", "solution/"),
    *("grading/test_run.py", "report/test_page.py", "report/test_publish.py", "runtime/test_fake_gpu.py"),
    *("runtime/test_frames.py", "runtime/test_probes.py", "similarity/", "submission/test_layout.py"),
    *("watch/test_command.py", "watch/test_session.py", "written/test_document.py"),
)


def _is_slow(path):
    return path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix().startswith(SLOW)


def pytest_ignore_collect(collection_path, config):
    """Do not even import the slow files where they are left out: that takes half of the time."""
    return True if config.option.markexpr == QUICK and _is_slow(collection_path) else None


def pytest_collection_modifyitems(items):
    """Mark the slow files; run `grader check` first, for it takes as long as half of the others."""
    for item in items:
        if _is_slow(item.path):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: "staff_commands" not in item.name)


@pytest.fixture(scope="session", autouse=True)
def _own_secret(tmp_path_factory):
    """The tests make a secret seed of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SECRET", str(tmp_path_factory.mktemp("settings") / "secret"))
        yield


@pytest.fixture(scope="session")
def tier():
    worker = start("process")
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def sandbox_scratch(tmp_path_factory):
    """Where the tier `sandbox` keeps its temporary files during the tests: nothing may remain there."""
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="session")
def sandbox(sandbox_scratch):
    """The tier `sandbox`."""
    if lacks := next(doctor.findings()).lacks:
        pytest.skip(f"this machine has no tier `sandbox`: {'; '.join(lacks)}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(sandbox_scratch))
        worker = start("sandbox")
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def assignment():
    return assignments.load(staff=True)


@pytest.fixture(scope="session")
def known(assignment):
    return goldens.load(assignment.resources)


@pytest.fixture
def make_submission(tmp_path):
    """make_submission(models='text', ...) is the solution with whole files replaced; None removes one."""

    def make(**files):
        folder = tmp_path / "submission"
        folder.mkdir()
        for path in (ROOT / "solution").glob("*.py"):
            shutil.copy(path, folder)
        for name, text in files.items():
            file = folder / f"{name}.py"
            file.unlink() if text is None else file.write_text(text)
        return folder

    return make


@pytest.fixture
def solution_text():
    """solution_text('models') is a file of the solution, for a test to change."""
    return lambda name: (ROOT / "solution" / f"{name}.py").read_text()


@pytest.fixture
def class_of(tmp_path, solution_text):
    """class_of(count) is a folder with correct submissions to part 6, each another."""

    def make(count):
        folder = tmp_path / "class"
        for number in range(count):
            (folder / f"s{number}").mkdir(parents=True)
            (folder / f"s{number}" / "theory.py").write_text(f"{solution_text('theory')}\n# {number}\n")
        return folder

    return make


@pytest.fixture
def verdicts_of(assignment, tier, known):
    """verdicts_of(folder, id, ...) grades these cases, all of them by default. Returns {id: verdict}."""

    def grade(folder, *ids):
        with open_submission(assignment, tier, known, folder) as grading:
            return {c.id: grading.verdict(c) for c in assignment.cases if not ids or c.id in ids}

    return grade


@pytest.fixture
def samplers(assignment, tier, known, make_submission):
    """Submissions with toy models that generate images."""
    from tests.samplers import Samplers  # imports torch, which few tests need

    return Samplers(assignment, tier, known, make_submission)
