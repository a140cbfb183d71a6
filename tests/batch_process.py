"""`grader batch` as a process of its own, for tests that interrupt it: `python -m tests.batch_process batch ...`.

It writes `records.json` instead of the reports, and searches for no similar code: both have tests of their own.
"""

import json

from grader.report import publish
from grader.report.record import verdict_to_json
from grader.similarity import pairs
from grader.util import files


def write(grades, records, assignment, similar=(), changes=()):
    """Replaces `grader.report.publish.write`."""
    content = {
        "records": {
            r.submission: {
                "late": r.late,
                "students": [student.name for student in r.students],
                "problem": r.problem,
                "complete": r.complete,
                "verdicts": {v.case.id: [str(v.outcome), v.points, v.message] for v in r.verdicts},
                "total": r.total.earned,
            }
            for r in records
        },
        "changes": [vars(change) for change in changes],
        "verdicts": [verdict_to_json(v) for r in records for v in r.verdicts],
    }
    files.replace(grades / "records.json", json.dumps(content).encode())


def install(put=setattr):
    """Put both in place, with setattr or a monkeypatch's."""
    put(publish, "write", write)
    put(pairs, "pairs", lambda *_: [])


if __name__ == "__main__":
    install()
    from grader.commands.staff import main

    main()
