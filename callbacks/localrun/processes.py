"""Starts and stops the embedded servers, and finds processes that an earlier run left behind.

It needs psutil, which only the `embedded` extra installs, so nothing in production imports it.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from callbacks.localrun import setpriv

# Every application process of `make run` has its data directory in this variable, so that it can be
# found after the launcher was killed.
MARKER = "CALLBACKS_DATA_DIR"
SERVER_NAMES = frozenset({"postgres", "redis-server", "valkey-server"})


def start(
    command: Sequence[str | Path],
    *,
    directory: Path,
    log: Path,
    account: setpriv.Account | None,
    death_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Starts a server in `directory`, in its own session, with its output in `log`.

    Its own session: Ctrl-C in the terminal is for the launcher, which stops the applications first
    and then their servers. The kernel sends `death_signal` when the calling thread ends: call it
    from the main thread.
    """
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - the wheels' programs, arguments of our own
            setpriv.wrapped(
                command, directory=directory, account=account, death_signal=death_signal
            ),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=server_environment(),
            start_new_session=True,
        )


def server_environment() -> dict[str, str]:
    """The environment of a server: where programs are, a plain locale, and UTC."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def stop(process: subprocess.Popen[bytes], signum: signal.Signals, patience: float = 20.0) -> None:
    """Asks a server to end with `signum`; kills it if it still runs after `patience` seconds."""
    if process.poll() is None:
        process.send_signal(signum)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def left_servers(directory: Path) -> list[psutil.Process]:
    """Database and Redis processes whose working directory is `directory`, which holds their
    data.
    """
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
    """Sends `signum` to all, waits at most `patience` seconds, then kills the rest."""
    asked = list(processes)
    for process in asked:
        _send(process, signum)
    _gone, alive = psutil.wait_procs(asked, timeout=patience)
    for process in alive:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=patience)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether `ready()` became true before `process` ended and within `seconds`."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.03)
    return False


def _send(process: psutil.Process, signum: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signum)
