"""The two that are compared: the floor and this project, each as the Procfile's processes."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from callbacks.localrun import processes
from tests.benchmarks.memory import Memory
from tests.support.simulator import eventually
from tests.support.stack import CDR_SECRET, CODE, ROOT, free_port, procfile, spawn

PROJECT = "callbacks.config"
# A network reserved for documentation: no client is in it.
NOBODY = "192.0.2.0/24"
# The rates that a submission by the API without a key is counted for.
COUNTED = (
    "RATE_ADDRESS",
    "RATE_ADDRESS_NUMBERS",
    "RATE_NUMBER",
    "RATE_SOURCE",
    "RATE_KEYLESS",
    "RATE_COUNTRY",
)
_WEBHOOKS = f"/webhooks/voicenter/{CDR_SECRET}"


@dataclass(frozen=True)
class Side:
    """Where its settings, Celery application and WSGI application are, where to submit and ask."""

    name: str
    package: str
    path: str
    popup_path: str
    processes: tuple[str, ...]
    set_up: tuple[tuple[str, ...], ...]
    takes_records: bool
    records_path: str
    live_popup_path: str


FLOOR = Side(
    name="floor",
    package="tests.benchmarks.floor",
    path="/leads/",
    popup_path="/who/",
    processes=("web", "worker"),
    set_up=(("migrate", "--run-syncdb", "--verbosity", "0"),),
    takes_records=False,
    records_path="/records/",
    live_popup_path="/popups/",
)


def project(extensions: int) -> Side:
    """This project, with this many salespeople; its database is already migrated."""
    return Side(
        name="ours",
        package=PROJECT,
        path="/api/leads/",
        popup_path=f"{_WEBHOOKS}/popup/",
        processes=("web", "worker", "beat"),
        set_up=(("demo", "--extensions", str(extensions), "--verbosity", "0"),),
        takes_records=True,
        records_path=f"{_WEBHOOKS}/cdr/",
        live_popup_path=f"{_WEBHOOKS}/popup/",
    )


class Running:
    """One side's processes on one database, one Redis database and one simulator.

    Both sides run the same commands, those of the Procfile; only the name of the package differs.
    Their output goes to `logs`.
    """

    def __init__(
        self, side: Side, database_url: str, redis_url: str, click2call_url: str, logs: Path
    ) -> None:
        self.side = side
        self.port = free_port()
        self.records_url = f"http://127.0.0.1:{self.port}{side.records_path}"
        self.popup_url = f"http://127.0.0.1:{self.port}{side.live_popup_path}"
        self._logs = logs
        self._ending = ExitStack()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
            "DJANGO_SETTINGS_MODULE": f"{side.package}.settings",
            "SECRET_KEY": "only-for-the-benchmark-" + "x" * 40,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(logs),
            "PORT": str(self.port),
            "CDR_SECRET": CDR_SECRET,
            "VOICENTER_URL": click2call_url,
            "VOICENTER_CODE": CODE,
            # Conversations last two seconds here, and none is to be followed by another call.
            "LEAST_TALK": "0",
            "NEW_CALLING_HOURS": "off",
            "NEW_CALLS_A_DAY": "0",
            # All requests come from this machine, which is exempt by default. Here they count,
            # as visitors' requests are, and exceed no rate.
            "RATES_EXEMPT": NOBODY,
            **dict.fromkeys(COUNTED, "999999/d"),
            "RATE_ADDRESS_REFUSED": "off",
        }

    def set_up(self) -> None:
        """Makes the side's tables and the rows that it needs."""
        for command in self.side.set_up:
            done = subprocess.run(
                [sys.executable, "-m", "django", *command],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout

    def __enter__(self) -> Self:
        with self._ending:
            for name in self.side.processes:
                self._start(name)
            eventually(self._listens, within=60)
            eventually(lambda: " ready." in self._log("worker"), within=60)
            self._ending = self._ending.pop_all()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._ending.close()

    def memory(self) -> Memory:
        """What its processes hold now."""
        return Memory.of(process.pid for process in self._processes)

    def pids(self) -> dict[str, list[int]]:
        """The side's processes by name; their children belong to them."""
        started = zip(self.side.processes, self._processes, strict=True)
        return {name: [process.pid] for name, process in started}

    def _start(self, name: str) -> None:
        command = procfile()[name].replace(PROJECT, self.side.package)
        log = self._log_file(name)
        log.unlink(missing_ok=True)
        process = spawn(command, self._environment, log)
        self._processes.append(process)
        self._ending.callback(processes.stop, process, signal.SIGTERM, 40)

    def _listens(self) -> bool:
        for process in self._processes:
            if process.poll() is not None:
                logs = "\n".join(self._log(name) for name in self.side.processes)
                raise AssertionError(f"a process of {self.side.name} ended: {logs[-3000:]}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _log_file(self, name: str) -> Path:
        return self._logs / f"{self.side.name}-{name}.log"

    def _log(self, name: str) -> str:
        return self._log_file(name).read_text(errors="replace")
