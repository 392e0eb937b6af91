"""The worker and beat, started as docs/deploy.md says, log in the product's own lines."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from callbacks.localrun import postgres_server
from leads.models import Lead, LeadStatus
from tests.config.test_wrong_settings import environment
from tests.support.simulator import eventually
from tests.support.stack import ROOT, Stack, spawn

DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
SETTINGS = "callbacks.config.settings"
ASK = """
import django
django.setup()
from callbacks.config import database_at_start
print(database_at_start.log_tells_of_visitors())
"""
TIMED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 [A-Z]+ ")


def documented(name: str) -> str:
    """The command of a process in docs/deploy.md."""
    found = re.search(rf"^ +\.venv/bin/(celery .* {name}.*)$", DEPLOY, re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture
def documented_worker(stack: Stack, tmp_path: Path) -> Iterator[Path]:
    """The log of a worker started by that command; the Procfile's worker is stopped."""
    stack.stop("worker")
    log = tmp_path / "worker.log"
    without_root = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    process = spawn(f"exec {documented('worker')}", stack.environment | without_root, log)
    try:
        eventually(lambda: " ready." in log.read_text(), within=60)
        yield log
    finally:
        process.terminate()
        process.wait(60)
        stack.start_missing()


def test_the_documented_worker_logs_its_calls_with_time_and_offset(
    stack: Stack, documented_worker: Path
) -> None:
    lead = {"source": "website", "name": "Noa Levi", "phone": "0505550101"}
    assert httpx.post(f"{stack.url}/api/leads/", json=lead, timeout=60).status_code == 201
    eventually(lambda: Lead.objects.filter(status=LeadStatus.CONNECTED).exists(), within=60)
    # The worker logs the answer after it has stored it; by then the call may be over.
    dialled = re.compile(r"dialled kind=call attempt=\d+ .* state=accepted")
    eventually(lambda: dialled.search(documented_worker.read_text()), within=60)
    said = documented_worker.read_text()
    assert "dialling kind=call attempt=" in said
    ours = said[said.index(" ready.") :].splitlines()[1:]
    assert [line for line in ours if not TIMED.match(line)] == []


@pytest.mark.parametrize("is_quiet", [True, False], ids=["as the docs say", "by default"])
def test_a_start_warns_where_postgresqls_log_would_show_what_visitors_typed(
    is_quiet: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server of its own, whose log the test reads."""
    statements = re.findall(
        r"^ALTER ROLE callbacks SET (log_\w+) = '(\w+)';$", DEPLOY, re.MULTILINE
    )
    given = postgres_server._SETTINGS
    assert dict(statements).items() <= given.items()
    if not is_quiet:
        loud = {name: value for name, value in given.items() if name not in dict(statements)}
        monkeypatch.setattr(postgres_server, "_SETTINGS", loud)
    (tmp_path / "log").mkdir()
    with postgres_server.running(tmp_path, durable=False) as url:
        with psycopg.connect(url, autocommit=True) as visitor:
            visitor.execute("CREATE TABLE typed (name text, phone text NOT NULL)")
            with pytest.raises(psycopg.errors.NotNullViolation):
                visitor.execute("INSERT INTO typed VALUES ('Noa Levi', NULL)")
        asked = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": SETTINGS}, tmp_path)
        done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=asked, text=True,
                              capture_output=True, check=False)  # fmt: skip
    assert done.stdout.strip() == str(not is_quiet), done.stderr
    assert ("Noa Levi" in (tmp_path / "log" / "postgres.log").read_text()) is not is_quiet
