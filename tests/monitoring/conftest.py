"""Signs of life in Redis, and a connection to Redis that a test can cut."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.common import heartbeats
from callbacks.monitoring import readiness
from tests.support.simulator import eventually
from tests.support.tunnel import Tunnel

OF_REDIS = (readiness._broker, readiness._signs)


@pytest.fixture
def signs(broker: redis.Redis) -> redis.Redis:
    """A Redis that has kept signs for an hour, with signs of a beat, a worker and a sweep now."""
    now = time.time()
    broker.set("callbacks:signs_since", now - 3600)
    broker.hset("callbacks:seen", mapping={"beat": now, "sweep": now})
    broker.zadd("callbacks:workers", {"a-worker": now})
    return broker


@pytest.fixture
def through_tunnel(
    tunnel: Tunnel,
    settings: SettingsWrapper,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Sends signs and the broker's messages through a tunnel to Redis that a test can cut.

    Redis is waited for no longer than in the product.
    """
    from callbacks.config.celery import app

    address = urlsplit(settings.REDIS_URL)
    credentials = address.netloc.rpartition("@")[0]
    url = urlunsplit(address._replace(netloc=f"{credentials}@127.0.0.1:{tunnel.port}"))
    before = (app.conf.broker_write_url, app.conf.broker_url)
    settings.REDIS_URL = app.conf.broker_write_url = app.conf.broker_url = url
    monkeypatch.setattr(heartbeats, "TIMEOUT", 0.5)
    for probe in OF_REDIS:
        monkeypatch.setattr(probe, "_seconds", 2.0)
    heartbeats._client.forget()
    yield
    app.conf.broker_write_url, app.conf.broker_url = before
    heartbeats._client.forget()
    tunnel.open()
    # The next test's question would share the answer of one that still hangs.
    eventually(lambda: all(it._asked is None or it._asked.result.done() for it in OF_REDIS))
