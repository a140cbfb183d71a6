"""The loop of `grader watch`: saves, keys and verdicts come in; a thread beside it grades one case at a time."""

from __future__ import annotations

import math
import queue
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from grader.course.assignment import Assignment
from grader.grading.goldens import Known
from grader.grading.hints import STEPS
from grader.runtime.case import Case, Verdict
from grader.sandbox.tier import Tier
from grader.submission.archive import SubmissionError
from grader.watch import touched
from grader.watch.keyboard import QUIT
from grader.watch.progress import Gist, Progress, gist, passes
from grader.watch.screen import Screen
from grader.watch.snapshot import Snapshot
from grader.watch.underway import Run, Running, run_of

PATIENCE = 0.3  # seconds that a case may take to end by itself after a save: without fork, ending it costs an import
GLANCE = 0.1  # seconds after which the loop wakes up in any case; on Windows it hears Ctrl-C only then

Event = Callable[[], object] | None  # a function to call; None ends the loop


class Session:
    """Watches until QUIT is pressed.

    Args:
        assignment: what is asked.
        cases: the cases to watch.
        tier: a fork server or what stands for one; closed at the end.
        known: what the judge knows of the public seed.
        folder: of the student's files.
        screen: where everything is printed.
    """

    def __init__(
        self, assignment: Assignment, cases: Sequence[Case], tier: Tier, known: Known, folder: Path, screen: Screen
    ):
        self._assignment, self._tier, self._known = assignment, tier, known
        self._folder, self._screen = folder, screen
        self._modules, self._progress = touched.modules_of(cases), Progress(cases)
        self._snapshot: Snapshot | None = None  # the latest
        self._texts: dict[str, bytes] = {}  # of the modules in it
        self._running: Running | None = None
        self._run: Run | None = None
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._thread = ThreadPoolExecutor(1)
        self._hinted: tuple[tuple[str, Gist] | None, int] = None, 0  # what the last hint was about, and the next step
        self._keys = {"h": self._hint, "l": self._list, "n": self._skip, "r": self._rerun}

    def saved(self) -> None:
        """Report, from any thread, that files have changed."""
        self._events.put(self._saved)

    def pressed(self, key: str) -> None:
        """Report, from any thread, that a key was pressed."""
        self._events.put(None if key == QUIT else self._keys.get(key, self._screen.keys))

    def run(self) -> None:
        """Grade everything, then what saves touch, until QUIT is pressed."""
        try:
            self._screen.watching(self._progress.cases)
            self._saved()
            while event := self._next_event():
                event()
        finally:
            self._screen.idle()
            self._tier.close()  # which ends what runs
            self._thread.shutdown()
            for snapshot in {self._snapshot, self._running and self._running.snapshot}:
                if snapshot:
                    snapshot.close()

    def _next_event(self) -> Event:
        while True:
            if self._running and time.monotonic() > self._running.give_up:
                self._running.give_up = math.inf
                self._tier.abandon()
            try:
                return self._events.get(timeout=GLANCE)
            except queue.Empty:
                continue

    # ------------------------------------------------------------------------------------------------ what is graded

    def _saved(self) -> None:
        try:
            snapshot = Snapshot(self._assignment, self._tier, self._known, self._folder)
        except SubmissionError as error:
            self._screen.problem(f"{error}: waiting for them")
            self._texts = {}  # whatever comes back counts as saved
            return
        before, after = self._texts, snapshot.texts
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if not changed:
            snapshot.close()
            return
        answered = {todo for name in changed for todo in touched.answered(before.get(name, b""), after.get(name, b""))}
        self._texts = after
        self._replace(snapshot)
        cases = [case for case in self._progress.cases if snapshot.loaded(self._modules[case.id]) & set(changed)]
        self._grade(snapshot, cases, changed if before else [], answered)

    def _replace(self, snapshot: Snapshot) -> None:
        if self._snapshot and not (self._running and self._running.snapshot is self._snapshot):
            self._snapshot.close()
        self._snapshot = snapshot

    def _rerun(self) -> None:
        if self._snapshot and self._texts:
            self._grade(self._snapshot, self._progress.cases)
        else:  # the files were gone
            self._saved()

    def _grade(
        self,
        snapshot: Snapshot,
        cases: Sequence[Case],
        changed: Sequence[str] = (),
        answered: Collection[str] = frozenset(),
    ) -> None:
        """Grade these cases, and those that were waiting already.

        Args:
            snapshot: the latest.
            cases: any number of them.
            changed: modules that were saved; none if everything is graded.
            answered: TODOs that were answered in them.
        """
        blocked = snapshot.blocked(self._modules)
        self._announce(cases, changed, blocked)
        touched_ids = {case.id for case in cases} if changed else set()
        due = self._due(cases, blocked)
        self._progress.wait(due, touched_ids, self._most_urgent(answered))
        if not (due or self._running):
            return
        self._run = run_of(cases, touched_ids, len(due), self._progress, self._run)
        if not self._running:
            self._begin()
        elif self._running.wanted:
            self._running.wanted, self._running.give_up = False, time.monotonic() + PATIENCE

    def _announce(self, cases: Sequence[Case], changed: Sequence[str], blocked: dict[str, str]) -> None:
        """Print what was saved, and what must be repaired before these cases can be graded."""
        if changed:
            self._screen.saved([f"{module}.py" for module in changed], len(cases))
        problems = Counter(blocked[case.id] for case in cases if case.id in blocked)
        for problem, count in sorted(problems.items()):
            self._screen.problem(problem, count)

    def _due(self, cases: Sequence[Case], blocked: Collection[str]) -> list[Case]:
        """These cases, the waiting ones and the one that runs, in the order of the assignment, unless blocked."""
        running = [self._running.case] if self._running else []
        ids = {case.id for case in (*cases, *self._progress.waiting, *running)}
        return [case for case in self._progress.cases if case.id in ids and case.id not in blocked]

    def _most_urgent(self, answered: Collection[str]) -> set[str]:
        """The ids of the cases whose TODO was just answered, and of the one that the student looks at."""
        ids = {id for id, verdict in self._progress.verdicts.items() if gist(verdict)[1] in answered}
        if self._run and self._run.explained:  # a student who saves again so soon looks at this one
            ids.add(self._run.explained.id)
        return ids

    def _begin(self) -> None:
        """Begin with the next case; finish the run if none waits."""
        run, snapshot = self._run, self._snapshot
        assert run, "a case is graded because of a run"
        assert snapshot, "a case is graded in a snapshot"
        if not self._progress.waiting:
            self._finish(run)
            return
        case = self._progress.waiting.pop(0)
        done = run.count - len(self._progress.waiting)
        self._screen.busy(f"{case.id}  {done}/{run.count}" if self._progress.verdicts else "importing torch")
        self._running = running = Running(case, snapshot)
        self._thread.submit(snapshot.grading.verdict, case).add_done_callback(
            lambda future: self._events.put(lambda: self._graded(running, future))
        )

    def _graded(self, running: Running, future: Future[Verdict]) -> None:
        self._running = None
        if running.snapshot is not self._snapshot:
            running.snapshot.close()
        verdict = future.result()
        if running.wanted:
            self._record(verdict)
        self._begin()

    def _record(self, verdict: Verdict) -> None:
        id, run = verdict.case.id, self._run
        self._progress.verdicts[id] = verdict
        if run and id in run.touched and not run.explained:
            run.explained = next(case for case in self._progress.cases if case.id == id)
            self._screen.verdict(verdict, self._progress.verdicts.values(), passes(run.before.get(id)))

    def _finish(self, run: Run) -> None:
        """Print what the run has changed, and which case is next."""
        self._run = None
        self._screen.idle()
        regraded = [case for case in self._progress.cases if case.id in run.before]
        pairs = [(run.before[case.id], self._progress.verdicts[case.id], case) for case in regraded]
        turned = [(new, case) for old, new, case in pairs if passes(old) != passes(new) and case is not run.explained]
        self._screen.changes(
            [case for new, case in turned if passes(new)], [case for new, case in turned if not passes(new)]
        )
        self._screen.progress(self._progress, sorted(run.parts))
        self._screen.complete(self._progress.complete() - run.complete, not self._progress.focus)
        if run.touched:
            self._progress.follow([case for old, new, case in pairs if gist(old) != gist(new)])
        self._next(run.explained)
        self._screen.keys()

    # -------------------------------------------------------------------------------------------------- what keys do

    def _next(self, explained: Case | None = None) -> None:
        if case := self._progress.focus:
            self._screen.next(case, self._progress.verdicts.get(case.id), case is explained)

    def _skip(self) -> None:
        self._progress.skip()
        self._next()

    def _list(self) -> None:
        self._screen.list(self._progress)

    def _hint(self) -> None:
        case = self._progress.focus
        if not case:
            self._screen.say("Every case passes: you need no hint.")
            return
        verdict = self._progress.verdicts.get(case.id)
        about, next_step = self._hinted
        step = next_step if about == (case.id, gist(verdict)) else 0
        self._screen.hint(case, verdict, step)
        self._hinted = (case.id, gist(verdict)), (step + 1) % (STEPS + 1)
