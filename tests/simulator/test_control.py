"""`POST /control` is either applied in full, or refused in full with the reasons."""

from typing import Any

import pytest

from tests.support.simulator import Receiver, SimulatorProcess, eventually


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "the body must be a JSON object"),
        ({"speed": 2}, "unknown key 'speed'"),
        ({"seed": "1"}, "seed must be a whole number"),
        ({"seed": -1}, "seed must be from 0"),
        ({"seed": True}, "seed must be a whole number"),
        ({"answer_after": -1}, "answer_after must be from 0"),
        ({"answer_after": "2"}, "answer_after must be a number"),
        ({"talk": 1e9}, "talk must be from 0"),
        ({"mode": "loud"}, "mode must be one of auto, manual"),
        ({"reset": 1}, "reset must be true or false"),
        ({"extensions": ["101"]}, "extensions must be an object"),
        ({"extensions": {"101": "away"}}, "extensions[101] must be one of"),
        ({"extensions": {"": "busy"}}, "extensions has a number that is empty"),
        ({"answers": {"101": "maybe"}}, "answers[101] must be one of abandone, answer, busy"),
        ({"cdr_url": "ftp://example.com"}, "cdr_url must be an http or https address"),
        ({"cdr_url": "http://"}, "cdr_url must be an http or https address"),
        ({"cdr_url": "http://[x"}, "cdr_url must be an http or https address"),
        ({"cdr_url": 5}, "cdr_url must be an http or https address"),
        ({"cdr_tries": 0}, "cdr_tries must be from 1"),
        ({"answers": {"101": "ANSWER"}}, "answers[101] must be one of"),
        ({"logins": {"101": 4}}, "logins[101] must be one of 1, 2, 3, 5"),
        ({"logins": {"101": True}}, "logins[101] must be one of"),
        ({"names": {"101": 7}}, "names[101] must be a printable text"),
        ({"blacklist": ["0505550101"]}, "blacklist must be an object"),
        ({"forbid": 1}, "forbid must be true or false"),
        ({"allowed_ips": "127.0.0.1"}, "allowed_ips must be null or a list"),
        ({"allowed_ips": ["localhost"]}, "allowed_ips[0] is not an IP address or a network"),
        ({"allowed_ips": [7]}, "allowed_ips[0] is not an IP address or a network"),
        ({"cdr_format": "yaml"}, "cdr_format must be one of form, json, xml"),
        ({"cdr_when": "now"}, "cdr_when must be one of call, leg"),
        ({"cdr_delay": -1}, "cdr_delay must be from 0"),
        ({"custom_data": "custom"}, "custom_data must be one of"),
        ({"custom_prefix": "no"}, "custom_prefix must be true or false"),
        ({"ivr": "x"}, "ivr must be a list"),
        ({"ivr": [1]}, "ivr must be a list"),
        ({"ivr_as": "text"}, "ivr_as must be one of list, string"),
        ({"popup_url": "localhost"}, "popup_url must be an http or https address"),
        ({"popup_format": "xml"}, "popup_format must be one of form, get, json"),
        ({"linger": None}, "linger must be a number"),
        ({"log_per_minute": -1}, "log_per_minute must be from 0"),
        ({"log_at_most": 10_001}, "log_at_most must be from 1 to 10000"),
        ({"log_keys": "upper"}, "log_keys must be one of documented, lower"),
        ({"log_history": {"count": 1}}, "log_history must be null or have count, from and to"),
        ({"log_history": {"count": 1, "from": "x", "to": 1}}, "log_history.from must be epoch"),
        ({"log_history": {"count": 1, "from": 2, "to": 1}}, "must not be after log_history.to"),
        ({"faults": [{"kind": "html", "on": "fax"}]}, "faults[0].on must be one of activecalls"),
        ({"faults": [{"kind": "cdr_lost", "on": "login"}]}, "on does not belong to cdr_lost"),
        ({"faults": {}}, "faults must be a list"),
        ({"faults": ["stall"]}, "faults[0] must be an object"),
        ({"faults": [{}]}, "faults[0].kind must be one of"),
        ({"faults": [{"kind": "fire"}]}, "faults[0].kind must be one of"),
        ({"faults": [{"kind": ["stall"]}]}, "faults[0].kind must be one of"),
        ({"faults": [{"kind": "stall", "times": 1}]}, "faults[0] has an unknown key 'times'"),
        ({"faults": [{"kind": "stall", "count": -1}]}, "faults[0].count must be from 0"),
        ({"faults": [{"kind": "stall", "count": 1.5}]}, "faults[0].count must be a whole number"),
        ({"faults": [{"kind": "stall", "rate": 1.1}]}, "faults[0].rate must be from 0 to 1"),
        ({"faults": [{"kind": "stall", "rate": 1, "count": 1}]}, "both a count and a rate"),
        ({"faults": [{"kind": "stall", "seconds": 1}]}, "seconds does not belong to stall"),
        ({"faults": [{"kind": "reset_after", "accepted": False}]}, "accepted does not belong"),
        ({"faults": [{"kind": "cdr_lost", "leg": 3}]}, "faults[0].leg must be from 1 to 2"),
        ({"faults": [{"kind": "cdr_reordered", "leg": 1}]}, "leg does not belong"),
    ],
)
def test_it_refuses_what_it_does_not_understand(
    sim: SimulatorProcess, body: Any, words: str
) -> None:
    before = sim.status()
    if isinstance(body, dict):
        body = {"talk": 99, **body}
    answer = sim.http.post(f"{sim.url}/control", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert sim.status() == before


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b'{"talk": NaN}'])
def test_it_refuses_what_is_not_json(sim: SimulatorProcess, body: bytes) -> None:
    answer = sim.http.post(f"{sim.url}/control", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_it_refuses_a_body_over_64_kib(sim: SimulatorProcess) -> None:
    assert sim.http.post(f"{sim.url}/control", content=b" " * 65_537).status_code == 413


@pytest.mark.parametrize("path", ["/control", "/phones/x/1/answer"])
def test_it_refuses_a_page_from_elsewhere(sim: SimulatorProcess, path: str) -> None:
    """Otherwise any web page could post to an address on this machine."""
    headers = {"origin": "https://elsewhere.example", "content-type": "text/plain"}
    answer = sim.http.post(sim.url + path, content=b'{"reset": true}', headers=headers)
    assert answer.status_code == 403
    own = sim.http.post(sim.url + path, content=b"{}", headers={"origin": sim.url})
    assert own.status_code in {200, 404}


def test_it_tells_how_things_stand(sim: SimulatorProcess) -> None:
    status = sim.control(
        seed=3,
        answer_after=1,
        talk=2.5,
        no_answer_after=4,
        mode="manual",
        extensions={"101": "offline"},
        answers={"0505550101": "busy"},
        faults=[{"kind": "delay", "seconds": 2, "rate": 0.5}],
        cdr_url="http://127.0.0.1:9/secret/",
    )
    assert status == sim.status()
    assert (
        status.items()
        >= {
            "seed": 3,
            "answer_after": 1.0,
            "talk": 2.5,
            "no_answer_after": 4.0,
            "mode": "manual",
            "extensions": {"101": "offline"},
            "answers": {"972505550101": "busy"},
            "cdr_posts": True,
        }.items()
    )
    assert status["faults"][0]["rate"] == 0.5


def test_maps_are_added_to_and_null_takes_out(sim: SimulatorProcess) -> None:
    sim.control(extensions={"101": "offline", "102": "blocked"})
    status = sim.control(extensions={"101": "online", "102": None, "103": "busy"})
    assert status["extensions"] == {"101": "online", "103": "busy"}


def test_reset_goes_back_to_the_start(sim: SimulatorProcess, hook: Receiver) -> None:
    start = sim.status()
    hook.will_answer((500, b""))
    sim.control(
        cdr_url=hook.url,
        cdr_backoff=0.1,
        talk=3600,
        mode="manual",
        extensions={"105": "busy"},
        faults=[{"kind": "stall"}],
        seed=5,
    )
    sim.control(faults=[])
    sim.call(phone="101", target="0505550101")
    sim.control(reset=True)
    assert sim.status() == start
    assert sim.ledger() == []
    page = sim.http.get(f"{sim.url}/phones").json()
    assert (page["phones"], page["recent"], page["live"]) == ([], [], 0)
    # The dropped call no longer keeps its phones busy, and posts no record.
    assert sim.call(phone="101", target="0505550101")["ERRORCODE"] == 0
    (call,) = sim.ended()
    assert call["leg2"]["status"] == "ANSWER"
    assert hook.taken == []


def test_reset_forgets_the_records_that_wait_for_another_try(
    sim: SimulatorProcess, hook: Receiver
) -> None:
    hook.will_answer((500, b""))
    sim.control(cdr_url=hook.url, cdr_backoff=1.5)
    sim.call(phone="101", target="0505550101", var_when="before")
    eventually(lambda: len(hook.taken) == 2)
    # The second call ends after the time of the first record's second try.
    sim.control(reset=True, cdr_url=hook.url, answer_after=0.9)
    sim.call(phone="102", target="0505550102", var_when="after")
    eventually(lambda: len(hook.taken) >= 4)
    assert [r["CustomData"]["var_when"] for r in hook.taken] == ["before"] * 2 + ["after"] * 2


def test_reset_and_new_settings_go_together(sim: SimulatorProcess) -> None:
    sim.control(talk=9, mode="manual")
    status = sim.control(reset=True, answer_after=0.5)
    assert status["answer_after"] == 0.5
    assert status["mode"] == "auto"
    assert status["talk"] != 9
