"""What a class has and has not understood: distributions, the hardest cases, the most common mistakes."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.report import scores
from grader.report.record import Record
from grader.runtime.case import Case, Outcome, Question, Verdict

FULL = 10  # index of the bin for full marks and more; each other bin holds a tenth
NOT_PASSED = (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_IMPLEMENTED)


@dataclass(frozen=True)
class Distribution:
    """How the points of the assignment or of one part are spread, as shares of the points without the bonus."""

    name: str
    counts: tuple[int, ...]  # submissions in each of the FULL + 1 bins
    unknown: int  # submissions whose points are not decided
    quartiles: tuple[float, float, float] | None  # shares; None without a submission

    @property
    def in_words(self) -> str:
        """The same in words, for readers who cannot see the picture."""
        if self.quartiles is None:
            return f"{self.name}: no points are known yet"
        low, median, high = (f"{quartile:.0%}" for quartile in self.quartiles)
        bins = [f"{10 * i}% to {10 * i + 10}%" for i in range(FULL)] + ["full marks"]
        counts = ", ".join(f"{count} with {name}" for name, count in zip(bins, self.counts, strict=True) if count)
        unknown = f"; {self.unknown} unknown" if self.unknown else ""
        return f"{self.name}: median {median}, half are between {low} and {high}; {counts}{unknown}"


@dataclass(frozen=True)
class Standing:
    """How a class did in one case or question."""

    case: Case | Question
    counts: dict[Outcome, int]  # submissions with each outcome
    mean: float | None  # share of the points, over the submissions in which it is decided

    @property
    def known(self) -> int:
        """How many submissions have a decided verdict."""
        return sum(count for outcome, count in self.counts.items() if outcome not in scores.OPEN)

    @property
    def missed(self) -> int:
        """How many submissions were graded and did not pass."""
        return sum(self.counts.get(outcome, 0) for outcome in NOT_PASSED)


@dataclass(frozen=True)
class Diagnosed:
    """A known mistake and how many submissions make it."""

    mistake: str
    hint: str
    cases: tuple[str, ...]  # ids of the cases that showed it
    submissions: int


def distributions(records: Sequence[Record]) -> list[Distribution]:
    """One distribution of the whole, then one of each part. Submissions that could not be graded do not count."""
    graded = [record for record in records if not record.problem]
    whole = _distribution("Total", [scores.share(record.verdicts) for record in graded])
    return [
        whole,
        *(
            _distribution(f"Part {part}", [scores.share(scores.of_part(record, part)) for record in graded])
            for part in scores.parts(graded)
        ),
    ]


def _distribution(name: str, shares: Sequence[float | None]) -> Distribution:
    known = [share for share in shares if share is not None]
    counts = Counter(bin_of(share) for share in known)
    return Distribution(
        name, tuple(counts[i] for i in range(FULL + 1)), len(shares) - len(known), _quartiles(known) if known else None
    )


def _quartiles(known: Sequence[float]) -> tuple[float, float, float]:
    if len(known) == 1:
        return known[0], known[0], known[0]
    low, median, high = statistics.quantiles(known, n=4, method="inclusive")
    return low, median, high


def bin_of(share: float) -> int:
    """The index of the bin for a share of the points, from 0 to FULL."""
    return min(FULL, int(share * FULL + 1e-9))  # a sum of decimals may end a hair below the tenth that it means


def standings(records: Sequence[Record]) -> list[Standing]:
    """Everything asked, most missed first. Submissions that could not be graded do not count."""
    verdicts: dict[str, list[Verdict]] = {}
    for record in records:
        for verdict in record.verdicts if not record.problem else ():
            verdicts.setdefault(verdict.case.id, []).append(verdict)
    listed = []
    for given in verdicts.values():
        known = [v.points / v.case.points for v in given if v.outcome not in scores.OPEN]
        mean = statistics.fmean(known) if known else None
        listed.append(Standing(given[0].case, dict(Counter(v.outcome for v in given)), mean))
    return sorted(listed, key=lambda s: (-(s.missed / s.known if s.known else 0.0), s.mean or 0.0))


def diagnosed(records: Sequence[Record]) -> list[Diagnosed]:
    """The known mistakes of a class, most common first. A submission counts once for each."""
    hints: dict[str, str] = {}
    cases: dict[str, dict[str, None]] = {}  # a dict as an ordered set
    counts: Counter[str] = Counter()
    for record in records:
        seen = {v.diagnosis for v in record.verdicts if v.diagnosis}
        counts.update(seen)
        for verdict in record.verdicts:
            if verdict.diagnosis:
                hints.setdefault(verdict.diagnosis, verdict.hint)
                cases.setdefault(verdict.diagnosis, {})[verdict.case.id] = None
    return [Diagnosed(id, hints[id], tuple(cases[id]), count) for id, count in counts.most_common()]
