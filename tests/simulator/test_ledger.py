"""The ledger is the witness of other tests, so it has tests of its own."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import time
from typing import Any

from callbacks.simulator.engine.callids import CallIds
from tests.support.simulator import CODE, SimulatorProcess, eventually


def test_it_has_exactly_what_200_concurrent_callers_sent(sim: SimulatorProcess) -> None:
    """Accepted ones and refused ones alike, each once, with the answer that was given."""
    before = time()

    def send(number: int) -> tuple[str, int, str]:
        wrong = {"code": "wrong"} if number % 10 == 0 else {}
        answer = sim.call(
            phone=f"1{number:03d}", target=f"05055{number:05d}", var_n=str(number), **wrong
        )
        return str(number), answer["ERRORCODE"], answer["CALLID"]

    with ThreadPoolExecutor(20) as pool:
        sent = list(pool.map(send, range(200)))
    after = time()
    ledger = sim.ledger()
    assert sorted((e["var_n"], e["error_code"], e["call_id"]) for e in ledger) == sorted(sent)
    for entry in ledger:
        number = int(entry["var_n"])
        assert (entry["phone"], entry["target"]) == (f"1{number:03d}", f"05055{number:05d}")
        assert entry["accepted"] == (number % 10 != 0)
        assert before <= entry["at"] <= after
    assert [e["at"] for e in ledger] == sorted(e["at"] for e in ledger)
    ids = [e["call_id"] for e in ledger if e["accepted"]]
    assert len(set(ids)) == len(ids) == 180
    assert len(sim.ended(180)) == 180


def test_it_only_grows_and_what_was_written_stays(sim: SimulatorProcess) -> None:
    def settled(entry: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in entry.items() if k not in {"leg1", "leg2", "cdrs"}}

    seen: list[dict[str, Any]] = []
    for number in range(1, 8):
        sim.call(phone=f"10{number}", target=f"05055501{number:02d}")
        now = sim.ledger()
        assert len(now) == len(seen) + 1
        assert [settled(e) for e in now[:-1]] == [settled(e) for e in seen]
        seen = now
    sim.ended(7)
    over = sim.ledger()
    sim.call(phone="109", target="0505550109")
    sim.control(answers={"101": "busy"}, extensions={"101": "offline"}, faults=[], seed=9)
    assert sim.ledger()[:7] == over


def test_since_leaves_out_what_is_known(sim: SimulatorProcess) -> None:
    for number in (101, 102, 103):
        sim.call(phone=number, target=f"0505550{number}")
    sim.ended(3)
    assert [e["phone"] for e in sim.ledger(since=1)] == ["102", "103"]
    assert sim.ledger(since=3) == []
    assert sim.ledger(since=99) == []
    for wrong in ("-1", "x", "\u0661", "9" * 40):
        assert sim.http.get(f"{sim.url}/ledger", params={"since": wrong}).status_code == 400


def test_legs_are_null_until_they_start(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    sim.call(phone="101", target="0505550101")
    (entry,) = sim.ledger()
    assert entry["leg1"]["status"] == "RINGING"
    assert entry["leg1"].keys() == {"status", "started_at", "answered_at", "ended_at"}
    assert entry["leg1"]["answered_at"] is entry["leg1"]["ended_at"] is entry["leg2"] is None


def test_the_secret_code_is_nowhere_to_be_read(sim: SimulatorProcess) -> None:
    sim.call(phone="101", target="0505550101")
    sim.call(phone="101", target="0505550101", code="a-wrong-one")
    for path in ("/ledger", "/control", "/phones", "/"):
        text = sim.http.get(sim.url + path).text
        assert CODE not in text
        assert "a-wrong-one" not in text


def test_no_parameter_can_speak_for_the_witness(sim: SimulatorProcess) -> None:
    forged = {"at": "1", "error_code": "0", "call_id": "x", "leg1": "ANSWER", "accepted": "true"}
    sim.call(phone="", target="0505550101", **forged)
    (entry,) = sim.ledger()
    assert (entry["error_code"], entry["call_id"], entry["leg1"]) == (1, "", None)
    assert entry["accepted"] is False
    assert entry["at"] > 1_000_000_000


class TestCallIds:
    def test_they_are_32_signs_and_start_with_the_time(self, sim: SimulatorProcess) -> None:
        before = datetime.now(UTC)
        call_id = sim.call(phone="101", target="0505550101")["CALLID"]
        assert re.fullmatch(r"[0-9]{17}[0-9a-z]{15}", call_id)
        moment = datetime.strptime(call_id[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        assert abs((moment - before).total_seconds()) < 60

    def test_the_same_seed_draws_the_same(self, sim: SimulatorProcess) -> None:
        def drawn(seed: int) -> list[str]:
            sim.control(reset=True, seed=seed)
            return [
                sim.call(phone=f"10{n}", target=f"050555010{n}")["CALLID"][17:] for n in range(5)
            ]

        assert drawn(7) == drawn(7)
        assert drawn(7) != drawn(8)

    def test_they_are_unique_across_resets_with_one_seed(self) -> None:
        """Even if two resets happen in the same millisecond, which over HTTP is unlikely."""
        ids = CallIds(7)
        seen = []
        for _ in range(200):
            ids.reseed(7)
            seen += [ids.next(), ids.next()]
        assert len(set(seen)) == 400


def test_a_seed_makes_the_whole_run_repeat(sim: SimulatorProcess) -> None:
    """The same requests meet the same faults, and each call ends the same way."""

    def run(seed: int) -> list[Any]:
        sim.control(
            reset=True,
            seed=seed,
            answers={"0505550103": "busy"},
            faults=[
                {"kind": "application_error", "rate": 0.4},
                {"kind": "html", "rate": 0.3},
                {"kind": "cdr_lost", "rate": 0.5},
            ],
        )
        for number in range(40):
            sim.http.post(
                sim.click2call_url,
                data={"code": CODE, "phone": f"2{number:02d}", "target": f"05055501{number:02d}"},
            )
        eventually(lambda: not sim.status()["live_calls"])
        return [
            (
                e["fault"],
                e["cdr_fault"],
                e["error_code"],
                e["call_id"][17:],
                e["leg2"] and e["leg2"]["status"],
            )
            for e in sim.ledger()
        ]

    first = run(5)
    assert run(5) == first
    assert run(6) != first
    assert {fault for fault, *_ in first} == {None, "application_error", "html"}
    assert {row[1] for row in first} == {None, "cdr_lost"}
