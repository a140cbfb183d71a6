"""The accuracy stage in an interpreter of its own, inside bubblewrap."""

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.runtime import sampling
from grader.runtime.case import Case
from grader.runtime.errors import InfrastructureError
from grader.sandbox import bubblewrap, view
from grader.sandbox.exchange import Job
from tests.sandbox.test_sandbox import LIMITS

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is Linux's"),
    pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is missing: make system-deps"),
]
CASE = Case("0.sample", "", 0.0, sampling.sample, "", seconds=20.0)
ARGUMENTS = {
    "model": {
        "build": "grader.parts.fashion_mnist.accuracy:build",
        "prepare": "prepare",
        "checkpoint": "weights.pt",
    },
    "labels": [1, 0],
    "image_shape": [1, 2, 2],
    "device": "cpu",
    "threads": 2,
}
MODEL = """
import torch
class Model(torch.nn.Module):
    def generate_sample(self, count, device, labels):
        {body}
        return torch.full((count, 1, 2, 2), float({value}))
def prepare():
    return Model()
"""


@pytest.fixture
def sampled(tmp_path, sandbox):
    """sampled(value, body) is what a model observes that runs `body` and generates `value` everywhere."""

    def sample(value, body="pass", **limits):
        import torch

        (tmp_path / "assignment.py").write_text(MODEL.format(value=value, body=body))
        torch.save({}, tmp_path / "weights.pt")
        case = replace(CASE, seconds=limits.pop("seconds", 20.0))
        return bubblewrap.observe(Job(case, tmp_path, 0, replace(LIMITS, **limits), ARGUMENTS))

    return sample


def test_a_model_generates_on_several_threads(sampled):
    observation = sampled("torch.get_num_threads()")
    assert observation.ended == "completed", observation
    assert observation.arrays["images"].shape == (2, 1, 2, 2)
    assert observation.arrays["images"].max() == 2


@pytest.mark.parametrize(
    "secret",
    [
        *("test_resources", "solution", "tests", "grader/grading/goldens.py", "grader/parts/gan/part.toml"),
        *(f"grader/parts/fashion_mnist/{package}" for package in ("mistakes", "oracles", "variants")),
    ],
)
def test_nothing_of_the_graders_is_there(secret, sampled):
    from grader import ROOT

    value = f"__import__('os').path.exists({str(ROOT / secret)!r})"
    assert sampled(value).arrays["images"].max() == 0
    assert (ROOT / secret).exists()


def test_a_job_that_hangs_is_ended_with_all_that_it_started(sampled):
    begin = time.monotonic()
    observation = sampled(0, "import os; os.fork()\n        while True: pass", seconds=2)
    assert observation.ended == "timed out"
    assert observation.where.startswith("assignment.py, line ")
    assert time.monotonic() - begin < 60


def test_memory_of_a_job_is_limited(sampled):
    observation = sampled(0, "kept = [bytearray(b'x') * 10**8 for _ in range(50)]", memory_bytes=10**9)
    assert observation.ended in ("died", "raised")
    assert "memory" in (observation.message + observation.exception).lower()


def test_a_fault_before_any_student_code_is_ours(tmp_path, monkeypatch):
    def nowhere(code, rng):
        """Not in any module"""

    with pytest.raises(InfrastructureError, match="could not run the job: ModuleNotFoundError"):
        bubblewrap.observe(Job(Case("0.x", "", 0.0, nowhere, ""), tmp_path, 0, LIMITS))


def test_a_missing_bubblewrap_is_named_with_what_mends_it(tmp_path, monkeypatch):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    with pytest.raises(InfrastructureError, match="bubblewrap is missing: make system-deps"):
        bubblewrap.observe(Job(CASE, tmp_path, 0, LIMITS))


@pytest.mark.parametrize(("root", "linked"), [("/tmp/checkout", False), ("/srv/checkout", True)])
def test_a_repository_below_tmp_is_in_the_view(root, linked, tmp_path, monkeypatch):
    monkeypatch.setattr(bubblewrap, "ROOT", Path(root))
    monkeypatch.setattr(bubblewrap.discovery, "paths", list)  # those of this repository, which may lie below /tmp
    monkeypatch.setattr(view, "libraries", lambda: [("/usr/lib", "/usr/lib")])
    options = bubblewrap.command(Job(CASE, tmp_path, 0, LIMITS), 9, ["python"])
    assert f"{root}/grader/runtime" in options
    assert ("--symlink" in options) is linked  # of /tmp, into which nothing could then be bound


def test_gpu_devices_are_bound_when_asked_for_and_only_then(tmp_path, monkeypatch):
    monkeypatch.setattr(view, "gpus", lambda: ["/dev/nvidia0", "/dev/nvidiactl"])
    cuda, cpu = (bubblewrap.command(Job(CASE, tmp_path, 0, LIMITS, {}, d), 9, ["python"]) for d in ("cuda:0", "cpu"))
    bound = [cuda[i + 1] for i, option in enumerate(cuda) if option == "--dev-bind"]
    assert bound == ["/dev/nvidia0", "/dev/nvidiactl"]
    assert "/sys" in cuda
    assert not {"--dev-bind", "/sys"} & set(cpu)


def test_a_job_that_nobody_waits_for_any_more_is_ended(tmp_path):
    import torch

    (tmp_path / "assignment.py").write_text(MODEL.format(value="0", body="import time; time.sleep(1000)"))
    torch.save({}, tmp_path / "weights.pt")
    start = time.monotonic()
    with pytest.raises(InfrastructureError, match="the tier was closed while a case was running"):
        bubblewrap.observe(
            Job(replace(CASE, seconds=60.0), tmp_path, 0, LIMITS, ARGUMENTS), lambda: time.monotonic() > start + 1
        )
    assert time.monotonic() - start < 30
