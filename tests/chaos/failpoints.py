"""Workers kill themselves between claim, send, answer and record, each at a dial.

Run as a program, this is the worker of such a scenario:

    python -m tests.chaos.failpoints POINT KILLS WORKERS

loads the project once, forks WORKERS Celery workers of one thread, and replaces each that dies;
they are armed until KILLS have died. The product knows nothing of this: the points are wrapped
around its functions here, by name.
"""

import os
import shlex
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

from callbacks.localrun.parent_death import die_with_parent
from tests.support.stack import procfile

DIED = "killed itself:"
# What is wrapped, and when the worker dies: before it, once connected, after it has succeeded, or
# when it has returned.
POINTS = {
    # The claim is committed; nothing has been sent.
    "committed": ("callbacks.routing.claim:claim", "after"),
    # The provider has taken the connection; no byte of the request is out.
    "connected": ("http.client:HTTPConnection.send", "connected"),
    # The whole request is out; its answer has not been read.
    "sent": ("http.client:HTTPConnection.getresponse", "before"),
    # The answer is understood; nothing has been recorded.
    "answered": ("callbacks.voicenter:Client.call", "after"),
    # Recorded, and not committed.
    "recording": ("callbacks.models:CallAttempt.accept", "after"),
    # Committed; the task has not been acknowledged to the broker.
    "recorded": ("callbacks.calling.dial:_record_acceptance", "done"),
}


def arm(point: str) -> None:
    """From now on, the first dial that reaches `point` ends this process."""
    owner, name, side = target_of(point)
    setattr(owner, name, _dying(getattr(owner, name), side))


def target_of(point: str) -> tuple[Any, str, str]:
    """What the point wraps: its owner, its name there, and the side on which the worker dies."""
    target, side = POINTS[point]
    module, _, path = target.partition(":")
    owner: Any = import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    return owner, name, side


def _dying(function: Callable[..., Any], side: str) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if side == "before":
            _die()
        if side == "connected":
            if args[0].sock is None:
                args[0].connect()
            _die()
        done = function(*args, **kwargs)
        # A claim that was not won does not count, and the worker lives on.
        if side == "done" or done:
            _die()
        return done

    return wrapper


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # not reached: nothing survives that signal


def main(point: str, kills: int, workers: int) -> None:
    """Keeps `workers` alive until it is told to end, armed until `kills` of them have died.

    Workers that are armed by then still die at their next dial.
    """
    import django

    django.setup()
    from callbacks.config.celery import app

    app.loader.import_default_modules()
    signal.signal(signal.SIGTERM, _end)
    alive: set[int] = set()
    killed = 0
    try:
        while True:
            while len(alive) < workers:
                parent, child = os.getpid(), os.fork()
                if child == 0:
                    die_with_parent(signal.SIGTERM, parent)
                    _work(point if killed < kills else "")
                alive.add(child)
            ended, status = os.waitpid(-1, 0)
            alive.discard(ended)
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                killed += 1
                print(f"{DIED} {killed}", flush=True)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for child in alive:
            os.kill(child, signal.SIGTERM)
        for child in alive:
            os.waitpid(child, 0)


def _work(point: str) -> NoReturn:
    """Becomes a worker as in the Procfile, with one thread (WORKER_THREADS): one dial per kill."""
    from celery.bin.celery import main as celery

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if point:
        arm(point)
    sys.argv = shlex.split(procfile()["worker"].removeprefix("exec "))
    try:
        celery()
    finally:
        os._exit(0)


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
