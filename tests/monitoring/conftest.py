"""Signs of life in Redis, and a connection to Redis that a test can cut."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.common import heartbeats
from tests.support.tunnel import Tunnel


@pytest.fixture
def signs(broker: redis.Redis) -> redis.Redis:
    """A Redis that has kept signs for an hour, with signs of a beat, a worker and a sweep now."""
    now = time.time()
    broker.set("callbacks:signs_since", now - 3600)
    broker.hset("callbacks:seen", mapping={"beat": now, "sweep": now})
    broker.zadd("callbacks:workers", {"a-worker": now})
    return broker


@pytest.fixture
def through_tunnel(tunnel: Tunnel, settings: SettingsWrapper) -> Iterator[None]:
    """Sends signs and the broker's messages through a tunnel to Redis that a test can cut."""
    from callbacks.config.celery import app

    address = urlsplit(settings.REDIS_URL)
    credentials = address.netloc.rpartition("@")[0]
    url = urlunsplit(address._replace(netloc=f"{credentials}@127.0.0.1:{tunnel.port}"))
    before = (app.conf.broker_write_url, app.conf.broker_url)
    settings.REDIS_URL = app.conf.broker_write_url = app.conf.broker_url = url
    heartbeats._client.cache_clear()
    yield
    app.conf.broker_write_url, app.conf.broker_url = before
    heartbeats._client.cache_clear()
    tunnel.open()
