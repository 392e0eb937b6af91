"""A separate PostgreSQL for one test, with a superuser like an administrator's.

The PostgreSQL that all tests share has no superuser who can log in, and all tests share its roles.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callbacks.localrun import setpriv
from callbacks.localrun.postgres_server import _programs
from tests.support.simulator import eventually
from tests.support.stack import ROOT, free_port

PASSWORD = "of-this-test"


@dataclass(frozen=True)
class OwnPostgres:
    """The server's port, directory and superuser, and its programs."""

    port: int
    directory: Path
    superuser: str

    def url(self, user: str, password: str, database: str = "callbacks") -> str:
        """An address for DATABASE_URL."""
        return f"postgres://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run(
        self, program: str, *arguments: str | Path, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs one of PostgreSQL's programs (psql, pg_dump, pg_restore) as the superuser."""
        return subprocess.run(
            [_programs() / program, *arguments],
            cwd=ROOT,
            env={**self.environment(), **environment},
            input=stdin,
            capture_output=True,
            check=False,
        )

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        """Starts the server; does not wait until it accepts connections."""
        cluster = self.directory / "cluster"
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", *options]
        words = [word for setting in settings for word in ("-c", setting)]
        command = ("-D", cluster, "-p", str(self.port), *words)
        with (self.directory / "log").open("ab") as output:
            return subprocess.Popen(
                _as_the_server(cluster, _programs() / "postgres", *command),
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
            )

    def log(self) -> str:
        """What the server has logged so far."""
        return (self.directory / "log").read_text()

    def environment(self) -> dict[str, str]:
        """An environment in which the programs are found and can connect."""
        return {
            "PATH": f"{_programs()}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1", "PGPORT": str(self.port),
            "PGUSER": self.superuser, "PGPASSWORD": PASSWORD, "PGDATABASE": "postgres",
        }  # fmt: skip


@contextmanager
def own_postgres(directory: Path, superuser: str = "postgres") -> Iterator[OwnPostgres]:
    """A running server in that directory, which the server may use freely."""
    server = made(directory, superuser)
    running = server.start()
    try:
        eventually(lambda: server.run("pg_isready").returncode == 0, within=60)
        yield server
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


def made(directory: Path, superuser: str = "postgres") -> OwnPostgres:
    """A server in that directory, not started yet."""
    programs, cluster = _programs(), directory / "cluster"
    for folder in (directory, cluster):
        folder.mkdir(exist_ok=True)
    password = directory / "password"
    password.write_text(PASSWORD)
    account = setpriv.server_account(directory)
    if account:
        for path in (directory, cluster, password):
            shutil.chown(path, account.uid, account.gid)
    subprocess.run(
        _as_the_server(cluster, programs / "initdb", "--pgdata", cluster, "--username", superuser,
                       "--pwfile", password, "--auth", "scram-sha-256", "--no-sync",
                       "--encoding", "UTF8", "--locale", "C"),
        check=True, capture_output=True, cwd=directory,
    )  # fmt: skip
    return OwnPostgres(free_port(), directory, superuser)


def _as_the_server(cluster: Path, *command: str | Path) -> list[str]:
    account = setpriv.server_account(cluster)
    return setpriv.wrapped(command, directory=cluster, account=account, death_signal=signal.SIGINT)
