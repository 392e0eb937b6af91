"""`hold_waiting` beside a running product. After a restore: tests/deploy/test_restore.py."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from callbacks.common import heartbeats
from callbacks.management.commands import hold_waiting
from tests.support.simulator import eventually

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold_waiting, "WATCHED_FOR", 2.0)


def sign() -> None:
    heartbeats.worker_seen("worker-1@here:1")


@contextmanager
def a_worker() -> Iterator[None]:
    """Leaves signs of life, as a worker does, only more often."""
    stopped = threading.Event()

    def run() -> None:
        while not stopped.wait(0.05):
            sign()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        eventually(lambda: heartbeats.read().workers)
        yield
    finally:
        stopped.set()
        thread.join()


def hold(*arguments: str) -> str:
    said = StringIO()
    call_command("hold_waiting", "--yes", *arguments, stdout=said)
    return said.getvalue()


def test_it_is_refused_while_a_worker_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    # It is sure of the worker at the next sign, however late that is.
    monkeypatch.setattr(hold_waiting, "WATCHED_FOR", 20.0)
    with a_worker(), pytest.raises(CommandError, match=r"A worker is running.*Nothing was done"):
        hold()


def test_it_can_be_forced() -> None:
    with a_worker():
        assert "mark 0 running calls as outcome unknown" in hold("--force")


def test_a_dry_run_asks_for_no_worker() -> None:
    with a_worker():
        assert "Calls that would be marked as outcome unknown: 0." in hold("--dry-run")


def test_a_worker_that_was_just_stopped_does_not_hinder_it() -> None:
    sign()
    eventually(lambda: heartbeats.read().workers)
    assert "Leads held: 0." in hold()
