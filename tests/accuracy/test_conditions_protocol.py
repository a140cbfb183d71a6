"""Part 5's accuracy: several objects are asked for in each picture, and each of them counts."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from evaluator import evaluation_model, evaluation_network, top_k

from grader import ROOT
from grader.accuracy import classifiers, scorer_process
from grader.accuracy.grade import Accuracy, grade_accuracy
from grader.accuracy.protocols import protocol_of
from grader.accuracy.rounds import Judged, Rounds
from grader.accuracy.staff.auditor import load_auditor
from grader.accuracy.statistics import wilson_interval
from grader.accuracy.summary import summary
from grader.course import conditions
from grader.course.accuracy_policy import ConditionsPolicy
from grader.grading.run import open_submission
from grader.runtime.case import Outcome

LABELS = conditions.labels("iclevr/test.json", "iclevr/objects.json")
POLICY = ConditionsPolicy(
    part=5,
    build="grader.parts.iclevr.accuracy:build",
    protocol="conditions",
    title="Scenes",
    points=10,
    model={"module": "models", "prepare": "prepare_scenes"},  # any file that students hand in
    conditions="iclevr/test.json",
    objects="iclevr/objects.json",
    checkpoint="checkpoints/DDPM.pt",
    checkpoint_bytes=50_000_000,
    classifier="iclevr",
    classes=24,
    image_shape=(3, 64, 64),
    rounds=3,
    samples_per_round=64,
    nothing_at=0.4,
    everything_at=0.6,
    audit_allowance=0.1,
    seconds=60,
    memory_bytes=2**33,
)
SAMPLER = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
    def generate_sample(self, labels, device=None):
        {body}

def prepare_scenes():
    return Model()
"""
DRAWN = """
        assert (labels.shape, labels.dtype) == ((96, 24), torch.float32)
        assert (device, self.training) == (torch.device("cpu"), False)
        images = torch.zeros(96, 3, 64, 64)
        images[:, 0, 0, :24] = labels
        return images"""


class Reader:
    """In the place of the scoring process: a score for each object is written into the first pixels of a picture."""

    def __init__(self, classifier):
        assert classifier == "iclevr"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def judge(self, images):
        """What is written there."""
        return Judged(images[:, 0, 0, :24])


@pytest.fixture
def grade(assignment, tier, known, make_submission, monkeypatch):
    """grade(body) grades a submission whose generate_sample has this body; `shown` gets what is shown."""

    def grade(body, **options):
        monkeypatch.setattr("grader.accuracy.grade.Scorer", Reader)
        folder = make_submission(models=SAMPLER.format(body=body))
        (folder / "checkpoints").mkdir()
        torch.save({"weight": torch.zeros(1)}, folder / POLICY.checkpoint)
        with open_submission(assignment, tier, known, folder) as grading:
            return grade_accuracy(grading, Accuracy("scenes", POLICY), **options)

    return grade


# ------------------------------------------------------------------------------------------------------------- asking


def test_the_conditions_are_asked_for_in_their_order_again_and_again():
    labels, asked = protocol_of(POLICY).ask(7)
    assert np.array_equal(labels, np.concatenate([LABELS, LABELS]))
    assert np.array_equal(asked["labels"][:64], labels)
    odd, _ = protocol_of(POLICY.model_copy(update={"samples_per_round": 40})).ask(7)  # `grader compare --samples 40`
    assert np.array_equal(odd, np.concatenate([LABELS, LABELS[:8]]))


def test_as_many_other_conditions_are_asked_for_which_a_secret_seed_draws():
    others = [np.array(protocol_of(POLICY).ask(seed)[1]["labels"][64:]) for seed in (7, 7, 8)]
    assert np.array_equal(others[0], others[1])
    assert not np.array_equal(others[0], others[2])
    for drawn in others:
        assert set(drawn.flatten()) == {0, 1}
        assert np.array_equal(drawn.sum(1), LABELS.sum(1))
        assert (drawn != LABELS).any(1).mean() > 0.9
        assert (drawn.sum(0) > 0).mean() > 0.9, "almost every object occurs"


def test_who_draws_what_was_asked_for_earns_everything(grade):
    verdict = grade(DRAWN)
    assert verdict.outcome is Outcome.PASSED, verdict.message
    assert verdict.points == 10
    assert verdict.figures["samples"] == 64
    assert verdict.message.splitlines()[-1] == "objects missed most often: none"


def test_who_keeps_a_picture_for_each_listed_condition_earns_nothing(grade):
    """All that is asked for is found, but none of what nobody could know."""
    verdict = grade(DRAWN.replace("return images", "images[64:] = 0; return images"))
    assert (verdict.outcome, verdict.points) == (Outcome.FAILED, 0), verdict.message
    assert verdict.figures["recognised"] == 1
    assert verdict.figures["unlisted"] < 0.25
    assert verdict.figures["suspicious"]
    expected = r"1\.000 is recognised of the published conditions, but only 0\.\d+ of random ones"
    assert re.search(expected, verdict.message)


def test_the_objects_that_are_missed_are_told(grade):
    half_missed = "images[:, 0, 0, 12:24] = 0; images[:, 0, 0, :1] = 1; return images"
    verdict = grade(DRAWN.replace("return images", half_missed))
    missed, asked = (np.array(verdict.figures[name]) for name in ("missed", "asked"))
    assert asked.tolist() == (verdict.figures["samples"] // 32 * LABELS.sum(0)).tolist()
    assert 1 - missed.sum() / asked.sum() == pytest.approx(verdict.figures["mean"])
    name, *counts = re.search(r"objects missed most often: ([\w ]+) \((\d+) of (\d+)\)", verdict.message).groups()
    named = conditions.objects("iclevr/objects.json").index(name)
    assert list(map(int, counts)) == [missed[named], asked[named]]
    assert missed[named] == missed.max()


@pytest.mark.parametrize(
    ("body", "outcome", "told"),
    [
        (
            "return torch.zeros(len(labels), 3, 32, 32)",
            Outcome.FAILED,
            r"generate_sample must return images of shape \(96, 3, 64, 64\), not \(96, 3, 32, 32\)",
        ),
        (
            "return torch.zeros(16, 3, 64, 64)",
            Outcome.FAILED,
            r"must return images of shape \(96, 3, 64, 64\), not \(16, 3, 64, 64\)",
        ),
        ("return torch.full((96, 3, 64, 64), float('nan'))", Outcome.FAILED, "generate_sample returns NaN or infinity"),
        (
            "raise ValueError(f'{len(labels)} are too many')",
            Outcome.ERROR,
            r"ValueError: 96 are too many\n.*models\.py",
        ),
        ("raise NotImplementedError('TODO')", Outcome.NOT_IMPLEMENTED, "TODO"),
    ],
)
def test_a_broken_sampler_gets_a_clear_line(body, outcome, told, grade):
    verdict = grade(body)
    assert (verdict.outcome, verdict.points) == (outcome, 0)
    assert re.search(told, verdict.message), verdict.message


def test_pictures_are_shown_row_by_row_in_the_order_of_the_list(grade, tmp_path):
    from PIL import Image

    from grader.report import grid

    shown = []
    brighter = "images[:, 1] = torch.linspace(-1, 1, 96)[:, None, None]; return images"
    grade(DRAWN.replace("return images", brighter), show=lambda *what: shown.append(what))
    ((images, columns),) = shown
    grid.save(images, columns, tmp_path / "a.png", -1.0)
    picture = np.asarray(Image.open(tmp_path / "a.png"))
    assert picture.shape == (8 * 64, 8 * 64, 3)
    levels = picture[32::64, 32::64, 1].flatten()
    assert (np.diff(levels.astype(int)) > 0).all()


# ------------------------------------------------------------------------------------------------------------ deciding


def scores(labels, recognised):
    """Scores of 24 objects, by which the first labels are recognised, image by image, and the others are not."""
    rows, objects = np.nonzero(labels)
    found = labels - 0.5
    found[rows[recognised:], objects[recognised:]] = -1
    return found


def rounds_of(*recognised, confirmed=None):
    """Rounds of the 32 conditions (72 objects) in which so many objects are recognised, and so many confirmed."""
    rounds = Rounds(POLICY.model_copy(update={"samples_per_round": 32}))
    for number in recognised:
        rounds.labels.append(LABELS)
        audited = None if confirmed is None else scores(LABELS, confirmed)
        rounds.judged.append(Judged(scores(LABELS, number), audited))
    return rounds


def test_each_object_counts_once():
    rounds = rounds_of(36, 54, 0)
    assert rounds.accuracies == [36 / 72, 54 / 72, 0]
    assert rounds.accuracies == [top_k(torch.from_numpy(j.predicted), torch.from_numpy(LABELS)) for j in rounds.judged]
    assert rounds.share == 1.0
    json.dumps(rounds.figures())


def test_objects_that_are_missed_together_widen_the_interval():
    """`scores` finds all objects of the first images and none of the others."""
    figures = rounds_of(36, 36).figures()
    fewest = 2 * 72**2 / 180  # of 144 objects, as if those of an image were one trial
    assert figures["mean"] == 0.5
    assert figures["interval"] == pytest.approx(wilson_interval(0.5 * fewest, fewest), abs=0.01)
    assert "144 objects were asked for" in summary(rounds_of(36, 36))


@pytest.mark.parametrize(("accuracy", "decided"), [(0.1, True), (0.5, False)])
def test_one_round_near_chance_is_enough(accuracy, decided):
    draw, rounds = np.random.default_rng(0), rounds_of(0)
    rounds.policy = rounds.policy.model_copy(update={"rounds": 5, "nothing_at": 0.6, "everything_at": 0.85})
    rounds.judged = [Judged(np.where(draw.random(LABELS.shape) < accuracy, LABELS, 0.5 - LABELS))]
    assert rounds.decided is decided


@pytest.mark.parametrize(
    ("recognised", "confirmed", "accuracy", "suspicious"),
    [(72, 72, 1, False), (60, 56, 60 / 72, False), (72, 36, 0.6, True), (36, 72, 0.5, False)],
)
def test_only_what_the_auditor_confirms_counts(recognised, confirmed, accuracy, suspicious):
    rounds = rounds_of(recognised, confirmed=confirmed)
    assert rounds.accuracies == [pytest.approx(accuracy)]
    assert rounds.figures()["suspicious"] is suspicious
    assert ("which no submission can have seen" in summary(rounds)) is suspicious
    assert rounds.figures()["copies"] == 0


@pytest.mark.parametrize(
    ("listed", "unlisted", "accuracy"),
    [(54, 54, 54 / 72), (54, 43, 54 / 72), (54, 20, 0.554), (72, 0, 0.211), (36, 72, 0.5)],
)
def test_little_more_counts_than_other_conditions_let_expect(listed, unlisted, accuracy):
    """Where 72 objects are not listed and 20 of them are found, 0.454 is three standard errors off (Wilson)."""
    rounds = rounds_of(listed)
    rounds.judged = [replace(rounds.judged[0], unlisted=np.arange(72) < unlisted)]
    assert rounds.accuracies == [pytest.approx(accuracy, abs=1e-3)]
    assert rounds.figures()["suspicious"] is (accuracy < listed / 72)
    assert ("has memorised pictures" in summary(rounds)) is (accuracy < listed / 72)


# ------------------------------------------------------------------------------------------------ the scoring process


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A tiny evaluator with the real auditor, in the place of ours."""
    folder = tmp_path / "test_resources" / "classifiers"
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(evaluation_network(width=4).state_dict(), folder / "iclevr.pt")
    shutil.copy(classifiers.FOLDER / "iclevr_auditor.pt", folder)
    manifest = {
        f"test_resources/classifiers/{path.name}": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in folder.iterdir()
    }
    (folder.parent / "MANIFEST.json").write_text(json.dumps(manifest))
    (tmp_path / "student").mkdir()
    shutil.copy(ROOT / "student" / "evaluator.py", tmp_path / "student")
    monkeypatch.setattr(classifiers, "FOLDER", folder)
    monkeypatch.setattr(classifiers, "ROOT", tmp_path)
    return folder


def answer(folder, images, monkeypatch, capsys):
    """What the scoring process answers."""
    np.save(folder.parent / "images.npy", images.numpy())
    monkeypatch.setattr("sys.argv", ["scoring", "iclevr"])
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{folder.parent / 'images.npy'}\n"))
    scorer_process.main()
    return json.loads(capsys.readouterr().out)


def test_the_scores_are_those_of_the_evaluator_and_of_the_auditor(tiny, monkeypatch, capsys):
    images = torch.rand(32, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 4 - 2
    told = answer(tiny, images, monkeypatch, capsys)
    assert told.keys() == {"predicted", "audited", "quality"}
    evaluator, labels = evaluation_model(tiny / "iclevr.pt", device="cpu"), torch.from_numpy(LABELS)
    auditor = load_auditor("objects", tiny / "iclevr_auditor.pt")
    judged = Judged(np.array(told["predicted"]), np.array(told["audited"]))
    assert judged.right(LABELS).mean() == pytest.approx(evaluator.eval(images, labels))
    assert judged.confirmed(LABELS).mean() == pytest.approx(top_k(auditor(images.clamp(-1, 1)), labels))
    assert 0 < judged.right(LABELS).mean() != judged.confirmed(LABELS).mean() > 0


def test_on_a_students_machine_nobody_audits(tiny, monkeypatch, capsys):
    (tiny / "iclevr_auditor.pt").unlink()
    assert answer(tiny, torch.zeros(2, 3, 64, 64), monkeypatch, capsys).keys() == {"predicted", "quality"}


# ------------------------------------------------------------------------------------------------------ the references


@pytest.mark.parametrize(("name", "samples"), [("cgan_test", 32), ("cgan_new_test", 32), ("cddpm_test", 32)])
def test_the_reference_earns_points_and_is_confirmed(name, samples, assignment, tier, known):
    """A small round, for a diffusion model takes seconds a picture; `train_references.py` measures more."""
    policy = assignment.policy.accuracy[name].model_copy(update={"rounds": 1, "samples_per_round": samples})
    with open_submission(assignment, tier, known, assignment.solution) as grading:
        verdict = grade_accuracy(grading, Accuracy(name, policy))
    assert verdict.points > 0, verdict.message
    assert not verdict.figures["suspicious"]
