"""A Slurm cluster of one node, this machine, from Debian's packages `slurm-wlm` and `munge`; for tests, as root."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
STARTUP_SECONDS = 30.0
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=20000 State=UNKNOWN
PartitionName=short Nodes={host} Default=YES MaxTime=60 State=UP
"""


def lacks() -> str:
    """Why there can be no such cluster here; '' if there can."""
    if os.geteuid() != 0:
        return "its daemons must be started by root"
    missing = [name for name in (*DAEMONS, "sbatch", "squeue") if not _found(name)]
    return f"{', '.join(missing)} missing: apt-get install slurm-wlm munge" if missing else ""


@contextlib.contextmanager
def cluster(folder: Path, cpus: int = 2) -> Iterator[dict[str, str]]:
    """Run one. Yields the environment in which Slurm's commands reach it.

    Args:
        folder: an empty one for its state and logs, whose path is short: a socket's may have 108 characters.
        cpus: that the node says it has.
    """
    host = socket.gethostname().partition(".")[0]
    controller, node = _free_port(), _free_port()
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(folder=folder, host=host, controller=controller, node=node, cpus=cpus)
    )
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    commands = (
        [
            "munged",
            "--foreground",
            "--force",
            f"--socket={folder}/munge.socket",
            f"--key-file={key}",
            f"--pid-file={folder}/munged.pid",
            f"--log-file={folder}/munged.log",
            f"--seed-file={folder}/munged.seed",
        ],
        ["slurmctld", "-D", "-f", str(folder / "slurm.conf")],
        ["slurmd", "-D", "-N", host, "-f", str(folder / "slurm.conf")],
    )
    with contextlib.ExitStack() as stack:
        for command in commands:
            stack.enter_context(_daemon(command, folder, environment))
            if command[0] == "munged":
                _until(lambda: (folder / "munge.socket").exists(), "munged does not listen", folder)
        _until(lambda: _is_idle(environment), "the node does not become idle", folder)
        yield environment


def _found(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _daemon(command, folder, environment):
    with (folder / f"{command[0]}.out").open("wb") as out:
        process = subprocess.Popen([_found(command[0]), *command[1:]], stdout=out, stderr=out, env=environment)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_idle(environment):
    answer = subprocess.run(["sinfo", "--noheader", "--format=%T"], capture_output=True, text=True, env=environment)
    return answer.stdout.strip() == "idle"


def _until(condition, problem, folder):
    end = time.monotonic() + STARTUP_SECONDS
    while not condition():
        if time.monotonic() > end:
            logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(folder.glob("*.out")))
            raise RuntimeError(f"{problem} within {STARTUP_SECONDS:g} seconds:\n{logs}")
        time.sleep(0.2)
