"""No more requests in a period than allowed, across the threads of a process."""

import threading
import time

import pytest

from callbacks.voicenter import (
    Client,
    ConfigurationError,
    LocalRateLimiter,
    TooManyRequests,
    services_at,
)
from callbacks.voicenter.http.limiter import LIMIT, PER

HOUR = 3600


def test_by_default_there_are_thirty_in_a_little_more_than_a_minute():
    assert (LIMIT, PER) == (30, 61.0)


def test_as_many_as_allowed_go_at_once_and_the_next_waits():
    limiter, begun = LocalRateLimiter(limit=3, per=0.2), time.monotonic()
    for _ in range(7):
        limiter.acquire()
    # Two waits: for the fourth, and for the seventh.
    assert time.monotonic() - begun >= 0.39


def test_a_wait_that_is_too_long_is_refused_and_takes_no_turn():
    limiter = LocalRateLimiter(limit=2, per=HOUR, max_wait=1)
    limiter.acquire()
    limiter.acquire()
    for _ in range(3):
        with pytest.raises(TooManyRequests) as caught:
            limiter.acquire()
        assert HOUR - 60 < caught.value.retry_after <= HOUR
    assert caught.value.reason == "rate_limit"


def test_threads_share_the_limit():
    limiter, begun = LocalRateLimiter(limit=4, per=0.2), time.monotonic()
    threads = [threading.Thread(target=limiter.acquire) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun >= 0.39


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"per": 0}, {"per": float("nan")}])
def test_a_limit_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="limiter"):
        LocalRateLimiter(**wrong)


def test_clients_for_one_address_share_a_limiter_by_default():
    one, same, other = (
        Client(code="c", services=services_at(f"http://127.0.0.1:{port}")) for port in (1, 1, 2)
    )
    assert one._limiter is same._limiter is not other._limiter
