"""Puts the written answers of all notebooks into one document for TAs: a PDF where one can be printed.

Chromium prints best, because it shows equations and Unicode as browsers do. XeLaTeX with pandoc comes second. Without
either, the document is HTML, which every browser prints.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from grader.course.questions import PLACEHOLDER
from grader.runtime.errors import UserError

Cell = Any  # nbformat's, which have no types, like notebooks
Notebook = Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (  # of browsers that are not on the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
SECONDS = 180  # for printing
NO_PDF = "not a PDF, because this machine has no Chromium, Chrome, or XeLaTeX with pandoc: open it and print it as one"
STYLE = """
h1, h2, h3, strong { break-after: avoid } img, pre { break-inside: avoid }
math { font-size: 1.15em } pre { font-family: monospace; white-space: pre-wrap }
.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"] { background: none }
"""


class WrittenError(UserError):
    """The written answers cannot be collected; the message says which file is wrong and how to repair it."""


def document(folder: Path) -> tuple[Notebook | None, list[str]]:
    """Collect the questions and answers of all notebooks in a folder.

    An answer is everything up to the next given text: cells that were added, and pictures that cells have drawn.

    Returns:
        A notebook, or None if there is no answer at all; and the ids of the questions without an answer.

    Raises:
        WrittenError: a file is not a notebook.
    """
    import nbformat

    cells: list[Cell] = []
    unanswered: list[str] = []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            read = nbformat.read(path, as_version=4).cells  # type: ignore[no-untyped-call]  # nbformat has no types
        except Exception as error:  # whatever JSON holds instead of a notebook
            raise WrittenError(f"{path} is not a notebook ({error}): save it again, or restore it") from error
        sections = _sections(read)
        missing = [section[0].metadata.question for section in sections if not _is_answered(section)]
        unanswered += missing
        if len(missing) < len(sections):
            first_line = read[0].source.partition("\n")[0]
            title = nbformat.v4.new_markdown_cell(first_line)  # type: ignore[no-untyped-call]  # nbformat has no types
            cells += [title, *(cell for section in sections for cell in section)]
    if not cells:
        return None, unanswered
    return nbformat.v4.new_notebook(cells=cells), unanswered  # type: ignore[no-untyped-call]  # nbformat has no types


def _sections(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Split off the cells of each question: itself, and all up to the next question or given text."""
    sections: list[list[Cell]] = []
    inside = False
    for cell in cells:
        if "question" in cell.metadata:
            sections.append([])
        inside = "question" in cell.metadata or (inside and "given" not in cell.metadata)
        if inside and (cell.source.strip() or cell.get("outputs")):
            sections[-1].append(cell)
    return sections


def _is_answered(section: Sequence[Cell]) -> bool:
    return any(cell.cell_type == "markdown" and cell.source.strip() != PLACEHOLDER for cell in section[1:])


def export(made: Notebook, target: Path, notebooks: Path) -> tuple[Path, str]:
    """Write a document.

    Args:
        made: what `document` returned.
        target: path of the file, without its ending.
        notebooks: folder to which the paths of pictures are relative.

    Returns:
        The file, a PDF or HTML; and what a student must know about it, '' if nothing.

    Raises:
        WrittenError: nbconvert cannot make a document of it.
    """
    resources = {"metadata": {"path": str(notebooks), "name": "Written answers"}}
    try:
        page = _exporter().from_notebook_node(made, resources)[0]
    except Exception as error:  # nbconvert raises nearly anything, depending on what cells hold
        problem = f"{type(error).__name__}: {error}"
        raise WrittenError(f"nbconvert fails ({problem}): print the notebooks from Jupyter's menu") from error
    page = page.replace("</head>", f"<style>{STYLE}</style></head>", 1)
    as_pdf, as_html = target.with_suffix(".pdf"), target.with_suffix(".html")
    for old in (as_pdf, as_html):  # of an earlier run, perhaps of the other kind
        old.unlink(missing_ok=True)
    if pdf := _by_browser(page, target.parent, notebooks) or _by_latex(made, resources):
        as_pdf.write_bytes(pdf)
        return as_pdf, ""
    as_html.write_text(page, encoding="utf-8")
    return as_html, NO_PDF


def _by_browser(page: str, beside: Path, notebooks: Path) -> bytes | None:
    """Print a page of HTML to a PDF with a browser; None if there is none, or if it fails."""
    on_path = filter(None, map(shutil.which, BROWSERS))
    browser = next(iter([*on_path, *(place for place in PLACES if Path(place).exists())]), None)
    if not browser:
        return None
    with tempfile.TemporaryDirectory(dir=beside) as temporary:  # some browsers see nothing outside the home folder
        folder = Path(temporary).resolve()
        source, pdf = folder / "written.html", folder / "written.pdf"
        base = f'<base href="{notebooks.resolve().as_uri()}/">'  # pictures in other folders are not embedded
        source.write_text(page.replace("<head>", f"<head>{base}", 1), encoding="utf-8")
        as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # as root it needs this
        command = [browser, "--headless", "--disable-gpu", *as_root, f"--user-data-dir={folder / 'profile'}"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={pdf}", source.as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
            return pdf.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None


def _by_latex(made: Notebook, resources: dict[str, Any]) -> bytes | None:
    """Make a PDF with XeLaTeX and pandoc, which nbconvert calls; None if one of them is missing or fails."""
    from nbconvert import PDFExporter

    if not (shutil.which("xelatex") and shutil.which("pandoc")):
        return None
    try:
        pdf, _ = PDFExporter().from_notebook_node(made, resources)  # type: ignore[no-untyped-call]  # nbconvert's
    except Exception:  # for TeX that it does not know, for instance
        return None
    return bytes(pdf)


@functools.cache
def _exporter() -> Any:
    """Make nbconvert's exporter write equations that browsers show by themselves, instead of loading MathJax."""
    from jinja2 import pass_context
    from latex2mathml.converter import convert
    from nbconvert import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    class Renderer(IPythonRenderer):
        def inline_math(self, body: str) -> str:
            return _mathml(convert, body, "inline", super().inline_math)

        def block_math(self, body: str) -> str:
            return _mathml(convert, body, "block", super().block_math)

        def latex_environment(self, name: str, body: str) -> str:
            return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    class Exporter(HTMLExporter):
        @pass_context
        def markdown2html(self, context: Any, source: str) -> str:
            attachments = context.get("cell", {}).get("attachments", {})
            path = context.get("resources", {}).get("metadata", {}).get("path", "")
            renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=path)
            return MarkdownWithMath(renderer=renderer).render(source)

    exporter: Any = Exporter(embed_images=True, mathjax_url="", jquery_url="", require_js_url="")  # type: ignore[no-untyped-call]  # nbconvert has few types
    exporter.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)  # keeps the last line of a progress bar
    return exporter


def _mathml(convert: Callable[..., str], body: str, display: str, otherwise: Callable[[str], str]) -> str:
    try:
        return convert(body, display=display)
    except Exception:  # for TeX that it does not know; a TA can read the source
        return otherwise(body)
