"""The running product on machines whose clocks are ten minutes wrong, against real servers.

No lead is lost, called twice, called late or outside opening hours; no call under way is taken for
lost; and the wrong clock is reported.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
import redis
from django.conf import settings
from django.db import connection

from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.servers import redis_url
from tests.support.simulator import eventually
from tests.support.skew import skew, skewed
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.django_db(transaction=True)

TEN = 600.0
# How many seconds ahead the clock of each process is; all others are right.
MACHINES = {
    "workers": {"worker": -TEN, "worker2": TEN},
    "web-ahead-beat-behind": {"web": TEN, "beat": -TEN},
    "web-behind-workers-ahead": {"web": -TEN, "worker": TEN, "worker2": TEN},
}
RETRY_AFTER = 6


@pytest.fixture(params=MACHINES)
def wrong(request: pytest.FixtureRequest) -> dict[str, float]:
    return MACHINES[request.param]


@pytest.fixture
def stack(transactional_db: None, wrong: dict[str, float], tmp_path: Path) -> Iterator[Stack]:
    """The product with two workers; the website's team is open, and has two extensions."""
    _answered_by("website", None, "101", "102")
    database_url = urlsplit(settings.DATABASE_URL)._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    redis = redis_url(settings.REDIS_URL, further=1)
    with Stack(
        urlunsplit(database_url),
        redis,
        tmp_path,
        workers=("worker", "worker2"),
        commands={name: skewed(name, seconds) for name, seconds in wrong.items()},
        SWEEP_EVERY="1",
        RETRY_AFTER_ERROR=str(RETRY_AFTER),
        LEAST_TALK="0",
    ) as stack:
        stack.simulator.control(answer_after=0.05, talk=0.05)
        yield stack
        for name in stack.processes:
            print(f"--- {name} ---\n{stack.log(name)}")  # shown by pytest when the test fails


def _answered_by(slug: str, schedule: Schedule | None, *numbers: str) -> None:
    source = LeadSource.objects.create(slug=slug, name=slug)
    team = Team.objects.create(name=slug, schedule=schedule)
    team.sources.add(source)
    for number in numbers:
        Extension.objects.create(number=number, team=team)


def _open(name: str, opens_in: timedelta, closes_in: timedelta) -> Schedule:
    """Opening hours on each day, from and until this long after now, in a zone where it is noon."""
    now = datetime.now(UTC)
    west = now.hour - 12
    local = now - timedelta(hours=west)
    schedule = Schedule.objects.create(name=name, time_zone=f"Etc/GMT{west:+}")
    for weekday in range(7):
        OpeningHours.objects.create(
            schedule=schedule,
            weekday=weekday,
            opens_at=(local + opens_in).time().replace(second=0, microsecond=0),
            closes_at=(local + closes_in).time().replace(second=0, microsecond=0),
        )
    return schedule


def submit(stack: Stack, number: int, source: str = "website") -> Lead:
    lead = {"source": source, "name": "Noa Levi", "phone": f"050-555-01{number:02}"}
    answer = httpx.post(f"{stack.url}/api/leads/", json=lead, timeout=60)
    assert answer.status_code == 201, answer.text
    return Lead.objects.get(public_id=answer.json()["id"])


def calls_to(stack: Stack, number: int) -> list[dict[str, Any]]:
    return [it for it in stack.simulator.ledger() if it["target"] == f"9725055501{number:02}"]


def sweeps(stack: Stack) -> float:
    with redis.Redis.from_url(stack.environment["REDIS_URL"]) as signs:
        return float(signs.hget("callbacks:counts", "sweeps") or 0)


def readyz(stack: Stack) -> dict[str, Any]:
    checks: dict[str, Any] = httpx.get(f"{stack.url}/readyz", timeout=60).json()["checks"]
    return checks


def test_wrong_clocks_do_no_harm_and_are_said(stack: Stack, wrong: dict[str, float]) -> None:
    # One opens in seven minutes, one closed six minutes ago: by the true time, both are closed.
    soon, hour = timedelta(minutes=7), timedelta(hours=1)
    _answered_by("opens", _open("opens", soon, soon + hour), "201")
    _answered_by("closed", _open("closed", -soon - hour, -soon + timedelta(minutes=1)), "202")
    asked_at = datetime.now(UTC)
    not_yet = [submit(stack, 51, "opens"), submit(stack, 52, "closed")]
    began = sweeps(stack)

    # One after the other, each called at once, whichever worker, beat or web server handles it.
    for number in range(1, 9):
        lead = submit(stack, number)
        eventually(lambda lead=lead: Lead.objects.get(pk=lead.pk).status == "connected", within=60)

    # A call whose answer takes longer than several sweeps.
    stack.simulator.control(talk=12.0, faults=[{"kind": "delay", "seconds": 8, "count": 1}])
    slow = submit(stack, 21)
    before = eventually(lambda: calls_to(stack, 21) and sweeps(stack), within=60)
    eventually(lambda: sweeps(stack) >= before + 5, within=60)
    stack.simulator.control(talk=0.05)
    eventually(lambda: Lead.objects.get(pk=slow.pk).status == "connected", within=60)

    # The provider fails once: the next try comes at its time, and not minutes later.
    stack.simulator.control(faults=[{"kind": "application_error", "count": 1}])
    again = submit(stack, 31)
    eventually(lambda: Lead.objects.get(pk=again.pk).status == "connected", within=60)
    first, second = calls_to(stack, 31)
    assert second["at"] - first["at"] > RETRY_AFTER - 1

    numbers = [*range(1, 9), 21]
    assert [len(calls_to(stack, number)) for number in numbers] == [1] * len(numbers)
    assert set(CallAttempt.objects.values_list("failure_reason", flat=True)) == {"", "code_2"}
    for name in stack.workers:
        assert "state=unknown" not in stack.log(name)

    # In all these sweeps, nobody was called whose team is closed.
    assert sweeps(stack) > began + 10
    for lead in not_yet:
        lead.refresh_from_db()
        assert lead.status == LeadStatus.WAITING
        assert lead.call_after > datetime.now(UTC)
        assert abs(lead.submitted_at - asked_at) < timedelta(minutes=5)
    assert calls_to(stack, 51) == calls_to(stack, 52) == []

    _is_said(stack, wrong)


def _is_said(stack: Stack, wrong: dict[str, float]) -> None:
    checks = readyz(stack)
    assert [name for name, it in checks.items() if not it["ok"]] == ["clocks"]
    assert "is 10 min" in checks["clocks"]["advice"]
    metrics = httpx.get(f"{stack.url}/metrics", timeout=60).text
    told = re.findall(r'callbacks_clock_ahead_seconds{process="(\w+)@[^"]+"} (\S+)', metrics)
    clocks = {process: round(float(ahead), -1) for process, ahead in told}
    # Both workers use Celery's default name, so this is the value of the last one to report.
    assert clocks.pop("celery") in {wrong.get(name, 0.0) for name in stack.workers}
    assert clocks == {name: wrong.get(name, 0.0) for name in ("web", "beat")}
    for name in stack.processes:
        ahead = wrong.get(name, 0.0)
        said = re.findall(r"The clock of this machine is (\d+\.\d) s (\w+)", stack.log(name))
        # Each process with a wrong clock says so.
        assert {word for _, word in said} == {"ahead" if ahead > 0 else "behind"} or not ahead
        assert bool(said) == bool(ahead), name
        assert all(float(seconds) == pytest.approx(TEN, abs=2) for seconds, _ in said)

    # The container's health check, on a machine whose clock is wrong.
    if "worker" in wrong:
        done = subprocess.run(
            [sys.executable, "manage.py", "health", "worker"],
            cwd=ROOT,
            env={**os.environ, **stack.environment, **skew(wrong["worker"])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
