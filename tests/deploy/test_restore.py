"""Backup and restore by the blocks of docs/deploy.md, on a real PostgreSQL with a real product.

Scripts stand in for `docker compose` and `runuser`: they run here what those would run in a
container, or as another user.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from django.conf import settings

from tests.deploy.test_docs import blocks
from tests.deploy.test_roles import PASSWORDS, manage, run_script
from tests.support.own_postgres import PASSWORD, OwnPostgres, own_postgres
from tests.support.servers import redis_url
from tests.support.simulator import eventually
from tests.support.stack import ROOT, Stack

# Runs the command that follows the words of docker or runuser; the other commands are for a daemon.
STANDS_IN = """#!/bin/sh
case "$(basename "$0") $*" in
"docker compose exec -T postgres "*) shift 4 ;;
"docker compose run --rm migrate") set -- {python} manage.py migrate ;;
"docker compose run --rm --no-deps web python "*) shift 6; set -- {python} "$@" ;;
"runuser --user postgres -- "*) shift 3 ;;
"runuser --user callbacks -- .venv/bin/python "*) shift 4; set -- {python} "$@" ;;
"systemctl start callbacks-migrate.service")
    export DATABASE_URL="$OWNER_URL"; set -- {python} manage.py migrate ;;
*) exit 0 ;;
esac
cd {root} && exec "$@"
"""
# What waits in yesterday's backup: two leads that are due, and one with a chosen time ahead. And
# calls that were on: one accepted by the provider, one of unknown outcome, one not yet sent.
IN_THE_BACKUP = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from callbacks.models import CallAttempt, Extension
from leads.models import Lead, LeadSource
now, day = timezone.now(), timedelta(days=1)
source = LeadSource.objects.get()

def lead(number, status="waiting", call_after=now - day, **values):
    return Lead.objects.create(
        source=source, name="Noa Levi", phone="+9725055501" + number, status=status,
        submitted_at=now - day, clock_started_at=now - day, due_at=now - day, call_after=call_after,
        **values,
    )

lead("01"); lead("02")
lead("03", chosen_at=now + day, call_after=now + day, gap_until=now + day)
for number, (phone, state) in enumerate(
    {"04": "accepted", "05": "unknown", "06": "dialing"}.items()
):
    called = lead(phone, status="calling")
    CallAttempt.objects.create(
        lead=called, phone=called.phone, extension=Extension.objects.order_by("pk")[number],
        extension_number=str(101 + number), state=state, claimed_at=now - day,
        sent_at=None if state == "dialing" else now - day, hold_until=now - day,
        **({"answered_at": now - day, "call_id": "a-call"} if state == "accepted" else {}),
    )
"""


@dataclass(frozen=True)
class Installation:
    """One of the two ways to run it: its server, and the roles that connect to it."""

    server: OwnPostgres
    product: str  # DATABASE_URL
    owner: str


@contextmanager
def with_compose(folder: Path) -> Iterator[Installation]:
    with own_postgres(folder, superuser="callbacks") as server:
        assert server.run("createdb", "callbacks").returncode == 0
        url = server.url("callbacks", PASSWORD)
        yield Installation(server, url, url)


@contextmanager
def with_systemd(folder: Path) -> Iterator[Installation]:
    with own_postgres(folder) as server:
        run_script(server, **PASSWORDS)
        product = server.url("callbacks_app", PASSWORDS["APP_PASSWORD"])
        yield Installation(server, product, server.url("callbacks_owner", "owner%27s%20%22own%22"))


def block(beginning: str, word: str) -> str:
    [found] = [it for it in blocks() if word in it and it.startswith(beginning)]
    return found


def paste(commands: str, at: Installation, folder: Path) -> None:
    """Runs a block as pasted into a shell, line by line, up to the first line that fails."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("docker", "runuser", "systemctl"):
        (tools / name).write_text(STANDS_IN.format(python=sys.executable, root=ROOT))
        (tools / name).chmod(0o755)
    environment = {**os.environ, **at.server.environment()}
    environment |= {"DATABASE_URL": at.product, "OWNER_URL": at.owner}
    environment["REDIS_URL"] = redis_url(settings.REDIS_URL, further=1)
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-e"], input=commands, cwd=folder, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("installed", "backup", "restore"),
    [
        (with_compose, "docker compose exec -T postgres pg_dump", "docker compose stop"),
        (with_systemd, "runuser --user postgres -- pg_dump", "systemctl stop"),
    ],
    ids=["compose", "systemd"],
)
def test_nobody_of_a_restored_backup_is_called_and_a_manager_finds_all(
    installed: object, backup: str, restore: str, tmp_path: Path
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    with installed(tmp_path / "server") as at:  # type: ignore[operator]
        assert manage(at.owner, "migrate", "--noinput").returncode == 0
        assert manage(at.product, "demo", "--extensions", "3").returncode == 0
        with psycopg.connect(at.owner, autocommit=True) as owner:
            owner.execute("DELETE FROM callbacks_spendlimit")
        subprocess.run(
            [sys.executable, "-c", IN_THE_BACKUP], cwd=ROOT, check=True,
            env={**os.environ, "DATABASE_URL": at.product},
        )  # fmt: skip
        paste(block(backup, "pg_dump"), at, folder)
        with psycopg.connect(at.owner, autocommit=True) as owner:
            owner.execute("UPDATE leads_lead SET name = 'of after the backup'")

        paste(block(restore, "hold_waiting"), at, folder)

        redis = redis_url(settings.REDIS_URL, further=1)
        with Stack(at.product, redis, tmp_path, SWEEP_EVERY="1") as stack:
            answer = httpx.post(
                f"{stack.url}/api/leads/",
                data={"source": "website", "name": "Gal Cohen", "phone": "050-555 0177"},
                timeout=60,
            )
            assert answer.status_code == 201, answer.text

            def told() -> str:
                return str(httpx.get(answer.json()["status_url"], timeout=60).json()["status"])

            eventually(lambda: told() not in {"waiting", "calling"}, within=60)
            called = {call["target"] for call in stack.simulator.ledger()}
        assert called == {"972505550177"}, "who asks now is called; nobody of the backup is"
        with psycopg.connect(at.product) as product:
            found = dict(
                product.execute("SELECT right(phone, 2), status FROM leads_lead").fetchall()
            )
            names = product.execute("SELECT DISTINCT name FROM leads_lead").fetchall()
            reasons = product.execute(
                "SELECT DISTINCT error_message FROM leads_lead WHERE status = 'held'"
            ).fetchall()
            live = product.execute(
                "SELECT count(*) FROM callbacks_callattempt WHERE state IN "
                "('dialing', 'accepted', 'unknown')"
            ).fetchone()
    assert {name for (name,) in names} == {"Noa Levi", "Gal Cohen"}
    assert found.pop("77") in {"connected", "called"}
    # The chosen time is still ahead. A manager may have the call made that was about to be sent.
    assert found == {"01": "held", "02": "held", "03": "waiting", "04": "called", "05": "failed",
                     "06": "held"}  # fmt: skip
    assert reasons == [
        ("It waited in a backup that was restored; somebody may have called since.",)
    ]
    assert live == (0,)
