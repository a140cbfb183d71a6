"""What the parent makes of how a job ended."""

from dataclasses import replace

import pytest

from grader.runtime import frames
from grader.runtime.case import Ended, Observation, case
from grader.runtime.errors import InfrastructureError
from grader.sandbox.exchange import Job, observation
from tests.sandbox.test_sandbox import LIMITS


@case("9.job", points=1, equation="", shows={})
def nothing(code, rng):
    """Nothing"""
    return {}


@pytest.fixture
def ended(tmp_path):
    """ended(answer, reply) is the observation of a job of 3 seconds that ended so."""

    def make(exit, seconds=1.0, reply=b"", **limits):
        job = Job(nothing, tmp_path, 0, replace(LIMITS, seconds=3.0, **limits))
        return observation(job, {"exit": exit, "seconds": seconds, "message": "why"}, reply, b"printed")

    return make


@pytest.mark.parametrize(
    ("exit", "seconds", "how", "message"),
    [
        ("time", 3.5, "timed out", ""),
        (-11, 3.2, "timed out", ""),  # ended while the line that hangs was reported
        (139, 3.2, "timed out", ""),
        (-11, 1.0, "died", "ended with signal 11 and no result"),
        (0, 3.2, "died", "ended with exit code 0 and no result"),
        (7, 1.0, "died", "ended with exit code 7 and no result"),
        ("memory", 1.0, "died", "used more than the 2048 MB of memory"),
        ("processes", 1.0, "died", "started more than 64 processes and threads"),
    ],
)
def test_each_end_has_its_sentence(exit, seconds, how, message, ended):
    observed = ended(exit, seconds)
    assert observed.ended == how
    assert message in observed.message
    assert (observed.output, observed.seconds) == ("printed", seconds)


@pytest.mark.parametrize("begins", ["Stack", "Timeout (0:00:03)!\nThread 0x1"])
def test_a_job_that_ends_while_its_hanging_line_is_reported_has_run_out_of_time(begins, ended, tmp_path):
    """The traceback of the line is in the reply already, and the frame comes after it."""
    traceback = f'{begins} (most recent call first):\n  File "{tmp_path}/a.py", line 7 in f\n'
    observed = ended(0, 3.2, traceback.encode() + frames.encode(Observation(Ended.COMPLETED)))
    assert (observed.ended, observed.where) == ("timed out", "a.py, line 7, in f")


def test_a_reply_that_is_too_long_is_not_even_read(ended):
    assert "exceeds 1000 bytes" in ended(0, reply=bytes(1001), reply_bytes=1000).message


def test_a_fault_before_any_student_code_is_ours(ended):
    with pytest.raises(InfrastructureError, match="why"):
        ended("fault")
