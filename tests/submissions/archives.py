"""Zips and folders that are not what they should be."""

from __future__ import annotations

import gzip
import os
import stat
import zipfile

from tests.submissions.attack import ASSIGNMENT, ERROR, MODELS, PASSED, Attack, archive, folder

FILES = {"models.py": MODELS, "assignment.py": ASSIGNMENT}
TAKEN = {"4.schedule": PASSED}  # the submission is graded as if nothing were wrong with it
NO_MODELS = {"4.schedule": ERROR, "4.prepare_ddpm": ERROR}
ENCRYPTED = 1  # a flag of a member
SPECIAL = "is a link or a special file: hand in the file itself"


def inside(name, files=FILES):
    """The files in a folder."""
    return {f"{name}/{file}": content for file, content in files.items()}


def with_special(make, file="models.py"):
    """Builds a folder in which `make(path)` puts something in the place of a file."""

    def build(place):
        path = folder()(place) / file
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        make(path)
        return place / "submission"

    return build


def linked_parent(place):
    """A folder whose checkpoints lie elsewhere."""
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / "DDPM.pt").write_bytes(b"of another student")
    (folder()(place) / "checkpoints").symlink_to(place / "elsewhere")
    return place / "submission"


def hard_link(path):
    """The file is another name of one elsewhere."""
    original = path.parents[1] / "original.py"
    original.write_text(MODELS)
    os.link(original, path)


def encrypted(data):
    """Mark every member as encrypted, in its own header and in the directory."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + offset] |= ENCRYPTED
            at = changed.find(signature, at + 1)
    return bytes(changed)


def hundred_thousand_files(place):
    """A zip of 10^5 empty files."""
    return archive({f"noise/{number}": b"" for number in range(100_000)} | FILES)(place)


def folder_of_thousands(place):
    """A folder of 10^4 empty files beside the right ones."""
    return folder(extra={f"noise/{number}": b"" for number in range(10_000)})(place)


def not_a_zip(content):
    """Builds a file that is called a zip."""

    def build(place):
        (place / "submission.zip").write_bytes(content)
        return place / "submission.zip"

    return build


def nested(place):
    """A zip in a zip."""
    inner = archive(FILES)(place).read_bytes()
    return archive({"submission.zip": inner})(place)


def bomb_in_total(place):
    """Two hundred megabytes beside the files, in a small zip."""
    zeros = bytes(2**20)
    return archive([(f"data/{i}", zeros) for i in range(200)] + list(FILES.items()), method=zipfile.ZIP_DEFLATED)(place)


def twice(name):
    """The files, and another of a name that some program takes for the same."""
    return archive([*FILES.items(), (name, "raise SystemExit('the one that was not scanned')")])


UNREADABLE = "is not a zip that can be read .* make it with collect_submission.sh"
NOTHING = r"holds none of the files to hand in \(DDPM.py, .*, theory.py\)"

ATTACKS = (
    Attack("a ../ member", archive({"../models.py": "evil", "a/../../models.py": "evil"} | FILES), TAKEN),
    Attack("nothing but ../ members", archive(inside("..")), {}, NOTHING),
    Attack("an absolute path", archive({"/models.py": "evil", "/tmp/models.py": "evil"} | FILES), TAKEN),
    Attack("a symlink member", archive(FILES | {"models.py": "/etc/passwd"}, mode=stat.S_IFLNK | 0o777), {}, SPECIAL),
    Attack("a FIFO member", archive(FILES, mode=stat.S_IFIFO | 0o644), {}, SPECIAL),
    Attack("a character device member", archive(FILES, mode=stat.S_IFCHR | 0o644), {}, SPECIAL),
    Attack("a block device member", archive(FILES, mode=stat.S_IFBLK | 0o644), {}, SPECIAL),
    Attack("a symlink in a folder", with_special(lambda path: path.symlink_to("/etc/passwd")), {}, SPECIAL),
    Attack("a symlinked folder in a folder", linked_parent, {}, f"checkpoints {SPECIAL}"),
    Attack("a hard link in a folder", with_special(hard_link), TAKEN),
    Attack("a FIFO in a folder, which would hang its reader", with_special(os.mkfifo), {}, SPECIAL),
    Attack("a FIFO for a checkpoint", with_special(os.mkfifo, "checkpoints/DDPM.pt"), {}, SPECIAL),
    Attack(
        "a zip bomb by ratio",
        archive(FILES | {"models.py": bytes(100_000_000)}, method=zipfile.ZIP_DEFLATED),
        {},
        "models.py is larger than the 1000000 bytes allowed",
    ),
    Attack("a zip bomb in total, beside the files", bomb_in_total, TAKEN),
    Attack("10^5 empty files in a zip", hundred_thousand_files, {}, "more than 10000 members"),
    Attack("10^4 empty files in a folder", folder_of_thousands, TAKEN),
    Attack("a nested zip", nested, {}, NOTHING),
    Attack("duplicate names", twice("models.py"), {}, "models.py 2 times: hand in one"),
    Attack("duplicate names but for case", twice("Models.PY"), {}, "models.py 2 times: hand in one"),
    Attack("duplicate names but for ./", twice("./models.py"), {}, "models.py 2 times: hand in one"),
    Attack("duplicate names but for a backslash", twice(".\\models.py"), {}, "models.py 2 times: hand in one"),
    Attack("duplicate names but for Unicode's form", twice("ｍodels.py"), {}, "models.py 2 times: hand in one"),
    Attack("duplicate names up to a NUL", twice("models.py\0.txt"), {}, "models.py 2 times: hand in one"),
    Attack("two folders with the files", archive(inside("a") | inside("b")), {}, r"lie in 2 folders \(a, b\)"),
    Attack("huge names", archive({"n" * 60_000: b"", "n" * 60_000 + "/models.py": b""} | FILES), TAKEN),
    Attack("deep names", archive({"a/" * 30_000 + "models.py": b""} | FILES), TAKEN),
    Attack("a name with newlines", archive({"x\n4.schedule PASSED\n": b""} | FILES), TAKEN),
    Attack(
        "control characters and right-to-left marks in a name that is told",
        archive(inside("\x1b[2J\u202e") | inside("\x07b")),
        {},
        r"^the files to hand in lie in 2 folders \(\\x07b, \\x1b\[2j\\u202e\)",
    ),
    Attack("an encrypted zip", archive(FILES, change=encrypted), {}, "is encrypted: hand in one without a password"),
    Attack("a truncated zip", archive(FILES, change=lambda data: data[: len(data) // 2]), {}, UNREADABLE),
    Attack(
        "a damaged member",
        archive(FILES, change=lambda data: data.replace(b"class DDPM", b"class DDPN")),
        {},
        "models.py cannot be read: Bad CRC-32",
    ),
    Attack("an empty zip file", not_a_zip(b""), {}, UNREADABLE),
    Attack("a PDF called a zip", not_a_zip(b"%PDF-1.7\n" + bytes(1000)), {}, UNREADABLE),
    Attack("a tarball called a zip", not_a_zip(gzip.compress(bytes(10_240))), {}, UNREADABLE),
    Attack("a zip behind another program", archive(FILES, change=lambda data: b"#!/bin/sh\nexit 1\n" + data), TAKEN),
    Attack("a folder inside a folder", archive(inside("work/final")), TAKEN),
    Attack("a folder inside a folder, unzipped", folder(None, None, extra=inside("work/final")), TAKEN),
    Attack(
        "__MACOSX and .DS_Store",
        archive(inside("__MACOSX", {"._models.py": b"\0\5\x16\7", "models.py": b"\0"}) | {".DS_Store": b"\0"} | FILES),
        TAKEN,
    ),
    Attack("no models.py", folder(models=None), NO_MODELS, "the submission has no file models.py"),
    Attack(
        "no assignment.py",
        folder(assignment=None),
        {"4.prepare_ddpm": ERROR, "4.schedule": PASSED},
        "the submission has no file assignment.py",
    ),
    Attack("nothing at all", folder(None, None, extra={"README.md": "sorry"}), {}, NOTHING),
    Attack("Windows line endings", folder(MODELS.replace("\n", "\r\n"), ASSIGNMENT.replace("\n", "\r\n")), TAKEN),
    Attack("a byte order mark", folder(MODELS.encode("utf-8-sig"), ASSIGNMENT.encode("utf-8-sig")), TAKEN),
    Attack("UTF-16 source", folder(MODELS.encode("utf-16")), NO_MODELS, "not text in UTF-8: save it with that"),
    Attack("UTF-16 source, unmarked", folder(MODELS.encode("utf-16-le")), NO_MODELS, "not text in UTF-8"),
    Attack("Latin-1 source", folder(b"NAME = 'caf\xe9'\n" + MODELS.encode()), NO_MODELS, "not text in UTF-8"),
    Attack("an empty file", folder(b""), NO_MODELS, "has no attribute 'VarianceScheduler'"),
    Attack("a notebook called models.py", folder('{"cells": [], "metadata": null}'), NO_MODELS, "name 'null' is not"),
)
