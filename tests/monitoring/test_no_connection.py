"""PostgreSQL gives no connection: /readyz, the log and the metrics say why."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.monitoring.test_storing import ROLES, manage
from tests.support import own_postgres
from tests.support.own_postgres import PASSWORD, OwnPostgres
from tests.support.serving import serving
from tests.support.simulator import eventually
from tests.support.stack import ROOT

_SCRIPT = ROOT / "docs" / "deploy" / "roles.sql"
FORM = {"name": "Noa Levi", "phone": "050-555 0101"}
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'callbacks_app'"
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_CLOSE = "ALTER DATABASE callbacks ALLOW_CONNECTIONS false"


@dataclass
class Site:
    """The product's web server, its log, and its PostgreSQL."""

    server: OwnPostgres
    log: Path
    client: httpx.Client
    running: "subprocess.Popen[bytes]"
    held: list[psycopg.Connection[Any]] = field(default_factory=list)

    def sql(self, *statements: str) -> None:
        """Runs the statements as the administrator."""
        with psycopg.connect(self.server.url("postgres", PASSWORD, "postgres")) as admin:
            admin.autocommit = True
            for statement in statements:
                admin.execute(statement)

    def advice(self) -> str:
        """What /readyz advises about the database; "" if it is well."""
        answer = self.client.get("/readyz").json()
        return str(answer["checks"]["database"].get("advice", ""))

    def crowd(self) -> None:
        """Takes every connection there is, as another user would."""
        url = self.server.url("callbacks_owner", ROLES["OWNER_PASSWORD"])
        for _ in range(2):  # once more, after our own have been ended
            with suppress(psycopg.OperationalError):
                while True:
                    self.held.append(psycopg.connect(url))
            self.sql(_END)
        assert len(self.held) > 50

    def let_go(self) -> None:
        """Closes the connections taken here."""
        while self.held:
            self.held.pop().close()

    def begin_to_stop(self) -> None:
        """PostgreSQL begins to stop, and waits for an administrator who is still connected."""
        url = self.server.url("postgres", PASSWORD, "postgres")
        admin = psycopg.connect(url, autocommit=True)
        self.held.append(admin)
        self.running.send_signal(signal.SIGTERM)

        def takes_nobody() -> bool:
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                return True
            return False

        def is_alone() -> bool:
            admin.execute(_END)
            return admin.execute(_OTHERS).fetchone() == (0,)

        # A connection that was being made as the signal came is still let in, and would stay.
        eventually(takes_nobody)
        eventually(is_alone)

    def stop(self) -> None:
        """PostgreSQL stops, and nobody starts it again."""
        self.running.send_signal(signal.SIGINT)
        self.running.wait(60)

    def recover(self) -> None:
        """PostgreSQL waits for WAL from an archive, as after a restore."""
        self.stop()
        (self.server.directory / "cluster" / "recovery.signal").touch()
        wait = f"while ! test -e {self.server.directory}/enough; do sleep 0.1; done; exit 1"
        self.running = self.server.start(f"restore_command={wait}")

    def have_enough(self) -> None:
        """The archive has no more WAL, so the recovery ends."""
        (self.server.directory / "enough").touch()

    def start(self) -> None:
        """Starts PostgreSQL again after it has ended."""
        self.let_go()
        self.running.wait(60)
        self.running = self.server.start()

    def limit(self, **rows: str) -> None:
        """Puts a line at the beginning of pg_hba.conf; without arguments, removes it."""
        hba = self.server.directory / "cluster" / "pg_hba.conf"
        lines = [it for it in hba.read_text().splitlines(True) if "callbacks_app" not in it]
        hba.write_text("".join([*rows.values(), *lines]))
        self.sql("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = own_postgres.made(tmp_path_factory.mktemp("no-connection"))
    log = tmp_path_factory.mktemp("web") / "log"
    running = server.start()
    at = None
    try:
        eventually(lambda: server.run("pg_isready").returncode == 0, within=60)
        owner = server.url("callbacks_owner", ROLES["OWNER_PASSWORD"])
        for command in ((), ("migrate", "--noinput")):
            if command:
                manage(owner, *command)
            done = server.run("psql", "--no-psqlrc", "--file", _SCRIPT, **ROLES)
            assert done.returncode == 0, done.stderr
        app = server.url("callbacks_app", ROLES["APP_PASSWORD"])
        manage(app, "demo", "--extensions", "1")
        with (
            serving(app, log=log, METRICS_TOKEN="", RATES_EXEMPT="127.0.0.1") as url,
            httpx.Client(base_url=url, timeout=60) as client,
        ):
            at = Site(server, log, client, running)
            yield at
    finally:
        last = at.running if at else running
        last.send_signal(signal.SIGINT)
        last.wait(60)


@dataclass(frozen=True)
class State:
    """`strike` causes the state and `mend` ends it; `says` is how its sentence begins, and `reason`
    is the metric's label.
    """

    strike: Any
    mend: Any
    says: str
    reason: str


STATES = {
    "a wrong password": State(
        lambda it: it.sql("ALTER ROLE callbacks_app PASSWORD 'another'", _END),
        lambda it: it.sql(f"ALTER ROLE callbacks_app PASSWORD '{ROLES['APP_PASSWORD']}'"),
        "PostgreSQL refuses the user and password of DATABASE_URL. Correct both",
        "refused",
    ),
    "no user": State(
        lambda it: it.sql("ALTER ROLE callbacks_app NOLOGIN", _END),
        lambda it: it.sql("ALTER ROLE callbacks_app LOGIN"),
        "PostgreSQL does not know the user of DATABASE_URL, or does not let it sign in.",
        "refused",
    ),
    "no database": State(
        lambda it: it.sql(_CLOSE, _END, "ALTER DATABASE callbacks RENAME TO elsewhere"),
        lambda it: it.sql(
            "ALTER DATABASE elsewhere RENAME TO callbacks",
            "ALTER DATABASE callbacks ALLOW_CONNECTIONS true",
        ),
        "PostgreSQL has no database with the name in DATABASE_URL. Correct the name",
        "refused",
    ),
    "a closed database": State(
        lambda it: it.sql(_CLOSE, _END),
        lambda it: it.sql("ALTER DATABASE callbacks ALLOW_CONNECTIONS true"),
        "The database of DATABASE_URL takes no connections, since somebody has closed it.",
        "unreachable",
    ),
    "no right to connect": State(
        lambda it: it.sql("REVOKE CONNECT ON DATABASE callbacks FROM PUBLIC, callbacks_app", _END),
        lambda it: it.sql("GRANT CONNECT ON DATABASE callbacks TO callbacks_app"),
        "PostgreSQL does not let the user of DATABASE_URL into that database.",
        "refused",
    ),
    "not in pg_hba.conf": State(
        lambda it: (it.limit(no="host all callbacks_app 0.0.0.0/0 reject\n"), it.sql(_END)),
        lambda it: it.limit(),
        "PostgreSQL lets nobody in from this machine with the user and database of DATABASE_URL.",
        "refused",
    ),
    "too many connections": State(
        Site.crowd,
        Site.let_go,
        "PostgreSQL has no connection left: as many are open as it takes. End what holds them",
        "overloaded",
    ),
    "it stops": State(
        Site.begin_to_stop,
        Site.start,
        "PostgreSQL is shutting down, and takes no connection.",
        "unreachable",
    ),
    "it starts": State(
        Site.recover,
        Site.have_enough,
        "PostgreSQL is starting or recovering, and takes no connection yet. Wait.",
        "unreachable",
    ),
    "it does not run": State(
        Site.stop,
        Site.start,
        "PostgreSQL does not answer. Check that it is running, and that host and port",
        "unreachable",
    ),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_each_reason_has_its_own_sentence_and_is_over_by_itself(site: Site, state: State) -> None:
    before = len(site.log.read_text())
    state.strike(site)
    try:
        eventually(lambda: site.advice().startswith(state.says), within=60)
        answer = site.client.post("/contact/website/", data=FORM)
        said = site.log.read_text()[before:]
    finally:
        state.mend(site)
    assert answer.status_code == 503
    assert f"submission not stored by=form reason={state.reason} error=PoolTimeout" in said
    # Each sentence is logged at most once a minute, so the last state's is not repeated.
    lines = [it for it in site.log.read_text().splitlines() if state.says in it]
    assert lines, said
    for line in lines:
        assert " ERROR leads.refused_connections " in line
        assert not any(secret in line for secret in (*ROLES.values(), "127.0.0.1"))
    assert sum(state.says in it for it in said.splitlines()) <= 1
    assert "psycopg.pool" not in said
    eventually(lambda: not site.advice(), within=120)
