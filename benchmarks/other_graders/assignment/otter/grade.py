"""Grades submissions one after another with otter's documented API. The virtual environment's Python runs it.

python grade.py AUTOGRADER.ZIP OUT.JSON SUBMISSION ...   writes {"seconds": of all, "scores": [each]}
"""

import json
import sys
import time

from otter.api import grade_submission

if __name__ == "__main__":
    autograder, out, *submissions = sys.argv[1:]
    start = time.perf_counter()
    scores = [grade_submission(s, autograder, quiet=True).total for s in submissions]
    with open(out, "w") as f:
        json.dump({"seconds": time.perf_counter() - start, "scores": scores}, f)
