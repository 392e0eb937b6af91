"""The product as it runs: web, worker, beat and simulator as separate processes.

    with Stack(database_url, redis_url, directory) as stack:
        requests.post(stack.url + "/api/leads/", ...)
        stack.simulator.ledger()

The database must exist and be migrated. Every process listens on a free port of 127.0.0.1, logs to
a file in `directory`, and ends with the block.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError

from callbacks.localrun import setpriv
from tests.support.simulator import SimulatorProcess, eventually

ROOT = Path(__file__).resolve().parents[2]
CDR_SECRET = "a-secret-for-the-tests-0123456789"
CODE = "code-for-tests"


# Below those that the kernel gives to whoever asks for any port, and to outgoing connections
# (net.ipv4.ip_local_port_range).
_PORTS = range(20_000, 32_000)
_taken: list[socket.socket] = []


def free_port() -> int:
    """A port on which nothing listens, and which no other call gets while this process runs."""
    for port in random.sample(_PORTS, len(_PORTS)):
        mark, probe = socket.socket(socket.AF_UNIX), socket.socket()
        with probe:
            try:
                if sys.platform == "linux":
                    # A name that all processes of the machine share and that is no file.
                    mark.bind(f"\0callbacks-tests-port-{port}")
                probe.bind(("127.0.0.1", port))
            except OSError:
                mark.close()
                continue
        _taken.append(mark)
        return port
    raise RuntimeError("no port is free")


def procfile() -> dict[str, str]:
    """The commands of the Procfile, so that the tests run what is deployed."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def spawn(
    command: str, environment: Mapping[str, str], log: Path, pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Runs a shell command in the project's directory, and appends its output to `log`.

    It inherits the files `pass_fds` under the same numbers. It ends with us, even if we are killed:
    call it from the main thread.
    """
    wrapped = setpriv.wrapped(
        ["/bin/sh", "-c", command], directory=ROOT, account=None, death_signal=signal.SIGTERM
    )
    with log.open("ab") as output:
        return subprocess.Popen(
            wrapped,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )


class Stack:
    """The running product: web, beat, and workers with these names ("worker", "worker2", ...).

    `commands` replaces the Procfile's command of a name.
    """

    def __init__(
        self,
        database_url: str,
        redis_url: str,
        directory: Path,
        *,
        workers: Sequence[str] = ("worker",),
        commands: Mapping[str, str] | None = None,
        **environment: str,
    ) -> None:
        self.workers = tuple(workers)
        self.commands = dict(commands or {})
        self.pass_fds: dict[str, Sequence[int]] = {}  # open files that a process inherits
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.directory = directory
        self.cdr_url = f"{self.url}/webhooks/voicenter/{CDR_SECRET}/cdr/"
        self.simulator = SimulatorProcess(cdr_url=self.cdr_url, code=CODE)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._log_begins: dict[str, int] = {}
        self._running = ExitStack()
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(directory),
            "PORT": str(self.port),
            "CDR_SECRET": CDR_SECRET,
            "VOICENTER_CODE": CODE,
            "DJANGO_SETTINGS_MODULE": "callbacks.config.settings",
            "PYTHONUNBUFFERED": "1",
            # Tests submit forms without loading the page, and instantly.
            "LEAST_FILL_TIME": "0",
            # Tests run day and night.
            "NEW_CALLING_HOURS": "off",
            "NEW_CALLS_A_DAY": "0",
            **environment,
        }

    def __enter__(self) -> Self:
        with self._running:
            self._running.enter_context(self.simulator)
            self.environment["VOICENTER_URL"] = self.simulator.click2call_url
            for name in ("web", *self.workers, "beat"):
                self.start(name)
            self.wait_until_ready()
            self._running = self._running.pop_all()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        # All at once: each takes a second or two to end cleanly.
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        self._running.close()

    def start(self, name: str) -> None:
        """Starts one of the Procfile's processes; "worker2" is another worker."""
        log = self.directory / f"{name}.log"
        self._log_begins[name] = log.stat().st_size if log.exists() else 0
        command = self.commands.get(name) or procfile()[name.rstrip("0123456789")]
        process = spawn(command, self.environment, log, self.pass_fds.get(name, ()))
        self.processes[name] = process
        self._running.callback(self._end, process)

    def start_missing(self) -> None:
        """Restarts the processes that have ended."""
        missing = [name for name, process in self.processes.items() if process.poll() is not None]
        for name in missing:
            self.start(name)
        if missing:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Waits until the web answers and all workers take tasks."""
        eventually(self.answers, within=300)
        for name in self.workers:
            eventually(lambda name=name: self.is_ready(name), within=300)

    def is_ready(self, name: str) -> bool:
        """Whether a worker takes tasks, according to its log."""
        with (self.directory / f"{name}.log").open("rb") as log:
            log.seek(self._log_begins[name])
            return b" ready." in log.read()

    def stop(self, name: str, signum: int = signal.SIGTERM) -> int:
        """Signals one process and waits for its end; returns the exit status."""
        process = self.processes[name]
        process.send_signal(signum)
        return process.wait(60)

    def log(self, name: str) -> str:
        """What a process has logged so far."""
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def answers(self) -> bool:
        """Whether the web process serves requests. AssertionError with its log if it has ended."""
        if (status := self.processes["web"].poll()) is not None:
            raise AssertionError(f"the web process ended ({status}): {self.log('web')}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
