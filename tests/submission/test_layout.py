"""Untrusted folders and zips become exactly the allowed files, or one sentence that says what is wrong."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import tempfile
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.runtime.text import visible
from grader.submission import archive
from grader.submission.layout import Allowed, SubmissionError, lay_out, parse_allowlist

ALLOWLIST = [
    Allowed("assignment.py", True, 1000),
    Allowed("models.py", True, 1000),
    Allowed("checkpoints/DDPM.pt", False, 5000),
]
FILES = {"assignment.py": b"import models\n", "models.py": b"x = 1\n", "checkpoints/DDPM.pt": b"weights"}
GIVEN = {"classifier.py": b"# given", "classifier.pt": b"given weights", "models.py": b"# the stub"}
LINKED = "{} is a link or a special file: hand in the file itself"


@pytest.fixture
def given_files(tmp_path):
    """The folder of given files, which also holds the stubs."""
    return write_folder(tmp_path / "student", GIVEN)


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Where submissions are laid out during a test: it must be empty afterwards."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def write_folder(folder, files):
    """Write files below a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_zip(path, members, attributes=0, compression=zipfile.ZIP_STORED):
    """Write a zip of {name: bytes}, or of (name, bytes) pairs in which names may repeat."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            member = zipfile.ZipInfo(name)
            member.external_attr = attributes
            archive.writestr(member, content, compression)
    return path


def laid_out(path, given):
    """Everything that lies in the folder of a submission, {name: bytes}, and the submission itself."""
    with lay_out(path, ALLOWLIST, given) as found:
        files = {str(p.relative_to(found.folder)): p.read_bytes() for p in found.folder.rglob("*") if p.is_file()}
    return files, found


def refuse(path, given, match):
    """The submission must be refused with a message like this."""
    with pytest.raises(SubmissionError, match=match), lay_out(path, ALLOWLIST, given):
        pass


def as_folder(tmp_path, files, name="ada"):
    """The files as a folder."""
    return write_folder(tmp_path / name, files)


def as_zip(tmp_path, files, name="ada"):
    """The files as a zip."""
    return write_zip(tmp_path / f"{name}.zip", files)


def as_nested_zip(tmp_path, files, name="ada"):
    """The files in a folder in a zip, as a click on 'compress' makes it."""
    return write_zip(tmp_path / f"{name}.zip", {f"student/{name}": content for name, content in files.items()})


FORMS = pytest.mark.parametrize("form", [as_folder, as_zip, as_nested_zip])

# ------------------------------------------------------------------------------------------------- what is taken


@FORMS
def test_a_submission_is_laid_out_beside_the_given_files(form, tmp_path, given_files):
    files, found = laid_out(form(tmp_path, FILES), given_files)
    assert files == GIVEN | FILES
    assert (found.name, found.missing) == ("ada", ())
    assert sorted(found.present) == sorted(FILES)


@FORMS
def test_a_missing_file_is_named_and_no_stub_takes_its_place(form, tmp_path, given_files):
    files, found = laid_out(form(tmp_path, {"assignment.py": b"pass"}), given_files)
    assert found.missing == ("models.py",)
    assert found.present == ("assignment.py",)
    assert "models.py" not in files


@FORMS
def test_a_missing_checkpoint_is_not_required(form, tmp_path, given_files):
    _, found = laid_out(form(tmp_path, {k: v for k, v in FILES.items() if k.endswith(".py")}), given_files)
    assert found.missing == ()


@FORMS
def test_what_is_not_on_the_allowlist_stays_behind(form, tmp_path, given_files):
    extra = {"torch.py": b"raise", "conftest.py": b"raise", "checkpoints/other.pt": b"", "a/models.py": b""}
    files, _ = laid_out(form(tmp_path, FILES | extra), given_files)
    assert files == GIVEN | FILES


@FORMS
def test_a_submission_cannot_replace_a_given_file(form, tmp_path, given_files):
    files, _ = laid_out(form(tmp_path, FILES | {"classifier.py": b"evil", "classifier.pt": b"evil"}), given_files)
    assert (files["classifier.py"], files["classifier.pt"]) == (GIVEN["classifier.py"], GIVEN["classifier.pt"])


@FORMS
def test_a_file_of_exactly_the_allowed_size_is_taken(form, tmp_path, given_files):
    files, _ = laid_out(form(tmp_path, FILES | {"models.py": b"#" * 1000}), given_files)
    assert len(files["models.py"]) == 1000


@FORMS
def test_an_empty_file_counts_as_handed_in(form, tmp_path, given_files):
    _, found = laid_out(form(tmp_path, {"assignment.py": b"", "models.py": b""}), given_files)
    assert found.missing == ()


def test_folders_among_the_given_files_stay_behind(tmp_path, given_files):
    (given_files / "__pycache__").mkdir()
    (given_files / "__pycache__" / "models.pyc").write_bytes(b"")
    files, _ = laid_out(as_folder(tmp_path, FILES), given_files)
    assert files == GIVEN | FILES


def test_a_deflated_zip_is_read(tmp_path, given_files):
    files, _ = laid_out(write_zip(tmp_path / "a.zip", FILES, compression=zipfile.ZIP_DEFLATED), given_files)
    assert files == GIVEN | FILES


def test_what_the_finder_adds_to_a_zip_is_not_mistaken_for_a_file(tmp_path, given_files):
    resource_forks = {"__MACOSX/._models.py": b"fork", "__MACOSX/models.py": b"fork", "__MACOSX/assignment.py": b"fork"}
    nested = {f"work/final/{name}": content for name, content in FILES.items()}
    files, _ = laid_out(write_zip(tmp_path / "a.zip", resource_forks | nested), given_files)
    assert files == GIVEN | FILES


@FORMS
def test_the_shallowest_of_several_copies_is_taken(form, tmp_path, given_files):
    old = {f"backup/{name}": b"old" for name in FILES}
    files, _ = laid_out(form(tmp_path, old | FILES), given_files)
    assert files == GIVEN | FILES


@FORMS
def test_a_folder_in_a_folder_is_found(form, tmp_path, given_files):
    nested = {f"work/final version/{name}": content for name, content in FILES.items()}
    files, _ = laid_out(
        form(tmp_path, {"__MACOSX/models.py": b"fork", ".DS_Store": b"\0\0\0\1Bud1"} | nested), given_files
    )
    assert files == GIVEN | FILES


@FORMS
def test_files_in_two_folders_of_one_depth_are_refused(form, tmp_path, given_files):
    copies = {f"{folder}/{name}": content for folder in ("draft", "final") for name, content in FILES.items()}
    refuse(
        form(tmp_path, copies), given_files, r"the files to hand in lie in 2 folders \(.*draft, .*final\): hand in one"
    )


@FORMS
@pytest.mark.parametrize("name", ["Models.py", "MODELS.PY", "./models.py", "ｍodels.py"])
def test_a_name_that_another_system_reads_alike_is_the_file(form, name, tmp_path, given_files):
    files, _ = laid_out(form(tmp_path, {name if n == "models.py" else n: c for n, c in FILES.items()}), given_files)
    assert files == GIVEN | FILES


def test_a_zip_with_the_separators_of_windows_is_read(tmp_path, given_files):
    renamed = {f"student\\{name}".replace("/", "\\"): content for name, content in FILES.items()}
    files, _ = laid_out(as_zip(tmp_path, renamed), given_files)
    assert files == GIVEN | FILES


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "name", ["Models.py", ".\\models.py", "./models.py", "ｍodels.py", "models.py\0.txt", "MODELS.PY"]
)
@pytest.mark.parametrize("place", ["", "student/"])
def test_what_one_system_takes_for_the_same_file_twice_is_refused(name, place, tmp_path, given_files):
    members = [(f"{place}{n}", c) for n, c in FILES.items()] + [(f"{place}{name}", b"what another program scans")]
    refuse(write_zip(tmp_path / "a.zip", members), given_files, "holds models.py 2 times: hand in one")


def test_two_spellings_of_a_file_in_a_folder_are_refused(tmp_path, given_files):
    path = as_folder(tmp_path, FILES | {"Models.py": b"evil"})
    if len(list(path.glob("*odels.py"))) == 1:
        pytest.skip("this file system does not tell them apart")
    refuse(path, given_files, "holds models.py 2 times: hand in one")


def test_folders_in_a_zip_are_no_files(tmp_path, given_files):
    files, _ = laid_out(write_zip(tmp_path / "a.zip", {"checkpoints/": b"", "models.py/": b""} | FILES), given_files)
    assert files == GIVEN | FILES


@pytest.mark.parametrize("beside", [{}, FILES, {f"work/{name}": content for name, content in FILES.items()}])
@pytest.mark.parametrize("place", ["../", "../../", "/", "work/../../", "checkpoints/../../"])
def test_a_member_outside_of_the_zip_is_not_taken(place, beside, tmp_path, given_files):
    path = write_zip(tmp_path / "a.zip", {f"{place}models.py": b"evil", f"{place}assignment.py": b"evil"} | beside)
    if beside:
        assert laid_out(path, given_files)[0] == GIVEN | FILES
    else:
        refuse(path, given_files, "holds none of the files to hand in")
    assert not list(tmp_path.glob("*.py"))


def test_the_folder_of_a_submission_is_removed_whatever_happens_in_it(tmp_path, given_files, scratch):
    def crash(folder):
        assert folder.parent == scratch.resolve()
        (folder / "left_behind.txt").write_text("by the student's code")
        raise KeyError("stop")

    path = as_folder(tmp_path, FILES)
    with pytest.raises(KeyError, match="stop"), lay_out(path, ALLOWLIST, given_files) as found:
        crash(found.folder)
    assert not found.folder.exists()


def test_changing_a_laid_out_file_does_not_change_the_submission(tmp_path, given_files):
    path = as_folder(tmp_path, FILES)
    with lay_out(path, ALLOWLIST, given_files) as found:
        for name in ("models.py", "classifier.py", "checkpoints/DDPM.pt"):
            (found.folder / name).write_bytes(b"changed")
    assert (path / "models.py").read_bytes() == FILES["models.py"]
    assert (path / "checkpoints/DDPM.pt").read_bytes() == FILES["checkpoints/DDPM.pt"]
    assert (given_files / "classifier.py").read_bytes() == GIVEN["classifier.py"]


# ------------------------------------------------------------------------------------------------ what is refused


def test_a_missing_submission_is_refused(tmp_path, given_files):
    refuse(tmp_path / "nobody", given_files, "there is no submission at .*nobody: give a folder or a zip")


@FORMS
@pytest.mark.parametrize("files", [{}, {"notes.txt": b"sorry"}, {"deeply/nested/thing.py": b""}])
def test_a_submission_without_any_of_the_files_is_refused(form, files, tmp_path, given_files):
    (tmp_path / "ada").mkdir()
    match = r"ada.* holds none of the files to hand in \(assignment.py, models.py\): is it the right folder\?"
    refuse(form(tmp_path, files), given_files, match)


@FORMS
@pytest.mark.parametrize(("name", "size"), [("models.py", 1000), ("checkpoints/DDPM.pt", 5000)])
def test_a_file_that_is_too_large_is_refused(form, name, size, tmp_path, given_files):
    path = form(tmp_path, FILES | {name: b"#" * (size + 1)})
    refuse(path, given_files, f"{name} is larger than the {size} bytes allowed")


def test_a_file_of_gigabytes_is_refused_before_it_is_read(tmp_path, given_files):
    path = as_folder(tmp_path, FILES)
    with (path / "models.py").open("wb") as sparse:
        sparse.truncate(2**33)
    assert peak_of_refusing(path, given_files, "larger than") < 5_000_000


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_is_refused_before_it_inflates(compression, tmp_path, given_files):
    path = write_zip(tmp_path / "a.zip", {"models.py": bytes(40_000_000)}, compression=compression)
    assert peak_of_refusing(path, given_files, "models.py") < 5_000_000


def test_a_zip_bomb_that_lies_about_its_size_is_refused_before_it_inflates(tmp_path, given_files):
    path = write_zip(tmp_path / "a.zip", {"models.py": bytes(40_000_000)}, compression=zipfile.ZIP_DEFLATED)
    change_directory(path, 24, "<L", 10)
    assert peak_of_refusing(path, given_files, "models.py cannot be read") < 5_000_000


def peak_of_refusing(path, given, match):
    """The most bytes that were held at a time until the submission was refused."""
    tracemalloc.start()
    try:
        refuse(path, given, match)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def change_directory(path, offset, layout, value, local=None):
    """Overwrite a field of the first member in a zip's central directory, and in its local header at `local`."""
    data = bytearray(path.read_bytes())
    struct.pack_into(layout, data, data.index(b"PK\x01\x02") + offset, value)
    if local is not None:
        struct.pack_into(layout, data, local, value)
    path.write_bytes(data)


@pytest.mark.parametrize("target", ["/etc/passwd", "other.py", "../student/models.py", "nowhere"])
def test_a_link_in_a_folder_is_refused(target, tmp_path, given_files):
    path = as_folder(tmp_path, {"assignment.py": b"", "other.py": b""})
    (path / "models.py").symlink_to(target)
    refuse(path, given_files, LINKED.format("models.py"))


def test_a_linked_folder_in_a_folder_is_refused(tmp_path, given_files):
    path = as_folder(tmp_path, {"assignment.py": b"", "models.py": b""})
    elsewhere = write_folder(tmp_path / "elsewhere", {"DDPM.pt": b"secret"})
    (path / "checkpoints").symlink_to(elsewhere)
    refuse(path, given_files, LINKED.format("checkpoints"))


def test_a_link_to_the_whole_submission_is_no_matter(tmp_path, given_files):
    (tmp_path / "link").symlink_to(as_folder(tmp_path, FILES))
    files, found = laid_out(tmp_path / "link", given_files)
    assert files == GIVEN | FILES
    assert found.name == "ada"


def test_a_folder_with_the_name_of_a_file_is_not_taken(tmp_path, given_files):
    _, found = laid_out(as_folder(tmp_path, {"assignment.py": b"", "models.py/inner.py": b""}), given_files)
    assert found.missing == ("models.py",)
    assert found.present == ("assignment.py",)


@pytest.mark.parametrize("name", ["models.py", "checkpoints/DDPM.pt"])
def test_a_pipe_in_a_folder_is_refused_and_never_opened(name, tmp_path, given_files):
    path = as_folder(tmp_path, {"assignment.py": b"", "checkpoints/notes.txt": b""})
    os.mkfifo(path / name)  # reading it would hang
    refuse(path, given_files, LINKED.format(name))


def test_a_hard_link_is_copied_so_that_nothing_written_to_the_copy_reaches_the_original(tmp_path, given_files):
    other = write_folder(tmp_path / "bob", {"models.py": b"of bob"}) / "models.py"
    path = as_folder(tmp_path, {"assignment.py": b""})
    os.link(other, path / "models.py")
    with lay_out(path, ALLOWLIST, given_files) as found:
        (found.folder / "models.py").write_bytes(b"changed")
    assert other.read_bytes() == b"of bob"


def test_what_is_forbidden_to_read_is_refused_in_a_sentence(tmp_path, given_files, monkeypatch):
    def forbidden(path, count):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(archive, "_read", forbidden)  # root may read everything
    refuse(as_folder(tmp_path, FILES), given_files, "assignment.py cannot be read: .*Permission denied")


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o020644, 0o060644, 0o040755])
def test_a_link_or_special_file_in_a_zip_is_refused(mode, tmp_path, given_files):
    path = write_zip(tmp_path / "a.zip", {"models.py": b"/etc/passwd"}, attributes=mode << 16)
    refuse(path, given_files, LINKED.format("models.py"))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"%PDF-1.7", b"PK\x03\x04" + bytes(50)])
def test_what_is_no_zip_is_refused(content, tmp_path, given_files):
    (tmp_path / "ada.zip").write_bytes(content)
    refuse(tmp_path / "ada.zip", given_files, "ada.zip is not a zip .* make it with collect_submission.sh")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("place", ["", "student/"])
def test_a_file_that_is_there_twice_is_refused(place, tmp_path, given_files):
    members = [(f"{place}models.py", b"good"), (f"{place}models.py", b"evil"), (f"{place}assignment.py", b"")]
    refuse(write_zip(tmp_path / "a.zip", members), given_files, "holds models.py 2 times: hand in one")


def test_an_encrypted_file_is_refused(tmp_path, given_files):
    path = write_zip(tmp_path / "a.zip", {"models.py": b"x = 1"})
    change_directory(path, 8, "<H", 1, local=6)
    refuse(path, given_files, "the zip is encrypted: hand in one without a password")


def test_a_truncated_zip_is_refused(tmp_path, given_files):
    whole = as_zip(tmp_path, FILES).read_bytes()
    path = tmp_path / "half.zip"
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        refuse(path, given_files, "half.zip is not a zip that can be read")


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        (10, "<H", 99),  # a method of compression that there is not
        (10, "<H", zipfile.ZIP_DEFLATED),  # which it is not
        (10, "<H", zipfile.ZIP_BZIP2),
        (10, "<H", zipfile.ZIP_LZMA),
        (16, "<L", 12345),  # checksum
        (8, "<H", 0x20),  # a patch
        (8, "<H", 0x40),  # strongly encrypted
        (42, "<L", 2),  # where it starts
    ],
)
def test_a_damaged_member_is_refused(offset, layout, value, tmp_path, given_files):
    path = write_zip(tmp_path / "a.zip", {"models.py": b"\xff\xff\xff\xff: not compressed at all" * 3})
    change_directory(path, offset, layout, value)
    refuse(path, given_files, "models.py cannot be read")


def test_a_damaged_lzma_member_is_refused(tmp_path, given_files):
    path = write_zip(tmp_path / "a.zip", {"models.py": b"\x09\x04\x05\x00" + b"\xff" * 100})
    change_directory(path, 10, "<H", zipfile.ZIP_LZMA)
    refuse(path, given_files, "models.py")


def test_a_zip_of_too_many_members_is_refused(tmp_path, given_files, monkeypatch):
    monkeypatch.setattr(archive, "MEMBERS_CAP", 50)
    fill = {f"noise/{i}": b"" for i in range(47)}
    assert laid_out(write_zip(tmp_path / "a.zip", FILES | fill), given_files)[0] == GIVEN | FILES
    path = write_zip(tmp_path / "b.zip", FILES | fill | {"one more": b""})
    refuse(path, given_files, "b.zip has more than 50 members: hand in the files that are asked for")


WILD_NAMES = {
    "endless": "n" * 60_000,
    "deep": "a/" * 20_000 + "models.py",
    "newline": "models.py\n4.schedule PASSED",
    "control": "\x1b[2J\x07\x08models.py",
    "right to left": "\u202eyp.sledom",
    "no name": "/",
    "dots": "....",
}


@pytest.mark.parametrize("name", WILD_NAMES.values(), ids=WILD_NAMES)
def test_a_member_with_a_wild_name_stays_behind(name, tmp_path, given_files):
    files, _ = laid_out(write_zip(tmp_path / "a.zip", FILES | {name: b"", f"student/{name}": b""}), given_files)
    assert files == GIVEN | FILES


@pytest.mark.parametrize("name", ["\x1b[2J\x07", "a\nPASSED", "\u202eevil", "\u2028"])
def test_no_message_repeats_what_a_terminal_obeys(name, tmp_path, given_files):
    pairs = [(f"{name}{n}/{file}", content) for n in range(2) for file, content in FILES.items()]
    with (
        pytest.raises(SubmissionError) as refusal,
        lay_out(write_zip(tmp_path / "a.zip", pairs), ALLOWLIST, given_files),
    ):
        pass
    assert visible(str(refusal.value)) == str(refusal.value)
    assert "lie in 2 folders" in str(refusal.value)
    name = name.replace("\n", "")
    _, found = laid_out(as_folder(tmp_path, FILES, name), given_files)
    assert found.name == visible(name)


def empty_files(count):
    """Names of that many empty files, and the files of a submission behind them."""
    return {f"noise/{number}": b"" for number in range(count)} | FILES


def zip_of_a_hundred_thousand(tmp_path):
    """Far too many members."""
    return as_zip(tmp_path, empty_files(100_000))


def zip_of_many_long_names(tmp_path):
    """As many members as are allowed, with names as long as they get: half a gigabyte of names is next."""
    return as_zip(tmp_path, {f"{number}/" + "a/" * 5_000: b"" for number in range(1000)} | FILES)


def folder_of_many(tmp_path):
    """A folder of a data set beside the files."""
    return as_folder(tmp_path, {f"data/{number}": b"" for number in range(20_000)} | FILES)


def folder_of_folders(tmp_path):
    """More folders than are searched."""
    for number in range(15_000):
        (tmp_path / "ada" / str(number)).mkdir(parents=True)
    return tmp_path / "ada"


@pytest.mark.parametrize(
    "make",
    [zip_of_a_hundred_thousand, zip_of_many_long_names, folder_of_many, folder_of_folders],
    ids=lambda f: f.__name__,
)
def test_no_number_of_names_takes_long(make, tmp_path, given_files):
    path = make(tmp_path)
    start = time.perf_counter()
    with contextlib.suppress(SubmissionError):
        laid_out(path, given_files)
    assert time.perf_counter() - start < 1


EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3)


def small_zip():
    """The bytes of a small deflated zip."""
    file = io.BytesIO()
    write_zip(file, FILES, compression=zipfile.ZIP_DEFLATED)
    return file.getvalue()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """A place for fuzzed zips and their given files, made once."""
    folder = tmp_path_factory.mktemp("fuzzed")
    return folder / "fuzzed.zip", write_folder(folder / "student", GIVEN)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(EDITS)
def test_a_damaged_zip_is_laid_out_or_refused(fuzzed, edits):
    path, given_folder = fuzzed
    data = bytearray(small_zip())
    for place, content in edits:
        at = place % len(data)
        data[at : at + len(content)] = content
    path.write_bytes(data)
    try:
        files, _ = laid_out(path, given_folder)
    except SubmissionError:
        return
    assert files.keys() <= GIVEN.keys() | FILES.keys()
    assert files["classifier.py"] == GIVEN["classifier.py"]


# ------------------------------------------------------------------------------------------------------ allowlist


def test_an_allowlist_is_read_line_by_line():
    text = "# name, need, most bytes\n\nmodels.py required 1000\n# more\nc/DDPM.pt  optional  50\n"
    assert parse_allowlist(text) == [Allowed("models.py", True, 1000), Allowed("c/DDPM.pt", False, 50)]


def test_a_line_of_blanks_in_an_allowlist_is_no_file():
    assert parse_allowlist("models.py required 1000\n  \n") == [Allowed("models.py", True, 1000)]
