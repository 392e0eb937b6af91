"""The records of a call, posted to our side when its legs end."""

import time
from collections import Counter
from typing import Any

import pytest

from tests.support.simulator import Receiver, SimulatorProcess, eventually

LEAD = "0505550101"
OK = (200, b'{"Err": 0}')


def records(hook: Receiver, count: int) -> list[dict[str, Any]]:
    return eventually(lambda: hook.taken if len(hook.taken) >= count else [])


def notes(sim: SimulatorProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sim.ledger()[0]["cdrs"]
    return found


def settled(sim: SimulatorProcess) -> list[dict[str, Any]]:
    """The ledger's notes on both records, once both are delivered."""
    return eventually(
        lambda: n if len(n := notes(sim)) == 2 and all(x["delivered"] for x in n) else []
    )


def test_an_answered_call_makes_two_records(sim: SimulatorProcess, hook: Receiver) -> None:
    before = time.time()
    sim.control(cdr_url=hook.url)
    call_id = sim.call(phone="101", target=LEAD, record="true", targetcallerid="0505550100")[
        "CALLID"
    ]
    first, second = records(hook, 2)
    assert [first["type"], second["type"]] == ["Click2Call leg1", "Click2Call leg2"]
    assert {first["ivruniqueid"], second["ivruniqueid"]} == {call_id}
    assert [first["status"], second["status"]] == ["ANSWER", "ANSWER"]
    assert (first["caller"], first["target"]) == (LEAD, "101")
    assert (second["caller"], second["target"]) == ("0505550100", LEAD)
    assert (first["targetextension"], second["callerextension"]) == ("101", "101")
    assert first["record"] == ""
    assert second["record"] == f"https://recordings.example/{call_id}.mp3"
    for record in (first, second):
        assert int(before) <= record["time"] <= time.time()
        assert record["isAnswer"] == 1
        assert record["actualCallDuration"] >= 1
        assert record["duration"] == record["actualCallDuration"] + record["dialtime"]


@pytest.mark.parametrize(
    ("answers", "statuses"),
    [
        ({"101": "busy"}, ["BUSY"]),
        ({"101": "noanswer"}, ["NOANSWER"]),
        ({LEAD: "busy"}, ["ANSWER", "BUSY"]),
        ({LEAD: "noanswer"}, ["ANSWER", "NOANSWER"]),
    ],
)
def test_a_leg_that_never_started_has_no_record(
    sim: SimulatorProcess, hook: Receiver, answers: dict[str, str], statuses: list[str]
) -> None:
    sim.control(cdr_url=hook.url, answers=answers, no_answer_after=0.05)
    sim.call(phone="101", target=LEAD)
    assert [r["status"] for r in records(hook, len(statuses))] == statuses
    assert [n["posts"] for n in notes(sim)] == [1] * len(statuses)
    unanswered = hook.taken[-1]
    assert (unanswered["isAnswer"], unanswered["actualCallDuration"]) == (0, 0)
    assert unanswered["price"] == 0


def test_custom_variables_come_back_with_their_names_as_sent(
    sim: SimulatorProcess, hook: Receiver
) -> None:
    sim.control(cdr_url=hook.url)
    sim.call(phone="101", target=LEAD, var_lead="a-1", var_campaignName="אביב & co")
    for record in records(hook, 2):
        assert record["CustomData"] == {"var_lead": "a-1", "var_campaignName": "אביב & co"}


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"oops"),
        (503, b'{"Err": 0}'),
        (301, b'{"Err": 0}'),
        (200, b'{"Err": 2, "Errdesc": "try later"}'),
        (200, b"OK"),
        (200, b""),
        (200, b"[0]"),
        (200, b"[" * 60_000),
    ],
)
def test_a_record_that_was_not_taken_is_posted_again(
    sim: SimulatorProcess, hook: Receiver, answer: tuple[int, bytes]
) -> None:
    hook.will_answer(answer, answer, answer)
    sim.control(cdr_url=hook.url, cdr_backoff=0.02)
    sim.call(phone="101", target=LEAD)
    assert [n["posts"] for n in settled(sim)] == [3, 2]
    assert Counter(r["type"] for r in hook.taken) == {"Click2Call leg1": 3, "Click2Call leg2": 2}


def test_it_gives_up_after_so_many_tries_and_says_no_address() -> None:
    with SimulatorProcess(cdr_url="http://127.0.0.1:9/hook/s3cret/cdr/") as sim:
        sim.control(cdr_backoff=0.01, cdr_tries=3)
        sim.call(phone="101", target=LEAD)
        eventually(lambda: [n["posts"] for n in notes(sim)] == [3, 3])
        sim.call(phone="102", target="0505550102")
        eventually(lambda: [n["posts"] for n in sim.ledger()[1]["cdrs"]] == [3, 3])
        assert [n["posts"] for n in notes(sim)] == [3, 3]
        assert not any(n["delivered"] for n in notes(sim))
        assert "s3cret" not in sim.http.get(f"{sim.url}/control").text
        words = sim.stop()
    assert "gave up on 2 record(s) after 3 tries" in words
    assert "s3cret" not in words


def test_a_receiver_that_is_back_gets_its_records(sim: SimulatorProcess, hook: Receiver) -> None:
    sim.control(cdr_url=hook.url, cdr_backoff=0.02)
    hook.will_answer(*[(500, b"")] * 6)
    for number in (101, 102, 103):
        sim.call(phone=number, target=f"0505550{number}")
    calls = sim.ended(3)
    assert len(calls) == 3
    eventually(lambda: all(n["delivered"] for e in sim.ledger() for n in e["cdrs"]))
    assert len({(r["ivruniqueid"], r["type"]) for r in hook.taken}) == 6


def test_without_an_address_nothing_is_posted(sim: SimulatorProcess) -> None:
    sim.call(phone="101", target=LEAD)
    (call,) = sim.ended()
    assert [(n["posts"], n["delivered"]) for n in call["cdrs"]] == [(0, False)] * 2


class TestFaults:
    def test_a_duplicate_is_posted_twice(self, sim: SimulatorProcess, hook: Receiver) -> None:
        sim.control(cdr_url=hook.url, faults=[{"kind": "cdr_duplicate"}])
        sim.call(phone="101", target=LEAD)
        taken = records(hook, 4)
        assert [r["type"][-1] for r in taken] == ["1", "1", "2", "2"]
        assert taken[0] == taken[1]
        assert sim.ledger()[0]["cdr_fault"] == "cdr_duplicate"

    @pytest.mark.parametrize(("leg", "left"), [(None, []), (1, ["2"]), (2, ["1"])])
    def test_a_lost_one_is_never_posted(
        self, sim: SimulatorProcess, hook: Receiver, leg: int | None, left: list[str]
    ) -> None:
        fault = {"kind": "cdr_lost"} | ({"leg": leg} if leg else {})
        sim.control(cdr_url=hook.url, faults=[fault])
        sim.call(phone="101", target=LEAD)
        sim.ended()
        sim.call(phone="102", target="0505550102")
        taken = records(hook, len(left) + 2)
        of_first = [r["type"][-1] for r in taken if r["ivruniqueid"] == sim.ledger()[0]["call_id"]]
        assert of_first == left

    def test_reordered_ones_come_leg_2_first(self, sim: SimulatorProcess, hook: Receiver) -> None:
        sim.control(cdr_url=hook.url, faults=[{"kind": "cdr_reordered"}])
        sim.call(phone="101", target=LEAD)
        assert [r["type"][-1] for r in records(hook, 2)] == ["2", "1"]

    def test_the_record_may_come_before_the_answer(
        self, sim: SimulatorProcess, hook: Receiver
    ) -> None:
        sim.control(cdr_url=hook.url, faults=[{"kind": "cdr_before_answer"}])
        answer = sim.call(phone="101", target=LEAD)
        assert [r["ivruniqueid"] for r in hook.taken] == [answer["CALLID"]] * 2

    def test_without_a_fault_the_answer_comes_before_the_record(
        self, sim: SimulatorProcess, hook: Receiver
    ) -> None:
        sim.control(cdr_url=hook.url, answer_after=600)
        sim.call(phone="101", target=LEAD)
        assert hook.taken == []
