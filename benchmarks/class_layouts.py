"""Writes a made-up class as a plain folder, as Gradescope's bulk export, or as Canvas's download."""

from __future__ import annotations

import itertools
import os
import random
import re
import shutil
import stat
import zipfile
from pathlib import Path

import yaml

FIRST = ("Anna", "Bert", "Chloé", "Dmitri", "Eun-ji", "Fatima", "Jürgen", "Kwame", "Léa", "Màrius", "Nguyễn", "Priya")
LAST = ("O'Brien", "Müller", "García-López", "Wang", "王", "Иванов", "Özdemir", "d'Angelo", "van_der_Berg", "Okafor")
NASTY = (  # folder names that a student may choose
    "=cmd|'!A0",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; {{ 7 * 7 }}",
    "two\nlines",
    "\x1b[2J\u202egpj.exe",
    "n" * 180,
    "--out",
    "+49 170 1234567",
    "@SUM(A1)",
    "tab\tbed",
    os.fsdecode(b"latin-1 \xe9"),
    "🎓 💯",
    "con",
    " spaces ",
)
GROUPS = 0.1  # share of submissions by groups of two or three
ATTEMPTS = 0.1  # share with an older attempt
LATE = 0.08  # share that is late
LOOSE = 5  # in Canvas's layout, every LOOSE-th unfinished submission is single files
NO_EMAIL = 0.05  # share of people without an email address
_SEVERAL_NAMES = 0.08  # share of nasty names
OLDER = "raise SystemExit('an older attempt must not be graded')\n"
_YEAR = 1980  # date of files in zips, the same in every run


class Layout:
    """Writes a class. `one` adds a submission; it returns its path, and whether it is complete.

    Args:
        folder: the class's folder.
        rng: draws names, groups and attempts.
    """

    def __init__(self, folder: Path, rng: random.Random):
        self.folder, self.rng, self.count = folder, rng, 0
        self._nasty = rng.sample(NASTY, len(NASTY))

    def finish(self) -> None:
        """Write files about the whole class."""

    def student(self) -> str:
        """Draw a unique name; each nasty name is used once."""
        self.count += 1
        if self._nasty and self.rng.random() < _SEVERAL_NAMES:
            return self._nasty.pop()
        return f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)} {self.count}"


class PlainFolder(Layout):
    """Folders and zips side by side, named after their students."""

    def one(self, built, work):
        name = self.student()
        if built.is_dir() and (self.rng.random() < 0.5 or not _all_regular(built)):
            shutil.move(built, self.folder / name)
            return self.folder / name, True
        return _zipped(built, self.folder / f"{name}.zip")


class Gradescope(Layout):
    """`submission_metadata.yml` beside a folder for each submission; zips are unpacked where possible."""

    def __init__(self, folder, rng):
        super().__init__(folder, rng)
        self._metadata, self._number = {}, 100_000_000 + rng.randrange(10**6)

    def one(self, built, work):
        people = [self._person() for _ in range(self.rng.randint(2, 3) if self.rng.random() < GROUPS else 1)]
        if self.rng.random() < ATTEMPTS:
            older = self._next(people, 1)
            older.mkdir()
            (older / "theory.py").write_text(OLDER)
        place = self._next(people, 2)
        faithful = built.is_dir()
        if faithful:
            shutil.move(built, place)
        else:
            place.mkdir()
            shutil.move(built, place / built.name)  # Gradescope leaves a zip that it cannot unpack
        return place, faithful or work.kind == "unreadable"

    def finish(self):
        text = yaml.safe_dump(self._metadata, allow_unicode=True, sort_keys=False)
        (self.folder / "submission_metadata.yml").write_text(text, encoding="utf-8")

    def _person(self):
        name = self.student().encode(errors="replace").decode()
        person = {":name": name, ":sid": f"s{self.count:07}"}
        return person if self.rng.random() < NO_EMAIL else person | {":email": f"student{self.count}@uni.example"}

    def _next(self, people, day):
        self._number += self.rng.randint(1, 99)
        key = f"submission_{self._number}"
        self._metadata[key] = {
            ":submitters": people,
            ":created_at": f"2026-03-{day:02} 12:00:00.000000000 Z",
            ":score": 0.0,
        }
        return self.folder / key


class Canvas(Layout):
    """Zips and single files, whose names hold all metadata."""

    def __init__(self, folder, rng):
        super().__init__(folder, rng)
        self._unfinished = itertools.count()

    def one(self, built, work):
        name = re.sub(r"[\W_]+", "", self.student().lower()) or "student"
        late = "_LATE" if self.rng.random() < LATE else ""
        user, attachment = 7_000_000 + self.count, 9_000_000 + 100 * self.count
        ending = "submission.zip"
        if self.rng.random() < ATTEMPTS:
            with zipfile.ZipFile(self.folder / f"{name}_{user}_{attachment}_{ending}", "w") as older:
                older.writestr(zipfile.ZipInfo("theory.py"), OLDER)
            attachment, ending = attachment + 50, "submission-1.zip"
        elif work.kind == "partial" and next(self._unfinished) % LOOSE == 0:
            for number, file in enumerate(sorted(built.iterdir())):
                path = self.folder / f"{name}{late}_{user}_{attachment + number}_{file.name}"
                shutil.copyfile(file, path)
            return path, True
        return _zipped(built, self.folder / f"{name}{late}_{user}_{attachment}_{ending}")


LAYOUTS = {"folder": PlainFolder, "gradescope": Gradescope, "canvas": Canvas}


def _all_regular(folder):
    """Whether a folder holds only regular files and folders."""
    return all(stat.S_ISREG(mode) or stat.S_ISDIR(mode) for mode in (p.lstat().st_mode for p in folder.rglob("*")))


def _zipped(built, target):
    """Store a folder in a zip, without links and special files; move an existing zip unchanged.

    Returns:
        The path of the zip, and whether it is complete.
    """
    if not built.is_dir():
        shutil.move(built, target)
        return target, True
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(built.rglob("*")):
            if stat.S_ISREG(path.lstat().st_mode):
                archive.writestr(
                    zipfile.ZipInfo(str(path.relative_to(built)), (_YEAR, 1, 1, 0, 0, 0)), path.read_bytes()
                )
    return target, _all_regular(built)
