"""`grader doctor`: which tier a machine has, and what it says of those that it lacks."""

import subprocess
import sys

import pytest

from grader import ROOT
from grader.runtime.errors import InfrastructureError
from grader.sandbox import doctor
from grader.sandbox.doctor import Finding

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux")


def no_sandbox(monkeypatch, lacks="namespaces are refused"):
    """A machine without the tier `sandbox`."""
    monkeypatch.setattr(doctor, "_sandbox", lambda: Finding("sandbox", (lacks,), ()))


def test_the_strongest_tier_that_is_available_is_chosen(monkeypatch):
    no_sandbox(monkeypatch)
    monkeypatch.setattr(doctor, "_restricted", lambda: Finding("restricted", (), ()))
    assert doctor.strongest().tier == "restricted"
    monkeypatch.setattr(doctor, "_restricted", lambda: Finding("restricted", ("no Landlock",), ()))
    assert doctor.strongest().tier == "process"


def test_a_weaker_tier_is_refused_unless_submissions_are_trusted(monkeypatch):
    no_sandbox(monkeypatch)
    with pytest.raises(InfrastructureError, match=r"no tier `sandbox`.*\n?.*--trust-submissions"):
        doctor.required(trust_submissions=False)
    assert doctor.required(trust_submissions=True) in ("restricted", "process")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_have_the_tier_process(platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    sandbox, restricted, process = doctor.findings()
    assert platform in sandbox.lacks[0]
    assert platform in restricted.lacks[0]
    assert process.available


def test_a_missing_bubblewrap_is_named_with_what_mends_it(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert any("bubblewrap is missing: make system-deps" in problem for problem in doctor._sandbox().lacks)


def test_a_missing_libseccomp_is_named_with_what_mends_it(monkeypatch):
    def missing():
        raise RuntimeError("Unable to find libseccomp")

    monkeypatch.setattr("grader.sandbox.isolation.system_call_filter", missing)
    for finding in (doctor._sandbox(), doctor._restricted()):
        assert "Unable to find libseccomp): make system-deps" in finding.lacks[0]


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "Ubuntu 24.04"),
        ("kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces=15000"),
    ],
)
def test_refused_namespaces_are_explained_by_the_setting_that_forbids_them(setting, value, remedy, monkeypatch):
    monkeypatch.setattr(doctor, "_setting", lambda name: value if name == setting else "")
    assert remedy in doctor._who_refuses()


def test_a_machine_without_namespaces_is_found_out_by_trying(sandbox):
    """In a user namespace that may make no other, everything goes as on Ubuntu 24.04."""
    script = (
        "echo 0 > /proc/sys/user/max_user_namespaces && "
        f"exec {sys.executable} -c 'from grader.sandbox import doctor; print(doctor._sandbox().lacks)'"
    )
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "Read-only" in done.stderr or "Permission" in done.stderr:
        pytest.skip("this machine does not let a user namespace change its own limits")
    assert "namespaces are refused" in done.stdout, done
    assert "max_user_namespaces=15000" in done.stdout


def test_doctor_says_what_there_is_and_what_code_can_reach():
    done = subprocess.run([sys.executable, "-m", "grader", "doctor"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tier = doctor.strongest().tier
    assert f"This machine grades submissions at tier `{tier}`." in done.stdout
    for line in ("read the grader's goldens", "signal the grader's process"):
        assert f"{'CAN' if tier == 'process' else 'cannot':<7}{line}" in done.stdout


def test_a_tier_that_cannot_run_anything_is_our_fault(assignment):
    class Broken:
        name = "sandbox"

        def observe(self, job):
            from grader.runtime.case import Ended, Observation

            return Observation(Ended.DIED, message="killed")

    with pytest.raises(InfrastructureError, match="tier sandbox cannot run anything: killed"):
        doctor.reached(Broken(), assignment.student, assignment.limits)
