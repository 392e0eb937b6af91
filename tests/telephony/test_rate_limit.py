"""No more requests in a period than allowed, across threads, processes and machines."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import redis
from pytest_django.fixtures import Settings

from callbacks.telephony import rate_limit
from callbacks.telephony.rate_limit import RedisRateLimiter
from callbacks.voicenter import TooManyRequests

URL = "http://127.0.0.1:8010/calllog"
HOUR = 3600


@pytest.fixture(autouse=True)
def _own_client(broker: redis.Redis) -> Iterator[None]:
    rate_limit._client.forget()
    yield
    rate_limit._client.forget()
    broker.flushdb()


@pytest.fixture
def redis_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis_is_silent(settings: Settings) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.REDIS_URL = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        yield


def take(count: int, limit: int, per: float) -> None:
    rate_limit._client.forget()
    limiter = RedisRateLimiter(URL, limit=limit, per=per)
    for _ in range(count):
        limiter.acquire()


def test_as_many_as_allowed_go_at_once_and_the_next_waits() -> None:
    limiter, begun = RedisRateLimiter(URL, limit=3, per=0.2), time.monotonic()
    for _ in range(7):
        limiter.acquire()
    # Two waits: for the fourth, and for the seventh.
    assert time.monotonic() - begun >= 0.39


def test_turns_from_before_the_clock_was_put_back_are_forgotten(broker: redis.Redis) -> None:
    limiter = RedisRateLimiter(URL, limit=2, per=60, max_wait=1)
    later = time.time() + HOUR
    broker.zadd(limiter._key, {"one": later, "another": later + 1})
    limiter.acquire()
    limiter.acquire()
    with pytest.raises(TooManyRequests):
        limiter.acquire()


def test_a_wait_that_is_too_long_is_refused_and_takes_no_turn() -> None:
    limiter = RedisRateLimiter(URL, limit=2, per=HOUR, max_wait=1)
    limiter.acquire()
    limiter.acquire()
    for _ in range(3):
        with pytest.raises(TooManyRequests) as caught:
            limiter.acquire()
        assert HOUR - 60 < caught.value.retry_after <= HOUR
    assert caught.value.reason == "rate_limit"


def test_each_address_has_a_limit_of_its_own() -> None:
    RedisRateLimiter(URL, limit=1, per=HOUR).acquire()
    RedisRateLimiter(URL + "/other", limit=1, per=HOUR, max_wait=0).acquire()
    with pytest.raises(TooManyRequests):
        RedisRateLimiter(URL, limit=1, per=HOUR, max_wait=0).acquire()


def test_threads_share_the_limit() -> None:
    limiter, begun = RedisRateLimiter(URL, limit=4, per=0.2), time.monotonic()
    threads = [threading.Thread(target=limiter.acquire) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun >= 0.39


def test_processes_share_the_limit() -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=take, args=(4, 6, 0.4)) for _ in range(4)]
    begun = time.monotonic()
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    # 16 requests, 6 at a time: the last ones are in the third group.
    assert time.monotonic() - begun >= 0.79


def test_what_was_given_out_is_forgotten_afterwards(broker: redis.Redis) -> None:
    limiter = RedisRateLimiter(URL, limit=2, per=1)
    for _ in range(7):
        limiter.acquire()
    (key,) = broker.keys("callbacks:requests:*")  # kept for a second after the last turn
    assert broker.zcard(key) <= 4
    assert 0 < broker.pttl(key) <= 2000


def test_without_redis_the_process_keeps_to_the_limit_by_itself(redis_is_away: None) -> None:
    limiter, begun = RedisRateLimiter(URL, limit=3, per=0.2), time.monotonic()
    for _ in range(7):
        limiter.acquire()
    assert time.monotonic() - begun >= 0.39


def test_a_redis_that_says_nothing_is_not_waited_for(redis_is_silent: None) -> None:
    limiter = RedisRateLimiter(URL, limit=1, per=HOUR, max_wait=1)
    limiter.acquire()
    with pytest.raises(TooManyRequests):
        limiter.acquire()
