"""Written questions: what is asked comes out of the sources, and what we would answer stays there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from matplotlib import mathtext
from PIL import Image

from grader import ROOT
from grader.authoring import notebooks
from grader.course import assignment as assignments
from grader.course.questions import QuestionError, read_questions
from grader.runtime.case import Question

SOURCE = """# %% [markdown]
# # Part 6
#
# A story.

# %% Balance [markdown] question="6.balance" points=1.5
# Why does $m = 1$ balance?
#
# **Rubric**
#
# - 1 point: the forces,
#   all of them
# - 0.5 points: the moments

# %% [markdown] answer="6.balance"
# Because the centre of mass lies above its support.

# %%
import math

%matplotlib inline
# a comment
"""
QUESTION = SOURCE[SOURCE.index("# %% Balance") : SOURCE.index("# %% [markdown] answer")]
ANSWER = '# %% [markdown] answer="6.balance"\n# Because.\n'


PRELUDE = '# %% prelude="first"\n'
FIRST = '# %%\nX = ""\n\n# %% jupyter={"source_hidden": true} cellView="form"\nimport os'
SHARED = {"notation": "| $x$ |", "preludes/first.py": FIRST}
INCLUDE = '# %% [markdown] include="notation"\n'


def notebook(source, taken=None):
    return notebooks.notebook_of(source, "theory.py", {} if taken is None else taken, SHARED)


# ------------------------------------------------------------------------------------------------------- generator


def test_a_question_gets_a_heading_an_answer_gives_way_and_all_else_is_passed_on():
    made = notebook(SOURCE)["cells"]
    assert [(cell["cell_type"], cell["metadata"]) for cell in made] == [
        ("markdown", {"given": True}),
        ("markdown", {"question": "6.balance", "points": 1.5, "title": "Balance"}),
        ("markdown", {"answer": "6.balance"}),
        ("code", {}),
    ]
    assert made[0]["source"] == "# Part 6\n\nA story."
    assert made[1]["source"] == (
        "### 6.balance: Balance (1.5 points)\n\nWhy does $m = 1$ balance?\n\n**Rubric**\n\n- 1 point: the forces,\n"
        "  all of them\n- 0.5 points: the moments"
    )
    assert made[2]["source"] == "*Your answer here.*"
    assert made[3]["source"] == "import math\n\n%matplotlib inline\n# a comment"
    assert (made[3]["outputs"], made[3]["execution_count"]) == ([], None)


def test_a_text_that_several_notebooks_share_is_included():
    made = notebook(INCLUDE + "\n# %%\n1\n")["cells"]
    assert [(cell["cell_type"], cell["source"], cell["metadata"]) for cell in made] == [
        ("markdown", "| $x$ |", {"given": True}),
        ("code", "1", {}),
    ]


def test_cells_that_several_notebooks_begin_with_stand_before_the_one_that_names_them():
    made = notebook(PRELUDE + "begin()\n")["cells"]
    assert [(cell["source"], cell["metadata"]) for cell in made] == [
        ('X = ""', {}),
        ("import os", {"jupyter": {"source_hidden": True}, "cellView": "form"}),
        ("begin()", {}),
    ]


def test_one_point_is_not_points():
    one = QUESTION.replace("points=1.5", "points=1").replace("- 0.5 points: the moments\n", "- 0 points: the moments\n")
    assert notebook(one + ANSWER)["cells"][0]["source"].startswith("### 6.balance: Balance (1 point)\n")


def test_cells_keep_their_ids_when_others_come():
    ids = [cell["id"] for cell in notebook(SOURCE)["cells"]]
    more = "# %% [markdown]\n# New.\n\n# %%\nimport math\n\n" + SOURCE
    with_others = [cell["id"] for cell in notebook(more)["cells"]]
    assert with_others[2:] == ids
    assert ids[1:3] == ["question-6-balance", "answer-6-balance"]
    assert len(set(with_others)) == len(with_others)


def test_equal_cells_have_different_ids():
    ids = [cell["id"] for cell in notebook("# %%\n1\n# %%\n1\n# %%\n1\n")["cells"]]
    assert len(set(ids)) == 3
    assert ids[1:] == [f"{ids[0]}-2", f"{ids[0]}-3"]


def changed(old, new, text=QUESTION + ANSWER):
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (changed(" points=1.5", ' points=1.5 tag="x"'), "line 1: unknown metadata in a question cell: tag = 'x'"),
        (changed("points=1.5", 'points=1.5 "'), "line 1: unknown metadata in an ordinary cell: incorrectly_encoded"),
        (changed('answer="6.balance"', 'answer="6.balance" points=1'), "line 10: unknown metadata in an answer cell"),
        ("# %%\n1\n\n# %% [markdwn]\n# text\n", "line 4: unknown metadata in an ordinary cell: title = '[markdwn]'"),
        (changed("Balance [markdown] q", "Balance q"), "line 1: the question 6.balance is in a code cell: write"),
        (changed("[markdown] answer", "answer"), "line 10: the answer 6.balance is in a code cell"),
        (QUESTION, "line 1: no answer follows: add a cell `# %% [markdown] answer=\"6.balance\"`"),
        (QUESTION + "# %%\n1\n", "line 10: the answer to 6.balance must follow it: add a cell"),
        (QUESTION + changed("balance", "other", ANSWER), "line 10: the answer to 6.balance must follow it"),
        (QUESTION + QUESTION, "line 10: the answer to 6.balance must follow it"),
        ("# %%\n1\n\n" + ANSWER, "line 4: an answer to 6.balance, but the cell before does not ask that"),
        (QUESTION + ANSWER + ANSWER, "line 12: an answer to 6.balance, but the cell before does not ask that"),
        (QUESTION + ANSWER.splitlines()[0] + "\n", "line 10: the answer to 6.balance is empty"),
        (changed("notation", "nothing", INCLUDE), "line 1: there is no nothing.md to include; there is: notation"),
        (INCLUDE + "# A text.\n", "line 1: notation.md would replace the text of this cell: leave it empty"),
        (changed("[markdown] ", "", INCLUDE), "line 1: the include notation is in a code cell"),
        (QUESTION + INCLUDE, "line 10: the answer to 6.balance must follow it"),
        (changed("first", "last", PRELUDE) + "1\n", "line 1: there is no preludes/last.py to put before this cell"),
        (changed("prelude", "[markdown] prelude", PRELUDE) + "# 1\n", "the prelude first is in a markdown cell"),
        (2 * (QUESTION + ANSWER), "line 12: 6.balance is taken already, by theory.py, line 1: give the"),
        (changed('question="6.balance"', 'question="balance"'), "line 1: question = 'balance' must be a part"),
        (changed('question="6.balance"', 'question="balance.6"'), "line 1: question = 'balance.6' must be a part"),
        (changed('question="6.balance"', "question=6.1"), "line 1: question = 6.1 must be a part and a name"),
        (changed("Balance ", ""), "line 1: 6.balance has no title: write it after `# %%`"),
        (changed(" points=1.5", ""), "line 1: 6.balance needs points=..., a number above 0 and at most 100, not None"),
        (changed("points=1.5", 'points="many"'), "not 'many'"),
        (changed("points=1.5", "points=true"), "not True"),
        (changed("points=1.5", "points=0"), "not 0"),
        (changed("points=1.5", "points=101"), "not 101"),
        (changed("points=1.5", "points=2"), "line 1: the rubric of 6.balance adds up to 1.5 points, but the question"),
        (changed("- 0.5 points: the moments\n", ""), "the rubric of 6.balance adds up to 1 points, but the question"),
        (changed("# **Rubric**\n", ""), "line 1: 6.balance needs a text, and then a line **Rubric** before what earns"),
        (changed("# Why does $m = 1$ balance?\n#\n", ""), "line 1: 6.balance needs a text, and then a line **Rubric**"),
        (changed("- 0.5 points: the", "- half a point: the"), "write '- 1 point: what for' (and indent lines"),
        (changed("#   all of them", "# all of them"), "(and indent lines that go on), not 'all of them'"),
        (changed("- 0.5 points: the moments", "- 0.5 points:"), "not '- 0.5 points:'"),
        ('"""A script."""\n' + SOURCE, "line 1: has 5 cells, but 4 lines that begin with '# %%'"),
        ('# %%\ns = """\n# %% no cell\n"""\n', "line 1: has 1 cells, but 2 lines that begin with '# %%'"),
        ("", "line 1: has 0 cells"),
    ],
)  # fmt: skip
def test_a_wrong_source_is_refused_with_file_and_line(source, message):
    with pytest.raises(QuestionError, match="^theory.py, .*" + re.escape(message)):
        notebook(source)


@pytest.fixture
def sources(tmp_path):
    """sources(name='text', ...) is an assignment with these sources of notebooks, and one case."""

    def write(**texts):
        folder = tmp_path / "notebooks" / "source"
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / f"{name}.py").write_text(text)
        parts = [SimpleNamespace(notebook=name) for name in texts]
        return SimpleNamespace(notebooks=folder.parent, parts=parts, cases=[SimpleNamespace(id="6.kl")])

    return write


def test_an_id_belongs_to_one_question_of_all_notebooks_and_to_no_case(sources):
    with pytest.raises(QuestionError, match=r"b\.py, line 1: 6\.balance is taken already, by a\.py, line 1"):
        notebooks.build(sources(a=QUESTION + ANSWER, b=QUESTION + ANSWER))


def test_a_question_may_not_be_called_as_a_case_is(sources):
    with pytest.raises(QuestionError, match=r"a\.py, line 1: 6\.kl is taken already, by a case"):
        notebooks.build(sources(a=(QUESTION + ANSWER).replace("6.balance", "6.kl")))


def test_what_is_built_is_read_back_and_the_same_every_time(sources):
    assignment = sources(b=SOURCE, a=(QUESTION + ANSWER).replace("6.balance", "1.lever"))
    built = notebooks.build(assignment)
    made, questions = built.texts, built.questions
    assert notebooks.build(assignment) == built
    assert questions == [Question("1.lever", "Balance", 1.5), Question("6.balance", "Balance", 1.5)]
    for name, text in made.items():
        (assignment.notebooks / name).write_text(text)
    assert read_questions(assignment.notebooks) == questions


# --------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "<<<<<<< HEAD\n",
        '{"cells": [{}]}',
        '{"cells": [{"metadata": {"question": "6.a"}}]}',
    ],
)
def test_a_damaged_notebook_is_named_with_its_remedy(text, tmp_path):
    (tmp_path / "theory.ipynb").write_text(text)
    with pytest.raises(QuestionError, match=r"theory\.ipynb is not a notebook .*: restore it with `git checkout "):
        read_questions(tmp_path)


def test_a_folder_without_notebooks_is_no_assignment_without_questions(tmp_path):
    with pytest.raises(QuestionError, match="holds no notebooks with the written questions: run `grader update`"):
        read_questions(tmp_path)


def test_reading_questions_needs_neither_jupytext_nor_nbformat():
    looked = "import sys; from grader.commands import staff; staff.assignments.load().questions[0]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", looked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"grader.course.questions", "json"} <= set(done.stdout.split())
    assert not {"jupytext", "nbformat", "nbconvert", "torch"} & set(done.stdout.split())


# ------------------------------------------------------------------------------------------------- this repository


@pytest.fixture(scope="module")
def assignment():
    return assignments.load(staff=True)


def reference_answers():
    """Text of every reference answer by id, found without the code under test."""
    found = {}
    for path in sorted((ROOT / "notebooks" / "source").glob("*.py")):
        for cell in re.split(r"^# %%", path.read_text(), flags=re.MULTILINE):
            if named := re.match(r'.*\banswer="([^"]+)"\n', cell):
                found[named[1]] = "\n".join(line.removeprefix("#").strip() for line in cell.splitlines()[1:])
    return found


def plain(text):
    return re.sub(r"\W+", " ", text).strip()


def sentences(text):
    """The sentences of a text that are long enough to be its own, without punctuation."""
    return {plain(s) for s in re.split(r"[.?!:][)*]*\s|\$\$|\n\n", text) if len(plain(s)) > 25}


def generated_texts():
    """Every text that students get and that is made by `grader update`, by path."""
    texts = {path: path.read_text() for path in (ROOT / "student").glob("*.py")}
    texts |= {path: path.read_text() for path in [ROOT / "README.md", *(ROOT / "test_resources").glob("*.txt")]}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        texts[path] = path.read_text()
        texts[path / "cells"] = "\n".join("".join(cell["source"]) for cell in json.loads(texts[path])["cells"])
    return texts


def leaks(texts):
    secret = {sentence for answer in reference_answers().values() for sentence in sentences(answer)}
    assert len(secret) > 100
    return {(path, s) for path, text in texts.items() for shown in [plain(text)] for s in secret if s in shown}


def test_no_sentence_of_a_reference_answer_is_in_a_generated_file(assignment):
    texts = generated_texts()
    assert {path.name for path in texts} >= {"README.md", "models.py", "part1.ipynb", "part2.ipynb", "theory.ipynb"}
    assert leaks(texts) == set()


def test_a_sentence_that_leaks_would_be_found():
    notebook = json.loads((ROOT / "notebooks" / "theory.ipynb").read_text())
    answer = next(iter(reference_answers().values()))
    notebook["cells"].append({"cell_type": "markdown", "source": answer.splitlines(keepends=True)})
    shown = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    assert leaks({"theory": shown}) == {("theory", sentence) for sentence in sentences(answer)} != set()


def test_every_question_has_a_reference_answer_and_the_committed_notebooks_are_those_of_the_sources(assignment):
    built = notebooks.build(assignment)
    made, questions = built.texts, built.questions
    assert {path.name: path.read_text() for path in assignment.notebooks.glob("*.ipynb")} == made
    assert assignment.questions == questions
    assert [question.id for question in questions] == list(reference_answers())


def test_the_formulas_of_shared_texts_are_shown_by_github_and_jupyter_alike(assignment):
    texts = notebooks.shared_texts(assignment)
    assert "notation" in texts
    for text in texts.values():
        assert {line.count("$") % 2 for line in text.splitlines()} == {0}
        assert {len(re.split(r"(?<!\\)\|", line)) for line in text.splitlines()} == {5}  # no formula holds a '|'
        for formula in re.findall(r"\$(.*?)\$", text):
            assert formula.strip() == formula
            assert not re.search(
                r"\\[^a-z]", formula
            )  # as `\,` and `\{`, of which GitHub's Markdown takes the backslash
            mathtext.MathTextParser("agg").parse(f"${formula}$")


def test_the_notebooks_are_valid_and_hold_no_output(assignment):
    for path in assignment.notebooks.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert [cell for cell in notebook.cells if cell.get("outputs")] == []
        assert [c.source for c in notebook.cells if "answer" in c.metadata] == ["*Your answer here.*"] * sum(
            "question" in c.metadata for c in notebook.cells
        )


def test_written_and_autograded_points_add_up_to_those_of_the_courses(assignment):
    def points(part):
        graded = (*assignment.cases, *assignment.questions, *assignment.policy.accuracy.values())
        return sum(x.points for x in graded if x.part == part)

    assert points(2) == 21
    assert sum(q.points for q in assignment.questions if q.part == 1) == 4
    assert sum(q.points for q in assignment.questions if q.part == 6) == 20


def test_the_figures_of_part_2s_reference_answers_are_right():
    def alpha_bars(steps, low=1e-4, high=0.02):
        return np.cumprod(1 - np.linspace(low, high, steps))

    schedule = reference_answers()["2.last_alpha_bar"]
    for value, told in [
        (alpha_bars(1000)[-1], r"\bar\alpha_{999} = 4.0 \cdot 10^{-5}"),
        (alpha_bars(100)[-1], r"\bar\alpha_{99} = 0.364"),
        (alpha_bars(100, 1e-3, 0.2)[-1], r"\bar\alpha_{99} = 2.0 \cdot 10^{-5}"),
        (alpha_bars(1000)[-1] ** 0.5, r"\sqrt{\bar\alpha} = 0.006"),
    ]:
        assert told in schedule
        figure = re.sub(r" \\cdot 10\^\{(-\d+)\}", r"e\1", told.split(" = ")[1])
        digits = len(re.sub(r"e.*|^0\.0*|\.", "", figure))
        assert float(figure) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits))
    betas = np.linspace(1e-4, 0.02, 1000)
    weights = betas / (2 * (1 - betas) * (1 - alpha_bars(1000)))
    assert "0.27 at $t = 1$ and 0.01 at $t = 999$" in reference_answers()["2.simple_loss"]
    assert (round(weights[1], 2), round(weights[999], 2)) == (0.27, 0.01)
    assert "27 times more" in reference_answers()["2.simple_loss"]
    assert round(weights[1] / weights[999]) == 27


def test_the_figures_of_part_2s_grids_are_right():
    def grid(name):  # 3 classes of 4 images, each pixel drawn twice in both directions
        pixels = np.asarray(Image.open(ROOT / "test_resources" / "grids" / f"cifar10_w_{name}.png").convert("RGB"))
        return pixels[::2, ::2].astype(float).reshape(3, 32, 4, 32, 3).transpose(0, 2, 1, 3, 4).reshape(3, 4, -1)

    told = reference_answers()["2.generated_images"].replace("\n", " ")
    assert "within an image rises from 45 to 59, and that between images of a class falls from 49 to 42" in told
    assert [round(grid(name).std(2).mean()) for name in ("0", "5")] == [45, 59]
    assert [round(grid(name).std(1).mean()) for name in ("0", "5")] == [49, 42]
    assert "from 3% at $w = 0$ to 9% at $w = 5$. With thresholding it is 0.4% and 1%" in told
    cut = [100 * np.isin(grid(name), (0, 255)).mean() for name in ("0", "5", "0_threshold", "5_threshold")]
    assert [f"{share:.1g}" for share in cut] == ["3", "9", "0.4", "1"]
