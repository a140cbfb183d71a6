"""What the outputs of a class cost: seconds to write them, megabytes, and how soon the report is there in Chromium.

    python -m benchmarks.class_report [--submissions 500] [--keep FOLDER]

The class is made up (`tests/classes.py`), with pictures of all models; Chromium comes from `make system-deps`.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from grader import assignment as assignments
from grader.report import outputs
from tests.classes import a_class


def main():
    """Write the outputs of a class, open its report, print what that took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--keep", type=Path, help="a folder for the outputs, instead of one that is removed")
    arguments = parser.parse_args()
    assignment = assignments.load(staff=True)
    with tempfile.TemporaryDirectory() as temporary:
        grades = (arguments.keep or Path(temporary) / "grades").resolve()
        class_ = a_class(assignment, arguments.submissions, Path(temporary) / "pictures")
        begin = time.perf_counter()
        outputs.write(grades, class_, assignment)
        pictures = sum(len(record.images) for record in class_)
        print(f"{len(class_)} submissions with {pictures} pictures: written in {time.perf_counter() - begin:.1f} s")
        feedback = sum(path.stat().st_size for path in grades.rglob("feedback.html")) / len(class_)
        print(
            f"report.html {(grades / 'report.html').stat().st_size / 1e6:.1f} MB; feedback.html {feedback / 1e3:.0f} kB"
        )
        print(f"opened in Chromium in {opened(grades / 'report.html'):.2f} s, table and filters ready")


def opened(report):
    """Seconds until the page's script has run."""
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
    main()
