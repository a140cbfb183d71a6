#!/bin/sh
# Checks what you hand in and zips exactly that: sh collect_submission.sh [FOLDER] [ZIP]
# FOLDER is student/ beside this script by default, ZIP is submission.zip in the current folder. Refuses, with a reason and
# exit code 1, what could not be graded.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ -x "$here/.venv/bin/python" ]; then
    python=$here/.venv/bin/python
elif command -v python3 >/dev/null 2>&1; then
    python=python3
else
    python=python
fi
find='import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, ("numpy", "pydantic", "torch"))))'
if ! "$python" -c "$find" >/dev/null 2>&1; then
    echo "collect_submission.sh: '$python' lacks the packages of the assignment: install them once with" >&2
    echo "  python3 -m venv $here/.venv" >&2
    echo "  $here/.venv/bin/python -m pip install --constraint $here/requirements.txt --editable $here" >&2
    exit 1
fi
PYTHONPATH=$here exec "$python" -m grader.collect "${1:-$here/student}" "${2:-submission.zip}"
