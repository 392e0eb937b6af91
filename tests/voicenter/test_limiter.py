"""No more requests in a time than allowed, from threads and from processes."""

import fcntl
import json
import multiprocessing
import os
import threading
import time

import pytest

from callbacks.voicenter import (
    Client,
    ConfigurationError,
    FileRateLimiter,
    LocalRateLimiter,
    TooManyRequests,
    services_at,
)
from callbacks.voicenter.http.limiter import LIMIT, PER

KINDS = ["local", "file"]
HOUR = 3600


@pytest.fixture(params=KINDS)
def make(request, tmp_path):
    if request.param == "local":
        return LocalRateLimiter
    return lambda **options: FileRateLimiter(tmp_path / "limit", **options)


def _take(path, count, limit, per):
    limiter = FileRateLimiter(path, limit=limit, per=per)
    for _ in range(count):
        limiter.acquire()


def test_by_default_there_are_thirty_in_a_little_more_than_a_minute():
    assert (LIMIT, PER) == (30, 61.0)


def test_as_many_as_allowed_go_at_once_and_the_next_waits(make):
    limiter, begun = make(limit=3, per=0.2), time.monotonic()
    for _ in range(7):
        limiter.acquire()
    # Two waits: for the fourth, and for the seventh.
    assert time.monotonic() - begun >= 0.39


def test_a_wait_that_is_too_long_is_refused_and_takes_no_turn(make):
    limiter = make(limit=2, per=HOUR, max_wait=1)
    limiter.acquire()
    limiter.acquire()
    for _ in range(3):
        with pytest.raises(TooManyRequests) as caught:
            limiter.acquire()
        assert HOUR - 60 < caught.value.retry_after <= HOUR
    assert caught.value.reason == "rate_limit"


def test_threads_share_the_limit(make):
    limiter, begun = make(limit=4, per=0.2), time.monotonic()
    threads = [threading.Thread(target=limiter.acquire) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun >= 0.39


def test_processes_share_the_limit(tmp_path):
    context = multiprocessing.get_context("fork")
    arguments = (tmp_path / "limit", 4, 6, 0.4)
    processes = [context.Process(target=_take, args=arguments) for _ in range(4)]
    begun = time.monotonic()
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    # 16 turns at 6 a time: the last of them are the third lot.
    assert time.monotonic() - begun >= 0.79


def test_nobody_takes_a_turn_while_another_writes_theirs(tmp_path):
    limiter = FileRateLimiter(tmp_path / "limit")
    limiter.acquire()
    with open(limiter.path) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread = threading.Thread(target=limiter.acquire)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        assert len(json.loads(limiter.path.read_bytes())) == 1
    thread.join()
    assert len(json.loads(limiter.path.read_bytes())) == 2


def test_the_file_is_for_its_owner_alone_and_remembers_after_a_restart(tmp_path):
    path = tmp_path / "limit"
    FileRateLimiter(path, limit=1, per=HOUR).acquire()
    assert os.stat(path).st_mode & 0o777 == 0o600
    with pytest.raises(TooManyRequests):
        FileRateLimiter(path, limit=1, per=HOUR, max_wait=0).acquire()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1, null, true]", b"7", b'["x"]', b"[" * 20_000, b"[1e400]", b"\xff"]
)
def test_a_file_that_makes_no_sense_holds_nobody_up(tmp_path, content):
    path = tmp_path / "limit"
    path.write_bytes(content)
    FileRateLimiter(path, limit=1, per=HOUR, max_wait=0).acquire()
    assert len(json.loads(path.read_bytes())) == 1


def test_times_of_a_clock_that_was_set_back_hold_nobody_up(tmp_path):
    path = tmp_path / "limit"
    path.write_text(json.dumps([time.time() + 365 * 24 * HOUR]))
    FileRateLimiter(path, limit=1, per=60, max_wait=0).acquire()


def test_a_link_laid_in_its_place_is_not_followed(tmp_path):
    target = tmp_path / "elsewhere"
    (tmp_path / "limit").symlink_to(target)
    with pytest.raises(ConfigurationError, match="limiter"):
        FileRateLimiter(tmp_path / "limit").acquire()
    assert not target.exists()


def test_a_folder_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ConfigurationError, match="No such file") as caught:
        FileRateLimiter(tmp_path / "none" / "limit").acquire()
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"per": 0}, {"per": float("nan")}])
def test_a_limit_that_makes_no_sense_is_refused(make, wrong):
    with pytest.raises(ConfigurationError, match="limiter"):
        make(**wrong)


def test_clients_for_one_address_share_a_limiter_by_default():
    one, same, other = (
        Client(code="c", services=services_at(f"http://127.0.0.1:{port}")) for port in (1, 1, 2)
    )
    assert one._limiter.path == same._limiter.path != other._limiter.path
