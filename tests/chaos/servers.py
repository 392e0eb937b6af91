"""PostgreSQL and Redis that can be struck down and started again as they were."""

import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from callbacks.localrun import processes, setpriv
from tests.chaos.client import until


class Server:
    """A server that `callbacks.localrun.servers.servers` has started in `directory`, on `port`.

    Started again, it has the same port, password and data. It ends with the block.
    """

    def __init__(
        self, directory: Path, port: int, log: Path, arguments: Sequence[str] | None = None
    ) -> None:
        self._directory = directory
        self._port = port
        self._log = log
        # PostgreSQL's own child processes work there, too.
        [self._process] = [
            process
            for process in processes.left_servers(directory)
            if process.ppid() == os.getpid()
        ]
        # Redis overwrites its own command line, so its arguments are given.
        given = self._process.cmdline()[1:] if arguments is None else arguments
        self._command = [self._process.exe(), *given]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # As `servers` stops it; `servers` does not know of a server that was started again.
        with suppress(psutil.NoSuchProcess):
            processes.end([self._process], signal.SIGINT, patience=20)

    def strike(self, signum: signal.Signals) -> None:
        """Signals it and waits until it is gone: SIGQUIT is PostgreSQL's immediate shutdown."""
        self._process.send_signal(signum)
        self._process.wait(30)

    def start(self) -> None:
        """Starts it again and waits until it listens. It ends with the thread: use the main one."""
        started = processes.start(
            self._command,
            directory=self._directory,
            log=self._log,
            account=setpriv.server_account(self._directory),
            death_signal=signal.SIGINT,
        )
        self._process = psutil.Process(started.pid)
        if not until(self._listens, within=60, every=0.02):
            raise AssertionError(f"does not start again: {self._log.read_text()[-1000:]}")

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
            return True
        return False
