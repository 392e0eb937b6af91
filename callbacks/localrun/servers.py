"""Runs PostgreSQL and Redis on a machine that has neither, for `make run` and for tests.

    with servers(Path(".data")) as urls:
        ...  # urls.database_url, urls.redis_url

A server whose address is in the environment, as DATABASE_URL or REDIS_URL, is used and not started.
The others listen on free ports of 127.0.0.1 with generated passwords, and end with the block. If
the launcher is killed with -9, they end with it (Linux), or at the next start on the same
directory.

`python -m callbacks.localrun.servers COMMAND` runs a command with such servers and then deletes
their data.

Importing this module needs only the standard library. The `embedded` extra installs the servers'
programs and psutil; without it, a sentence says what is missing.
"""

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from callbacks.common.local_servers import RECORD, Urls
from callbacks.localrun.errors import CannotStart, data_dir_problem
from callbacks.localrun.generated_secrets import write_private

_LEAST_FREE_BYTES = 200 * 1024 * 1024


@contextmanager
def servers(data_dir: Path, *, durable: bool = True) -> Iterator[Urls]:
    """Runs the servers that the environment gives no address for, with their data in `data_dir`.

    Not `durable` is faster, but a power cut may lose the data: for tests. Call it in the main
    thread, because the servers end with the thread that started them. First ends the processes that
    a killed run left on `data_dir`. Raises CannotStart, for example if another launcher runs there.
    """
    data_dir = data_dir.absolute()
    with ExitStack() as stack:
        try:
            stack.enter_context(_claimed(data_dir))
            database_url = os.environ.get("DATABASE_URL", "")
            redis_url = os.environ.get("REDIS_URL", "")
            if not (database_url and redis_url):
                _require_room(data_dir)
            if not database_url:
                # Needs the embedded extra, which production lacks.
                from callbacks.localrun import postgres_server  # noqa: PLC0415

                database_url = stack.enter_context(
                    postgres_server.running(data_dir, durable=durable)
                )
            if not redis_url:
                from callbacks.localrun import redis_server  # noqa: PLC0415

                redis_url = stack.enter_context(redis_server.running(data_dir, durable=durable))
            urls = Urls(database_url, redis_url)
            record = data_dir / RECORD
            write_private(record, json.dumps(asdict(urls) | {"launcher": os.getpid()}))
            stack.callback(record.unlink, missing_ok=True)
        except OSError as error:
            raise data_dir_problem(data_dir, error) from error
        yield urls


@contextmanager
def _claimed(data_dir: Path) -> Iterator[None]:
    """Locks `data_dir` for this process, and ends the processes of an earlier run on it.

    Uses a lock of fcntl(2). Child processes inherit a flock(2) lock, so processes that a killed
    launcher left behind would still hold it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (data_dir / "log").mkdir(mode=0o700, exist_ok=True)
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EACCES, errno.EAGAIN}:
                raise
            lock.seek(0)
            raise CannotStart(
                f"This already runs on {data_dir} (process {lock.read().strip() or 'unknown'}). "
                "Stop it with Ctrl-C, or use another directory and other ports: "
                "DATA_DIR=.data2 PORT=8001 SIMULATOR_PORT=8011 make run"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        _end_what_was_left(data_dir)
        yield


def _end_what_was_left(data_dir: Path) -> None:
    try:
        from callbacks.localrun import processes  # noqa: PLC0415 - psutil: the embedded extra
    except ImportError as error:
        raise CannotStart(
            f"The Python package {error.name} is missing: install requirements-run.lock "
            "(`make run` does)"
        ) from error
    left = processes.left_applications(data_dir)
    if left:
        numbers = ", ".join(str(process.pid) for process in left)
        print(f"Ending the processes that a killed run left behind ({numbers}).")  # noqa: T201
        processes.end(left, signal.SIGTERM, patience=5)


def _require_room(data_dir: Path) -> None:
    if shutil.disk_usage(data_dir).free < _LEAST_FREE_BYTES:
        raise data_dir_problem(data_dir, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def main(command: list[str]) -> int:
    """Runs `command` with DATABASE_URL and REDIS_URL of servers whose data is deleted
    afterwards.
    """
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(prefix="callbacks-") as temporary:
        try:
            with servers(Path(temporary), durable=False) as urls:
                environment = os.environ | {
                    "DATABASE_URL": urls.database_url,
                    "REDIS_URL": urls.redis_url,
                }
                return subprocess.run(command, env=environment, check=False).returncode
        except CannotStart as problem:
            print(problem, file=sys.stderr)  # noqa: T201
            return 1
    return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
