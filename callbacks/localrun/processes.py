"""Starts the embedded servers as our children, stops them, and finds what an earlier run left.

Needs psutil, which only the `embedded` extra installs: nothing that runs in production imports it.
"""

import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from callbacks.localrun import exec_as_child
from callbacks.localrun.errors import CannotStart

# Every process of an application that `make run` started carries its data directory in this
# variable; so they are found again after the launcher was killed.
MARKER = "CALLBACKS_DATA_DIR"
SERVER_NAMES = frozenset({"postgres", "redis-server", "valkey-server"})

_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2


@dataclass(frozen=True)
class Account:
    """The user that a server runs as in place of root."""

    uid: int
    gid: int


def server_account(directory: Path) -> Account | None:
    """Whom to run a server as whose data is in `directory`; None: as whoever we are.

    As root: the owner of the data there is (it may have been made by a run without root), else
    `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if directory.exists() and (owner := directory.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def start(
    command: Sequence[str | Path],
    *,
    directory: Path,
    log: Path,
    account: Account | None,
    death_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start a server in `directory`, in a session of its own, its output going to `log`.

    A session of its own: Ctrl-C in the terminal is for the launcher, which stops the applications
    first and their servers after. The kernel sends `death_signal` when the thread that called this
    ends: call it from the main thread.
    """
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - the wheels' programs, arguments of our own
            wrapped(command, directory=directory, account=account, death_signal=death_signal),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=server_environment(),
            start_new_session=True,
        )


def wrapped(
    command: Sequence[str | Path],
    *,
    directory: Path,
    account: Account | None,
    death_signal: signal.Signals | None = None,
) -> list[str]:
    """`command` as `callbacks.localrun.exec_as_child` is to run it."""
    steps = [sys.executable, "-I", "-S", exec_as_child.__file__, "--parent", str(os.getpid())]
    if death_signal is not None:
        steps += ["--death-signal", str(int(death_signal))]
    if account is not None:
        steps += ["--user", f"{account.uid}:{account.gid}"]
        capability = _capability_to_reach(Path(command[0]), directory)
        if capability is not None:
            steps += ["--capability", str(capability)]
    return [*steps, "--", *map(str, command)]


def server_environment() -> dict[str, str]:
    """What a server needs of our environment: nothing but where programs are."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def stop(process: subprocess.Popen[bytes], signum: signal.Signals, patience: float = 20.0) -> None:
    """Ask a server to end with `signum`; kill it if it is still there after `patience` seconds."""
    if process.poll() is None:
        process.send_signal(signum)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def left_servers(directory: Path) -> list[psutil.Process]:
    """Database and Redis processes that work in `directory`: both change into their data."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() in SERVER_NAMES and Path(process.cwd()) == directory:
                found.append(process)
        except psutil.Error:
            continue  # ended meanwhile, or another user's
    return found


def left_applications(data_dir: Path) -> list[psutil.Process]:
    """Web, worker, beat and simulator processes of an earlier run on `data_dir`."""
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in ours and process.environ().get(MARKER) == str(data_dir):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end(processes: Iterable[psutil.Process], signum: signal.Signals, patience: float) -> None:
    """Send `signum` to all, wait `patience` seconds at most, kill the rest and wait for that."""
    asked = list(processes)
    for process in asked:
        _send(process, signum)
    _gone, alive = psutil.wait_procs(asked, timeout=patience)
    for process in alive:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=patience)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether `ready()` came true before `process` ended and before `seconds` were over."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.03)
    return False


def _send(process: psutil.Process, signum: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signum)


def _capability_to_reach(program: Path, directory: Path) -> int | None:
    """The least that lets a user other than root run `program` on `directory`, or None.

    Raises CannotStart when it takes one and this root has none (a container without capabilities).
    """
    executable = _others_may(program.resolve(), stat.S_IXOTH | stat.S_IROTH)
    ways = {*program.parents, *program.resolve().parents, *directory.resolve().parents}
    if executable and all(_others_may(way, stat.S_IXOTH) for way in ways):
        return None
    allowed = _permitted_capabilities()
    # Reading and searching is enough, unless the program itself may be run by root only.
    for capability in [_DAC_READ_SEARCH, _DAC_OVERRIDE] if executable else [_DAC_OVERRIDE]:
        if allowed & (1 << capability):
            return capability
    raise CannotStart(
        f"PostgreSQL does not run as root, and another user cannot reach {program.parent} or "
        f"{directory}. Run this as a user other than root, or set DATABASE_URL and REDIS_URL"
    )


def _others_may(path: Path, bits: int) -> bool:
    return path.stat().st_mode & bits == bits


def _permitted_capabilities() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0
