"""A database that is not as it has to be: what each process says, and whether it starts."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from callbacks.config import database_at_start
from tests.config.test_wrong_settings import PROCESSES, environment, started
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
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
        yield changed(name=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


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


@pytest.mark.parametrize("arguments", SERVERS.values(), ids=SERVERS)
def test_a_server_starts_while_the_database_is_away_and_says_so(
    arguments: list[str], tmp_path: Path
) -> None:
    """It will be back: a restart of the machine starts everything at once."""
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
        "The host of DATABASE_URL, 'postgres.invalid', is not known here.",
    ),
    "TLS where there is none": (
        lambda: changed(query="sslmode=verify-full"),
        "No connection with TLS to the PostgreSQL",
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


@pytest.mark.django_db
def test_a_good_database_has_no_problem() -> None:
    assert database_at_start.problem() is None
