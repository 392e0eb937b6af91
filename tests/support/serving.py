"""The site as it is served: the fixtures `gunicorn` and `gunicorn_without_database`."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

# At the end of a database's address: a statement waits for a lock as long as a test holds it.
PATIENT = "?options=" + quote(
    " ".join(
        f"-c {name}={value}"
        for name, value in {**settings.DATABASE_SESSION, "lock_timeout": "10min"}.items()
    )
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def gunicorn(django_db_setup: None) -> Iterator[str]:
    """The address of a server with the test database; its tests need real transactions."""
    with serving(database_url(connection)) as url:
        yield url


@pytest.fixture
def gunicorn_without_database() -> Iterator[str]:
    """The address of a server whose database refuses every connection."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening
        with serving(f"postgres://nobody@127.0.0.1:{nobody.getsockname()[1]}/none") as url:
            yield url


def database_url(database: BaseDatabaseWrapper) -> str:
    """The address of the test database."""
    at = database.settings_dict
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@contextmanager
def serving(database_url: str, *, log: Path | None = None, **environment: str) -> Iterator[str]:
    """The address of a server with that database and these settings. It logs to `log`, or to the
    tests' own output.
    """
    with served(database_url, log=log, **environment) as (url, _process):
        yield url


@contextmanager
def served(
    database_url: str, *, log: Path | None = None, **environment: str
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The address of a server, as above, and its first process."""
    output = log.open("ab") if log else nullcontext()
    with output as lines, socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = subprocess.Popen(
            [
                *[sys.executable, "-m", "gunicorn", "callbacks.config.wsgi"],
                *["--workers", "1", "--bind", f"fd://{listening.fileno()}"],
            ],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database_url, **environment},
            pass_fds=[listening.fileno()],
            stdout=lines,
            stderr=lines,
        )
        try:
            _wait_until_ready(url, server)
            yield url, server
        finally:
            server.terminate()
            server.wait(timeout=90)


def _wait_until_ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "gunicorn did not start"
        try:
            if httpx.get(f"{url}/nowhere/", timeout=5).status_code < 500:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail("gunicorn did not answer")
