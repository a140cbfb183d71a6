"""What the notebooks' cells do: show, grade, train once, and say in a sentence what a student can mend."""

from __future__ import annotations

import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from grader.notebook import cells, sentences, setting
from grader.notebook.sentences import NotebookError
from grader.runtime.case import Case, Outcome, Verdict

STUB = '''class Scheduler:
    """A schedule."""

    def add_noise(self, x):
        """Add noise."""
        # TODO(4.add_noise): eq. (4)
        raise NotImplementedError("TODO(4.add_noise)")


@cached
def decorated():
    return 1
'''

NOT_DONE = (
    "TODO(4.add_noise) is not done yet: noising.py, line 7. Write what it asks for, save the file, and run this cell "
    "again."
)

NOT_PASSED = "4.add_noise does not pass yet. Change your code, save the file, and run this cell again."


@pytest.fixture
def student(tmp_path, monkeypatch):
    (tmp_path / "noising.py").write_text(STUB)
    monkeypatch.setattr(cells, "STUDENT", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def displayed(monkeypatch):
    """What is displayed in a cell."""
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    return shown


# ---------------------------------------------------------------------------------------------------------------- show


def test_a_stub_is_shown_with_its_file_and_line(student, displayed):
    cells.show("noising.Scheduler.add_noise", "noising.decorated")
    stub, other = (markdown.data for markdown in displayed)
    assert stub.startswith(
        '`noising.py`, line 4:\n\n```python\n    def add_noise(self, x):\n        """Add noise."""\n'
    )
    assert stub.endswith('raise NotImplementedError("TODO(4.add_noise)")\n```')
    assert other == "`noising.py`, line 10:\n\n```python\n@cached\ndef decorated():\n    return 1\n```"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nothing.f", r".*nothing\.py is missing: restore it from the handout\."),
        ("noising.Scheduler.f", r"noising\.py has no Scheduler\.f: was it renamed\?"),
        ("broken.f", r"Python cannot read broken\.py: .*, line 2\."),
    ],
)
def test_what_cannot_be_shown_is_told(name, sentence, student):
    (student / "broken.py").write_text("x = 1\ndef f(:\n")
    with pytest.raises(NotebookError, match=sentence):
        cells.show(name)


# --------------------------------------------------------------------------------------------------------------- grade


def verdict(outcome, **told):
    case = Case("4.add_noise", "Noising <b>", 0.5, None, "x_t = x_0 < eps", look="the roots", term="alpha & alpha_bar")
    return Verdict(case, outcome, 0.5 * (outcome is Outcome.PASSED), **told)


def test_a_failure_is_shown_with_its_diagnosis_and_folded_hints():
    failed = verdict(Outcome.FAILED, message="x_t: expected 1, got <script>", hint="No root was taken.")
    page = cells.Verdicts([failed])._repr_html_()
    for text in (
        "FAILED",
        "0/0.5: Noising &lt;b&gt;",
        "got &lt;script&gt;",
        "<b>Diagnosis.</b> ",
        "No root was taken.",
    ):
        assert text in page
    for title, text in (("Where to look", "the roots"), ("Which term of which equation", "alpha &amp; alpha_bar")):
        assert f"<summary>{title}</summary>" in page
        assert text in page.partition(f"<summary>{title}</summary>")[2]


def test_what_passes_is_a_line():
    assert "details" not in cells.Verdicts([verdict(Outcome.PASSED)])._repr_html_()
    assert repr(cells.Verdicts([verdict(Outcome.PASSED)])).strip() == "4.add_noise PASSED 0.5/0.5"


@pytest.mark.parametrize(
    ("outcome", "message", "sentence"),
    [
        (
            Outcome.FAILED,
            "differs",
            NOT_PASSED,
        ),
        (
            Outcome.ERROR,
            "raises",
            NOT_PASSED,
        ),
        (
            Outcome.NOT_IMPLEMENTED,
            "TODO(4.add_noise)\n  at noising.py, line 7, in add_noise: raise",
            NOT_DONE,
        ),
        (
            Outcome.INFRASTRUCTURE,
            "the server died",
            "4.add_noise: the grader itself failed. This is not your fault: run this cell again.",
        ),
    ],
)
def test_a_notebook_stops_with_a_sentence_at_what_does_not_pass(outcome, message, sentence):
    assert cells._what_next(verdict(outcome, message=message)) == sentence


def test_the_students_files_are_graded_as_they_are_saved(
    assignment, tier, known, make_submission, monkeypatch, displayed
):
    folder = make_submission()
    monkeypatch.setattr(cells, "STUDENT", folder)
    monkeypatch.setattr(cells, "session", lambda: (assignment, tier, known))
    cells.grade("4.add_noise")
    (folder / "models.py").write_text(
        (folder / "models.py").read_text().replace("(1 - alpha_bar).sqrt() * noise", "noise")
    )
    with pytest.raises(NotebookError, match=r"4\.add_noise does not pass yet"):
        cells.grade("4.schedule", "4.add_noise")
    assert [[v.outcome for v in each.verdicts] for each in displayed] == [
        [Outcome.PASSED],
        [Outcome.PASSED, Outcome.FAILED],
    ]
    with pytest.raises(NotebookError, match=r"There is no case '4\.add_noize'\. Did you mean 4\.add_noise"):
        cells.grade("4.add_noize")


# ----------------------------------------------------------------------------------------------------------- sentences


@pytest.fixture
def shell(monkeypatch, student):
    """A shell of IPython whose cells say sentences, and the lines of what it says last."""
    (student / "given_data.py").write_text('"""Given: data."""\n\n\nclass DataError(Exception):\n    pass\n')
    monkeypatch.syspath_prepend(str(student))
    shell = InteractiveShell()
    said = []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: said.append((kind.__name__, lines)))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    sentences.say_sentences(student)
    yield lambda code: (shell.run_cell(code), said.pop())[1]
    shell.history_manager.end_session()
    sys.modules.pop("given_data", None)


def test_a_todo_that_a_cell_reaches_is_told_in_a_sentence(shell, student):
    (student / "noising.py").write_text(STUB.replace("@cached\n", ""))
    said = shell("import noising\nnoising.Scheduler().add_noise(1)")
    assert said == (
        "NotebookError",
        [NOT_DONE],
    )
    sys.modules.pop("noising")


def test_an_error_of_a_given_file_is_told_without_a_traceback(shell):
    said = shell("import given_data\nraise given_data.DataError('no such dataset')")
    assert said == ("NotebookError", ["no such dataset"])


@pytest.mark.parametrize("error", ["NotImplementedError('Could not run aten::x')", "ValueError('a bug')"])
def test_other_errors_keep_their_traceback(error, shell):
    kind, lines = shell(f"raise {error}")
    assert kind == error.partition("(")[0]
    assert "Traceback" in "\n".join(lines)


# ------------------------------------------------------------------------------------------------------------- training


@pytest.fixture
def trainings(student):
    """A training that writes a checkpoint, and how often it ran."""
    ran = []

    def train(path):
        ran.append(path)
        path.write_text("weights")
        return [2.0, 1.0]

    return train, ran


def test_in_full_a_model_is_trained_once_and_its_losses_are_kept(trainings, capsys):
    train, ran = trainings
    full = setting.Setting("full", "cpu")
    assert [full.trained("DDPM.pt", train) for _ in range(2)] == [[2.0, 1.0]] * 2
    assert len(ran) == 1
    assert "checkpoints/DDPM.pt exists and is used as it is: remove it to train again" in capsys.readouterr().out


def test_in_full_an_interrupted_training_goes_on(trainings, student):
    train, ran = trainings
    (student / "checkpoints").mkdir()
    for name in ("DDPM.pt", "DDPM.resume.pt"):  # as `trainers.train` leaves them after an epoch
        (student / "checkpoints" / name).write_text("of the first epoch")
    setting.Setting("full", "cpu").trained("DDPM.pt", train)
    assert len(ran) == 1


def test_a_checkpoint_from_elsewhere_has_no_losses(trainings, student):
    (student / "checkpoints").mkdir()
    (student / "checkpoints" / "DDPM.pt").write_text("weights")
    assert setting.Setting("full", "cpu").trained("DDPM.pt", trainings[0]) == []


def test_in_tiny_it_is_trained_anew_each_time_and_elsewhere(trainings, student):
    train, ran = trainings
    tiny = setting.Setting("tiny", "cpu")
    for _ in range(2):
        tiny.trained("DDPM.pt", train)
        (student / "outputs" / "tiny" / "DDPM.resume.pt").write_text("of other code")
    assert len(ran) == 2
    assert not (student / "checkpoints").exists()
    tiny.trained("DDPM.pt", train)
    assert not (student / "outputs" / "tiny" / "DDPM.resume.pt").exists()


def test_digits_stand_in_for_data_that_are_not_there(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GENMODELS_DATA", str(tmp_path))
    images, labels = setting.Setting("tiny", "cpu").images("fashion_mnist", most=12).tensors
    assert (images.shape, labels.shape) == ((12, 1, 32, 32), (12,))
    assert f"fashion_mnist is not in {tmp_path}: 12 drawn digits replace it" in capsys.readouterr().out
    setting.Setting("tiny", "cpu").images("synthetic", channels=3, most=2)
    assert capsys.readouterr().out == ""


def test_a_tiny_training_takes_some_of_the_data_that_are_there(monkeypatch, tmp_path):
    import torch

    (tmp_path / "MNIST").mkdir()
    monkeypatch.setenv("GENMODELS_DATA", str(tmp_path))
    data = torch.utils.data.TensorDataset(torch.arange(100.0), torch.arange(100))
    monkeypatch.setattr("datasets.load", lambda name, train, channels: data)
    some, labels = setting.Setting("tiny", "cpu").images("mnist", most=5).tensors
    assert some.tolist() == labels.tolist() != [0, 1, 2, 3, 4]
    assert len(setting.Setting("full", "cuda").images("mnist", most=5)) == 100


@pytest.mark.parametrize(
    ("profile", "minutes", "expected"),
    [
        ("tiny", {"tiny": 1, "full": 20}, "| expect | about 1 minute for the whole notebook |"),
        (
            "full",
            {"tiny": 1, "full": 20},
            "| expect | about 20 minutes for the whole notebook with training, on a GPU",
        ),
        ("full", 1, "| expect | about 1 minute for the whole notebook |"),
    ],
)
def test_the_device_and_the_expected_minutes_are_told(profile, minutes, expected, displayed):
    setting._welcome(4, profile, "NVIDIA T4", minutes)
    assert "| device | NVIDIA T4 |" in displayed[0].data
    assert expected in displayed[0].data


def test_a_profile_that_does_not_exist_is_told(monkeypatch, student):
    monkeypatch.setattr(setting, "STUDENT", student)
    monkeypatch.setattr(setting, "session", lambda: None)
    with pytest.raises(NotebookError, match=r"There is no profile 'huge'\. Write PROFILE = 'tiny' or 'full'"):
        setting.begin(4, {"tiny": 1, "full": 1}, "huge")
    monkeypatch.setattr(setting, "STUDENT", student / "nowhere")
    with pytest.raises(NotebookError, match=r"The folder .*nowhere is missing"):
        setting.begin(4, {"tiny": 1, "full": 1})
