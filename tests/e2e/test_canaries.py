"""No secret of the settings stands in a log, an error's page, or a process's command line."""

import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from django.db import connection

from leads.models import LeadSource
from tests.support.serving import database_url, serving

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "CDR_SECRET", "CDR_SECRET_PREVIOUS",
         "VOICENTER_CODE", "METRICS_TOKEN", "EMAIL", "REDIS", "BROKER")  # fmt: skip
CANARIES = {name: f"canary{secrets.token_hex(30)}" for name in NAMES}


def planted() -> dict[str, str]:
    """Settings in which every secret is a canary, and every address refuses connections."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    given = {name: CANARIES[name] for name in NAMES[:6]}
    return given | {
        "DEBUG": "false",
        "DEFAULT_FROM_EMAIL": "callbacks@example.com",
        "EMAIL_URL": f"smtp://user:{CANARIES['EMAIL']}@127.0.0.1:{port}",
        "REDIS_URL": f"redis://:{CANARIES['REDIS']}@127.0.0.1:{port}/0",
        "BROKER_URL": f"amqp://user:{CANARIES['BROKER']}@127.0.0.1:{port}/v",
    }


@pytest.mark.parametrize("log_format", ["line", "json"])
@pytest.mark.parametrize("has_database", [True, False], ids=["a database", "none"])
def test_no_canary_is_seen(
    log_format: str, has_database: bool, source: LeadSource, capfd: pytest.CaptureFixture[str]
) -> None:
    base = database_url(connection) if has_database else (
        f"postgres://user:{CANARIES['REDIS']}@127.0.0.1:1/none"
    )  # fmt: skip
    pages = []
    with serving(base, **planted(), LOG_FORMAT=log_format, LOG_LEVEL="DEBUG") as url:
        for name in ("CDR_SECRET", "CDR_SECRET_PREVIOUS"):
            record = f"{url}/webhooks/voicenter/{CANARIES[name]}/"
            pages.append(httpx.post(f"{record}cdr/", content=b"{", timeout=60))
            pages.append(httpx.post(f"{record}popup/", json={"phone": "1"}, timeout=60))
            pages.append(httpx.put(f"{record}cdr/", timeout=60))
        paths = ("/contact/website/", "/admin/", "/desk/login/", "/readyz", "/nowhere/")
        pages += [httpx.get(f"{url}{path}", timeout=60) for path in paths]
        lead = {"source": "website", "name": "Noa", "phone": "0505550101"}
        pages.append(httpx.post(f"{url}/api/leads/", json=lead, timeout=60))
        token = {"Authorization": f"Bearer {CANARIES['METRICS_TOKEN']}"}
        pages.append(httpx.get(f"{url}/metrics", headers=token, timeout=60))
        pages.append(httpx.get(f"{url}/readyz", headers=token, timeout=60))
        processes = [" ".join(it.cmdline()) for it in psutil.Process().children(recursive=True)]
    told = "".join(capfd.readouterr())
    assert "callbacks" in told
    shown = "\n".join([told, *processes, *(f"{it.headers} {it.text}" for it in pages)])
    assert [name for name, canary in CANARIES.items() if canary in shown] == []


def test_a_mistake_in_any_of_them_is_told_without_it() -> None:
    root = Path(__file__).parents[2]
    wrong = planted() | {"DATABASE_URL": f"mysql://user:{CANARIES['REDIS']}@127.0.0.1:x/n",
                         "EMAIL_URL": f"smtp+what://u:{CANARIES['EMAIL']}@:x",
                         "CDR_SECRET": f"{CANARIES['CDR_SECRET']}/no"}  # fmt: skip
    for command in (["manage.py", "check"], ["manage.py", "voicenter", "check"],
                    ["-m", "gunicorn", "callbacks.config.wsgi", "--bind", "127.0.0.1:0"],
                    ["-m", "celery", "--app", "callbacks.config", "report"]):  # fmt: skip
        done = subprocess.run([sys.executable, *command], cwd=root, env={**os.environ, **wrong},
                              capture_output=True, text=True, check=False)  # fmt: skip
        told = done.stdout + done.stderr
        assert [name for name, canary in CANARIES.items() if canary in told] == [], command
