"""What students get: every answer gone, everything else as it was."""

from __future__ import annotations

import ast
import re
from types import SimpleNamespace

import pytest

from grader.authoring import stubs
from grader.authoring.allowlist import allowlist
from grader.authoring.documents import with_texts
from grader.authoring.patching import patched, write_patched
from grader.authoring.points_table import points_table
from grader.authoring.stubs import MarkerError, strip_answers
from grader.course import assignment as assignments
from grader.runtime.case import Question

SOLUTION = '''"""A module."""

import torch


class Model:
    """A model."""

    def forward(self, x):
        """Double x.

        Args:
            x: shape (B,).
        """
        # BEGIN ANSWER(4.forward) [5 min, easy] twice x
        doubled = 2 * x

        return doubled
        # END ANSWER

    def given(self):
        return 1

    def backward(self, x):
        """Halve x."""
        y = x.clone()
        # BEGIN ANSWER(4.backward) [20 min, hard] half of "x"
        return y / 2
        # END ANSWER
'''
STUB = '''"""A module."""

import torch


class Model:
    """A model."""

    def forward(self, x):
        """Double x.

        Args:
            x: shape (B,).
        """
        # TODO(4.forward): twice x
        # (about 5 minutes, easy)
        raise NotImplementedError("TODO(4.forward)")

    def given(self):
        return 1

    def backward(self, x):
        """Halve x."""
        y = x.clone()
        # TODO(4.backward): half of "x"
        # (about 20 minutes, hard)
        raise NotImplementedError("TODO(4.backward)")
'''


@pytest.fixture(scope="module")
def assignment():
    """The assignment of this repository, as its authors see it."""
    return assignments.load(staff=True)


@pytest.fixture(scope="module")
def student(assignment):
    """The generated Python files of students, {name: text}."""
    files = stubs.student_files(assignment)
    return {name: content.decode() for name, content in files.items() if name.endswith(".py")}


# ---------------------------------------------------------------------------------------------------------- stubs


def test_answers_become_todos_and_all_else_is_kept():
    assert strip_answers(SOLUTION, "model.py") == STUB


def test_a_stub_raises_the_task_that_is_to_be_done():
    namespace = {"torch": None}
    exec(strip_answers(SOLUTION.replace("import torch", ""), "model.py"), namespace)
    model = namespace["Model"]()
    with pytest.raises(NotImplementedError, match=r"TODO\(4.forward\)"):
        model.forward(1)
    assert model.given() == 1


def test_an_answer_at_the_top_of_a_file_is_replaced_there():
    text = "# BEGIN ANSWER(4.x) [5 min, easy] define f\ndef f(): ...\n# END ANSWER\n"
    stub = '# TODO(4.x): define f\n# (about 5 minutes, easy)\nraise NotImplementedError("TODO(4.x)")\n'
    assert strip_answers(text, "f.py") == stub


def test_a_file_without_answers_stays_as_it_is():
    text = '"""Given."""\n\n\ndef f():\n    return 1\n'
    assert strip_answers(text, "given.py") == text


BEGIN, END = "    # BEGIN ANSWER(4.x) [5 min, easy] do it\n", "    # END ANSWER\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BEGIN + BEGIN + END, "f.py, line 2: an answer begins inside the one of line 1"),
        (BEGIN + "    pass\n" + BEGIN + END + END, "f.py, line 3: an answer begins inside the one of line 1"),
        ("pass\n" + END, "f.py, line 2: an answer ends that did not begin"),
        (BEGIN + END + END, "f.py, line 3: an answer ends that did not begin"),
        ("pass\n" + BEGIN + "    pass\n", "f.py, line 2: the answer that begins here does not end"),
        (BEGIN + "  # END ANSWER\n", "f.py, line 2: indented differently from line 1"),
        (BEGIN + "\t# END ANSWER\n", "f.py, line 2: indented differently from line 1"),
        *[
            (
                wrong + "\n",
                "f.py, line 1: write '# BEGIN ANSWER(part.case) [15 min, medium] what to do' or '# END ANSWER'",
            )
            for wrong in (
                "# BEGIN ANSWER 4.x [5 min, easy] do it",
                "# BEGIN ANSWER(4.x) [5 min, easy]",
                "# BEGIN ANSWER(4.x) [5 min, easy]: ",
                "# BEGIN ANSWER() [5 min, easy] do it",
                "#BEGIN ANSWER(4.x) [5 min, easy] do it",
                "## BEGIN ANSWER(4.x) [5 min, easy] do it",
                "x = 1  # BEGIN ANSWER(4.x) [5 min, easy] do it",
                "# BEGIN ANSWER(4 x) [5 min, easy] do it",
                "# BEGIN ANSWER(4.x) do it",
                "# BEGIN ANSWER(4.x) [easy] do it",
                "# BEGIN ANSWER(4.x) [5 minutes, easy] do it",
                "# BEGIN ANSWER(4.x) [5 min, simple] do it",
            )
        ],
        *[
            (BEGIN + wrong + "\n", "f.py, line 2: write '# BEGIN ANSWER")
            for wrong in (
                "    # END ANSWER ",
                "    # END ANSWER(4.x)",
                "    #END ANSWER",
                "    return 1  # END ANSWER",
                "    # END ANSWER.",
            )
        ],
        (BEGIN + "    # End Answer\n", "f.py, line 1: the answer that begins here does not end"),
        ("    # Begin Answer(4.x) do it\n" + END, "f.py, line 2: an answer ends that did not begin"),
    ],
)
def test_a_wrong_marker_is_named_with_its_file_and_line(text, message):
    with pytest.raises(MarkerError, match=re.escape(message)):
        strip_answers(text, "f.py")


def answers(text):
    """The lines of every answer in a file of the solution, found without the code under test."""
    for block in re.findall(r"# BEGIN ANSWER.*?\n(.*?)# END ANSWER", text, re.DOTALL):
        yield from (line.strip() for line in block.splitlines())


def test_every_generated_file_compiles(student):
    assert {"models.py", "assignment.py"} <= student.keys()
    for name, text in student.items():
        compile(text, name, "exec")


def test_no_generated_file_contains_a_line_of_an_answer(assignment, student):
    secret = {line for p in assignment.solution.glob("*.py") for line in answers(p.read_text()) if len(line) > 25}
    assert len(secret) > 20
    leaked = {(name, line) for name, text in student.items() for line in secret if line in text}
    assert leaked == set()


def test_every_generated_file_keeps_the_signatures_and_docstrings_of_the_solution(assignment, student):
    for name, text in student.items():
        assert interface(text) == interface((assignment.solution / name).read_text())


def interface(text):
    """Name, arguments and docstring of everything that a file defines."""
    return [
        (node.name, ast.dump(node.args) if hasattr(node, "args") else "", ast.get_docstring(node))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        if not _is_inside_an_answer(node, text)
    ]


def _is_inside_an_answer(node, text):
    before = "\n".join(text.splitlines()[: node.lineno])
    return before.count("# BEGIN ANSWER") > before.count("# END ANSWER")


def test_every_todo_names_a_case(assignment, student):
    todos = {todo for text in student.values() for todo in re.findall(r"TODO\(([\w.]+)\)", text)}
    assert todos
    assert todos <= assignment.by_id.keys()


def test_the_allowlist_is_the_files_with_answers_and_the_graded_checkpoints(assignment, student):
    lines = [line.split() for line in allowlist(assignment).splitlines() if not line.startswith("#")]
    with_todos = {name for name, text in student.items() if "TODO(" in text}
    assert {name for name, need, _ in lines if need == "required"} == with_todos
    graded = assignment.policy.accuracy.values()
    checkpoints = {name: str(a.checkpoint_bytes) for a in graded for name in a.checkpoints}
    assert {name: size for name, need, size in lines if need == "optional"} == checkpoints
    assert len({name for name, _, _ in lines}) == len(lines)


# -------------------------------------------------------------------------------------------------------- patches


def test_patches_are_applied_one_after_the_other():
    assert patched("a = 1\nb = 2\n", (("a = 1", "a = 3"), ("a = 3\nb", "c")), "4.mistake") == "c = 2\n"


@pytest.mark.parametrize(("text", "count"), [("b = 2", 0), ("a = 1; a = 1", 2), ("", 0)])
def test_a_patch_whose_old_text_is_not_there_exactly_once_is_refused(text, count):
    with pytest.raises(MarkerError, match=f"4.mistake: its old text occurs {count} times, not once: 'a = 1'"):
        patched(text, (("a = 1", "a = 2"),), "4.mistake")


def test_a_change_is_written_into_its_file_only(assignment, tmp_path):
    change = assignment.mistakes[0]
    folder = write_patched(assignment, change, tmp_path / "new" / "folder")
    expected = {p.name: p.read_text() for p in assignment.solution.glob("*.py")}
    expected[change.file] = patched(expected[change.file], change.patches, change.id)
    assert {p.name: p.read_text() for p in folder.iterdir()} == expected


def test_every_mistake_and_variant_applies_and_compiles(assignment, tmp_path):
    solution = {path.name: path.read_text() for path in assignment.solution.glob("*.py")}
    for change in (*assignment.mistakes, *assignment.variants):
        written = write_patched(assignment, change, tmp_path / change.id)
        changed = {
            path.name: path.read_text() for path in written.iterdir() if path.read_text() != solution.get(path.name)
        }
        assert changed, change.id
        for name, text in changed.items():
            compile(text, f"{change.id}/{name}", "exec")


# --------------------------------------------------------------------------------------------------- points table


MARKED = """# BEGIN ANSWER(4.a) [50 min, medium] first
# END ANSWER
# BEGIN ANSWER(6.e) [100 min, easy] another
# END ANSWER
# BEGIN ANSWER(4.a) [25 min, easy] then
# END ANSWER
"""


@pytest.fixture
def small_assignment(tmp_path):
    """Two cases, one of them with TODOs, and one accuracy, a bonus; `ASKED` is its written question."""
    cases = [
        SimpleNamespace(id="4.a", points=0.5, title="A", bonus=False),
        SimpleNamespace(id="4.b", points=2, title="B", bonus=False),
    ]
    worth = {"points": 32.0, "bonus": True, "nothing_at": 0.75, "everything_at": 0.85}
    accuracy = SimpleNamespace(part=4, title="C", training="an hour", **worth)
    (tmp_path / "answers.py").write_text(MARKED)
    return SimpleNamespace(cases=cases, policy=SimpleNamespace(accuracy={"ddpm": accuracy}), solution=tmp_path)


ASKED = [Question("6.d", "D", 1.5)]
TABLE = """| case or question | points | effort | what is graded |
|---|---:|---|---|
| `4.a` | 0.5 | 75 min, medium | A |
| `4.b` | 2 |  | B |
| `4.ddpm_accuracy` | +32 | training: an hour | C (75% earns nothing, 85% everything) |
| `6.d` | 1.5 | | Written: D |
| **total** | **4** | | plus 32 bonus points (+) |
"""


def test_the_points_table_lists_what_earns_points_with_its_effort_and_adds_it_up(small_assignment):
    table = points_table(small_assignment, ASKED)
    assert table.startswith(TABLE)
    assert "Hours in total: 1 for part 4, 1.5 for part 6." in table


def test_every_accuracy_says_how_long_its_training_takes(assignment):
    assert all(accuracy.training for accuracy in assignment.policy.accuracy.values())


def test_the_real_points_table_adds_up(assignment):
    lines = points_table(assignment, assignment.questions).splitlines()[2:]
    rows = [line.split("|") for line in lines if line.startswith("|")]
    assert {len(row) for row in rows} == {6}  # no title may hold a '|'
    points = [row[2].strip(" *") for row in rows]
    total, bonus = (sum(float(p) for p in points[:-1] if p.startswith("+") is on_top) for on_top in (False, True))
    assert (float(points[-1]), rows[-1][4].strip()) == (total, f"plus {bonus:g} bonus points (+)")
    assert len(points) - 1 == len([*assignment.cases, *assignment.policy.accuracy, *assignment.questions])


def test_texts_are_replaced_between_their_comments_and_nowhere_else():
    readme = "# T\n<!-- a:begin -->\nold\n<!-- a:end -->\nand\n<!-- b:begin -->\n<!-- b:end -->\n\nThe end.\n"
    expected = "# T\n<!-- a:begin -->\nA\n<!-- a:end -->\nand\n<!-- b:begin -->\nB\n<!-- b:end -->\n\nThe end.\n"
    assert with_texts(readme, {"a": "A", "b": "B"}, "README.md") == expected
    assert with_texts(expected, {"b": "B", "a": "A"}, "README.md") == expected


@pytest.mark.parametrize("readme", ["", "# T\n", "<!-- a:begin -->\n", "<!-- a:end -->\n<!-- a:begin -->\n"])
def test_a_readme_without_a_place_for_a_text_is_refused(readme):
    with pytest.raises(MarkerError, match=r"README\.md needs <!-- a:begin --> and <!-- a:end -->"):
        with_texts(readme, {"a": "A"}, "README.md")
