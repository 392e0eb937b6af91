"""`manage.py health`, of a real worker and a real beat."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import redis

from tests.config.test_compose import service
from tests.deploy.test_units import directives
from tests.support.simulator import eventually
from tests.support.stack import ROOT, Stack
from tests.support.tunnel import Tunnel

HERE = socket.gethostname()
SIGNS = {"worker": ("callbacks:workers", f"celery@{HERE}"),
         "beat": ("callbacks:beats", f"beat@{HERE}")}  # fmt: skip


def asks(stack: Stack, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "health", *arguments], cwd=ROOT, text=True,
        env={**os.environ, **stack.environment, **settings},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def health(stack: Stack, *arguments: str, **settings: str) -> tuple[int, str]:
    """The exit code, and everything that it says."""
    asked = asks(stack, *arguments, **settings)
    said, _ = asked.communicate()
    return asked.returncode, said


def is_stopped(process: str, stack: Stack, signs: redis.Redis) -> bool:
    """Whether it says so, where Redis has not been away. (After a test that cut the way to Redis,
    the worker notes a moment later that it is back.)
    """
    signs.set("callbacks:signs_back", time.time() - 3600)
    code, said = health(stack, process)
    return code == 1 and "Restart it" in said


@pytest.mark.parametrize("process", SIGNS)
def test_a_process_that_hangs_is_told_from_one_that_works(process: str, stack: Stack) -> None:
    signs = redis.Redis.from_url(stack.environment["REDIS_URL"])
    key, name = SIGNS[process]

    def last_sign() -> float:
        found = [at for who, at in signs.zrange(key, 0, -1, withscores=True)
                 if who.decode().startswith(f"{name}:")]  # fmt: skip
        return max(found, default=0.0)

    eventually(lambda: time.time() - last_sign() < 10)
    code, said = health(stack, process)
    assert (code, f"{name} was seen" in said) == (0, True), said

    stack.processes[process].send_signal(signal.SIGSTOP)
    try:
        # As if the process had hung for too long: its signs become two minutes older.
        for who, at in signs.zrange(key, 0, -1, withscores=True):
            signs.zadd(key, {who: at - 120})
        eventually(lambda: is_stopped(process, stack, signs))
    finally:
        stack.processes[process].send_signal(signal.SIGCONT)
    eventually(lambda: health(stack, process)[0] == 0)


def test_a_process_that_never_ran_here_is_none_that_works(stack: Stack) -> None:
    signs = redis.Redis.from_url(stack.environment["REDIS_URL"])
    signs.set("callbacks:signs_since", time.time() - 3600)
    eventually(lambda: is_stopped("worker-7", stack, signs))
    assert health(stack, "worker", "--host", "another-machine")[0] == 1


def test_it_looks_twice_before_it_says_that_a_process_has_stopped(stack: Stack) -> None:
    """Redis may have just come back, before any process has left a new sign."""
    signs = redis.Redis.from_url(stack.environment["REDIS_URL"])
    name = f"worker-7@{HERE}:1"
    signs.set("callbacks:signs_since", time.time() - 3600)
    signs.zadd("callbacks:workers", {name: time.time() - 300})
    eventually(lambda: is_stopped("worker-7", stack, signs))
    with signs.monitor() as commands:
        asked = asks(stack, "worker-7")
        while commands.next_command()["command"] != "ZRANGE callbacks:workers 0 -1 WITHSCORES":
            pass  # not read yet
        signs.zadd("callbacks:workers", {name: time.time()})
    said, _ = asked.communicate()
    signs.zrem("callbacks:workers", name)
    assert (asked.returncode, "worker-7" in said, "was seen" in said) == (0, True, True), said


@pytest.mark.parametrize(("process", "least"), [("worker-7", 10), ("beat", 17)])
def test_it_looks_again_after_the_next_sign_was_due(process: str, least: int, stack: Stack) -> None:
    signs = redis.Redis.from_url(stack.environment["REDIS_URL"])
    signs.set("callbacks:signs_since", time.time() - 3600)

    def took() -> float:
        """Seconds, or 0 if it did not say so."""
        signs.set("callbacks:signs_back", time.time() - 3600)
        began = time.monotonic()
        code, said = health(stack, process, "--host", "another-machine", SWEEP_EVERY="12")
        return time.monotonic() - began if code == 1 and "Restart it" in said else 0.0

    assert eventually(took) >= least


def test_without_redis_nobody_can_tell(stack: Stack, tunnel: Tunnel) -> None:
    tunnel.black_hole()
    code, said = health(stack, "worker")
    assert (code, "Redis does not answer" in said) == (2, True), said
    assert "Traceback" not in said


def test_a_redis_that_was_emptied_has_nobody_restarted(stack: Stack) -> None:
    """systemd restarts what has stopped, but not a worker whose sign was lost a moment ago."""
    signs = redis.Redis.from_url(stack.environment["REDIS_URL"])
    signs.set("callbacks:signs_since", time.time() - 30)
    code, said = health(stack, "worker-7")
    found = re.search(r"Redis was empty (\d+)", said)
    assert (code, bool(found), "it is unknown" in said) == (2, True, True), said
    assert found
    assert 30 <= int(found[1]) < 90  # a busy machine takes a while for the question
    signs.set("callbacks:signs_since", time.time() - 91)
    eventually(lambda: is_stopped("worker-7", stack, signs))


def test_an_outage_of_redis_has_nobody_restarted(stack: Stack) -> None:
    """Until the worker has found Redis again, its signs are as old as the outage."""
    signs = redis.Redis.from_url(stack.environment["REDIS_URL"])
    signs.set("callbacks:signs_since", time.time() - 3600)
    signs.zadd("callbacks:workers", {f"worker-7@{HERE}:1": time.time() - 300})
    signs.set("callbacks:signs_back", time.time() - 30)
    code, said = health(stack, "worker-7")
    found = re.search(r"Redis was away until (\d+)", said)
    assert (code, bool(found), "it is unknown" in said) == (2, True, True), said
    assert found
    assert 30 <= int(found[1]) < 90
    eventually(lambda: is_stopped("worker-7", stack, signs))


@pytest.mark.parametrize("name", ["", "a worker", "../x", "w" * 101])
def test_a_name_that_is_none_is_refused(name: str, stack: Stack) -> None:
    code, said = health(stack, name)
    assert (code, "it must be a process's name" in said) == (2, True), said


@pytest.mark.parametrize("process", SIGNS)
def test_compose_asks_it(process: str) -> None:
    assert f'["CMD", "python", "manage.py", "health", "{process}"]' in service(process)


def test_systemd_asks_it_by_the_workers_own_name() -> None:
    [asked] = directives("callbacks-health@.service")["ExecStart"]
    assert asked.endswith("manage.py health %i")
    [worker] = directives("callbacks-worker@.service")["ExecStart"]
    # %%h is Celery's word for the machine's name.
    assert re.search(r" --hostname worker-%i@%%h ", worker)
    # If the state is unknown, nothing is restarted.
    assert directives("callbacks-health@.service")["SuccessExitStatus"] == ["2"]
