"""Pop-up requests: the simulator asks our side who is calling while an extension is on a call."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.simulator import Receiver, SimulatorProcess, eventually

LEAD = "0505550101"
GOOD = {"STATUS": "OK", "URL": "https://crm.example/leads/1", "CLIENTNAME": "Noa", "TOTAL": 1}


@pytest.fixture
def screen(sim: SimulatorProcess, hook: Receiver) -> Receiver:
    """A receiver of pop-up requests that answers as it should."""
    hook.otherwise = (200, json.dumps(GOOD).encode())
    sim.control(popup_url=hook.url)
    return hook


def popups(sim: SimulatorProcess, count: int) -> list[dict[str, Any]]:
    """The pop-up requests, once this many were answered or given up."""

    def look() -> list[dict[str, Any]]:
        seen = sim.seen("/popups")
        return seen if len(seen) >= count and all(p["seconds"] is not None for p in seen) else []

    return eventually(look)


def test_it_asks_while_it_rings_when_they_talk_and_at_the_end(
    sim: SimulatorProcess, screen: Receiver
) -> None:
    call_id = sim.call(
        phone="101", target=LEAD, phonecallername="Website", var_lead="a-1", record="true"
    )["CALLID"]
    ringing, talking, hangup = popups(sim, 3)
    assert [p["status"] for p in (ringing, talking, hangup)] == ["Ringing", "Talking", "Hangup"]
    assert [r["status"] for r in screen.taken] == ["Ringing", "Talking", "Hangup"]
    assert screen.taken == [p["sent"] for p in (ringing, talking, hangup)]
    first, _, last = screen.taken
    assert first.keys() == {
        "phone", "callerName", "ivrid", "extenUser", "did", "status", "direction", "isAnswered",
        "callStarted", "callAnswered", "cause", "currentCall",
    }  # fmt: skip
    assert (first["phone"], first["extenUser"], first["ivrid"]) == (LEAD, "101", call_id)
    assert first["callerName"] == "Website"
    assert (first["isAnswered"], first["callAnswered"], first["cause"]) == (False, 0, "")
    assert first["currentCall"]["customdata"] == {"var_lead": "a-1"}
    assert (last["isAnswered"], last["cause"]) == (True, "Normal hangup")
    assert (last["direction"], last["currentCall"]["c2cdirection"]) == ("Click2Call", 1)
    assert last["callAnswered"] >= last["callStarted"] > 1_000_000_000
    for popup in (ringing, talking, hangup):
        assert (popup["leg"], popup["call_id"]) == (1, call_id)
        assert (popup["http_status"], popup["answer"], popup["problem"]) == (200, GOOD, "")


def test_it_asks_for_extensions_only(sim: SimulatorProcess, screen: Receiver) -> None:
    sim.call(phone="0505550109", target=LEAD)
    sim.call(phone="SIPTRUNK", target="102")
    sim.ended(2)
    assert {p["sent"]["extenUser"] for p in popups(sim, 3)} == {"102"}
    assert {p["sent"]["phone"] for p in popups(sim, 3)} == {"SIPTRUNK"}


def test_a_phone_that_never_rang_asks_nothing(sim: SimulatorProcess, screen: Receiver) -> None:
    sim.control(extensions={"101": "busy"}, answers={"102": "noanswer"}, no_answer_after=0.02)
    sim.call(phone="101", target=LEAD)
    sim.call(phone="102", target=LEAD)
    sim.ended(2)
    ringing, hangup = popups(sim, 2)
    assert (ringing["status"], hangup["status"]) == ("Ringing", "Hangup")
    assert (hangup["sent"]["extenUser"], hangup["sent"]["cause"]) == ("102", "Call Rejected")


def test_a_form_has_the_same_fields(sim: SimulatorProcess, screen: Receiver) -> None:
    sim.control(popup_format="form")
    sim.call(phone="101", target=LEAD)
    popups(sim, 3)
    fields = dict(parse_qsl(screen.posts[0].body.decode(), keep_blank_values=True))
    assert (fields["status"], fields["extenUser"], fields["isAnswered"]) == (
        "Ringing",
        "101",
        "false",
    )
    assert json.loads(fields["currentCall"])["callstatus"] == "Ringing"


def test_a_get_says_status_call(sim: SimulatorProcess, screen: Receiver) -> None:
    sim.control(popup_format="get", popup_url=f"{screen.url}?from=sim")
    sim.call(phone="101", target=LEAD)
    popups(sim, 3)
    post = screen.posts[0]
    assert post.method == "GET"
    fields = dict(parse_qsl(urlsplit(post.path).query))
    assert (fields["from"], fields["statusCall"], fields["phone"]) == ("sim", "Ringing", LEAD)
    assert "status" not in fields


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((500, b"oops"), "HTTP status 500"),
        ((404, b'{"STATUS": "OK"}'), "HTTP status 404"),
        ((200, b"OK"), "the answer is not a JSON object"),
        ((200, b"[" * 50_000), "the answer is not a JSON object"),
        ((200, b'{"STATUS": "NO"}'), "STATUS is not OK"),
        ((200, b"{}"), "STATUS is not OK"),
        ((200, b'{"status": "ok"}'), ""),
    ],
)
def test_it_says_what_is_wrong_with_an_answer_and_asks_no_second_time(
    sim: SimulatorProcess, screen: Receiver, answer: tuple[int, bytes], problem: str
) -> None:
    screen.will_answer(answer)
    sim.call(phone="101", target=LEAD)
    first, *others = popups(sim, 3)
    assert first["problem"] == problem
    assert [p["problem"] for p in others] == ["", ""]
    assert len(screen.posts) == 3


def test_our_side_has_three_seconds_to_answer(sim: SimulatorProcess, screen: Receiver) -> None:
    """Shortened here, so that the test need not wait for them."""
    assert sim.status()["popup_limit"] == 3
    sim.control(popup_limit=0.2)
    screen.free.clear()
    sim.call(phone="101", target=LEAD)
    # Meanwhile the call goes on.
    sim.ended()
    sim.control(popup_url=None)
    first = eventually(lambda: [p for p in sim.seen("/popups") if p["seconds"]])[0]
    screen.free.set()
    assert first["problem"] == "no answer within 0.2 s"
    assert first["http_status"] is None
    assert first["seconds"] >= 0.19


def test_an_address_where_nobody_listens_is_told_without_the_address(
    sim: SimulatorProcess,
) -> None:
    sim.control(popup_url="http://127.0.0.1:9/s3cret/")
    sim.call(phone="101", target=LEAD)
    assert {p["problem"] for p in popups(sim, 3)} == {"no answer: ConnectError"}
    assert "s3cret" not in sim.http.get(f"{sim.url}/popups").text
    assert "s3cret" not in sim.http.get(f"{sim.url}/control").text
    assert sim.status()["popup_posts"] is True


def test_reset_forgets_them(sim: SimulatorProcess, screen: Receiver) -> None:
    sim.call(phone="101", target=LEAD)
    popups(sim, 3)
    assert len(sim.seen("/popups?since=2")) == 1
    sim.control(reset=True)
    assert sim.seen("/popups") == []
    assert sim.http.get(f"{sim.url}/popups?since=x").status_code == 400
