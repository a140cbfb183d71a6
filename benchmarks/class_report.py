"""Measures how long the report of a class takes to write, how large it is, and how fast it opens in Chromium.

    python -m benchmarks.class_report [--submissions 500] [--keep FOLDER]

The class is made up (`tests/classes.py`) and has pictures of all models. `make system-deps` installs Chromium.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.record import figure, record
from grader.course import assignment as assignments
from grader.report import publish
from tests.classes import a_class


def main():
    """Write the outputs of a class, open its report, print the figures and return them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--keep", type=Path, help="keep the outputs in this folder")
    arguments = parser.parse_args()
    assignment = assignments.load(staff=True)
    with tempfile.TemporaryDirectory() as temporary:
        grades = (arguments.keep or Path(temporary) / "grades").resolve()
        class_ = a_class(assignment, arguments.submissions, Path(temporary) / "pictures")
        begin = time.perf_counter()
        publish.write(grades, class_, assignment)
        written = time.perf_counter() - begin
        pictures = sum(len(graded.images) for graded in class_)
        print(f"{len(class_)} submissions with {pictures} pictures: written in {written:.1f} s")
        feedback = sum(path.stat().st_size for path in grades.rglob("feedback.html")) / len(class_)
        size, seconds = (grades / "report.html").stat().st_size / 1e6, opened(grades / "report.html")
        print(f"report.html {size:.1f} MB; feedback.html {feedback / 1e3:.0f} kB")
        print(f"opened in Chromium in {seconds:.2f} s, table and filters ready")
    return [
        figure(f"Writing all outputs of {len(class_)} submissions with {pictures} pictures", written, "s"),
        figure("Size of `report.html`", size, "MB"),
        figure("Mean size of a `feedback.html`", feedback / 1e3, "kB"),
        figure("Until `report.html` is open in Chromium, with its table and filters ready", seconds, "s"),
    ]


def opened(report):
    """Seconds until the page is loaded and its script has run."""
    chromium = shutil.which("chromium") or sys.exit("there is no chromium here: make system-deps")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        begin = time.perf_counter()
        page.goto(report.as_uri(), wait_until="load")
        seconds = time.perf_counter() - begin
        browser.close()
    return seconds


if __name__ == "__main__":
    record("class_report", main(), note="The class is made up.")
