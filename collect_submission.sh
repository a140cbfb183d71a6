#!/bin/sh
# Checks what you hand in and zips exactly that: sh collect_submission.sh [FOLDER] [ZIP]
# FOLDER is student/ by default, ZIP is submission.zip. Refuses, with a reason and exit code 1, what could not be graded.
set -eu

cd "$(dirname "$0")"
folder=${1:-student}
zip=${2:-submission.zip}

if [ -x .venv/bin/python ]; then
    python=.venv/bin/python
elif command -v python3 >/dev/null 2>&1; then
    python=python3
else
    python=python
fi
if ! "$python" -c "import grader, pydantic, torch" >/dev/null 2>&1; then
    echo "collect_submission.sh: '$python' lacks the packages of the assignment: run 'make demo' once, or" >&2
    echo "  $python -m pip install -e ." >&2
    exit 1
fi
exec "$python" -m grader.collect "$folder" "$zip"
