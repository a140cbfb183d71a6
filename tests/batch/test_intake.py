"""What a class has handed in: folders, Gradescope's exports, Canvas's downloads, as they really look."""

import os
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from grader.batch import gradescope_export
from grader.batch.entries import IntakeError, record_id
from grader.batch.intake import appearance, laid_out, read_class
from grader.report.record import Student

SOURCE = "def gaussian_kl():\n    pass\n"


@pytest.fixture
def read(tmp_path, assignment):
    """read() is the class in tmp_path."""
    return lambda: read_class(tmp_path, assignment)


def folder_with(path, *names):
    path.mkdir(parents=True)
    for name in names or ("theory.py",):
        (path / name).write_text(SOURCE)
    return path


def entries_of(intake):
    return {entry.submission: entry for entry in intake.entries}


# ------------------------------------------------------------------------------------------------------- a folder


def test_a_folder_holds_zips_and_folders_and_the_rest_is_reported(tmp_path, read):
    folder_with(tmp_path / "alice")
    (tmp_path / "Bob Smith.ZIP").write_bytes(b"")
    for other in ("notes.txt", ".DS_Store"):
        (tmp_path / other).write_text("")
    (tmp_path / "__MACOSX").mkdir()
    os.mkfifo(tmp_path / "pipe")
    intake = read()
    assert [entry.submission for entry in intake.entries] == ["Bob Smith", "alice"]
    assert intake.passed_over == ("notes.txt", "pipe")
    assert not any(entry.late or entry.students or entry.problem for entry in intake.entries)


def test_the_folder_of_grades_is_no_submission(tmp_path, assignment):
    folder_with(tmp_path / "alice")
    (tmp_path / "grades").mkdir()
    intake = read_class(tmp_path, assignment, tmp_path / "grades")
    assert [entry.submission for entry in intake.entries] == ["alice"]


def test_a_class_that_cannot_be_read_is_reported_with_a_remedy(tmp_path, assignment):
    def refuses(path, match):
        with pytest.raises(IntakeError, match=match):
            read_class(path, assignment)

    refuses(tmp_path / "nowhere", "there is no folder .*nowhere: give the one that holds the submissions")
    refuses(tmp_path, "holds no submissions: put a folder or zip for each submission into it")
    (tmp_path / "all.zip").write_bytes(b"")
    refuses(tmp_path / "all.zip", r"all.zip is a file: unpack it \(unzip .*all.zip -d CLASS\), and give the folder")
    folder_with(tmp_path / "all")
    refuses(tmp_path, r"several submissions have the same name \(all\): rename them, or remove some")
    folder_with(tmp_path / "assignment_1_export", gradescope_export.METADATA)
    refuses(tmp_path, "assignment_1_export is a Gradescope export: give that folder itself")


@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_the_id_of_a_record_is_safe_and_tells_submissions_apart(readable, identity):
    id = record_id(readable, identity)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", id)
    assert id == record_id(readable, identity)
    assert id.casefold() != record_id(readable, f"{identity}x").casefold()


@pytest.mark.parametrize(
    "name", ["a/../../etc", "=cmd|calc", "a\nb", "\u202egpj.zip", "-rf", "<script>", "con", "ü" * 60]
)
def test_hostile_names_make_safe_ids_and_names(name, tmp_path, read):
    folder_with(tmp_path / name.replace("/", "_"))
    (entry,) = read().entries
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", entry.record)
    assert "\u202e" not in entry.submission


def test_an_entry_is_laid_out_under_its_name_or_says_why_not(tmp_path, read, assignment):
    folder_with(tmp_path / "alice")
    (tmp_path / "bob.zip").write_text("no zip")
    alice, bob = read().entries
    with laid_out(alice, assignment) as opened:
        assert (opened.submission.name, opened.submission.present, opened.problem) == ("alice", ("theory.py",), "")
        first = opened.hash
    with laid_out(bob, assignment) as opened:
        assert opened.submission is None
        assert opened.problem.startswith("bob is not a zip that can be read")
        assert str(tmp_path) not in opened.problem
    (tmp_path / "alice" / "theory.py").write_text(f"{SOURCE}\n")
    with laid_out(alice, assignment) as opened:
        assert opened.hash != first


def test_a_change_of_a_zip_is_seen_without_reading_it(tmp_path, read):
    (tmp_path / "alice.zip").write_text("no zip")
    (entry,) = read().entries
    before = appearance(entry)
    assert before == appearance(entry) != ""
    (tmp_path / "alice.zip").write_text("still no zip")
    assert appearance(entry) not in (before, "")


def test_a_change_of_files_is_seen_without_reading_them(tmp_path, read, monkeypatch):
    folder_with(tmp_path / "alice" / "inner")
    (entry,) = read().entries
    before = appearance(entry)
    assert before == appearance(entry) != ""
    (tmp_path / "alice" / "inner" / "theory.py").write_text(f"{SOURCE} ")
    assert appearance(entry) not in (before, "")
    monkeypatch.setattr("grader.batch.intake.MOST_FILES", 1)
    assert appearance(entry) == ""


# ----------------------------------------------------------------------------------------------------- Gradescope


@pytest.fixture
def export(tmp_path):
    """export({name: [(student, sid, email), ...]}, ...) writes the metadata of an export, with a time for each name."""

    def write(submitters, times=()):
        keys = (":name", ":sid", ":email")
        content = {
            name: {
                ":submitters": [
                    {key: value for key, value in zip(keys, s, strict=True) if value is not None} for s in who
                ],
                ":created_at": dict(times).get(name, "2026-11-01 10:00:00 Z"),
                ":score": 0.0,
            }
            for name, who in submitters.items()
        }
        (tmp_path / gradescope_export.METADATA).write_text(yaml.safe_dump(content, allow_unicode=True))

    return write


ADA, ALAN = ("Ada L", "123", "ada@x.edu"), ("Alan T", "124", "alan@x.edu")


def test_a_gradescope_export_names_students_and_groups(tmp_path, read, export):
    for number in (1, 2, 3, 4):
        folder_with(tmp_path / f"submission_{number}")
    nameless = (None, None, None)
    export({"submission_1": [ADA, ALAN], "submission_2": [("Eve", None, None)], "submission_3": [nameless]})
    (tmp_path / "extra.txt").write_text("")
    intake = read()
    entries = entries_of(intake)
    assert intake.kind == "a Gradescope export"
    assert intake.passed_over == ("extra.txt",)
    assert entries["submission_1"].students == (Student(*ADA), Student(*ALAN))
    assert entries["submission_2"].students == (Student("Eve"),)
    assert entries["submission_3"].students == (Student(""),)
    assert entries["submission_4"].students == ()  # the metadata do not mention it
    assert entries["submission_1"].path == tmp_path / "submission_1"
    assert entries["submission_1"].record.startswith("Ada-L-submission-1-")


def test_of_several_submissions_of_a_student_the_newest_counts(tmp_path, read, export):
    names = ["submission_1", "submission_2", "submission_3"]
    for name in names:
        folder_with(tmp_path / name)
    times = dict(zip(names, ("2026-11-02 09:00:00 Z", "2026-11-03 09:00:00 Z", "2026-11-01 09:00:00 Z"), strict=True))
    export({name: [ADA] for name in names}, times)
    (entry,) = read().entries
    assert (entry.submission, sorted(entry.passed_over)) == ("submission_2", ["submission_1", "submission_3"])
    export({name: [("Ada L", None, None)] for name in names}, times)
    assert len(read().entries) == 3  # a name alone may be that of several students


def test_a_folder_that_is_missing_in_an_export_is_the_entrys_problem(tmp_path, read, export, assignment):
    export({"submission_9": [ADA]})
    (entry,) = read().entries
    assert entry.path is None
    with laid_out(entry, assignment) as opened:
        assert "mentions submission_9, but the export has no such folder" in opened.problem


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("a: [", "cannot be read .*export the submissions again"),
        ("a: !!python/object/apply:os.system ['true']", "cannot be read .*could not determine a constructor"),
        ("- a\n- b\n", "does not describe submissions"),
        ("submission_1: 3\n", "does not describe submissions"),
        ("\x00", "cannot be read"),
    ],
)
def test_metadata_that_cannot_be_read_are_reported(text, match, tmp_path, read):
    (tmp_path / gradescope_export.METADATA).write_text(text)
    with pytest.raises(IntakeError, match=match):
        read()


def test_metadata_of_endless_size_are_not_read(tmp_path, read, monkeypatch):
    (tmp_path / gradescope_export.METADATA).write_text("a: 1" * 10)
    monkeypatch.setattr(gradescope_export, "_MOST_BYTES", 20)
    with pytest.raises(IntakeError, match="has more than 20 bytes: is it the one that Gradescope made"):
        read()


# --------------------------------------------------------------------------------------------------------- Canvas


@pytest.fixture
def download(tmp_path, read):
    """download(name, ...) is the intake of a download with these files."""

    def make(*names):
        for name in names:
            (tmp_path / name).write_text(SOURCE)
        return read()

    return make


def test_a_canvas_download_names_students_and_who_is_late(download, tmp_path):
    intake = download(
        "lovelaceada_123_900_submission.zip", "turingalan_LATE_124_901_my_best_work.zip",
        "王芳_125_902_submission.zip", "anon_77_903_submission.zip", "LATE_anon_aB3_904_submission.zip", "grades.csv",
    )  # fmt: skip
    entries = entries_of(intake)
    assert intake.kind == "a Canvas download"
    assert intake.passed_over == ("grades.csv",)
    known = {name: (entry.students, entry.late) for name, entry in entries.items()}
    assert known == {
        "lovelaceada_123_900_submission": ((Student("lovelaceada", "123"),), False),
        "turingalan_LATE_124_901_my_best_work": ((Student("turingalan", "124"),), True),
        "王芳_125_902_submission": ((Student("王芳", "125"),), False),
        "anon_77_903_submission": ((Student("anon_77", "anon_77"),), False),
        "LATE_anon_aB3_904_submission": ((Student("anon_aB3", "anon_aB3"),), True),
    }
    assert entries["anon_77_903_submission"].path == tmp_path / "anon_77_903_submission.zip"


def test_the_newest_attempt_of_a_student_counts(download):
    names = [f"ada_1_{attachment}_submission{attempt}.zip" for attachment, attempt in
             ((905, ""), (901, "-2"), (906, "-1"), (904, "-10"))]  # fmt: skip
    (entry,) = download(*names).entries
    assert entry.submission == "ada_1_904_submission-10"
    assert entry.passed_over == tuple(sorted(set(names) - {"ada_1_904_submission-10.zip"}))


def test_files_without_a_zip_are_gathered_under_the_names_that_are_asked_for(download, assignment):
    (entry,) = download(
        "ada_1_900_models.py", "ada_1_901_models-1.py", "ada_1_902_Theory.py", "ada_1_903_DDPM-2.pt", "ada_1_904_a.png",
    ).entries  # fmt: skip
    assert (entry.submission, entry.path) == ("ada_1", None)
    assert {name: path.name for name, path in entry.loose.items()} == {
        "models.py": "ada_1_901_models-1.py",
        "theory.py": "ada_1_902_Theory.py",
        "checkpoints/DDPM.pt": "ada_1_903_DDPM-2.pt",
    }
    assert entry.passed_over == ("ada_1_900_models.py", "ada_1_904_a.png")
    with laid_out(entry, assignment) as opened:
        assert set(opened.submission.present) == set(entry.loose)
        assert opened.submission.name == "ada_1"


def test_a_zip_counts_more_than_files_beside_it_which_are_reported(download):
    (entry,) = download("ada_1_900_submission.zip", "ada_1_901_DDPM.pt").entries
    assert (entry.path.name, entry.passed_over) == ("ada_1_900_submission.zip", ("ada_1_901_DDPM.pt",))


def test_texts_and_links_are_problems(download, assignment):
    intake = download("ada_1_text.html", "alan_LATE_2_link.html", "eve_3_900_homework.docx")
    problems = {}
    for entry in intake.entries:
        with laid_out(entry, assignment) as opened:
            problems[entry.submission] = opened.problem
    assert "nothing can be graded: a text was typed in" in problems["ada_1"]
    assert "a link was handed in" in problems["alan_2"]
    assert "homework.docx is not one of the files to hand in" in problems["eve_3"]
    assert entries_of(intake)["alan_2"].late


def test_a_loose_file_that_is_a_link_is_refused(tmp_path, read, assignment):
    (tmp_path / ".secret").write_text("x")
    (tmp_path / "ada_1_900_models.py").symlink_to(tmp_path / ".secret")
    (tmp_path / "ada_1_901_theory.py").write_text(SOURCE)
    (entry,) = read().entries
    with laid_out(entry, assignment) as opened:
        assert opened.problem == "ada_1_900_models.py is a link or a special file: hand in the file itself"
