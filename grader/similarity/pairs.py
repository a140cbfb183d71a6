"""Finds submissions that are alike: the same code except for names, comments and format, or the same checkpoint.

It compares the hashes of files of the same name (see `winnowing`). Code of the handout does not count, nor code that
more than COMMON submissions have, because that is common knowledge. People who solve a task alone write the same short
formulas, so SHARE leaves a margin for them, and a file with few hashes of its own is not compared. Nothing here costs
points.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import ROOT
from grader.course.assignment import Assignment
from grader.runtime.errors import InfrastructureError
from grader.runtime.text import visible
from grader.submission.layout import SubmissionError, contents

SHARE = 0.4  # of a file. Independent ones share 3%, copies with a fifth more statements 49%: `similar_code.py`
FEWEST = 30  # hashes of a file, about ten lines: fewer may be equal by nature
COMMON = 500  # submissions; it bounds the work for a class of thousands. Exact copies are found even if more have them
SECONDS = 20.0  # to read one file; ours take a twentieth of a second
FILES_EACH = 100  # at least, for one process, which takes a second to start
_ROWS = 1000  # of a class, compared with all others at a time: bounds memory

Link = tuple[str, str, float]  # first, second, share: two submissions that are alike
Answer = dict[str, Any]  # of winnowing.py: hashes, or the problem of a file


@dataclass(frozen=True)
class Pair:
    """Two submissions that are alike."""

    first: str  # id of a record
    second: str
    share: float  # of one file's own code, in the smaller of the two, that is in the other: the largest of all files
    what: str  # one line: which files


def pairs(
    submissions: Mapping[str, Path],
    assignment: Assignment,
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
) -> list[Pair]:
    """List the submissions that are alike, the most similar first.

    A cluster of similar submissions is not listed pair by pair, but each of them with its closest match.

    Args:
        submissions: folders and zips by id of their record. One that cannot be read is like no other.
        assignment: its handout is what everybody has.
        tell: gets a line for each file that cannot be compared.

    Raises:
        InfrastructureError: the handout itself cannot be compared.
    """
    given = handout_hashes(assignment)
    with tempfile.TemporaryDirectory(prefix="similar-") as place:
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # checkpoints are large, and hashing waits for no other thread
            all_digests = pool.map(lambda path: _digests(path, assignment, Path(place)), submissions.values())
            digests = dict(zip(submissions, all_digests, strict=True))
        files = [path for path in Path(place).iterdir() if path.suffix == ".py"]
        read, problems = read_files(files)
    for id, handed_in in digests.items():
        for name, digest in handed_in.items():
            if digest in problems:
                tell(visible(f"{id}: {name} cannot be compared with others': {problems[digest]}"))
    links: list[tuple[str, Link]] = []
    for name in sorted({name for handed_in in digests.values() for name in handed_in}):
        holders = {id: handed_in[name] for id, handed_in in digests.items() if name in handed_in}
        if name.endswith(".py"):
            own = {id: frozenset(read[digest] - given) for id, digest in holders.items() if digest in read}
            links += [(name, link) for link in alike(own)]
        else:
            links += [(f"identical {name}", (*pair, 1.0)) for pair in _chains(holders)]
    return _gathered(links)


def _digests(path: Path, assignment: Assignment, place: Path) -> dict[str, str]:
    """{name: digest of its content} of a submission; its Python files are put into `place` under their digests."""
    digests = {}
    try:
        for name, content in contents(path, assignment.allowlist):
            digest = hashlib.sha256(content).hexdigest()
            if content:
                digests[name] = digest
            if name.endswith(".py"):
                (place / f"{digest}.py").write_bytes(content)
    except SubmissionError:  # its grade says so
        return {}
    return digests


def handout_hashes(assignment: Assignment) -> frozenset[int]:
    """The hashes of the whole handout, which count for nothing in a submission.

    Raises:
        InfrastructureError: the handout cannot be read.
    """
    read, problems = read_files(sorted(assignment.student.glob("*.py")), "every")
    if problems:
        raise InfrastructureError(f"the handout cannot be compared with submissions: {problems}")
    return frozenset().union(*read.values())


# ------------------------------------------------------------------------------------------------- reading, elsewhere


def read_files(paths: Sequence[Path], *how: str) -> tuple[dict[str, frozenset[int]], dict[str, str]]:
    """Hash files. Returns the hashes by file name without its ending, and for files without hashes the problem.

    Args:
        paths: of the files.
        how: 'every' for all hashes.
    """
    cores = os.cpu_count() or 1
    processes = min(4 * cores, math.ceil(len(paths) / FILES_EACH))
    shares = [paths[first::processes] for first in range(processes)]
    with ThreadPoolExecutor(cores) as pool:
        answers = dict(itertools.chain.from_iterable(pool.map(lambda share: list(_answers(share, how)), shares)))
    return (
        {name: frozenset(answer["hashes"]) for name, answer in answers.items() if "hashes" in answer},
        {name: answer["problem"] for name, answer in answers.items() if "problem" in answer},
    )


def _answers(paths: Sequence[Path], how: Sequence[str]) -> Iterator[tuple[str, Answer]]:
    """(name, answer) of each file. A file that ends the process is named, and the next process reads the others."""
    while paths:
        done = subprocess.run(
            [sys.executable, "-m", "grader.similarity.winnowing", str(SECONDS), *how],
            input="".join(f"{path}\n" for path in paths),
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
        )
        lines = done.stdout.rpartition("\n")[0].splitlines()  # whole ones
        yield from zip((path.stem for path in paths), map(json.loads, lines), strict=False)
        if done.returncode:
            yield paths[len(lines)].stem, {"problem": _ended(done.returncode)}
        paths = paths[len(lines) + 1 :]


def _ended(code: int) -> str:
    if code == -signal.SIGALRM:
        return f"Python takes more than {SECONDS:g} seconds to read it"
    return f"Python crashed while reading it (exit code {code})"


# ---------------------------------------------------------------------------------------------------------- comparing


def alike(own: Mapping[str, frozenset[int]]) -> list[Link]:
    """Find the sets of hashes that share so much that the code is not independent.

    Args:
        own: the hashes of a file in each submission, without those of the handout.

    Returns:
        A forest that connects each cluster, by its largest shares. Equal sets are a chain.
    """
    own = {id: hashes for id, hashes in own.items() if len(hashes) >= FEWEST}
    chains = _chains(own)
    distinct = {id: own[id] for id in own.keys() - {second for _, second in chains}}
    known = Counter(number for hashes in distinct.values() for number in hashes)
    rare = {id: [n for n in sorted(own[id]) if 1 < known[n] <= COMMON] for id in sorted(distinct)}
    sizes = {id: sum(known[n] <= COMMON for n in own[id]) for id in rare}
    rare = {id: numbers for id, numbers in rare.items() if sizes[id] >= FEWEST}
    return [(first, second, 1.0) for first, second in chains] + _forest(rare, sizes)


def _forest(rare: Mapping[str, Sequence[int]], sizes: Mapping[str, int]) -> list[Link]:
    """The links of a maximum spanning forest of the sets that share enough."""
    import numpy as np
    from scipy.sparse import coo_array, csr_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    ids = list(rare)
    columns: dict[int, int] = {}
    for number in (n for numbers in rare.values() for n in numbers):
        columns.setdefault(number, len(columns))
    if not columns:
        return []
    rows = np.repeat(np.arange(len(ids)), [len(numbers) for numbers in rare.values()])
    places = np.array([columns[n] for numbers in rare.values() for n in numbers])
    held = csr_array((np.ones(len(rows), np.int32), (rows, places)), shape=(len(ids), len(columns)))
    size, links = np.array([sizes[id] for id in ids]), []
    for start in range(0, len(ids), _ROWS):
        shared = coo_array(held[start : start + _ROWS] @ held.T)
        first, second = shared.row + start, shared.col
        share = shared.data / np.minimum(size[first], size[second])
        kept = (first < second) & (share >= SHARE)
        links.append((first[kept], second[kept], share[kept]))
    first, second, share = map(np.concatenate, zip(*links, strict=True))
    # The least sum of distances; 0 would be no link at all.
    tree = coo_array(minimum_spanning_tree(csr_array((2 - share, (first, second)), shape=(len(ids), len(ids)))))
    return [(ids[a], ids[b], 2 - distance) for a, b, distance in zip(tree.row, tree.col, tree.data, strict=True)]


def _chains(contents: Mapping[str, Hashable]) -> list[tuple[str, str]]:
    """Pairs (first, other) of ids with equal contents: each with the first of them."""
    first: dict[Hashable, str] = {}
    chains = []
    for id in sorted(contents):
        leader = first.setdefault(contents[id], id)
        if leader != id:
            chains.append((leader, id))
    return chains


def _gathered(links: Iterable[tuple[str, Link]]) -> list[Pair]:
    """A pair for all links between the same two, with everything that they have in common on one line."""
    by_pair: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for name, (one, other, share) in links:
        by_pair[min(one, other), max(one, other)][name] = share
    gathered = [
        Pair(first, second, max(shares.values()), ", ".join(_described(name, share) for name, share in shares.items()))
        for (first, second), shares in by_pair.items()
    ]
    return sorted(gathered, key=lambda pair: (-pair.share, pair.first, pair.second))


def _described(name: str, share: float) -> str:
    return name if name.startswith("identical ") else f"{share:.0%} of {name}"
