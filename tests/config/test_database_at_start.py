"""A database that is not as it must be: what each process says, and whether it starts."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from callbacks.config import database_at_start, start
from tests.config.test_wrong_settings import PROCESSES, environment, started
from tests.support.own_postgres import PASSWORD, own_postgres
from tests.support.simulator import eventually
from tests.support.stack import ROOT, free_port

SERVERS = {name: PROCESSES[name] for name in ("web", "worker", "beat")}
ALL = {name: PROCESSES[name] for name in ("web", "worker", "beat", "a command")}
TO_MIGRATE = "Run `python manage.py migrate`"


def changed(**parts: str) -> str:
    """The tests' DATABASE_URL with another "user:password", host or database name."""
    address = urlsplit(settings.DATABASE_URL)
    credentials, _, host = address.netloc.rpartition("@")
    netloc = f"{parts.get('credentials', credentials)}@{parts.get('host', host)}"
    path = f"/{parts['name']}" if "name" in parts else address.path
    return address._replace(netloc=netloc, path=path, query=parts.get("query", "")).geturl()


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The address of a database without tables."""
    name = "empty_at_start"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
        yield changed(name=name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def user() -> str:
    return urlsplit(settings.DATABASE_URL).username or ""


@pytest.mark.parametrize("arguments", ALL.values(), ids=ALL)
def test_a_wrong_password_is_named_and_nothing_starts(arguments: list[str], tmp_path: Path) -> None:
    address = changed(credentials=f"{user()}:hush")
    code, said = started(arguments, {"DATABASE_URL": address}, tmp_path)
    assert code != 0
    assert "PostgreSQL refuses the user and password of DATABASE_URL." in said
    assert "hush" not in said
    assert "Traceback" not in said


COMMANDS = (
    "who_rings --source website", "demo --extensions 1", "replay", "hold_waiting", "migrate",
    "showmigrations", "createsuperuser --noinput --username noa --email noa@example.com",
    "changepassword noa", "person show --number 050-5550101", "signin reset-second-factor noa",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_why_in_one_sentence_and_nothing_else(command: str, tmp_path: Path) -> None:
    address = changed(credentials=f"{user()}:hush")
    code, said = started(["manage.py", *command.split()], {"DATABASE_URL": address}, tmp_path)
    assert (code, len(said.splitlines())) == (1, 1), said
    assert said.startswith("PostgreSQL refuses the user and password of DATABASE_URL. Correct both")


@pytest.mark.parametrize("arguments", ALL.values(), ids=ALL)
def test_tables_that_are_missing_are_named_and_nothing_starts(
    arguments: list[str], tmp_path: Path, empty_database: str
) -> None:
    code, said = started(arguments, {"DATABASE_URL": empty_database}, tmp_path)
    assert code != 0
    assert "migrations of this version" in said
    assert TO_MIGRATE in said
    assert "Traceback" not in said


def test_the_command_that_mends_it_runs(tmp_path: Path, empty_database: str) -> None:
    given = {"DATABASE_URL": empty_database}
    plan = ["manage.py", "migrate", "--plan"]
    code, said = started(plan, given, tmp_path)
    assert (code, "Create model Lead" in said) == (0, True), said
    code, said = started(["manage.py", "check"], given, tmp_path)
    assert code == 0, said


@pytest.fixture
def role_without_rights(empty_database: str) -> Iterator[str]:
    """The address of the empty database for a role that owns nothing in it."""
    name = "owns_nothing"
    with psycopg.connect(empty_database, autocommit=True) as server:
        server.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        server.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        server.execute(f"DROP ROLE IF EXISTS {name}")
        server.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'hush'")
        try:
            yield changed(credentials=f"{name}:hush", name=urlsplit(empty_database).path[1:])
        finally:
            server.execute(f"DROP ROLE {name}")


def test_migrating_as_a_role_that_does_not_own_the_tables_is_named(
    role_without_rights: str, tmp_path: Path
) -> None:
    code, said = started(["manage.py", "migrate"], {"DATABASE_URL": role_without_rights}, tmp_path)
    assert code != 0
    assert "PostgreSQL does not let the user in DATABASE_URL do this." in said
    assert ".env.migrate" in said
    assert TO_MIGRATE not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", SERVERS.values(), ids=SERVERS)
def test_a_server_starts_while_the_database_is_away_and_says_so(
    arguments: list[str], tmp_path: Path
) -> None:
    """The database will be back: a restart of the machine starts everything at once."""
    port = free_port()
    given = {"DATABASE_URL": changed(host=f"127.0.0.1:{port}"), "PORT": str(free_port())}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment(given, tmp_path),
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        sentence = f"PostgreSQL does not answer at 127.0.0.1:{port}."
        eventually(lambda: sentence in log.read_text(), within=60)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def test_a_command_ends_while_the_database_is_away(tmp_path: Path) -> None:
    given = {"DATABASE_URL": changed(host=f"127.0.0.1:{free_port()}")}
    code, said = started(PROCESSES["a command"], given, tmp_path)
    assert code != 0
    assert "PostgreSQL does not answer at 127.0.0.1" in said
    assert "Traceback" not in said


OTHERS = {
    "an unknown user": (
        lambda: changed(credentials="nobody-knows:hush"),
        "PostgreSQL refuses the user and password",
    ),
    "an unknown database": (lambda: changed(name="nowhere"), "PostgreSQL has no database with the"),
    "a host that has no address": (
        lambda: changed(host="postgres.invalid:5432"),
        "The host in DATABASE_URL, 'postgres.invalid', cannot be found.",
    ),
    "TLS where there is none": (
        lambda: changed(query="sslmode=verify-full"),
        "The TLS connection to PostgreSQL failed under the sslmode in DATABASE_URL.",
    ),
    "an sslmode that is none": (
        lambda: changed(query="sslmode=always"),
        "The sslmode in DATABASE_URL is not one that PostgreSQL knows.",
    ),
}
SAY = """
import django
django.setup()
from callbacks.config import database_at_start
print(database_at_start.problem())
"""


@pytest.mark.parametrize(("address", "says"), OTHERS.values(), ids=OTHERS)
def test_each_reason_has_its_sentence(address, says: str, tmp_path: Path) -> None:
    given = {"DATABASE_URL": address(), "DJANGO_SETTINGS_MODULE": "callbacks.config.settings"}
    code, said = started(["-c", SAY], given, tmp_path)
    assert code == 0, said
    assert says in said
    assert "hush" not in said


AT = 'connection to server at "127.0.0.1", port 5432 failed: '
PASS_BY_THEMSELVES = {
    "FATAL:  the database system is starting up": "PostgreSQL is starting or recovering",
    "FATAL:  the database system is in recovery mode": "PostgreSQL is starting or recovering",
    # A standby that accepts nobody yet; one that is recovering, in the words of version 14.
    "FATAL:  the database system is not accepting connections": "PostgreSQL is starting or rec",
    "FATAL:  the database system is not yet accepting connections": "PostgreSQL is starting or",
    "FATAL:  the database system is shutting down": "PostgreSQL is shutting down",
    "FATAL:  sorry, too many clients already": "PostgreSQL has no connection left",
    'FATAL:  too many connections for database "callbacks"': "PostgreSQL has no connection left",
    "FATAL:  no more connections allowed (max_client_conn)": "PostgreSQL has no connection left",
    'FATAL:  database "callbacks" is not currently accepting connections': "The database of",
    # The connection ended at the TLS handshake, or a moment later.
    "SSL SYSCALL error: EOF detected": "PostgreSQL broke off while a connection was made",
    "SSL connection has been closed unexpectedly": "PostgreSQL broke off while a connection",
    "server closed the connection unexpectedly": "PostgreSQL broke off while a connection was made",
    "FATAL:  server login has been failing, cached error: connect failed "
    "(server_login_retry)": "PgBouncer, which stands between us and PostgreSQL",
}  # fmt: skip


@pytest.mark.parametrize(("words", "says"), PASS_BY_THEMSELVES.items())
def test_what_passes_by_itself_stops_no_start(words: str, says: str) -> None:
    found = database_at_start.of_refusal(AT + words, "127.0.0.1", 5432)
    assert found.passes
    assert found.sentence.startswith(says)


LAST = {
    'FATAL:  database "nowhere" does not exist': "PostgreSQL has no database with the name",
    'FATAL:  role "nobody" does not exist': "PostgreSQL does not know the user",
    'FATAL:  role "nobody" is not permitted to log in': "PostgreSQL does not know the user",
    "FATAL:  the database is of another kind": "PostgreSQL refuses the connection",
}


@pytest.mark.parametrize(("words", "says"), LAST.items())
def test_what_only_a_person_can_mend_ends_the_start(words: str, says: str) -> None:
    found = database_at_start.of_refusal(AT + words, "127.0.0.1", 5432)
    assert not found.passes
    assert says in found.sentence


@pytest.mark.parametrize("host", ["", "/run/postgresql"])
def test_a_unix_socket_is_named_as_one(host: str) -> None:
    found = database_at_start.of_refusal("No such file or directory", host, None)
    socket = f"its Unix socket {host}".strip()
    assert found.sentence == f"PostgreSQL does not answer at {socket}."


def test_a_lock_on_the_tables_is_no_missing_right(empty_database: str, tmp_path: Path) -> None:
    """The lock passes: a server that starts meanwhile does start."""
    given = {
        "DATABASE_URL": f"{empty_database}?options=-c%20lock_timeout%3D100",
        "DJANGO_SETTINGS_MODULE": "callbacks.config.settings",
    }
    with psycopg.connect(empty_database) as holder:
        holder.execute(
            "CREATE TABLE django_migrations (id int, app text, name text, applied timestamptz)"
        )
        holder.commit()
        holder.execute("LOCK TABLE django_migrations")
        code, said = started(["-c", SAY], given, tmp_path)
    assert code == 0, said
    assert "when asked for its migrations (LockNotAvailable)" in said
    assert "passes=True" in said


def test_a_user_without_rights_is_told_so(empty_database: str, tmp_path: Path) -> None:
    name = "may_nothing_at_start"
    with psycopg.connect(empty_database, autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE django_migrations (id int, app text, name text, applied timestamptz)"
        )
        owner.execute(f"DROP ROLE IF EXISTS {name}")
        owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'hush'")
        try:
            host = urlsplit(empty_database).netloc.rpartition("@")[2]
            given = {
                "DATABASE_URL": f"postgres://{name}:hush@{host}/empty_at_start",
                "DJANGO_SETTINGS_MODULE": "callbacks.config.settings",
            }
            code, said = started(["-c", SAY], given, tmp_path)
        finally:
            owner.execute(f"DROP ROLE {name}")
    assert code == 0, said
    assert "may not read the database's tables (InsufficientPrivilege)" in said
    assert "passes=False" in said


@pytest.mark.django_db
def test_a_start_goes_on_where_the_log_cannot_be_asked_about(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away after it was checked."""

    def goes_away(execute: Any, sql: str, *rest: Any) -> Any:
        if "log_min_error_statement" in sql:
            raise OperationalError
        return execute(sql, *rest)

    monkeypatch.setattr(database_at_start, "problem", lambda: None)
    with connection.execute_wrapper(goes_away):
        start.refuse_wrong_database()
    assert "when asked for its settings (OperationalError)" in caplog.text


START = """
import logging, os
os.environ["DJANGO_SETTINGS_MODULE"] = "callbacks.config.settings"
import django
django.setup()
logging.basicConfig(level="WARNING", force=True)
from callbacks.config import start
start.refuse_wrong_database()
"""
HELD_BACK = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "callbacks.config.settings"
import django
django.setup()
from callbacks.config import database_at_start
print(database_at_start.settings_held_back())
"""
NEEDED = [
    "lock_timeout", "plan_cache_mode", "max_parallel_workers_per_gather", "random_page_cost",
    "work_mem", "callbacks.time_zone",
]  # fmt: skip
IN_THE_ADDRESS = {
    "what we ask for arrives": ("", NEEDED, []),
    "nothing of it arrives": ("options=-c%20statement_timeout%3D0", [], NEEDED),
    "another value, chosen by somebody": ("options=-c%20work_mem%3D8MB", ["work_mem"], NEEDED),
    "the time zone": (
        "options=-c%20callbacks.time_zone%3DAsia/Jerusalem", ["callbacks.time_zone"], NEEDED,
    ),
    "another time zone than ours": (
        "options=-c%20callbacks.time_zone%3DEurope/Berlin", [], NEEDED,
    ),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("query", "there", "missing"), IN_THE_ADDRESS.values(), ids=IN_THE_ADDRESS)
def test_a_start_names_the_settings_that_do_not_reach_postgresql(
    query: str, there: list[str], missing: list[str], tmp_path: Path
) -> None:
    """PgBouncer, for example, keeps `options` back."""
    address = changed(name=str(connection.settings_dict["NAME"]), query=query)
    code, said = started(["-c", START], {"DATABASE_URL": address}, tmp_path)
    assert code == 0, said
    found = re.search(r"do not have the values this product needs for (.+?)\. ", said)
    named = found[1].split(", ") if found else []
    assert named == [name for name in missing if name not in there], said


def test_the_statements_for_pgbouncer_mend_it(tmp_path: Path) -> None:
    """The superuser runs them, for the database `callbacks`, as docs/deploy.md says."""
    deploy = (ROOT / "docs/deploy.md").read_text()
    with own_postgres(tmp_path / "server") as server:
        address = server.url(server.superuser, PASSWORD)
        everywhere = server.url(server.superuser, PASSWORD, "postgres")
        with psycopg.connect(everywhere, autocommit=True) as superuser:
            superuser.execute("CREATE DATABASE callbacks")
            for statement in re.findall(r"^ALTER DATABASE callbacks SET .+;", deploy, re.MULTILINE):
                superuser.execute(statement)
        asked = {"DATABASE_URL": f"{address}?options=-c%20lock_timeout%3D5s"}
        _, said = started(["-c", HELD_BACK], asked, tmp_path)
    assert said.strip() == "[]"


@pytest.mark.django_db
def test_a_good_database_has_no_problem() -> None:
    assert database_at_start.problem() is None
