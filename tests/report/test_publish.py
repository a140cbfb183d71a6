"""The folder of a class's grades: what is in it, and what each of its pages may tell."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.report import page, publish, results
from grader.report.record import Record, Student
from grader.runtime.case import Outcome, Verdict
from grader.util import files
from tests.classes import a_class, hostile, pairs_and_changes

TABLES = ("canvas.csv", "changes.csv", "grades.csv", "gradescope.csv", "similar.csv")


@pytest.fixture(scope="module")
def class_(assignment, tmp_path_factory):
    return a_class(assignment, 12, tmp_path_factory.mktemp("pictures"))


def written(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_written_and_can_be_written_again(class_, assignment, tmp_path):
    publish.write(tmp_path, class_, assignment, **pairs_and_changes(class_))
    first = written(tmp_path)
    expected = {Path(name) for name in (*TABLES, "report.html")}
    for record in class_:
        files_of = ("results.json", "feedback.html", *(f"{id}.png" for id in record.images))
        expected |= {Path("submissions", record.id, name) for name in files_of}
    assert set(first) == expected
    kept = [replace(r, images={id: tmp_path / f"submissions/{r.id}/{id}.png" for id in r.images}) for r in class_]
    publish.write(tmp_path, kept, assignment, **pairs_and_changes(class_))
    second = written(tmp_path)
    assert {name for name in first if first[name] != second[name]} <= {Path("report.html")}  # which tells when


def test_tables_for_excel_begin_with_a_mark_and_those_for_upload_must_not(class_, assignment, tmp_path):
    publish.write(tmp_path, class_, assignment)
    marked = {name for name in TABLES if (tmp_path / name).read_text().startswith("\ufeff")}
    assert marked == {"grades.csv", "changes.csv", "similar.csv"}


def test_canvas_finds_the_assignment_by_its_number_if_the_policy_has_one(class_, assignment, tmp_path):
    numbered = replace(assignment, policy=assignment.policy.model_copy(update={"canvas_assignment": 4711}))
    publish.write(tmp_path, class_, numbered)
    assert '"Section","Deep generative models (4711)"\n' in (tmp_path / "canvas.csv").read_text()


def test_the_results_of_a_submission_are_gradescope_s(class_, assignment, tmp_path):
    publish.write(tmp_path, class_[:1], assignment)
    (record,) = class_[:1]
    told = json.loads((tmp_path / "submissions" / record.id / "results.json").read_text())
    expected = results.gradescope(record.tier, record.seeds, record.verdicts, record.changed)
    assert told == json.loads(json.dumps(expected))


def test_a_picture_that_is_gone_is_left_out(class_, assignment, tmp_path):
    record = replace(class_[0], images={"4.ddpm_accuracy": tmp_path / "nowhere.png"})
    publish.write(tmp_path / "grades", [record], assignment)
    assert "data:image" not in (tmp_path / "grades" / "report.html").read_text()


def test_an_interrupted_writing_leaves_whole_files(class_, assignment, tmp_path, monkeypatch):
    publish.write(tmp_path, class_, assignment)
    before = written(tmp_path)

    def power_cut(path, content, replace=files.replace):
        if path.name == "report.html":
            raise KeyboardInterrupt
        replace(path, content)

    monkeypatch.setattr(files, "replace", power_cut)
    with pytest.raises(KeyboardInterrupt):
        publish.write(tmp_path, class_[:3], assignment)
    assert written(tmp_path)[Path("report.html")] == before[Path("report.html")]


def test_no_class_at_all_has_a_report(assignment, tmp_path):
    publish.write(tmp_path, [], assignment)
    assert "0</b>submissions of 0 students" in (tmp_path / "report.html").read_text()


def test_a_feedback_page_tells_everything_a_student_may_know(assignment):
    mistake = assignment.mistakes[0]
    case, question = assignment.by_id[mistake.fails[0]], assignment.questions[0]
    printed = "\n".join(f"line {i}" for i in range(20))
    verdicts = (
        Verdict(case, Outcome.FAILED, 0.0, "it differs", mistake.id, mistake.hint, printed),
        Verdict(question, Outcome.MARKED, 1.5, "well said & short"),
    )
    told = page.feedback(Record("r1", "folder", verdicts, (Student("Ada"),), tier="sandbox"), assignment)
    for expected in (
        "Ada",
        "it differs",
        mistake.hint,
        "line 19",
        "(8 earlier lines)",
        "well said &amp; short",
        "sandbox",
    ):
        assert expected in told
    assert re.search(r"<b>Equation:</b>", told)
    assert "1.5 / " in told


def test_a_feedback_page_tells_nothing_of_others_and_nothing_that_is_for_staff(class_, assignment, tmp_path):
    ours = Record(
        "r1",
        "folder",
        (Verdict(assignment.cases[0], Outcome.INFRASTRUCTURE, 0.0, "/home/ta/secret.goldens is gone"),),
        (Student("Ada", "77001", "ada@example.org"),),
        changed=("models.py: the class UNet has been changed",),
    )
    theirs = replace(class_[1], students=(Student("Somebody Else"),))
    publish.write(tmp_path, [ours, theirs], assignment, **pairs_and_changes([ours, theirs]))
    told = (tmp_path / "submissions" / "r1" / "feedback.html").read_text()
    assert "not your fault" in told
    for hidden in ("Somebody", "secret", "UNet", theirs.id, "models.py", "changed"):
        assert hidden not in told.split("</style>")[1]
    report = (tmp_path / "report.html").read_text()
    for shown in ("Somebody Else", "secret.goldens", "the class UNet"):
        assert shown in report


def test_hostile_texts_are_escaped_everywhere(assignment, tmp_path):
    class_ = hostile(assignment, tmp_path / "pictures")
    publish.write(tmp_path, class_, assignment, **pairs_and_changes(class_))
    for path in tmp_path.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<img src=x|<script>alert|onmouseover='|\u202e", text)
        assert text.count("<script") == text.count("</script>") == (2 if path.name == "report.html" else 0)
        assert max(map(len, re.findall(r"(?:long )+", text)), default=0) < page.TEXT + 100
