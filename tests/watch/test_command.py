"""`grader watch` as students meet it: in a terminal, with real saves and a real worker."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pexpect
import pytest

from grader import ROOT
from grader.authoring.patching import patched

PATIENCE = 120  # seconds; a busy machine takes many for an import of torch
FIRST, SECOND = "6.gaussian_kl", "6.kl_gradient"
WATCH = ("watch", "--part", "6", "--submission")
REAL = (sys.executable, "-m", "grader", *WATCH)
SCRIPTED = (sys.executable, "-m", "tests.scripted_tier", *WATCH)
KEYS = r"h hint   l list   n next   r rerun   q quit\r\n"
CODE = r"\x1b\[[0-9;?]*[A-Za-z]"
ON_A_MACHINE_WITHOUT_FORK = """
from grader import sandbox
from grader.commands import students
from grader.sandbox.serial import Serial
sandbox.start = lambda tier: Serial()
students.main()
"""


@pytest.fixture
def folder(tmp_path):
    """The untouched stub of part 6, in a folder of its own."""
    place = tmp_path / "mine"
    place.mkdir()
    shutil.copy(ROOT / "student" / "theory.py", place)
    return place


def save(folder, text):
    """As editors do: a new file takes the place of the old one, and for a moment there are both."""
    (folder / "theory.py~").write_text(text)
    (folder / "theory.py~").replace(folder / "theory.py")


def stub_answered(solution):
    """The stub with gaussian_kl of a solution in it."""
    function = re.compile(r"^def gaussian_kl.*?(?=^def )", re.MULTILINE | re.DOTALL)
    return function.sub(lambda _: function.search(solution)[0], (ROOT / "student" / "theory.py").read_text(), count=1)


class Terminal(pexpect.spawn):
    """A terminal in which the command runs, between two looks at the terminal's modes."""

    def __init__(self, *command, columns=80, **environment):
        script = f"trap : INT; stty -g; {shlex.join(map(str, command))}; echo ended $?; stty -g"
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}  # of another terminal
        environment = {**inherited, "TERM": "xterm-256color", **environment}
        self.codes, self._cut = "", ""  # of colours and the like, which are taken out of what is read
        super().__init__(
            "sh", ["-c", script], PATIENCE, encoding="utf-8", cwd=ROOT, env=environment, dimensions=(24, columns)
        )
        self.expect(r"([0-9a-f:]+)\r\n")
        self.modes = self.match[1]

    def read_nonblocking(self, *arguments, **options):
        text = self._cut + super().read_nonblocking(*arguments, **options)
        whole = re.sub(r"\x1b[^A-Za-z]*$", "", text)
        self._cut = text[len(whole) :]
        self.codes += "".join(re.findall(CODE, whole))
        return re.sub(CODE, "", whole)

    def shows(self, pattern):
        """Wait for a pattern, and return what came up to it."""
        self.expect(pattern)
        return (self.before + self.after).replace("\r\n", "\n")

    def begin(self):
        """Wait until everything has been graded once."""
        self.shows(KEYS)
        return self.shows(KEYS)

    def end(self):
        """Wait for the end of the command. Returns its exit code, and whether the terminal is as it was."""
        self.expect(r"ended (\d+)\r\n")
        code = int(self.match[1])
        self.expect(pexpect.EOF)
        return code, self.before.strip() == self.modes


@contextlib.contextmanager
def terminal(*command, **options):
    """A Terminal, ended when a test fails on the way."""
    opened = Terminal(*command, **options)
    try:
        yield opened
    finally:
        opened.close(force=True)


def test_a_student_saves_reads_presses_keys_and_quits(folder, assignment, solution_text):
    mistake = next(m for m in assignment.mistakes if m.id == "6.kl_without_half")
    wrong = stub_answered(patched(solution_text("theory"), mistake.patches, mistake.id))
    with terminal(*REAL, folder, NO_COLOR="1") as screen:
        told = screen.begin()
        assert re.search(r"part 6  ░+  0/16 cases, 0 of 10 points\n", told)
        assert re.search(rf"next: {FIRST} .*\n(.*\n)*  TODO\({FIRST}\)  {folder}/theory.py:30\n", told)

        save(folder, wrong)
        told = screen.shows(KEYS)
        assert re.search(rf"theory.py: 16 cases.*\n(.*\n)*.*FAILED  {FIRST} ", told)
        assert "twice as large" not in told
        screen.send("h")
        assert assignment.by_id[FIRST].look.split()[0] in screen.shows(rf"hint 1 of 3 for {FIRST}.*\r\n.*\r\n")
        screen.send("hh")
        assert "Your divergence is twice as large" in screen.shows(r"hint 3 of 3.*\r\n.*\r\n.*\r\n")

        save(folder, wrong + "def (:\n")
        screen.shows(r"theory.py, line \d+: invalid syntax: def \(:")
        screen.shows("16 cases to grade once you repair that")

        save(folder, stub_answered(solution_text("theory")))
        told = screen.shows(KEYS)
        assert f"PASSED  {FIRST}  +0.75 points" in told
        assert f"pass now: {SECOND}" in told
        assert "2/16 cases, 1 of 10 points" in told
        assert f"{FIRST}" not in told.partition("next: ")[2]

        screen.send("l")
        listed = screen.shows(r"part 6 .*points\r\n")
        assert len(re.findall(r"^(?:> |  )(?:PASSED|NOT_IMPLEMENTED) +6\.\w+ ", listed, re.MULTILINE)) == 16
        screen.send("\x1b[A")  # an arrow is no key of ours, and its A is none
        screen.send("n")
        screen.shows("next: 6.true_posterior")
        screen.send("r")
        screen.shows("2/16 cases, 1 of 10 points")
        screen.send("q")
        assert screen.end() == (0, True)
        assert not re.search(r"\x1b\[[34]\d", screen.codes)  # NO_COLOR


@pytest.mark.parametrize("how", ["q", "\x03", signal.SIGTERM, signal.SIGHUP])
def test_it_ends_at_once_while_a_case_hangs_and_leaves_the_terminal_as_it_was(how, folder):
    save(folder, f"# hang {FIRST}\n")
    with terminal(*SCRIPTED, folder) as screen:
        screen.shows("importing torch")
        if isinstance(how, str):
            screen.send(how)
        else:
            child = subprocess.run(["pgrep", "-P", str(screen.pid)], capture_output=True, text=True).stdout
            os.kill(int(child), how)
        assert screen.end() == (0, True)


def test_a_bug_of_ours_leaves_the_terminal_as_it_was(folder):
    save(folder, f"# bug {FIRST}\n")
    with terminal(*SCRIPTED, folder) as screen:
        screen.shows("ZeroDivisionError: a bug")
        assert screen.end() == (1, True)


def test_after_ctrl_z_and_fg_keys_are_heard_and_the_shell_has_its_own_terminal(folder):
    with terminal("bash", "--norc", "-i", PS1="$ ") as screen:
        screen.sendline(shlex.join(map(str, (*SCRIPTED, folder))))
        screen.begin()
        screen.send("\x1a")
        screen.shows("Stopped")
        screen.sendline("fg")
        screen.shows("scripted_tier watch")
        screen.send("l")
        screen.shows(r"part 6 .*points")
        screen.send("q")
        screen.shows(r"\$ ")
        screen.sendline("exit")
        assert screen.end() == (0, True)


def test_a_narrow_terminal_gets_no_line_that_is_too_long(folder):
    save(folder, f"# wrong {SECOND}\n")
    with terminal(*SCRIPTED, folder, columns=46) as screen:
        told = screen.begin()
        screen.send("l")
        told += screen.shows(r"part 6 .*points\r\n")
        screen.send("q")
        assert screen.end() == (0, True)
    told = re.sub(r".*\r", "", told)  # what was replaced
    assert max(len(line) for line in told.splitlines()) <= 46
    assert len(re.findall("part 6  █████░  15/16 cases, 9.75 of 10 points\n", told)) == 2


def test_without_a_terminal_it_writes_lines_until_it_is_interrupted(folder, known):
    log = folder.parent / "log"
    save(folder, f"# stub {FIRST}\n")
    with log.open("w") as output:
        watch = subprocess.Popen([*SCRIPTED, folder], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        _wait_for(log, "next: ")
        save(folder, f"# wrong {FIRST}\n")
        _wait_for(log, "(?s)next: .*next: ")
        watch.send_signal(signal.SIGINT)
        assert watch.wait(PATIENCE) == 0
    finally:
        watch.kill()
    told = log.read_text()
    assert f"FAILED  {FIRST}" in told
    assert f"\n  Diagnosis: {known.fingerprints[FIRST][0].hint}\n" in told  # in a line, however long
    for word in ("\x1b", "q quit", "Traceback"):
        assert word not in told


def _wait_for(file, pattern):
    deadline = time.monotonic() + PATIENCE
    while not re.search(pattern, file.read_text()):
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.05)


def test_it_does_the_same_where_there_is_no_fork(folder, solution_text):
    with terminal(sys.executable, "-c", ON_A_MACHINE_WITHOUT_FORK, *WATCH, folder) as screen:
        screen.begin()
        save(folder, "import torch\nwhile True: pass\n")
        screen.shows("theory.py: 16 cases")
        save(folder, stub_answered(solution_text("theory")))
        assert f"PASSED  {FIRST}  +0.75 points" in screen.shows(KEYS)
        screen.send("\x03")
        told = screen.shows("ended 0")
        assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--part", "7"], "there is no part 7; the parts are: 1, 2, 3, 4, 5, 6"),
        (["--submission", "nowhere"], "there is no folder nowhere to watch"),
        (["--submission", "pyproject.toml"], "there is no folder pyproject.toml to watch"),
    ],
)
def test_what_cannot_be_watched_is_told_in_a_line(arguments, told):
    done = subprocess.run(
        [sys.executable, "-m", "grader", "watch", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode not in (0, 2) or "Usage" in done.stderr
    assert told in re.sub(r"[│\s]+", " ", done.stderr)
    assert "Traceback" not in done.stderr
