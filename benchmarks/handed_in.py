"""Makes the submissions of a made-up class: right, unfinished, wrong and hostile ones, each with its expected grade."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.authoring.patching import patched, write_patched
from grader.authoring.stubs import strip_answers
from grader.course.assignment import Assignment, Mistake
from grader.runtime.case import Outcome

_MARKER = re.compile(r"^ *# (BEGIN|END) ANSWER.*\n", re.MULTILINE)
_ANSWER = re.compile(r"^ *# BEGIN ANSWER\(.*?^ *# END ANSWER\n", re.MULTILINE | re.DOTALL)
SHARES = {  # kind of submission -> its share of a class
    "reference": 0.05,
    "stubs": 0.04,
    "partial": 0.2,
    "mistake": 0.36,
    "mixture": 0.12,
    "variant": 0.12,
    "hostile": 0.06,
    "hanging": 0.01,
    "unreadable": 0.04,
}
SMALL_CHECKPOINTS = ("GAN_discriminator.pth", "GAN_generator.pth", "MNIST_own.pth", "DDPM.pt")
WITH_CHECKPOINTS = 0.1  # share with the solution's checkpoints
HANGING = ("an infinite loop at import", "an infinite loop in Python", "ignored SIGTERM")
_SLOW_TO_MAKE = ("10^5 empty files in a zip", "10^4 empty files in a folder", "a zip bomb in total, beside the files")


@dataclass(frozen=True)
class Work:
    """A submission before it gets a name."""

    kind: str  # a key of SHARES
    about: str  # the mistake or the attack
    build: Callable[[Path], Path]  # build(empty folder) -> path of the folder or zip that it makes there
    points: Mapping[str, float] = field(default_factory=dict)  # points of unit cases, where these are certain
    checkpoints: tuple[str, ...] = ()  # names of the solution's checkpoints that go into the folder
    needs_secret: bool = False  # whether these points hold only with hidden inputs


def works(assignment: Assignment, rng: random.Random, size: int) -> list[Work]:
    """Make the submissions of a class of `size` in random order: kinds as in SHARES, and at least one of each."""
    counts = {kind: max(1, round(share * size)) for kind, share in SHARES.items()}
    counts["mistake"] += size - sum(counts.values())
    if counts["mistake"] < 1:
        raise ValueError(f"a class of {size} is too small for all {len(SHARES)} kinds: make a larger one")
    makers = _makers(assignment, rng)
    submissions = [next(makers[kind]) for kind, count in counts.items() for _ in range(count)]
    rng.shuffle(submissions)
    return submissions


def _makers(assignment, rng) -> dict[str, Iterator[Work]]:
    """An endless iterator of works for each kind."""
    full = {case.id: case.points for case in assignment.cases}
    quick, hanging, refused = _attacks()
    return {
        "reference": _solutions(assignment, rng, full),
        "stubs": _endless(rng, [Work("stubs", "", _stubs(assignment), dict.fromkeys(full, 0.0))]),
        "partial": _partials(assignment, rng),
        "mistake": _changed("mistake", assignment, rng, [[mistake] for mistake in assignment.mistakes]),
        "mixture": _changed("mixture", assignment, rng, _mixtures(assignment, rng)),
        "variant": _endless(rng, [Work("variant", v.id, _patched(assignment, v), full) for v in assignment.variants]),
        "hostile": _endless(rng, [_attack("hostile", attack, full) for attack in quick]),
        "hanging": _endless(rng, [_attack("hanging", attack, full) for attack in hanging]),
        "unreadable": _endless(rng, [_attack("unreadable", attack, full) for attack in refused]),
    }


def _endless(rng, items):
    while True:
        yield from rng.sample(items, len(items))


# ---------------------------------------------------------------------------------------------------- honest students


def written(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write a submission with these files, without the markers of the authors' source."""
    folder = folder / "submission"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(_MARKER.sub("", text))
    return folder


def _handed_in(assignment, texts_of):
    """The files that students hand in, {name: text}."""
    return {a.name: texts_of(a.name) for a in assignment.allowlist if a.required}


def _stubs(assignment):
    return lambda folder: written(folder, _handed_in(assignment, lambda name: (assignment.student / name).read_text()))


def _solutions(assignment, rng, full):
    texts = _handed_in(assignment, lambda name: (assignment.solution / name).read_text())
    while True:
        checkpoints = tuple(rng.sample(SMALL_CHECKPOINTS, 2))
        yield Work("reference", "", lambda folder: written(folder, texts), full, checkpoints)


def _partials(assignment, rng):
    """Endless works in which some answers are the solution's and the rest are missing."""
    while True:
        done, kept = rng.uniform(0.2, 0.9), random.Random(rng.random())

        def text(name, done=done, kept=kept):
            solved = (assignment.solution / name).read_text()
            chosen = _ANSWER.sub(lambda a: _MARKER.sub("", a[0]) if kept.random() < done else a[0], solved)
            return strip_answers(chosen, name)

        texts = _handed_in(assignment, text)
        yield Work("partial", f"{done:.0%}", lambda folder, texts=texts: written(folder, texts))


def _patched(assignment, *changes):
    """Patch the solution with mistakes, or with a variant, which may replace whole files."""

    def build(folder):
        first, *others = changes
        place = write_patched(assignment, first, folder / "patched")
        texts = _handed_in(assignment, lambda name: (place / name).read_text())
        for change in others:
            texts[change.file] = patched(texts[change.file], change.patches, change.id)
        return written(folder, texts)

    return build


def _changed(kind, assignment, rng, groups):
    """Endless works with mistakes; the cases that catch them earn no points."""
    groups = rng.sample(groups, len(groups)) if isinstance(groups, list) else groups
    while True:
        for group in groups:
            lost = {id: 0.0 for mistake in group for id in mistake.fails}
            checkpoints = tuple(rng.sample(SMALL_CHECKPOINTS, 1)) if rng.random() < WITH_CHECKPOINTS else ()
            about = " + ".join(mistake.id for mistake in group)
            yield Work(kind, about, _patched(assignment, *group), lost, checkpoints)


def _mixtures(assignment, rng) -> Iterator[list[Mistake]]:
    """Endless groups of two to four mistakes, each from a different part, so that none hides another."""
    parts = sorted({mistake.id.partition(".")[0] for mistake in assignment.mistakes})
    while True:
        chosen = rng.sample(parts, rng.randint(2, min(4, len(parts))))
        yield [rng.choice([m for m in assignment.mistakes if m.id.startswith(f"{part}.")]) for part in chosen]


# --------------------------------------------------------------------------------------------------- hostile students


def _attacks():
    """Attacks that end quickly, some that hang, and some that are refused; all target part 4, and none needs a GPU."""
    from tests.submissions import archives, careless, harness, imports, resources, values

    attacks = [a for group in (archives, careless, harness, imports, resources, values) for a in group.ATTACKS]
    attacks = [attack for attack in attacks if attack.name not in _SLOW_TO_MAKE]
    bombs = {attack.name for attack in resources.ATTACKS}  # left out, because they use all resources that they can get
    quick = [a for a in attacks if a.expect and a.seconds is None and a.name not in bombs]
    hanging = [attack for attack in attacks if attack.name in HANGING]
    return quick, hanging, [attack for attack in attacks if not attack.expect]


def _attack(kind, attack, full):
    if attack.expect:
        points = {id: full[id] * (outcome is Outcome.PASSED) for id, outcome in attack.expect.items() if id in full}
    else:
        points = dict.fromkeys(full, 0.0)
    return Work(kind, attack.name, attack.build, points, needs_secret=attack.needs_secret)
