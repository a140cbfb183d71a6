#!/bin/sh
# Checks the files you hand in and zips exactly those: sh collect_submission.sh [FOLDER] [ZIP]
# FOLDER defaults to student/ next to this script, ZIP to submission.zip in the current folder. If your files cannot be
# graded, it says why and exits with 1.
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
    echo "collect_submission.sh: '$python' does not have the packages that the grader needs. Install them once:" >&2
    echo "  python3 -m venv $here/.venv" >&2
    echo "  $here/.venv/bin/python -m pip install --constraint $here/requirements.txt --editable $here" >&2
    exit 1
fi
PYTHONPATH=$here exec "$python" -m grader.commands.collect "${1:-$here/student}" "${2:-submission.zip}"
