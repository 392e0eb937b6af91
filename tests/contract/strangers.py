"""What clients other than ours do: every action, in every request and answer form.

Answers are read with the standard library alone, so that nothing of ours is needed to use the
simulator, and nothing of ours hides its mistakes.
"""

import json
from dataclasses import dataclass, field
from xml.etree import ElementTree

from tests.support.simulator import SimulatorProcess, eventually

REQUEST_FORMS = ["form", "json", "get"]
ANSWER_FORMS = ["xml", "json"]


@dataclass(frozen=True)
class Errand:
    """An action, its parameters, and the leg whose end shows that the action took effect."""

    action: str
    parameters: dict[str, str] = field(default_factory=dict)
    legs: int = 1


ERRANDS = [
    Errand("call", {"phone": "101", "target": "972505550101", "record": "true"}, legs=2),
    Errand("message", {"phone": "972505550102", "pre_rec": "closed", "dtmf": "12"}),
    Errand("callference", {"phone": "103", "bbbcode": "7001"}),
    Errand("terminate", {"phone": "104"}),
]


def run(simulator: SimulatorProcess, errand: Errand, send, answer_form: str) -> None:
    """Sends an errand with `send(parameters)`, and compares the answer with the ledger."""
    if errand.action == "terminate":
        simulator.control(talk=3600)
        simulator.call(phone=errand.parameters["phone"], target="972505550104")
        eventually(lambda: (simulator.ledger()[0]["leg2"] or {}).get("answered_at"))
    parameters = {"code": simulator.code, "action": errand.action, **errand.parameters}
    # XML is the default: it comes when no format is given.
    if answer_form == "json":
        parameters["format"] = "json"
    answer = read(send(parameters), answer_form)
    entry = simulator.ledger()[-1]
    assert answer["ERRORCODE"] == "0", answer
    assert entry["action"] == errand.action
    assert entry["error_code"] == 0
    assert entry.items() >= errand.parameters.items()
    if errand.action == "terminate":
        call = eventually(lambda: ended(simulator.ledger()[0]))
        assert (call["leg1"]["status"], call["leg2"]["status"]) == ("ANSWER", "ANSWER")
        return
    assert answer["CALLID"] == entry["call_id"] != ""
    call = eventually(lambda: ended(simulator.ledger()[-1]))
    assert call["leg1"]["answered_at"]
    assert bool(call["leg2"]) == (errand.legs == 2)


def ended(entry: dict) -> dict | None:
    """The entry once its call is over; None before."""
    legs = [entry["leg1"], entry["leg2"]]
    over = legs[0] and all(leg["ended_at"] for leg in legs if leg)
    return entry if over else None


def read(body: bytes, answer_form: str) -> dict[str, str]:
    """The three fields of an answer as text; the answer must be in the form that was asked for."""
    if answer_form == "json":
        fields = json.loads(body)
        assert type(fields["ERRORCODE"]) is int
    else:
        document = ElementTree.fromstring(body)
        assert document.tag == "methodResponse"
        members = document.findall("params/param/value/struct/member")
        fields = {m.findtext("name"): m.findtext("value/string") or "" for m in members}
    assert list(fields) == ["ERRORCODE", "ERRORMESSAGE", "CALLID"]
    return {name: str(value) for name, value in fields.items()}
