"""The loop of `grader watch`: saves, keys and verdicts come in; a thread beside it grades one case at a time."""

from __future__ import annotations

import math
import queue
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.assignment import Assignment
from grader.case import Case, Verdict
from grader.golden import Known
from grader.hints import STEPS
from grader.submission import SubmissionError
from grader.watch import touched
from grader.watch.copies import Copy
from grader.watch.keys import QUIT
from grader.watch.progress import Progress, passes, told
from grader.watch.screen import Screen

PATIENCE = 0.3  # seconds that a case may go on after a save: ending it costs an import of torch where there is no fork
GLANCE = 0.1  # seconds after which the loop wakes up in any case, on Windows to hear Ctrl-C


@dataclass
class _Running:
    """A case that is being graded."""

    case: Case
    copy: Copy
    give_up: float = math.inf  # when it is ended, by the monotonic clock; finite if its verdict is not wanted any more
    wanted: bool = True


@dataclass
class _Run:
    """All that is graded because of one save, or of several in a row."""

    touched: set[str]  # ids of cases that a save has touched; empty if all is graded
    count: int  # of all that are graded
    before: dict[str, Verdict]  # by id, when it began
    complete: set[int]  # parts, then
    parts: set[int]  # that it is about
    explained: Case | None = None  # whose verdict was told in full


class Session:
    """Watches until it is told to quit.

    Args:
        assignment: what is asked.
        cases: to watch.
        tier: a fork server or what stands for one; closed at the end.
        known: what the judge knows of the public seed.
        folder: of the student's files.
        screen: where everything is told.
    """

    def __init__(self, assignment: Assignment, cases: Sequence[Case], tier, known: Known, folder: Path, screen: Screen):
        self._assignment, self._tier, self._known = assignment, tier, known
        self._folder, self._screen = folder, screen
        self._modules, self._progress = touched.modules_of(cases), Progress(cases)
        self._copy: Copy | None = None  # the latest
        self._texts: dict[str, bytes] = {}  # of the modules in it
        self._running: _Running | None = None
        self._run: _Run | None = None
        self._events: queue.SimpleQueue = queue.SimpleQueue()  # functions to call, or QUIT
        self._thread = ThreadPoolExecutor(1)
        self._hinted = None, 0  # the verdict that the last hint was about, and how many steps were told
        self._keys = {"h": self._hint, "l": self._list, "n": self._skip, "r": self._rerun}

    def saved(self) -> None:
        """Tell, from any thread, that files have changed."""
        self._events.put(self._saved)

    def pressed(self, key: str) -> None:
        """Tell, from any thread, that a key was pressed."""
        self._events.put(QUIT if key == QUIT else self._keys.get(key, self._screen.keys))

    def run(self) -> None:
        """Grade everything, then what saves touch, until QUIT is pressed."""
        try:
            self._screen.watching(self._progress.cases)
            self._saved()
            while (event := self._next_event()) != QUIT:
                event()
        finally:
            self._screen.idle()
            self._tier.close()  # which ends what runs
            self._thread.shutdown()
            for copy in {self._copy, self._running and self._running.copy} - {None}:
                copy.close()

    def _next_event(self):
        while True:
            if self._running and time.monotonic() > self._running.give_up:
                self._running.give_up = math.inf
                self._tier.abandon()
            try:
                return self._events.get(timeout=GLANCE)
            except queue.Empty:
                continue

    # ------------------------------------------------------------------------------------------------ what is graded

    def _saved(self):
        try:
            copy = Copy(self._assignment, self._tier, self._known, self._folder)
        except SubmissionError as error:
            self._screen.problem(f"{error}: waiting for them")
            self._texts = {}  # whatever comes back counts as saved
            return
        names = copy.texts.keys() | self._texts.keys()
        changed = sorted(name for name in names if copy.texts.get(name) != self._texts.get(name))
        if not changed:
            copy.close()
            return
        answered = set()
        for name in changed:
            answered |= touched.answered(self._texts.get(name, b""), copy.texts.get(name, b""))
        first, self._texts = not self._texts, copy.texts
        self._replace(copy)
        cases = [case for case in self._progress.cases if copy.loaded(self._modules[case.id]) & set(changed)]
        self._grade(cases, [] if first else changed, answered)

    def _replace(self, copy):
        if self._copy and not (self._running and self._running.copy is self._copy):
            self._copy.close()
        self._copy = copy

    def _rerun(self):
        if self._texts:
            self._grade(self._progress.cases)
        else:  # the files had gone
            self._saved()

    def _grade(self, cases: Sequence[Case], changed: Sequence[str] = (), answered: set[str] = frozenset()):
        """Grade these cases of the latest copy, and what was to be graded already.

        Args:
            cases: any number of them.
            changed: modules that were saved; none if all is graded.
            answered: TODOs that were answered in them.
        """
        running = [self._running.case] if self._running else []
        ids = {case.id for case in (*cases, *self._progress.waiting, *running)}
        blocked = self._blocked()
        chosen = [case for case in self._progress.cases if case.id in ids and case.id not in blocked]
        if changed:
            self._screen.saved([f"{module}.py" for module in changed], len(cases))
        problems = Counter(blocked[case.id] for case in cases if case.id in blocked)
        for problem, count in sorted(problems.items()):
            self._screen.problem(problem, count)
        touched_ids = {case.id for case in cases} if changed else set()
        self._progress.wait(chosen, touched_ids, answered)
        if not (chosen or self._running):
            return
        before, complete, parts = dict(self._progress.verdicts), self._progress.complete(), {c.part for c in cases}
        if self._run:  # it is not finished, and what it has changed is not told yet
            before, complete, parts = self._run.before, self._run.complete, parts | self._run.parts
        self._run = _Run(touched_ids, len(chosen), before, complete, parts)
        if not self._running:
            self._begin()
        elif self._running.wanted:
            self._running.wanted, self._running.give_up = False, time.monotonic() + PATIENCE

    def _blocked(self) -> dict[str, str]:
        """The cases that load a file that is not there or that Python cannot read, and the problem of each."""
        found = {}
        for id, modules in self._modules.items():
            if problems := self._copy.loaded(modules) & self._copy.problems.keys():
                found[id] = self._copy.problems[min(problems)]
        return found

    def _begin(self):
        if not self._progress.waiting:
            self._finish()
            return
        case, run = self._progress.waiting.pop(0), self._run
        done = run.count - len(self._progress.waiting)
        self._screen.busy(f"{case.id}  {done}/{run.count}" if self._progress.verdicts else "importing torch")
        self._running = _Running(case, self._copy)
        self._thread.submit(self._copy.grading.verdict, case).add_done_callback(
            lambda future: self._events.put(lambda: self._graded(future))
        )

    def _graded(self, future: Future):
        running, self._running = self._running, None
        if running.copy is not self._copy:
            running.copy.close()
        verdict = future.result()
        if running.wanted:
            self._record(verdict)
        self._begin()

    def _record(self, verdict: Verdict):
        self._progress.verdicts[verdict.case.id] = verdict
        if verdict.case.id in self._run.touched and not self._run.explained:
            self._run.explained = verdict.case
            before = self._run.before.get(verdict.case.id)
            self._screen.verdict(verdict, self._progress.verdicts.values(), passes(before))

    def _finish(self):
        run, self._run = self._run, None
        self._screen.idle()
        pairs = [(old, self._progress.verdicts[id]) for id, old in run.before.items()]
        other = [(old, new) for old, new in pairs if passes(old) != passes(new) and new.case is not run.explained]
        self._screen.changes([new.case for old, new in other if passes(new)], [v.case for v, _ in other if passes(v)])
        self._screen.progress(self._progress, sorted(run.parts))
        self._screen.complete(self._progress.complete() - run.complete, not self._progress.focus)
        if run.touched:
            self._progress.follow([new.case for old, new in pairs if told(old) != told(new)])
        self._next(run.explained)
        self._screen.keys()

    # -------------------------------------------------------------------------------------------------- what keys do

    def _next(self, explained=None):
        if case := self._progress.focus:
            self._screen.next(case, self._progress.verdicts.get(case.id), case is explained)

    def _skip(self):
        self._progress.skip()
        self._next()

    def _list(self):
        self._screen.list(self._progress)

    def _hint(self):
        case = self._progress.focus
        if not case:
            self._screen.say("Every case passes: there is nothing to hint at.")
            return
        verdict = self._progress.verdicts.get(case.id)
        about, steps = self._hinted
        step = steps if about == (case.id, told(verdict)) else 0
        self._screen.hint(case, verdict, step)
        self._hinted = (case.id, told(verdict)), (step + 1) % (STEPS + 1)
