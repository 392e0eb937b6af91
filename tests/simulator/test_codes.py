"""Each ERRORCODE, and what causes it in a real account."""

from typing import Any

import pytest

from tests.support.simulator import CODE, SimulatorProcess

LEAD = "0505550101"
CALL = {"code": CODE, "phone": "101", "target": LEAD, "action": "call"}


def ask(sim: SimulatorProcess, **fields: Any) -> tuple[int, str]:
    """ERRORCODE and ERRORMESSAGE of a request; a field that is None is left out."""
    form = {k: v for k, v in (CALL | {"format": "json"} | fields).items() if v is not None}
    answer = sim.http.post(sim.click2call_url, data=form)
    assert answer.status_code == 200
    assert bool(answer.json()["CALLID"]) == (answer.json()["ERRORCODE"] == 0)
    entry = sim.ledger()[-1]
    assert entry["error_code"] == answer.json()["ERRORCODE"]
    assert entry["call_id"] == answer.json()["CALLID"]
    return answer.json()["ERRORCODE"], answer.json()["ERRORMESSAGE"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"code": None}, "Code is missing"),
        ({"code": ""}, "Code is missing"),
        ({"code": "wrong"}, "Code is invalid"),
        ({"code": "test-codé"}, "Code is invalid"),
        ({"action": "dance"}, "Action is invalid"),
        ({"phone": None}, "Phone is missing"),
        ({"phone": "  "}, "Phone is missing"),
        ({"phone": "+972505550100"}, "Phone is invalid"),
        ({"phone": "1" * 16}, "Phone is invalid"),
        ({"phone": "10 1"}, "Phone is invalid"),
        ({"phone": "\u0661\u0660\u0661"}, "Phone is invalid"),
        ({"phone": "logincode"}, "Phonelogincode is missing"),
        ({"target": None}, "Target is missing"),
        ({"target": "+972505550101"}, "Target is invalid"),
        ({"target": "050-5550101"}, "Target is invalid"),
        ({"target": "050 5550101"}, "Target is invalid"),
        ({"record": "yes"}, "Record is invalid"),
        ({"phoneautoanswer": "2"}, "Phoneautoanswer is invalid"),
        ({"targetautoanswer": "on"}, "Targetautoanswer is invalid"),
        ({"checkphonedevicestate": "maybe"}, "Checkphonedevicestate is invalid"),
        ({"phonemaxdialtime": "0"}, "Phonemaxdialtime is invalid"),
        ({"phonemaxdialtime": "-5"}, "Phonemaxdialtime is invalid"),
        ({"targetmaxdialtime": "1.5"}, "Targetmaxdialtime is invalid"),
        ({"maxduration": "long"}, "Maxduration is invalid"),
        ({"maxduration": "9" * 5000}, "Maxduration is invalid"),
        ({"language": "hebrew"}, "Language is invalid"),
        ({"ignoredncstatus": "4"}, "Ignoredncstatus is invalid"),
        ({f"var_{n}": "x" for n in range(11)}, "More than 10 var_ parameters"),
        ({"var_": "x"}, "A var_ parameter has no name"),
    ],
)
def test_a_wrong_parameter_is_error_1(
    sim: SimulatorProcess, fields: dict[str, Any], message: str
) -> None:
    assert ask(sim, **fields) == (1, message)


def test_an_unknown_format_is_error_1_in_the_default_format(sim: SimulatorProcess) -> None:
    answer = sim.http.post(sim.click2call_url, data=CALL | {"format": "yaml"})
    assert b"<string>Format is invalid</string>" in answer.content


@pytest.mark.parametrize(
    "fields",
    [
        {"phone": "SIPanna-7"},
        {"phone": "SIPTRUNK"},
        {"phone": "logincode", "phonelogincode": "4711"},
        {"phone": "0505550100"},
        {"phone": "972505550100"},
        {"target": "102"},
        {"record": "false", "phoneautoanswer": "1", "targetautoanswer": "true"},
        {"phonemaxdialtime": "20", "targetmaxdialtime": "30", "maxduration": "600"},
        {"phonecallername": "דנה", "targetcallername": "Dana", "vm_id": "55", "language": "he"},
        {"record": "", "maxduration": "", "language": ""},
        {f"var_{n}": "x" for n in range(10)},
        {"unheard_of": "x"},
    ],
)
def test_what_the_page_allows_is_accepted(sim: SimulatorProcess, fields: dict[str, str]) -> None:
    assert ask(sim, **fields) == (0, "OK")


def test_a_fault_of_the_service_is_error_2(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "application_error"}])
    assert ask(sim) == (2, "Application error")
    assert sim.ledger()[0]["leg1"] is None
    assert ask(sim) == (0, "OK")


def test_an_offline_extension_is_error_3(sim: SimulatorProcess) -> None:
    sim.control(extensions={"101": "offline"})
    assert ask(sim) == (3, "Extension representative is offline")
    assert ask(sim, checkphonedevicestate="true")[0] == 3
    assert ask(sim, phone="102")[0] == 0


def test_an_unchecked_offline_extension_is_tried_in_vain(sim: SimulatorProcess) -> None:
    sim.control(extensions={"101": "offline"})
    assert ask(sim, checkphonedevicestate="false")[0] == 0
    (call,) = sim.ended()
    assert call["leg1"]["status"] == "CHANUNAVAIL"
    assert call["leg2"] is None


def test_an_offline_target_is_error_3_only_when_checked(sim: SimulatorProcess) -> None:
    sim.control(extensions={"102": "offline"})
    assert ask(sim, target="102", checktargetdevicestate="true")[0] == 3
    assert ask(sim, target="102")[0] == 0
    (call,) = sim.ended()
    assert call["leg2"]["status"] == "CHANUNAVAIL"


def test_a_blocked_extension_is_error_4(sim: SimulatorProcess) -> None:
    sim.control(extensions={"101": "blocked"})
    assert ask(sim) == (4, "Extension is blocked for Click2Call calls")


def test_a_line_is_the_same_in_every_spelling_of_its_number(sim: SimulatorProcess) -> None:
    sim.control(extensions={"+972 50-555-0100": "blocked"})
    assert ask(sim, phone="0505550100")[0] == 4
    assert ask(sim, phone="972505550100")[0] == 4
    assert ask(sim, phone="0505550109")[0] == 0


@pytest.mark.parametrize("action", ["message", "callference"])
def test_one_leg_actions_need_no_target_and_ring_one_phone(
    sim: SimulatorProcess, action: str
) -> None:
    assert ask(sim, action=action, target=None) == (0, "OK")
    (call,) = sim.ended()
    assert call["leg1"]["status"] == "ANSWER"
    assert call["leg2"] is None
    assert ask(sim, action=action, phone=None, target=None) == (1, "Phone is missing")


def test_dtmf_of_a_message_is_a_numeric_sequence(sim: SimulatorProcess) -> None:
    assert ask(sim, action="message", dtmf="12a") == (1, "Dtmf is invalid")


def test_without_a_code_of_its_own_it_takes_any() -> None:
    with SimulatorProcess(code="") as sim:
        form = {k: v for k, v in CALL.items() if k != "code"} | {"format": "json"}
        post = sim.http.post
        assert post(sim.click2call_url, data=form).json()["ERRORMESSAGE"] == "Code is missing"
        assert post(sim.click2call_url, data=form | {"code": "any"}).json()["ERRORCODE"] == 0
