"""Runs PostgreSQL or Valkey as a child process on a free port of 127.0.0.1, for one block."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from callbacks.localrun import processes
from callbacks.localrun.errors import CannotStart
from callbacks.localrun.ports import free_port
from callbacks.localrun.setpriv import server_account


@dataclass(frozen=True)
class Kind:
    """What differs between the two servers."""

    name: str
    # The environment variable with the address of a server to use instead.
    variable: str
    stop_signal: signal.Signals
    start_seconds: float


@contextmanager
def running(
    kind: Kind,
    directory: Path,
    log: Path,
    command: Callable[[int], Sequence[str | Path]],
    answers: Callable[[int], bool],
) -> Iterator[int]:
    """Runs a server in `directory` until the block ends; yields its port.

    `command` returns the command line for a port, `answers` says whether the server at a port
    accepts connections. Raises CannotStart.
    """
    for _attempt in range(5):  # another process may take the free port first
        port = free_port()
        process = processes.start(
            command(port),
            directory=directory,
            log=log,
            account=server_account(directory),
            death_signal=kind.stop_signal,
        )
        try:
            if processes.wait_until(partial(answers, port), process, kind.start_seconds):
                yield port
                return
        finally:
            processes.stop(process, kind.stop_signal)
        output = log.read_text(errors="replace")
        if "Address already in use" not in output:
            break
    raise problem(kind, directory, output, log)


def problem(kind: Kind, directory: Path, output: str, log: Path | None = None) -> CannotStart:
    """Why a server did not start, from its output; `log` holds all of it."""
    if "No space left on device" in output:
        return CannotStart(
            f"{kind.name} does not start: the disk of {directory} is full. Make room there, or "
            "keep the data elsewhere: DATA_DIR=/another/directory make run"
        )
    marked = [line for line in output.splitlines() if "FATAL" in line or "rror" in line]
    reason = (marked or output.splitlines() or ["it gave no reason"])[-1].strip()
    more = f" (all of it: {log})" if log else ""
    return CannotStart(
        f"{kind.name} does not start: {reason}{more}. Or use one of your own: set {kind.variable}"
    )
