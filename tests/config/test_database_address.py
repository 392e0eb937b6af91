"""What DATABASE_URL adds to host and name takes effect, beside our own limits."""

import ast
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection

from tests.support.stack import ROOT

ASK = (
    "import json; from callbacks.config import settings; "
    "print(json.dumps(settings.DATABASES['default']['OPTIONS'], default=str))"
)
DEPLOY = (ROOT / "docs/deploy.md").read_text()


def options(address: str) -> dict[str, Any]:
    environment = os.environ | {"DATABASE_URL": address}
    answer = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_a_demand_for_tls_in_the_address_is_kept_and_every_wait_has_a_limit() -> None:
    found = options("postgres://user:password@db.example.com/x?sslmode=verify-full")
    assert found["sslmode"] == "verify-full"
    assert found["connect_timeout"] == 3
    assert found["tcp_user_timeout"] == 30_000
    assert "lock_timeout" in found["options"]
    assert found["pool"]["timeout"] == 3


def test_a_query_starts_no_processes_and_goes_by_indexes(db: None) -> None:
    """With few rows nobody notices: with ten million leads, a search took seconds, a report 15."""
    asked = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
    expected = {
        "max_parallel_workers_per_gather": "0", "random_page_cost": "1.1", "work_mem": "32768",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(asked, [list(expected)])
        assert dict(cursor.fetchall()) == expected


def test_what_is_asked_for_at_the_start_has_its_line_for_pgbouncer(db: None) -> None:
    """Except for PostgreSQL's own defaults. Each installation has its own time zone."""
    asked = dict(re.findall(r"-c (\S+)=(\S+)", options("postgres:///x")["options"]))
    told = dict(re.findall(r"ALTER DATABASE callbacks SET (\S+) = '?([^';]+)'?;", DEPLOY))
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, boot_val FROM pg_settings WHERE name = ANY(%s)", [list(asked)])
        defaults = dict(cursor.fetchall())
    expected = {name: value for name, value in asked.items() if defaults.get(name) != value}
    assert "callbacks.time_zone" in expected
    assert told == expected | {"callbacks.time_zone": told["callbacks.time_zone"]}


GOOD = {
    "a host": ("postgres://user:password@db.example.com/x", "db.example.com"),
    "the Unix socket": ("postgres:///x", None),
    "the Unix socket and a user": ("postgresql://user@/x", None),
    "the Unix socket's folder": ("postgres://user@/x?host=/run/postgresql", "/run/postgresql"),
    "an IPv6 address": ("postgres://user:password@[::1]:5432/x", "::1"),
}
CONNECTS_TO = """
import django
django.setup()
from django.conf import settings
from django.db import connection

from tests.support.stack import ROOT
from callbacks.config import addresses
found = connection.get_connection_params()
print([addresses.database_problem(settings.DATABASE_URL), found.get("host"), found["dbname"]])
"""


@pytest.mark.parametrize(("address", "host"), GOOD.values(), ids=GOOD)
def test_a_good_address_is_taken_as_it_is_meant(address: str, host: str | None) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", CONNECTS_TO], check=True, capture_output=True, text=True,
        env=os.environ | {"DATABASE_URL": address},
    )  # fmt: skip
    assert ast.literal_eval(answer.stdout) == ["", host, "x"]
