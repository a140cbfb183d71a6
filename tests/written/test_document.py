"""The written answers as a document: what belongs to each, and how it is printed."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grader import ROOT
from grader.authoring import notebooks
from grader.commands.collect import collect_answers
from grader.course.questions import PLACEHOLDER
from grader.written import document

SOURCE = r"""# %% [markdown]
# # Part 6: theory
#
# A story.

# %% Balance [markdown] question="6.balance" points=1
# Why does $\bar\alpha_t = 1$ balance?
#
# **Rubric**
#
# - 1 point: the forces

# %% [markdown] answer="6.balance"
# Because.

# %%
print("a picture that belongs to the answer")

# %% [markdown]
# ## Another chapter

# %%
print("no part of any answer")

# %% Fall [markdown] question="6.fall" points=1
# Why does it fall?
#
# **Rubric**
#
# - 1 point: the force

# %% [markdown] answer="6.fall"
# Because.
"""
ANSWER = "Its centre of mass, $$\\sum_i m_i x_i = 0$$ lies above."


@pytest.fixture
def handed_in(tmp_path):
    """handed_in(*cells, balance=..., fall=...) is a folder with a notebook; cells are added after an answer."""
    made = nbformat.from_dict(notebooks.notebook_of(SOURCE, "theory.py", {}, {}))

    def write(*added, **answers):
        cells = []
        for cell in made.cells:
            answer = cell.metadata.get("answer", "").partition(".")[2]
            cell.source = answers.get(answer, cell.source)
            cells += [cell, *(added if answer == "balance" else ())]
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=cells), tmp_path / "notebooks" / "theory.ipynb")
        return tmp_path / "notebooks"

    return write


def sources(document):
    return [cell.source for cell in document.cells]


# -------------------------------------------------------------------------------------------------- what belongs to it


def test_it_holds_questions_with_answers_and_what_was_added_to_them(handed_in):
    own = new_markdown_cell("## More\n\nof my own"), new_code_cell("1 + 1"), new_code_cell("")
    made, unanswered = document.document(handed_in(*own, balance=ANSWER))
    heading, question, answer, more, code, given, *rest = sources(made)
    assert (heading, answer, more, code) == ("# Part 6: theory", ANSWER, "## More\n\nof my own", "1 + 1")
    assert question.startswith("### 6.balance: Balance (1 point)")
    assert given == 'print("a picture that belongs to the answer")'
    assert [source.partition(":")[0] for source in rest] == ["### 6.fall", PLACEHOLDER]
    assert unanswered == ["6.fall"]


def test_an_answer_in_a_cell_of_its_own_counts(handed_in):
    _, unanswered = document.document(handed_in(new_markdown_cell("Here it is."), fall="It does not."))
    assert unanswered == []


def test_without_an_answer_there_is_no_document(handed_in):
    assert document.document(handed_in()) == (None, ["6.balance", "6.fall"])
    assert document.document(handed_in(balance=" ")) == (None, ["6.balance", "6.fall"])


def test_the_committed_notebooks_hold_no_answer(assignment):
    made, unanswered = document.document(ROOT / "notebooks")
    assert made is None
    assert sorted(unanswered) == sorted(question.id for question in assignment.questions)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"cells": 1, "nbformat": 4}'])
def test_a_file_that_is_no_notebook_is_told(text, tmp_path):
    (tmp_path / "part1.ipynb").write_text(text)
    with pytest.raises(document.WrittenError, match=r"part1\.ipynb is not a notebook .*: save it again, or restore it"):
        document.document(tmp_path)


# ------------------------------------------------------------------------------------------------------------ printed


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """programs(name=script, ...) are the only ones of those that print which this machine has."""

    def only(**scripts):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, script in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        monkeypatch.setattr(document, "PLACES", ())
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin-not-there")
        return folder

    return only


def exported(folder, tmp_path):
    made, _ = document.document(folder)
    return document.export(made, tmp_path / "written", folder)


PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c636000000002000148afa471"
        "0000000049454e44ae426082"
    )
).decode()


def test_chromium_prints_a_pdf(handed_in, tmp_path):
    if not any(map(shutil.which, document.BROWSERS)):
        pytest.skip("no browser is installed")
    (tmp_path / "grid.png").write_bytes(base64.b64decode(PIXEL))  # as a script leaves it in student/outputs
    path, told = exported(handed_in(balance=f"{ANSWER} ![](../grid.png)"), tmp_path)
    assert (path, told) == (tmp_path / "written.pdf", "")
    assert path.read_bytes().startswith(b"%PDF-")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True).stdout
        assert "Its centre of mass" in text
        assert "\\sum" not in text
        images = subprocess.run(["pdfimages", "-list", path], capture_output=True, text=True).stdout
        assert len(images.splitlines()) == 3  # two of them headings


def test_a_real_xelatex_sets_what_students_write(handed_in, tmp_path, monkeypatch):
    if not (shutil.which("xelatex") and shutil.which("pandoc")):
        pytest.skip("XeLaTeX and pandoc are not installed: on Debian texlive-xetex, texlive-plain-generic, pandoc")
    monkeypatch.setattr(document, "BROWSERS", ())
    monkeypatch.setattr(document, "PLACES", ())
    path, told = exported(handed_in(balance=ANSWER), tmp_path)
    assert (path, told) == (tmp_path / "written.pdf", "")
    assert path.read_bytes().startswith(b"%PDF-")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True).stdout
        assert "Its centre of mass" in text
        assert "\\sum" not in text


def test_without_a_browser_xelatex_does_it(handed_in, tmp_path, programs):
    parsed = '{"pandoc-api-version": [1, 23], "meta": {}, "blocks": []}'
    programs(
        pandoc=f"case \"$*\" in -v) echo pandoc 3.1 ;; *-t*json*) echo '{parsed}' ;; *) /bin/cat ;; esac",
        xelatex='[ "$1" = notebook.tex ] && echo "%PDF" > notebook.pdf',
        bibtex="exit 0",
    )
    path, told = exported(handed_in(balance=ANSWER), tmp_path)
    assert (path.name, path.read_text(), told) == ("written.pdf", "%PDF\n", "")


@pytest.mark.parametrize(
    "there",
    [
        {},
        {"xelatex": "exit 0"},  # without pandoc
        {"xelatex": "exit 1", "pandoc": "cat"},
        {"chromium": "exit 1"},
        {"chromium": "exit 0"},  # and nothing printed
    ],
)
def test_where_nothing_prints_it_is_html_that_needs_no_network(there, handed_in, tmp_path, programs):
    programs(**there)
    (tmp_path / "written.pdf").write_text("of yesterday")
    path, told = exported(handed_in(balance=ANSWER), tmp_path)
    assert path == tmp_path / "written.html"
    assert "this machine has no Chromium, Chrome, or XeLaTeX with pandoc" in told
    assert not (tmp_path / "written.pdf").exists()
    page = path.read_text()
    assert "<math" in page
    assert not re.search(r'<script[^>]+src="http', page)


def test_pictures_and_the_last_line_of_progress_bars_are_in_it(handed_in, tmp_path, programs):
    programs()
    bar = new_output("stream", name="stderr", text="epoch 1: 10%\repoch 1: 100%\n")
    picture = new_output("display_data", data={"image/png": PIXEL})
    page = exported(handed_in(new_code_cell("train()", outputs=[bar, picture]), balance=ANSWER), tmp_path)[
        0
    ].read_text()
    assert PIXEL in page
    assert "epoch 1: 100%" in page
    assert "epoch 1: 10%" not in page


def test_a_picture_that_is_a_file_is_in_it_and_one_that_is_not_there_does_no_harm(handed_in, tmp_path, programs):
    programs()
    folder = handed_in(balance="![](grid.png) ![](nothing.png)")
    (folder / "grid.png").write_bytes(base64.b64decode(PIXEL))
    page = exported(folder, tmp_path)[0].read_text()
    assert PIXEL in page


def test_what_no_document_can_be_made_of_is_told(handed_in, tmp_path, monkeypatch):
    monkeypatch.setattr(document, "_exporter", lambda: 1 / 0)
    with pytest.raises(document.WrittenError, match=r"nbconvert fails \(ZeroDivisionError: .*print the notebooks from"):
        exported(handed_in(balance=ANSWER), tmp_path)


def test_an_equation_that_is_not_understood_is_shown_as_it_was_written(handed_in, tmp_path, programs):
    programs()
    page = exported(handed_in(balance=r"That $\left( x$ is wrong."), tmp_path)[0].read_text()
    assert r"\left( x" in page


# ---------------------------------------------------------------------------------------------- handed in with the zip


def test_what_is_said_of_it(handed_in, tmp_path, programs):
    programs()
    zipped = tmp_path / "submission.zip"
    assert collect_answers(handed_in(), zipped)[0].startswith("no written question is answered yet: the answers belong")
    missing, made = collect_answers(handed_in(balance=ANSWER), zipped)
    assert missing == "warning: written questions without an answer: 6.fall"
    assert made.startswith(
        f"{tmp_path / 'written.html'}: your written answers, to be uploaded by themselves (not a PDF"
    )
    (tmp_path / "notebooks" / "theory.ipynb").write_text("{")
    (told,) = collect_answers(tmp_path / "notebooks", zipped)
    assert told.startswith("warning: the written answers are not collected: ")
