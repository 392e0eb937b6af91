"""What /readyz says while Redis has no signs of life, or old ones: nothing is reported dead."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.common import heartbeats
from callbacks.localrun import redis_server
from callbacks.models import Extension
from tests.monitoring.test_readiness import advice_of, wrong
from tests.support.simulator import eventually
from tests.support.tunnel import Tunnel

pytestmark = pytest.mark.django_db(transaction=True)

NOT_YET = "Not known yet: Redis was away or empty a moment ago."


def test_a_redis_that_was_emptied_is_no_silence(signs: redis.Redis) -> None:
    signs.flushdb()
    assert wrong() == ["redis", "beat", "worker", "sweep"]
    found = advice_of()
    assert [found["beat"], found["worker"], found["sweep"]] == [NOT_YET] * 3
    assert re.match(r"Redis was empty \d+ s ago: it is new, or has lost its data", found["redis"])
    assert "No request is lost: PostgreSQL has them all" in found["redis"]
    now = time.time()
    signs.hset("callbacks:seen", mapping={"beat": now, "sweep": now})
    assert wrong() == ["redis", "worker"]  # a process that is seen again is fine
    signs.zadd("callbacks:workers", {"a-worker": now})
    assert wrong() == []


def test_who_is_not_seen_again_after_that_is_silent(signs: redis.Redis) -> None:
    signs.flushdb()
    signs.set("callbacks:signs_since", time.time() - 45)
    assert wrong() == ["redis", "beat", "worker", "sweep"]
    found = advice_of()
    assert found["beat"].startswith("beat has sent nothing for 30 s")
    assert found["worker"].startswith("No worker has been seen for 30 s")
    assert found["sweep"] == NOT_YET  # a sweep may take a minute
    signs.set("callbacks:signs_since", time.time() - 3600)
    assert wrong() == ["beat", "worker", "sweep"]
    assert advice_of()["sweep"].startswith("No sweep has finished for 60 s")


def test_a_sign_that_is_old_was_not_lost(signs: redis.Redis) -> None:
    """Redis was emptied; after that, beat was seen once and then no more."""
    signs.set("callbacks:signs_since", time.time() - 50)
    signs.hset("callbacks:seen", "beat", time.time() - 40)
    assert wrong() == ["beat"]
    assert advice_of()["beat"].startswith("beat has sent nothing for 30 s")


def test_who_has_not_found_redis_again_is_not_silent(
    signs: redis.Redis, tunnel: Tunnel, through_tunnel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All signs are as old as the outage."""
    monkeypatch.setattr(heartbeats, "LEAST_OUTAGE", 0.0)
    old = time.time() - 300
    signs.hset("callbacks:seen", mapping={"beat": old, "sweep": old})
    signs.zadd("callbacks:workers", {"a-worker": old})
    tunnel.black_hole()
    assert "redis" in wrong()
    tunnel.open()
    eventually(lambda: wrong() == ["redis", "beat", "worker", "sweep"])
    found = advice_of()
    assert re.match(r"Redis was away until \d+ s ago\. No request is lost", found["redis"])
    assert [found["beat"], found["worker"], found["sweep"]] == [NOT_YET] * 3
    signs.hset("callbacks:seen", mapping={"beat": time.time(), "sweep": time.time()})
    assert wrong() == ["redis", "worker"]
    signs.zadd("callbacks:workers", {"a-worker": time.time()})
    assert wrong() == []


def test_who_is_not_seen_again_after_an_outage_is_silent(signs: redis.Redis) -> None:
    old = time.time() - 300
    signs.hset("callbacks:seen", mapping={"beat": old, "sweep": old})
    signs.set("callbacks:signs_back", time.time() - 45)
    assert wrong() == ["redis", "beat", "sweep"]
    assert advice_of()["beat"] == NOT_YET
    signs.set("callbacks:signs_back", time.time() - 61)
    assert advice_of()["beat"].startswith("beat has sent nothing for 30 s")
    assert wrong() == ["beat", "sweep"]


def test_a_single_failed_exchange_is_no_outage(
    signs: redis.Redis, tunnel: Tunnel, through_tunnel: None
) -> None:
    """Otherwise one process with a hiccup would hide a dead worker."""
    signs.zadd("callbacks:workers", {"a-worker": time.time() - 7200})
    tunnel.black_hole()
    with pytest.raises(redis.RedisError):
        heartbeats.read()
    tunnel.open()
    eventually(lambda: wrong() == ["worker"])
    assert not signs.exists("callbacks:signs_back")


def test_a_redis_that_came_back_without_its_data_was_empty(signs: redis.Redis) -> None:
    """The first process to find Redis empty notes it; others then note that it is back."""
    signs.flushdb()
    signs.set("callbacks:signs_since", time.time() - 3)
    signs.set("callbacks:signs_back", time.time() - 2)
    assert wrong() == ["redis", "beat", "worker", "sweep"]
    assert re.match(r"Redis was empty \d+ s ago", advice_of()["redis"])


def test_nobody_to_be_rung_counts_from_when_redis_was_emptied(
    signs: redis.Redis, extension: Extension
) -> None:
    Extension.objects.update(is_paused=True)
    signs.set("callbacks:signs_since", time.time() - 30)
    assert wrong() == []
    signs.set("callbacks:signs_since", time.time() - 90)
    assert wrong() == ["people"]


def test_nobody_to_be_rung_counts_from_when_redis_came_back(
    signs: redis.Redis, extension: Extension
) -> None:
    """During the outage nobody could note that some phones could be rung."""
    Extension.objects.update(is_paused=True)
    signs.hset("callbacks:seen", "people", time.time() - 300)
    signs.set("callbacks:signs_back", time.time() - 30)
    assert "people" not in wrong()
    signs.set("callbacks:signs_back", time.time() - 90)
    assert wrong() == ["people"]


@pytest.fixture
def own_redis(tmp_path: Path, settings: SettingsWrapper) -> Iterator[redis.Redis]:
    """A separate Redis for this test, with signs of life of beat, a worker and a sweep."""
    (tmp_path / "log").mkdir()
    with redis_server.running(tmp_path, durable=False) as url, redis.Redis.from_url(url) as client:
        settings.REDIS_URL = url
        heartbeats._client.forget()
        now = time.time()
        client.hset("callbacks:seen", mapping={"beat": now, "sweep": now})
        client.zadd("callbacks:workers", {"a-worker": now})
        yield client
        heartbeats._client.forget()


def test_a_redis_that_takes_nothing_is_no_silence(own_redis: redis.Redis) -> None:
    """Its memory is full, and it may not evict anything."""
    assert wrong() == []
    own_redis.config_set("maxmemory-policy", "noeviction")
    own_redis.config_set("maxmemory", 1)
    assert wrong() == ["redis"]
    found = advice_of()
    assert found["redis"].startswith("Redis answers but accepts no writes: its memory is full")
    assert found["beat"] == ""  # seen just now
    time_travel = timezone.now() + timedelta(minutes=5)
    with time_machine.travel(time_travel):
        found = advice_of()
    assert [found["beat"], found["worker"], found["sweep"]] == [
        "Unknown while Redis accepts no writes."
    ] * 3
