"""The written answers of all notebooks in one document, for those who mark them: a PDF where one can be printed.

Chromium prints best, for it shows equations and Unicode as browsers do; XeLaTeX with pandoc is the other way. Where
neither is there the document is HTML, which every browser prints.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from grader.questions import PLACEHOLDER

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (  # of browsers that are not on the PATH
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
SECONDS = 180  # for printing
STYLE = """
h1, h2, h3, strong { break-after: avoid } img, pre { break-inside: avoid }
math { font-size: 1.15em } pre { font-family: monospace; white-space: pre-wrap }
.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"] { background: none }
"""


class WrittenError(Exception):
    """The written answers cannot be collected; the message says which file is wrong and what mends it."""


def document(folder: Path):
    """The questions with their answers, of all notebooks in a folder.

    To an answer belongs all up to the next given text: cells that were added, and pictures that cells have drawn.

    Returns:
        A notebook, None if there is no answer at all; and the ids of the questions that have none.

    Raises:
        WrittenError: a file is no notebook.
    """
    import nbformat

    cells, unanswered = [], []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            found = nbformat.read(path, as_version=4).cells
        except Exception as error:  # whatever JSON holds instead of a notebook
            raise WrittenError(f"{path} is not a notebook ({error}): save it again, or restore it") from error
        sections = _sections(found)
        missing = [section[0].metadata.question for section in sections if not _is_answered(section)]
        unanswered += missing
        if len(missing) < len(sections):
            title = nbformat.v4.new_markdown_cell(found[0].source.partition("\n")[0])
            cells += [title, *(cell for section in sections for cell in section)]
    return (nbformat.v4.new_notebook(cells=cells) if cells else None), unanswered


def _sections(cells):
    """The cells of each question: itself, and all up to the next one or to the next given text."""
    sections, inside = [], False
    for cell in cells:
        if "question" in cell.metadata:
            sections.append([])
        inside = "question" in cell.metadata or (inside and "given" not in cell.metadata)
        if inside and (cell.source.strip() or cell.get("outputs")):
            sections[-1].append(cell)
    return sections


def _is_answered(section):
    return any(cell.cell_type == "markdown" and cell.source.strip() != PLACEHOLDER for cell in section[1:])


def export(made, target: Path, notebooks: Path) -> tuple[Path, str]:
    """Write a document.

    Args:
        made: as from `document`.
        target: of the file, without its ending.
        notebooks: folder to which the paths of pictures are relative.

    Returns:
        The file, a PDF or HTML; and what a student must know of it, '' if nothing.

    Raises:
        WrittenError: there is something in it of which no document can be made.
    """
    resources = {"metadata": {"path": str(notebooks), "name": "Written answers"}}
    try:
        page = _exporter().from_notebook_node(made, resources)[0]
    except Exception as error:  # nbconvert's, of whatever cells hold
        told = f"{type(error).__name__}: {error}"
        raise WrittenError(f"nbconvert fails ({told}): print the notebooks from Jupyter's menu") from error
    page = page.replace("</head>", f"<style>{STYLE}</style></head>", 1)
    as_pdf, as_html = target.with_suffix(".pdf"), target.with_suffix(".html")
    for old in (as_pdf, as_html):  # of another day, perhaps of another kind
        old.unlink(missing_ok=True)
    if pdf := _by_browser(page, target.parent, notebooks) or _by_latex(made, resources):
        as_pdf.write_bytes(pdf)
        return as_pdf, ""
    as_html.write_text(page, encoding="utf-8")
    return as_html, "no PDF, for neither Chromium, Chrome nor XeLaTeX with pandoc is here: open it and print it as one"


def _by_browser(page, beside, notebooks):
    """A page of HTML as a PDF that a browser has printed; None without one, or if it fails."""
    on_path = filter(None, map(shutil.which, BROWSERS))
    browser = next(iter([*on_path, *(place for place in PLACES if Path(place).exists())]), None)
    if not browser:
        return None
    with tempfile.TemporaryDirectory(dir=beside) as temporary:  # some browsers see nothing outside the home folder
        folder = Path(temporary).resolve()
        source, pdf = folder / "written.html", folder / "written.pdf"
        base = f'<base href="{notebooks.resolve().as_uri()}/">'  # of pictures in other folders, which are not embedded
        source.write_text(page.replace("<head>", f"<head>{base}", 1), encoding="utf-8")
        as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # it does not run with one
        command = [browser, "--headless", "--disable-gpu", *as_root, f"--user-data-dir={folder / 'profile'}"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={pdf}", source.as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
            return pdf.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None


def _by_latex(made, resources):
    """A notebook as a PDF that XeLaTeX has set, which nbconvert calls with pandoc; None without, or if it fails."""
    from nbconvert import PDFExporter

    if not (shutil.which("xelatex") and shutil.which("pandoc")):
        return None
    try:
        return PDFExporter().from_notebook_node(made, resources)[0]
    except Exception:  # of TeX that it does not know, for instance
        return None


@functools.cache
def _exporter():
    """nbconvert's exporter, with equations that browsers show by themselves, where it would load MathJax."""
    from jinja2 import pass_context
    from latex2mathml.converter import convert
    from nbconvert import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    class Renderer(IPythonRenderer):
        def inline_math(self, body):
            return _mathml(convert, body, "inline", super().inline_math)

        def block_math(self, body):
            return _mathml(convert, body, "block", super().block_math)

        def latex_environment(self, name, body):
            return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    class Exporter(HTMLExporter):
        @pass_context
        def markdown2html(self, context, source):
            attachments = context.get("cell", {}).get("attachments", {})
            path = context.get("resources", {}).get("metadata", {}).get("path", "")
            renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=path)
            return MarkdownWithMath(renderer=renderer).render(source)

    exporter = Exporter(embed_images=True, mathjax_url="", jquery_url="", require_js_url="")
    exporter.register_preprocessor(CoalesceStreamsPreprocessor, enabled=True)  # of a progress bar, its last line
    return exporter


def _mathml(convert, body, display, otherwise):
    try:
        return convert(body, display=display)
    except Exception:  # of TeX that it does not know; a TA can read the source
        return otherwise(body)
