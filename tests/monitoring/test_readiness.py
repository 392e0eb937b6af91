"""/readyz: which part is not well, what to do about it, and no details for strangers."""

import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
import requests
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.common import heartbeats
from callbacks.models import Extension, Schedule, Team
from callbacks.monitoring import readiness
from callbacks.monitoring.bounded_probe import Probe
from callbacks.routing import claim
from leads.models import Lead, LeadStatus
from tests.support.simulator import eventually
from tests.support.stack import ROOT, Stack, free_port, procfile
from tests.support.tunnel import Tunnel

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "0123456789abcdef0123456789abcdef"
ALL = [
    "database", "store", "leads", "broker", "redis", "beat", "worker", "sweep", "people",
    "provider", "clocks",
]  # fmt: skip


def asked(**headers: str) -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz", headers=headers)
    return answer.status_code, answer.json()


def wrong() -> list[str]:
    """The names of the checks that fail; each must come with advice."""
    status, body = asked()
    found = [name for name, check in body["checks"].items() if not check["ok"]]
    assert (status, body["ready"]) == ((503, False) if found else (200, True))
    assert list(body["checks"]) == ALL
    assert all(body["checks"][name]["advice"] for name in found)
    return found


def advice_of() -> dict[str, str]:
    return {name: it.get("advice", "") for name, it in asked()[1]["checks"].items()}


def test_all_is_well(signs: redis.Redis) -> None:
    assert wrong() == []


def test_while_the_slowest_is_awaited_no_other_is_asked_a_second_time(
    signs: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = 0

    def reach() -> None:
        nonlocal times
        times += 1

    def look() -> readiness._Database:
        eventually(lambda: broker._asked and broker._asked.result.done())
        return readiness._Database()

    broker = Probe("broker", reach, 60)
    monkeypatch.setattr(readiness, "_broker", broker)
    monkeypatch.setattr(readiness, "_database", Probe("database", look, 60))
    assert all(it.ok for it in readiness.checks() if it.name in {"database", "broker"})
    assert times == 1


def test_a_table_that_is_missing_is_no_silence_of_postgresql(signs: redis.Redis) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE callbacks_accountrefusal RENAME TO not_migrated")
        try:
            assert wrong() == ["database"]
            advice = asked()[1]["checks"]["database"]["advice"]
        finally:
            cursor.execute("ALTER TABLE not_migrated RENAME TO callbacks_accountrefusal")
    assert "Run `manage.py migrate`" in advice
    assert wrong() == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"worker@app1": 0.02, "web@app1": -1.9}, ""),
        ({"worker@app1": 300.0}, "The clock of app1 is 5 min ahead of the database's."),
        ({"worker-2@app2": -90.5}, "The clock of app2 is 1 min 30 s behind the database's."),
        ({"web@b": 300.0, "beat@b": 300.4, "worker@a": 12.0}, "The clock of a is 12 s ahead of"),
        ({"web@b": -300.0, "beat@b": -1.0, "web@c": 1.0}, "The clock of b is 5 min behind"),
    ],
)
def test_a_clock_that_is_wrong_is_said_of_its_machine(
    told: dict[str, float], said: str, signs: redis.Redis
) -> None:
    for process, ahead in told.items():
        heartbeats.clock_seen(process, ahead)
    eventually(lambda: dict(heartbeats.read().clocks) == told)
    assert wrong() == (["clocks"] if said else [])
    assert asked()[1]["checks"]["clocks"].get("advice", "").startswith(said)


def test_the_newest_word_of_a_clock_holds_and_an_old_one_is_forgotten(signs: redis.Redis) -> None:
    now = time.time()
    signs.zadd("callbacks:clocks", {"web@a=300.000": now - 60, "web@b=-300.000": now - 200})
    assert wrong() == ["clocks"]
    heartbeats.clock_seen("web@a", 0.01)
    eventually(lambda: heartbeats.read().clocks == {"web@a": 0.01})
    assert wrong() == []


def test_nobody_to_be_rung_is_trouble_after_a_minute(
    signs: redis.Redis, extension: Extension
) -> None:
    now = time.time()
    Extension.objects.update(is_paused=True)
    signs.hset("callbacks:seen", "people", now - 30)
    assert wrong() == []
    for last in (now - 90, now + 3600):  # a time ahead: the clock was put back
        signs.hset("callbacks:seen", "people", last)
        assert wrong() == ["people"]
    signs.hdel("callbacks:seen", "people")
    assert wrong() == ["people"]
    advice = asked()[1]["checks"]["people"]["advice"]
    assert advice.startswith("Nobody can take calls now for Website: 1 phone is paused.")
    Extension.objects.update(is_paused=False)
    assert wrong() == []


def test_each_sweep_leaves_a_sign_while_somebody_can_be_rung(
    signs: redis.Redis, extension: Extension
) -> None:
    tasks.sweep()
    eventually(lambda: signs.hexists("callbacks:seen", "people"))
    signs.hdel("callbacks:seen", "people")
    Extension.objects.update(is_paused=True)
    tasks.sweep()
    eventually(lambda: not heartbeats._writing)
    assert not signs.hexists("callbacks:seen", "people")


@pytest.mark.parametrize("name", ["beat", "sweep"])
def test_it_tells_what_has_not_been_seen_for_a_while(signs: redis.Redis, name: str) -> None:
    signs.hset("callbacks:seen", name, time.time() - 3600)
    assert wrong() == [name]
    signs.hdel("callbacks:seen", name)
    assert wrong() == [name]


@pytest.mark.parametrize("name", ["beat", "sweep"])
def test_a_sign_from_before_the_clock_was_put_back_is_none(signs: redis.Redis, name: str) -> None:
    signs.hset("callbacks:seen", name, time.time() + 3600)
    assert wrong() == [name]
    signs.hset("callbacks:seen", name, time.time() + 5)  # another machine's clock is a bit ahead
    assert wrong() == []


def test_a_worker_seen_before_the_clock_was_put_back_is_none(signs: redis.Redis) -> None:
    signs.zadd("callbacks:workers", {"a-worker": time.time() + 3600})
    assert wrong() == ["worker"]
    assert heartbeats.read().worker_seen is None
    signs.zadd("callbacks:workers", {"another": time.time() + 5})
    assert wrong() == []


def test_it_tells_that_no_worker_is_there(signs: redis.Redis) -> None:
    signs.zadd("callbacks:workers", {"a-worker": time.time() - 3600})
    assert wrong() == ["worker"]


def test_a_database_that_migrate_has_not_seen_since_the_new_version_is_trouble(
    signs: redis.Redis,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP FUNCTION {claim.FUNCTION}")
    try:
        assert wrong() == ["database"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(claim.SQL_FILE.read_text())
    assert wrong() == []


def test_a_lead_that_waits_too_long_is_trouble(
    signs: redis.Redis, make_lead: MakeLead, team: Team
) -> None:
    make_lead(call_after=timezone.now() - timedelta(seconds=60))
    assert wrong() == []
    make_lead(call_after=timezone.now() - timedelta(hours=1))
    assert wrong() == ["leads"]


def test_so_is_one_that_no_team_answers(signs: redis.Redis, make_lead: MakeLead) -> None:
    make_lead(call_after=timezone.now() - timedelta(hours=1))
    assert wrong() == ["leads"]


def test_one_that_waits_for_its_team_to_open_or_for_its_time_is_none(
    signs: redis.Redis, make_lead: MakeLead, team: Team
) -> None:
    make_lead(call_after=timezone.now() + timedelta(hours=1))
    make_lead(status=LeadStatus.HELD, call_after=timezone.now() - timedelta(days=1))
    make_lead(call_after=timezone.now() - timedelta(hours=1))
    team.schedule = Schedule.objects.create(name="Never open")
    team.save()
    assert wrong() == []


def test_redis_as_a_black_hole_is_told_in_time(
    signs: redis.Redis,
    tunnel: Tunnel,
    settings: SettingsWrapper,
    through_tunnel: None,
) -> None:
    assert wrong() == []
    tunnel.black_hole()
    assert wrong() == ["broker", "redis", "beat", "worker", "sweep", "clocks"]
    tunnel.open()
    eventually(lambda: wrong() == [])


def test_postgresql_as_a_black_hole_is_told_in_time(running_stack: Stack) -> None:
    address = urlsplit(running_stack.environment["DATABASE_URL"])
    assert address.hostname
    with Tunnel(address.hostname, address.port or 5432) as way:
        credentials = address.netloc.rpartition("@")[0]
        database = address._replace(netloc=f"{credentials}@127.0.0.1:{way.port}")
        port = free_port()
        web = subprocess.Popen(
            ["sh", "-c", procfile()["web"]],
            cwd=ROOT,
            env=running_stack.environment
            | {"DATABASE_URL": urlunsplit(database), "PORT": str(port), "WEB_CONCURRENCY": "1"},
            stderr=subprocess.DEVNULL,
        )
        try:
            eventually(lambda: answers(port, "readyz") is not None, within=60)
            eventually(lambda: answers(port, "readyz") == (200, []), within=60)
            way.black_hole()
            of_the_database = ["database", "store", "leads", "people", "provider"]
            eventually(lambda: answers(port, "readyz") == (503, of_the_database), within=60)
            assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60).ok
            way.open()
            eventually(lambda: answers(port, "readyz") == (200, []), within=60)
        finally:
            web.terminate()
            web.wait(60)


def answers(port: int, path: str) -> tuple[int, list[str]] | None:
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/{path}", timeout=60)
    except requests.ConnectionError:
        return None
    checks = answer.json()["checks"]
    return answer.status_code, [name for name in checks if not checks[name]["ok"]]


def test_beat_and_a_worker_are_seen_again_by_themselves(stack: Stack) -> None:
    eventually(lambda: answers(stack.port, "readyz") == (200, []), within=60)
    with redis.Redis.from_url(stack.environment["REDIS_URL"]) as client:
        client.flushdb()
    eventually(lambda: answers(stack.port, "readyz") == (200, []), within=120)


def test_a_right_to_read_that_is_missing_is_no_other_version(signs: redis.Redis) -> None:
    """The tables belong to another role, and this one has no rights (docs/deploy/roles.sql)."""
    with connection.cursor() as cursor:
        cursor.execute("REVOKE SELECT ON callbacks_accountrefusal FROM CURRENT_USER")
        try:
            assert wrong() == ["database"]
            assert "does not let the user in DATABASE_URL read" in advice_of()["database"]
        finally:
            cursor.execute("GRANT SELECT ON callbacks_accountrefusal TO CURRENT_USER")


def test_a_stranger_learns_whether_it_works_and_nothing_more(
    signs: redis.Redis, settings: SettingsWrapper
) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert asked() == (200, {"ready": True})
    assert asked(authorization=f"Bearer {TOKEN}x") == (200, {"ready": True})
    assert list(asked(authorization=f"Bearer {TOKEN}")[1]["checks"]) == ALL
    signs.hdel("callbacks:seen", "beat")
    assert asked() == (503, {"ready": False})


def test_no_sentence_names_an_address_or_an_error(
    signs: redis.Redis, settings: SettingsWrapper, through_tunnel: None, tunnel: Tunnel
) -> None:
    tunnel.black_hole()
    text = Client().get("/readyz").content.decode()
    for secret in (
        "127.0.0.1",
        str(tunnel.port),
        "Timeout",
        "Error",
        "redis://",
        os.environ["CDR_SECRET"],
    ):
        assert secret not in text
    assert django_settings.SECRET_KEY not in text


@pytest.mark.parametrize("name", ["HTTPS", "SECURE_PROXY_SSL_HEADER"])
def test_without_a_token_a_proxy_opens_the_details_to_nobody(
    signs: redis.Redis, settings: SettingsWrapper, name: str
) -> None:
    setattr(settings, name, ("HTTP_X_FORWARDED_PROTO", "https") if name != "HTTPS" else True)
    assert asked() == (200, {"ready": True})


@pytest.mark.parametrize(
    "name", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP"]
)
def test_nor_does_one_that_the_settings_do_not_know(signs: redis.Redis, name: str) -> None:
    assert "checks" in asked()[1]
    assert asked(**{name: "192.0.2.7"}) == (200, {"ready": True})


def test_without_a_token_another_machine_sees_no_details(signs: redis.Redis) -> None:
    answer = Client(REMOTE_ADDR="192.0.2.7").get("/readyz")
    assert answer.json() == {"ready": True}


def test_the_running_product_is_ready(stack: Stack) -> None:
    eventually(lambda: answers(stack.port, "readyz") == (200, []), within=60)
