"""The benchmark works from end to end, and believes only what it saw."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from leads.guard.counters import PREFIX
from tests.benchmarks import figures, popups
from tests.benchmarks.bench import check_counted
from tests.benchmarks.figures import NotOnce
from tests.benchmarks.load import Answered, NotTaken, Submitted
from tests.support.measuring import numbers
from tests.support.simulator import eventually
from tests.support.stack import ROOT

SENT = [Submitted("+972505550101", at=100.0), Submitted("+972505550102", at=100.5)]


def call(phone: str, at: float, accepted: bool = True) -> dict[str, Any]:
    return {"target": phone.lstrip("+"), "at": at, "accepted": accepted}


def calls(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [call("+972505550101", 100.02), call("+972505550102", 102.0), *changes]


def test_it_takes_the_time_from_submission_to_the_provider() -> None:
    found = figures.match(SENT, calls())
    assert found.milliseconds == pytest.approx((20, 1500))
    assert found.dials_per_second == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        pytest.param(calls()[:1], "1 never called", id="lost"),
        pytest.param(calls(*calls()[:1]), "1 called more than once", id="dialled twice"),
        pytest.param(
            calls(call("+972505550103", 101)), "1 called and never submitted", id="stranger"
        ),
        pytest.param(
            calls(call("+972505550101", 100.01, accepted=False)),
            "1 refused by the provider",
            id="refused before it was accepted",
        ),
    ],
)
def test_it_fails_unless_every_lead_is_called_exactly_once(
    ledger: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(NotOnce, match=words):
        figures.match(SENT, ledger)


def test_it_fails_unless_submissions_are_counted(broker: redis.Redis) -> None:
    with pytest.raises(NotTaken, match="not counted"):
        check_counted(broker)
    broker.set(f"{PREFIX}number:1", 1)
    check_counted(broker)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert figures.percentile(range(1, 101), share) == value


def test_no_two_leads_have_the_same_number() -> None:
    all_numbers = list(numbers())
    assert len(set(all_numbers)) == len(all_numbers)


def answered(status: int, body: bytes) -> Answered:
    return Answered(0, 100.0, milliseconds=7.5, status=status, body=body)


def test_it_takes_the_time_of_a_pop_up_request_that_was_told_who_calls() -> None:
    body = b'{"STATUS": "OK", "CLIENTNAME": "Noa Levi", "URL": "/leads/1/"}'
    assert popups.milliseconds([answered(200, body)]) == (7.5,)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b'{"STATUS": "OK", "CLIENTNAME": "", "URL": ""}'), (503, b"{}"), (404, b"<html>")],
)
def test_it_fails_when_a_pop_up_request_was_not_told_who_calls(status: int, body: bytes) -> None:
    with pytest.raises(NotTaken, match=str(status)):
        popups.milliseconds([answered(status, body)])


def start(directory: Path) -> subprocess.Popen[str]:
    """A quick run, with all its files in `directory`."""
    file = str(directory / "bench.json")
    return subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks", "--quick", "--json", file],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(directory)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_in(directory: Path) -> list[psutil.Process]:
    """Processes that have the directory in an argument or a variable."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(directory) in f"{process.cmdline()} {process.environ()}":
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_told_to_stop_it_leaves_nothing_running(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert process.stdout
    while "floor" not in process.stdout.readline():
        assert process.poll() is None
    assert left_in(tmp_path)
    process.send_signal(signal.SIGTERM)
    words, _ = process.communicate()
    assert (process.returncode, words.splitlines()[-1]) == (1, "Stopped.")
    # A process that was just starting is ended by the kernel's signal, a moment after us.
    eventually(lambda: not left_in(tmp_path), within=60)


def test_it_runs_both_sides_and_reports(tmp_path: Path) -> None:
    process = start(tmp_path)
    words, _ = process.communicate()
    assert process.returncode == 0, words
    assert "every lead called exactly once" in words
    report = json.loads((tmp_path / "bench.json").read_text())
    for side in ("floor", "ours"):
        assert report["paced_ms"][side]["p50"] > 0
        assert report["burst_dials_per_second"][side] > 0
        assert report["popup_ms"][side]["p99"] > 0
    assert set(report["ratios"]) == {"p50", "p95", "p99", "burst", "popup_p50", "popup_p99"}
    found = report["lives"]
    for side in ("floor", "ours"):
        for pace in ("paced_ms", "burst_ms"):
            parts = dict(found[pace][side])
            total = parts.pop("total")
            assert {"web", "worker", "postgresql", "redis"} <= set(parts)
            assert parts["web"] > 0
            assert parts["worker"] > 0
            assert parts["postgresql"] > 0
            assert total == pytest.approx(sum(parts.values()))
    assert "beat" in found["paced_ms"]["ours"]
    assert found["paced_ratio"] > 0
    assert found["paced_at_per_second"] == pytest.approx(
        min(found["burst_per_second"].values()) / 4
    )
    assert report["memory_mib"]["rss"] >= report["memory_mib"]["pss"] > 0


def test_it_takes_the_time_from_the_end_of_a_call_to_the_next_through_the_same_extension() -> None:
    def through(phone: str, at: float, ended: float) -> dict[str, Any]:
        leg = {"ended_at": ended}
        return {"phone": phone, "at": at, "leg1": leg, "leg2": {"ended_at": ended - 1}}

    ledger = [
        through("101", 10, 20), through("102", 11, 12), through("101", 20.05, 30),
        through("102", 12.5, 40), through("101", 30.02, 50),
    ]  # fmt: skip
    assert figures.wake_ups(ledger, since=15) == pytest.approx((50, 20))
