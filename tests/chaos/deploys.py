"""New versions are deployed while leads come in, as docs/deploy.md says: no request is refused."""

import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.arena import Arena, Product
from tests.chaos.client import by_kind, until
from tests.chaos.result import Result
from tests.support.stack import procfile

# Does what systemd does for a socket unit: gives this process the address as open file 3.
_ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
"""
# Seconds. A process stops within the time that a request may take, and starts within this time.
_WITHIN = 60.0


def run(arena: Arena, result: Result) -> None:
    """With systemd's socket, then without systemd; each time with migrations, workers and beat."""
    plan, product = arena.plan, arena.product()
    product.begin(faults=[{"kind": "delay", "rate": 0.5, "seconds": 0.7}])
    shifts = []
    for way, deployed in (("with systemd", _socket_unit), ("without systemd", _side_by_side)):
        product.stop("web")
        with deployed(product) as deploy, product.visitors(arena.rng(way)) as visitors:
            shifts.append(visitors)
            time.sleep(1)
            for number in range(1, plan.deploys + 1):
                arena.manage(product.environment["DATABASE_URL"], "migrate")
                deploy()
                for name in (*product.workers, "beat"):
                    status = product.stop(name)
                    result.must(f"{name} ends well ({way}, {number})", status == 0, status)
                    product.start(name)
                product.restart_missing_workers()
                arena.say(f"  {way}: {number} deploys, {len(visitors.receipts)} leads")
            # Waits until the last version has taken some leads, too.
            until(lambda: visitors.taken_after(time.time() - 1), _WITHIN)
        failed = [one for one in visitors.tries if not one.taken]
        found = [f"{kind}: {count}" for kind, count in by_kind(failed).items()]
        result.none(f"requests refused or cut, {way}", found, of=len(visitors.tries))
        result.figures[f"longest request, {way}"] = max(
            (round(one.seconds, 2) for one in visitors.tries), default=None
        )
    product.start("web")
    until(product.answers, _WITHIN)
    product.settle()
    product.judge(result, shifts, product.simulator.ledger())
    unknown = result.figures["attempts ever unknown"]
    result.must("unknown attempts: 0", unknown == 0, unknown)


@contextmanager
def _socket_unit(product: Product) -> Iterator[Callable[[], None]]:
    """Somebody else holds the address, as systemd does; the web server is restarted."""
    with socket.create_server(("127.0.0.1", product.port), backlog=2048) as held:
        product.pass_fds["web"] = [held.fileno()]
        web = procfile()["web"].removeprefix("exec ")
        activated = shlex.join([sys.executable, "-c", _ACTIVATE, str(held.fileno())])
        product.commands["web"] = f"exec {activated} {web}"

        def deploy() -> None:
            assert product.stop("web") == 0
            product.start("web")

        try:
            product.start("web")
            until(product.answers, _WITHIN)
            yield deploy
            product.stop("web")
        finally:
            del product.pass_fds["web"]
            del product.commands["web"]


@contextmanager
def _side_by_side(product: Product) -> Iterator[Callable[[], None]]:
    """The new version starts beside the old one, on the same socket (gunicorn's USR2)."""
    now, next_one = product.directory / "web.pid", product.directory / "web.pid.2"
    product.commands["web"] = f"{procfile()['web']} --pid {now}"

    def deploy() -> None:
        old = int(now.read_text())
        os.kill(old, signal.SIGUSR2)
        assert until(next_one.exists, _WITHIN), "the new version has not started"
        os.kill(old, signal.SIGTERM)
        assert until(lambda: not next_one.exists(), _WITHIN), "the old version has not ended"
        product.processes["web"].poll()  # only the first one was our child to wait for

    try:
        product.start("web")
        until(product.answers, _WITHIN)
        yield deploy
    finally:
        _end(now)
        del product.commands["web"]


def _end(pid_file: Path) -> None:
    """Ends the last version, which is not our child."""
    if pid_file.exists():
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
        until(lambda: not pid_file.exists(), _WITHIN)
