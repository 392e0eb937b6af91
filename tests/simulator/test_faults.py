"""Each fault: what the client sees of it, and what the ledger says really happened."""

import http.client
import json
import socket
import time
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.support.simulator import CODE, SimulatorProcess, eventually

CALL = {"code": CODE, "phone": "101", "target": "0505550101", "action": "call", "format": "json"}


def answer(sim: SimulatorProcess) -> http.client.HTTPResponse:
    """One request over a new connection, so that no client retries or hides anything."""
    where = urlsplit(sim.click2call_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
    connection.request(
        "POST", where.path, urlencode(CALL), {"Content-Type": "application/x-www-form-urlencoded"}
    )
    return connection.getresponse()


def placed(sim: SimulatorProcess, kind: str) -> bool:
    """Whether the one request was accepted; ledger and legs must agree on it."""
    (entry,) = eventually(sim.ledger)
    assert entry["fault"] == kind
    assert bool(entry["call_id"]) == entry["accepted"] == (entry["error_code"] == 0)
    assert bool(entry["leg1"]) == entry["accepted"]
    return bool(entry["accepted"])


@pytest.mark.parametrize(("kind", "accepted"), [("reset_before", False), ("reset_after", True)])
def test_a_reset_is_a_reset(sim: SimulatorProcess, kind: str, accepted: bool) -> None:
    sim.control(faults=[{"kind": kind}])
    with pytest.raises(ConnectionResetError) as caught:
        answer(sim)
    # A connection that is closed normally raises a subclass of this error.
    assert type(caught.value) is ConnectionResetError
    assert placed(sim, kind) == accepted


def test_a_lost_answer_is_a_connection_closed_without_a_byte(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "lost_answer"}])
    with pytest.raises(http.client.RemoteDisconnected):
        answer(sim)
    assert placed(sim, "lost_answer")


@pytest.mark.parametrize(
    ("kind", "accepted"), [("error_500_before", False), ("error_500_after", True)]
)
def test_a_500_is_a_page(sim: SimulatorProcess, kind: str, accepted: bool) -> None:
    sim.control(faults=[{"kind": kind}])
    got = answer(sim)
    assert got.status == 500
    assert got.headers["content-type"].startswith("text/html")
    assert placed(sim, kind) == accepted


def test_a_truncated_answer_ends_half_way(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "truncated"}])
    got = answer(sim)
    assert got.status == 200
    with pytest.raises(http.client.IncompleteRead) as caught:
        got.read()
    assert caught.value.partial.startswith(b'{"ERRORCODE"')
    assert placed(sim, "truncated")


def test_html_is_a_page_with_status_200(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "html"}])
    got = answer(sim)
    assert got.status == 200
    assert got.headers["content-type"].startswith("text/html")
    assert got.read().startswith(b"<!doctype html>")
    assert placed(sim, "html")


def test_empty_is_status_200_and_nothing(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "empty"}])
    got = answer(sim)
    assert (got.status, got.read()) == (200, b"")
    assert placed(sim, "empty")


def test_a_wrong_content_type_is_the_right_answer_mislabelled(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "wrong_content_type"}])
    got = answer(sim)
    assert got.headers["content-type"].startswith("text/html")
    assert json.loads(got.read())["CALLID"] == sim.ledger()[0]["call_id"]
    assert placed(sim, "wrong_content_type")


def test_a_delay_is_the_right_answer_late(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "delay", "seconds": 0.3}])
    started = time.monotonic()
    got = answer(sim)
    assert time.monotonic() - started >= 0.29
    assert json.loads(got.read())["CALLID"] == sim.ledger()[0]["call_id"]
    assert placed(sim, "delay")


def test_a_stall_never_answers_and_its_call_goes_on(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "stall"}])
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(sim.click2call_url, data=CALL, timeout=0.3, trust_env=False)
    assert placed(sim, "stall")
    (call,) = sim.ended()
    assert call["leg2"]["status"] == "ANSWER"


@pytest.mark.parametrize(
    "kind", ["delay", "stall", "truncated", "html", "empty", "wrong_content_type"]
)
def test_it_can_strike_before_the_call_is_placed(sim: SimulatorProcess, kind: str) -> None:
    seconds = {"seconds": 0.05} if kind == "delay" else {}
    sim.control(faults=[{"kind": kind, "accepted": False, **seconds}])
    patience = 0.5 if kind == "stall" else 20
    try:
        got = httpx.post(sim.click2call_url, data=CALL, timeout=patience, trust_env=False)
    except httpx.TransportError:
        assert kind in {"stall", "truncated"}
    else:
        assert '"ERRORCODE": 0' not in got.text
    assert not placed(sim, kind)


@pytest.mark.parametrize("kind", ["stall", "delay"])
def test_a_held_request_holds_nobody_else(sim: SimulatorProcess, kind: str) -> None:
    sim.control(faults=[{"kind": kind}])
    where = urlsplit(sim.click2call_url)
    with socket.create_connection((where.hostname, where.port)) as held:
        held.sendall(f"GET {where.path}?{urlencode(CALL)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        eventually(lambda: len(sim.ledger()) == 1)
        assert sim.call(phone="102", target="0505550102")["ERRORCODE"] == 0


def test_a_fault_on_a_refused_request_places_no_call(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "reset_after"}], extensions={"101": "blocked"})
    with pytest.raises(ConnectionResetError):
        answer(sim)
    assert not placed(sim, "reset_after")
    assert sim.ledger()[0]["error_code"] == 4


def test_counts_are_used_up_in_order(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "application_error", "count": 2}, {"kind": "error_500_before"}])
    assert sim.status()["faults"][0]["count"] == 2
    for number in range(5):
        sim.http.post(sim.click2call_url, data=CALL | {"phone": f"10{number}"})
    struck = [entry["fault"] for entry in sim.ledger()]
    assert struck == ["application_error", "application_error", "error_500_before", None, None]
    assert [fault["count"] for fault in sim.status()["faults"]] == [0, 0]


def test_a_rate_of_one_strikes_all_and_a_rate_of_zero_none(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "html", "rate": 0}, {"kind": "application_error", "rate": 1}])
    for number in range(5):
        assert sim.call(phone=f"10{number}", target="0505550101")["ERRORCODE"] == 2
    sim.control(faults=[])
    assert sim.call(phone="101", target="0505550101")["ERRORCODE"] == 0
