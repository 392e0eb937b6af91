"""/readyz when PostgreSQL's disk is full, when it is read-only, and when nobody may write."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from callbacks.monitoring import storing
from tests.support.own_postgres import PASSWORD
from tests.support.serving import serving
from tests.support.simulator import eventually
from tests.support.small_disk import SmallDisk, postgres_on_small_disk
from tests.support.stack import ROOT

LEAD = {"source": "website", "name": "Noa Levi", "phone": "050-555 0101"}
ROLES = {"OWNER_PASSWORD": "owner-password-0123", "APP_PASSWORD": "app-password-0123"}


@dataclass
class Site:
    """The product's web server, with a role that owns nothing, on a server with a small disk."""

    at: SmallDisk
    url: str
    client: httpx.Client
    lines: int = 0

    def sql(self, *statements: str) -> Any:
        """Runs the statements as the administrator; returns the last one's first row, if any."""
        url = self.at.server.url("postgres", PASSWORD)
        with psycopg.connect(url, autocommit=True) as admin:
            for statement in statements:
                cursor = admin.execute(statement)
            return cursor.fetchone() if cursor.description else None

    def advice(self, name: str = "store") -> str:
        """What /readyz advises about a check; "" if it is well."""
        answer = self.client.get("/readyz")
        return str(answer.json()["checks"][name].get("advice", ""))

    def says(self, words: str) -> None:
        """Waits until the advice begins like this: an answer is kept for some seconds."""
        eventually(lambda: self.advice().startswith(words) if words else not self.advice())

    def send(self, number: int) -> int:
        """Sends a request through the API; returns the status."""
        lead = LEAD | {"phone": f"050-555 {number:04}", "message": "please " * 200}
        return self.client.post("/api/leads/", json=lead).status_code


def manage(url: str, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env={**os.environ, "DATABASE_URL": url},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@contextmanager
def site_on(disk: SmallDisk, *, extensions: int) -> Iterator[Site]:
    """The product installed with the two roles of docs/deploy.md and the demo data."""
    script = ROOT / "docs" / "deploy" / "roles.sql"
    owner = disk.server.url("callbacks_owner", ROLES["OWNER_PASSWORD"])
    for command in ((), ("migrate", "--noinput")):
        if command:
            manage(owner, *command)
        done = disk.server.run("psql", "--no-psqlrc", "--file", script, **ROLES)
        assert done.returncode == 0, done.stderr
    app = disk.server.url("callbacks_app", ROLES["APP_PASSWORD"])
    manage(app, "demo", "--extensions", str(extensions))
    with (
        serving(app, METRICS_TOKEN="", RATES_EXEMPT="127.0.0.1") as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield Site(disk, url, client)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("small-disk")
    with postgres_on_small_disk(directory, 300) as disk, site_on(disk, extensions=2) as site:
        yield site


@pytest.fixture(autouse=True)
def _well_before_and_after(site: Site) -> Iterator[None]:
    site.says("")
    yield
    site.at.make_room()
    site.says("")


def test_a_full_disk_is_said_and_over_once_there_is_room(site: Site) -> None:
    assert site.send(1) == 201
    site.at.fill()
    site.says("PostgreSQL's disk is full, so no request can be stored")
    assert site.advice("database") == ""  # it still reads
    # A row may still fit into a page that has room, so rows alone do not show a full disk.
    statuses = []
    for number in range(2, 60):
        site.at.fill()  # also the space that a checkpoint has freed
        statuses.append(site.send(number))
    assert set(statuses) <= {201, 503}
    assert statuses[-1] == 503
    form = site.client.post("/contact/website/", data=LEAD | {"message": "typed " * 200})
    assert form.status_code == 503
    assert "We could not save your request just now" in form.text
    figures = site.client.get("/metrics").text
    assert 'callbacks_submissions_failed_total{by="form",reason="disk_full"}' in figures
    taken = statuses.count(201) + 1
    assert site.sql("SELECT count(*) FROM leads_lead") == (taken,)
    site.at.make_room()
    site.says("")
    assert site.send(70) == 201


def test_a_disk_with_a_few_megabytes_left_is_not_full(site: Site) -> None:
    site.at.fill(leave=8 * 1024 * 1024)
    time.sleep(storing.KEPT)  # until the kept answer has expired
    assert site.advice() == ""
    assert site.send(80) == 201


@pytest.mark.parametrize(
    ("strike", "mend", "words"),
    [
        (
            "ALTER SYSTEM SET default_transaction_read_only = on",
            "ALTER SYSTEM RESET default_transaction_read_only",
            "PostgreSQL is read-only (a standby, or default_transaction_read_only)",
        ),
        (
            "REVOKE INSERT ON leads_lead FROM callbacks_app",
            "GRANT INSERT ON leads_lead TO callbacks_app",
            "PostgreSQL does not let the user in DATABASE_URL write",
        ),
        (
            "REVOKE UPDATE ON callbacks_storeheartbeat FROM callbacks_app",
            "GRANT UPDATE ON callbacks_storeheartbeat TO callbacks_app",
            "PostgreSQL does not let the user in DATABASE_URL write",
        ),
        (
            "ALTER TABLE callbacks_storeheartbeat RENAME TO of_another_version",
            "ALTER TABLE of_another_version RENAME TO callbacks_storeheartbeat",
            "Unknown until the database matches this version. Run `manage.py migrate`.",
        ),
        (
            # A missing synchronous standby: every commit waits for it.
            "ALTER SYSTEM SET synchronous_standby_names = 'away'",
            "ALTER SYSTEM RESET synchronous_standby_names",
            "PostgreSQL can read but has not confirmed a write within 2 s",
        ),
    ],
    ids=["read-only", "no right to add", "no right to write", "unmigrated", "standby away"],
)
def test_each_has_a_sentence_of_its_own(site: Site, strike: str, mend: str, words: str) -> None:
    site.sql(f"SET synchronous_commit = local; {strike}" if "TABLE" in strike else strike,
             "SELECT pg_reload_conf()")  # fmt: skip
    try:
        site.says(words)
        assert site.client.get("/readyz").status_code == 503
    finally:
        site.sql("SET default_transaction_read_only = off", mend, "SELECT pg_reload_conf()")
    site.says("")


def test_a_lock_that_somebody_holds_is_not_waited_for(site: Site) -> None:
    url = site.at.server.url("postgres", PASSWORD)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE callbacks_storeheartbeat IN ACCESS EXCLUSIVE MODE")
        site.says("PostgreSQL can read but has not confirmed a write within 2 s")
    site.says("")


def test_many_who_ask_cost_one_write(site: Site) -> None:
    """Strangers may ask as often as they like."""
    updates = "SELECT n_tup_upd + n_tup_ins FROM pg_stat_user_tables WHERE relname = %s"

    def writes() -> int:
        url = site.at.server.url("postgres", PASSWORD)
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("SELECT pg_stat_force_next_flush()")
            row = admin.execute(updates, ["callbacks_storeheartbeat"]).fetchone()
        assert row
        return int(row[0])

    before, started = writes(), time.monotonic()
    for _ in range(200):
        site.client.get("/readyz")
    most = (time.monotonic() - started) / storing.KEPT + 2
    assert writes() - before <= most
