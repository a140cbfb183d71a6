"""What a class as a whole has and has not understood: distributions, the hardest cases, the commonest mistakes."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.case import Case, Outcome, Question
from grader.record import Record
from grader.report import scores

FULL = 10  # the number of the bin that holds full marks and more; the others hold a tenth each
NOT_PASSED = (Outcome.FAILED, Outcome.ERROR, Outcome.NOT_IMPLEMENTED)


@dataclass(frozen=True)
class Distribution:
    """How the points of the whole or of one part are spread, as shares of what can be had without the bonus."""

    name: str
    counts: tuple[int, ...]  # of submissions in each bin, FULL + 1 of them
    unknown: int  # submissions whose points are open
    quartiles: tuple[float, float, float] | None  # shares; None without a submission

    @property
    def in_words(self) -> str:
        """The same, for who cannot see the picture."""
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
    mean: float | None  # share of the points, of those that are known

    @property
    def known(self) -> int:
        """Submissions in which it is decided."""
        return sum(count for outcome, count in self.counts.items() if outcome not in scores.OPEN)

    @property
    def missed(self) -> int:
        """Submissions in which it was tried and did not pass."""
        return sum(self.counts.get(outcome, 0) for outcome in NOT_PASSED)


@dataclass(frozen=True)
class Diagnosed:
    """A known mistake and how many submissions have made it."""

    mistake: str
    hint: str
    cases: tuple[str, ...]  # in which it was seen
    submissions: int


def distributions(records: Sequence[Record]) -> list[Distribution]:
    """Of the whole, then of each part. Submissions that could not be graded at all are not in them."""
    graded = [record for record in records if not record.problem]
    whole = _distribution("Total", [scores.share(record.verdicts) for record in graded])
    return [
        whole,
        *(
            _distribution(f"Part {part}", [scores.share(scores.of_part(record, part)) for record in graded])
            for part in scores.parts(graded)
        ),
    ]


def _distribution(name, shares):
    known = [share for share in shares if share is not None]
    counts = Counter(bin_of(share) for share in known)
    quartiles = tuple(statistics.quantiles(known, n=4, method="inclusive")) if len(known) > 1 else tuple(known * 3)
    return Distribution(
        name, tuple(counts[i] for i in range(FULL + 1)), len(shares) - len(known), quartiles if known else None
    )


def bin_of(share: float) -> int:
    """The bin of a share of the points, from 0 to FULL."""
    return min(FULL, int(share * FULL + 1e-9))  # sums of decimal points may end a hair below the tenth that they mean


def standings(records: Sequence[Record]) -> list[Standing]:
    """Of everything asked, what most submissions miss first. Submissions that could not be graded do not count."""
    verdicts = {}
    for record in records:
        for verdict in record.verdicts if not record.problem else ():
            verdicts.setdefault(verdict.case.id, []).append(verdict)
    found = []
    for given in verdicts.values():
        known = [v.points / v.case.points for v in given if v.outcome not in scores.OPEN]
        mean = statistics.fmean(known) if known else None
        found.append(Standing(given[0].case, dict(Counter(v.outcome for v in given)), mean))
    return sorted(found, key=lambda s: (-(s.missed / s.known if s.known else 0.0), s.mean or 0.0))


def diagnosed(records: Sequence[Record]) -> list[Diagnosed]:
    """The known mistakes of a class, the commonest first; a submission counts once for each."""
    hints, cases, counts = {}, {}, Counter()
    for record in records:
        seen = {v.diagnosis for v in record.verdicts if v.diagnosis}
        counts.update(seen)
        for verdict in record.verdicts:
            if verdict.diagnosis:
                hints.setdefault(verdict.diagnosis, verdict.hint)
                cases.setdefault(verdict.diagnosis, {})[verdict.case.id] = None
    return [Diagnosed(id, hints[id], tuple(cases[id]), count) for id, count in counts.most_common()]
