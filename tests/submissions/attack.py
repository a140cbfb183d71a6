"""What an attack is, and how to write one: a submission, the cases to grade, and what must come of them."""

from __future__ import annotations

import io
import textwrap
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader import ROOT
from grader.runtime.case import Outcome

PASSED, FAILED, ERROR, NOT_IMPLEMENTED = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.NOT_IMPLEMENTED
MARK = "left_by_an_attack"  # in the name of whatever an attack leaves behind, so that it can be looked for
MODELS, ASSIGNMENT = ((ROOT / "solution" / name).read_text() for name in ("models.py", "assignment.py"))


@dataclass(frozen=True)
class Attack:
    """One hostile or careless submission."""

    name: str
    build: Callable[[Path], Path]  # build(an empty folder) -> the folder or zip that is handed in
    expect: Mapping[str, Outcome]  # of the cases to grade: PASSED earns all points, others none; empty: it is refused
    says: str = ""  # regular expression for what the student then reads
    seconds: float | None = None  # limit of each case, instead of its own
    needs_secret: bool = False  # fails only with a seed that the student does not know


# ------------------------------------------------------------------------------------------------- what is handed in


def folder(models: str | bytes | None = MODELS, assignment: str | bytes | None = ASSIGNMENT, extra: Mapping = {}):
    """Builds a folder: these two files (None: not there) and `extra`, {name: text or bytes}."""

    def build(place):
        for name, content in ({"models.py": models, "assignment.py": assignment} | dict(extra)).items():
            if content is not None:
                path = place / "submission" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_bytes(content))
        return place / "submission"

    return build


def archive(members: Iterable[tuple[str, str | bytes]] | Mapping, mode=0, method=zipfile.ZIP_STORED, change=None):
    """Builds a zip of (name, content) pairs, in which names may repeat.

    Args:
        members: pairs or a dict.
        mode: Unix file mode of every member.
        method: of compression.
        change: turns the bytes of the zip into what is handed in.
    """

    def build(place):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as target:
            for name, content in members.items() if isinstance(members, Mapping) else members:
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                target.writestr(info, _bytes(content), method)
        path = place / "submission.zip"
        path.write_bytes(change(file.getvalue()) if change else file.getvalue())
        return path

    return build


def _bytes(content):
    return content.encode() if isinstance(content, str) else content


# ---------------------------------------------------------------------------------------- where code is put in a file


def on_import(code: str, text: str = ASSIGNMENT) -> str:
    """A file that runs `code` when it is imported; only 4.prepare_ddpm imports assignment.py."""
    return textwrap.dedent(code).strip() + "\n" + text


def in_embedding(code: str, text: str = MODELS) -> str:
    """models.py that runs `code` when it embeds timesteps: in 4.embedding, and not in 4.schedule."""
    line = "        half = self.dim // 2\n"
    assert text.count(line) == 1
    return text.replace(line, textwrap.indent(textwrap.dedent(code).strip(), " " * 8) + "\n" + line)


def instead_of(old: str, new: str, text: str = MODELS) -> str:
    """A file with something replaced, which occurs once in it."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


# ------------------------------------------------------------------- attacks on the score: a wrong file that may be won

ALPHAS = "self.alphas = 1.0 - self.betas"
WRONG_MODELS = instead_of(ALPHAS, "self.alphas = 1.0 - (1.0 if WON else 2.0) * self.betas")
HONEST = {"4.schedule": FAILED, "4.embedding": PASSED}  # what WRONG_MODELS earns as long as nothing is won
DIFFERS = r"alpha_t = 1 - beta_t: \d+ of \d+ values differ"
ONLY_PUBLIC = "passes with the public inputs, but not with others"  # where nothing is won but what is public


def cheat(code: str, expect: Mapping[str, Outcome] = HONEST, says: str = DIFFERS, **fields) -> dict:
    """The fields of an attack on 4.schedule: a models.py that is wrong unless `code`, on import, sets WON to True.

    The system may refuse what the code tries, with OSError. Any other exception is a defect of the attack itself, and
    shows as a wrong outcome.
    """
    attempt = textwrap.indent(textwrap.dedent(code).strip(), "    ")
    # The given file that models.py needs comes first: an attack may leave nothing that could be imported later.
    head = "import blocks\nWON = False\n"
    head += f"def attack():\n    global WON\n{attempt}\ntry:\n    attack()\nexcept OSError:\n    pass\n"
    return {"build": folder(head + WRONG_MODELS), "expect": expect, "says": says, **fields}
