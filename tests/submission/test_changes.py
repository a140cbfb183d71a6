"""What is reported of a submission that differs from the handout outside the TODOs, and that no text can do harm."""

import ast
import json
import re
import time

import pytest

from grader import ROOT
from grader.authoring.patching import patched
from grader.report.results import document, gradescope
from grader.report.terminal import CHANGED_LINES, OUTSIDE_TODOS, outside_todos, scorecard
from grader.submission.changes import LISTED, MOST_BYTES, SECONDS, changed_parts, compare
from grader.submission.layout import parse_allowlist

STUB = '''
"""A stub."""
import math

STEPS = 10


class Model(Base):
    """A model."""

    stride = 1

    def __init__(self, width, depth=2):
        super().__init__()
        self.width = width
        # TODO(4.model): layers
        raise NotImplementedError("TODO(4.model)")
        self.reset()

    @torch.no_grad()
    def sample(self, count, *, labels=None):
        for step in range(STEPS):
            x = 2 * step
            # TODO(4.sample): a step
            raise NotImplementedError("TODO(4.sample)")
            self.show(x)
        return x

    def given(self, x):
        """Given."""
        return x + 1  # one more


def free(x):
    """Yours."""
    raise NotImplementedError("TODO(4.free)")
'''
SOLVED = (
    STUB.replace('        raise NotImplementedError("TODO(4.model)")', "        self.layers = []")
    .replace('            raise NotImplementedError("TODO(4.sample)")', "            y = x\n            x = y - 1")
    .replace('    raise NotImplementedError("TODO(4.free)")', "    return math.sqrt(x)")
)


def changes(text):
    return compare(STUB.encode(), text.encode())


ALLOWLIST = parse_allowlist((ROOT / "test_resources" / "allowlist.txt").read_text())


def files():
    return [allowed.name for allowed in ALLOWLIST if allowed.required]


@pytest.mark.parametrize("folder", ["solution", "student"])
def test_nothing_is_reported_of_the_solution_or_of_untouched_stubs(folder):
    assert len(files()) > 5
    assert changed_parts(ROOT / "student", ROOT / folder, files()) == []


@pytest.mark.parametrize("name", files())
def test_format_comments_docstrings_and_annotations_do_not_matter(name):
    stub, solution = ((ROOT / folder / name).read_text() for folder in ("student", "solution"))
    assert ast.unparse(ast.parse(solution)) != solution
    assert compare(stub.encode(), ast.unparse(ast.parse(solution)).encode()) == []
    without = solution.replace('"""', 'r"""Another. ', 1)
    assert compare(stub.encode(), without.encode()) == []


SAME = {
    "nothing": ("STEPS = 10", "STEPS  =  10"),
    "annotations": ("def given(self, x):", "def given(self, x: int) -> int:"),
    "annotations of a signature": ("width, depth=2", "width: int, depth: int = 2"),
    "no docstring": ('        """Given."""\n', ""),
    "more before": ("import math", "import os\nEXTRA = 3"),
    "more behind": ("return math.sqrt(x)", "return x\ndef more():\n    return free(2)"),
    "more in a class": ("    stride = 1", "    extra = 2\n    def more(self): ...\n    stride = 1"),
    "more in a function": ("        self.width = width", "        print(depth)\n        self.width = width"),
    "more in a loop": ("            self.show(x)", "            self.show(x)\n            print(x)"),
}


@pytest.mark.parametrize("name", SAME)
def test_additions_and_what_does_not_act_are_no_change(name):
    assert changes(patched(SOLVED, (SAME[name],), name)) == []


CHANGES = {
    "a constant": ("STEPS = 10", "STEPS = 20", "STEPS differs from the handout"),
    "a constant that is changed later": (
        "    return math.sqrt(x)",
        "    return x\nSTEPS *= 2",
        "STEPS differs from the handout",
    ),
    "no constant": ("STEPS = 10\n", "", "STEPS is missing"),
    "bases": ("Model(Base)", "Model", "Model has other bases or decorators"),
    "no class": ("class Model(Base)", "class Modell(Base)", "Model is missing"),
    "a class that is a function": ("class Model(Base):", "def Model():", "Model differs from the handout"),
    "an attribute": ("    stride = 1", "    stride = 2", "Model.stride differs from the handout"),
    "a given function": ("return x + 1", "return x + 2", "Model.given differs from the handout"),
    "no given function": ("def given", "def gift", "Model.given is missing"),
    "a given function that is replaced": (
        "    return math.sqrt(x)",
        "    return x\nModel.given = free",
        "Model.given differs from the handout",
    ),
    "a signature": (
        "self, width, depth=2",
        "self, depth, width=2",
        "Model.__init__ has another signature: (self, depth, width=2)",
    ),
    "a default": ("depth=2", "depth=3", "Model.__init__ has another signature: (self, width, depth=3)"),
    "a keyword": ("*, labels", "labels", "Model.sample has another signature: (self, count, labels=None)"),
    "a decorator": ("    @torch.no_grad()\n", "", "Model.sample has other decorators"),
    "a statement before": (
        "        self.width = width\n",
        "",
        "Model.__init__ has lost or changed the given `self.width = width`",
    ),
    "a statement after": ("        self.reset()\n", "", "Model.__init__ has lost or changed the given `self.reset()`"),
    "order": (
        "        super().__init__()\n        self.width = width\n",
        "        self.width = width\n        super().__init__()\n",
        "Model.__init__ has lost or changed the given `self.width = width`",
    ),
    "a loop": ("range(STEPS)", "range(3)", "Model.sample has lost or changed the given `for step in range(STEPS):`"),
    "a statement in a loop": (
        "            self.show(x)\n",
        "",
        "Model.sample has lost or changed the given `for step in range(STEPS):",
    ),
    "what is returned": (
        "        return x\n",
        "        return y\n",
        "Model.sample has lost or changed the given `return x`",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_reported_and_no_other(name):
    old, new, line = CHANGES[name]
    text = patched(SOLVED, ((old, new),), name)
    [change] = changes(text)
    assert change.startswith(line)


def test_a_handout_from_before_todos_named_their_effort_is_no_change():
    for name in (allowed.name for allowed in ALLOWLIST if allowed.name.endswith(".py")):
        stub = (ROOT / "student" / name).read_text()
        before, lines = re.subn(r" *# \(about \d+ minutes, \w+\)\n", "", stub)
        assert lines == stub.count("# TODO(")
        assert compare(stub.encode(), before.encode()) == []


def test_a_change_of_the_solution_is_reported_with_its_file(make_submission, solution_text):
    text = solution_text("models").replace("return (1 + w) * conditional - w", "return w * conditional - w")
    folder = make_submission(models=text)
    assert changed_parts(ROOT / "student", folder, files()) == ["models.py: DDPM.guided_noise differs from the handout"]
    assert changed_parts(ROOT / "student", folder, files(), part=4) == changed_parts(ROOT / "student", folder, files())
    assert changed_parts(ROOT / "student", folder, files(), part=1) == []


def test_a_file_that_is_missing_is_not_reported_here(tmp_path):
    assert changed_parts(ROOT / "student", tmp_path, files()) == []


@pytest.mark.parametrize(
    ("file", "name"),
    [("gan/variants/course/gan_pytorch.py", "IMAGE"), ("cifar10/variants/course/image_gen.py", "CLASSES")],
)
def test_a_file_in_another_manner_takes_one_line(file, name):
    path = ROOT / "grader" / "parts" / file
    [line] = changed_parts(ROOT / "student", path.parent, [path.name])
    assert line.endswith(f"given parts are missing or differ, the first: {name} is missing")
    assert int(line.split()[1]) > LISTED


HOSTILE = {
    "nested parentheses": (b"(" * 90_000, "SyntaxError: too many nested parentheses"),
    "a long sum": (b"1+" * 40_000 + b"1", "Error"),
    "a long negation": (b"-" * 90_000 + b"1", "Error"),
    "a long call": (b"a" + b"()" * 40_000, "Error"),
    "null bytes": (b"x = 1\x00", "null bytes"),
    "Latin-1": ("x = 'é'".encode("latin-1"), "SyntaxError: (unicode error)"),
    "an unknown encoding": (b"# coding: klingon\n", "SyntaxError: "),
    "an image": (b"\x89PNG\r\n\x1a\n\x00\x00", "Error: "),
    "no Python": (b"def f(:\n", "SyntaxError: invalid syntax"),
    "too much": (b"[" * 10_000_000, f"it has more than {MOST_BYTES} bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_read_takes_one_line(name, tmp_path):
    content, why = HOSTILE[name]
    (tmp_path / "models.py").write_bytes(content)
    [line] = changed_parts(ROOT / "student", tmp_path, ["models.py"])
    assert line.startswith("models.py: cannot be compared with the handout: ")
    assert why in line
    assert len(line) < 200


def test_a_text_that_takes_forever_is_given_up(tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text("f'" + "{a}" * 33_000 + "'")  # seconds: the parser is quadratic
    monkeypatch.setattr("grader.submission.changes.SECONDS", 0.3)
    start = time.monotonic()
    [line] = changed_parts(ROOT / "student", tmp_path, ["models.py"])
    assert line == "models.py: cannot be compared with the handout: Python takes more than 0.3 seconds to read it"
    assert time.monotonic() - start < SECONDS


def test_a_submission_runs_no_code_by_being_compared(tmp_path):
    (tmp_path / "models.py").write_text("open('ran', 'w').close()\n")
    (tmp_path / "ast.py").write_text("open('ran', 'w').close()\n")
    changed_parts(ROOT / "student", tmp_path, ["models.py"])
    assert not list(ROOT.glob("ran")) + list(tmp_path.glob("ran"))


def test_reports_show_changes_to_staff_only():
    lines = [f"models.py: part{i} is missing" for i in range(CHANGED_LINES + 3)] + ["\x1b[31mred"]
    shown = outside_todos(lines)
    assert shown.splitlines()[-1] == "and 4 more"
    assert "part11 is" in shown
    assert "part12 is" not in shown
    assert outside_todos(["\x1b[31mred"]) == "\\x1b[31mred"
    assert document("ada", "sandbox", ["public"], [], lines)["outside_todos"] == lines
    report = gradescope("sandbox", ["public"], [], lines)
    assert report.pop("extra_data")["outside_todos"] == lines
    assert "part3" not in json.dumps(report)


def test_the_report_card_shows_changes():
    from rich.console import Console

    console = Console(width=100, record=True)
    console.print(scorecard("ada", "sandbox", [], ["models.py: [bold]x[/] is missing"]))
    text = console.export_text()
    assert OUTSIDE_TODOS in text
    assert "  models.py: [bold]x[/] is missing" in text
    console.print(scorecard("ada", "sandbox", []))
    assert OUTSIDE_TODOS not in console.export_text()
