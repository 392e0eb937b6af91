"""Message, Callference and Terminate: what they send, and which values they refuse."""

import dataclasses
import pickle

import pytest

from callbacks.voicenter import Callference, InvalidCall, Message, OutcomeUnknown, Terminate
from callbacks.voicenter.click2call.callference import CALLFERENCE_PARAMETERS
from callbacks.voicenter.click2call.message import MESSAGE_PARAMETERS
from callbacks.voicenter.click2call.terminate import TERMINATE_PARAMETERS

from .server import CALL_ID, http, say
from .test_answers import in_json, in_xml

ACTIONS = [
    (Message, MESSAGE_PARAMETERS),
    (Callference, CALLFERENCE_PARAMETERS),
    (Terminate, TERMINATE_PARAMETERS),
]
WHOLE = {
    Message: (
        Message(
            phone="972505550101",
            pre_rec="closed_he",
            dtmf="12*#",
            loop_rec="שעות פתיחה",
            post_rec="bye",
            record=True,
            target_caller_id="0722550100",
            target_caller_name="Green Garden Ltd.",
            phone_max_dial_time=25,
            max_duration=120,
            phone_auto_answer=False,
        ),
        {
            "phone": "972505550101",
            "pre_rec": "closed_he",
            "dtmf": "12*#",
            "loop_rec": "שעות פתיחה",
            "post_rec": "bye",
            "record": "true",
            "targetcallerid": "0722550100",
            "targetcallername": "Green Garden Ltd.",
            "phonemaxdialtime": "25",
            "maxduration": "120",
            "phoneautoanswer": "false",
        },
    ),
    Callference: (
        Callference(
            phone="aBcD12ef",
            bbbcode="7001",
            target_caller_id="0722550100",
            target_caller_name="Green Garden Ltd.",
            phone_max_dial_time=25,
            max_duration=3600,
            phone_auto_answer=True,
        ),
        {
            "phone": "aBcD12ef",
            "bbbcode": "7001",
            "targetcallerid": "0722550100",
            "targetcallername": "Green Garden Ltd.",
            "phonemaxdialtime": "25",
            "maxduration": "3600",
            "phoneautoanswer": "true",
        },
    ),
    Terminate: (Terminate(phone="aBcD12ef"), {"phone": "aBcD12ef"}),
}


def test_every_parameter_of_the_vendors_page_is_there_in_lower_case():
    page = {
        Message: """phone pre_rec dtmf loop_rec post_rec record targetcallerid targetcallername
            phonemaxdialtime maxduration phoneautoanswer""",
        Callference: """phone bbbcode targetcallerid targetcallername phonemaxdialtime maxduration
            phoneautoanswer""",
        Terminate: "phone",
    }
    for action, table in ACTIONS:
        assert {parameter.wire for parameter in table.values()} == set(page[action].split())


@pytest.mark.parametrize(("action", "table"), ACTIONS)
def test_the_table_and_the_dataclass_have_the_same_names(action, table):
    assert set(table) == {field.name for field in dataclasses.fields(action)}


@pytest.mark.parametrize(("action", "table"), ACTIONS[:2])
def test_their_times_are_half_a_minute_by_default_unlike_those_of_a_call(action, table):
    defaults = {n: (p.default, p.unit) for n, p in table.items() if p.default is not None}
    assert defaults == {
        "phone_max_dial_time": (30, "s"),
        "max_duration": (30, "s"),
        "phone_auto_answer": (False, ""),
    }


@pytest.mark.parametrize("action", [Message, Callference, Terminate])
def test_only_the_phone_is_needed_and_only_what_is_set_is_sent(action):
    assert action(phone="0505550101").wire() == {"phone": "0505550101"}


@pytest.mark.parametrize("action", WHOLE)
def test_it_writes_every_parameter_as_the_provider_reads_it(action):
    whole, wire = WHOLE[action]
    assert whole.wire() == wire
    assert pickle.loads(pickle.dumps(whole)) == whole


@pytest.mark.parametrize("action", [Message, Callference, Terminate])
@pytest.mark.parametrize("phone", ["", None, "+972505550101", "050-5550101", "SIPTRUNK", "a b"])
def test_a_phone_that_cannot_be_rung_is_refused(action, phone):
    with pytest.raises(InvalidCall) as caught:
        action(phone=phone)
    assert caught.value.parameter == "phone"


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"pre_rec": "hello.wav"}, "pre_rec"),
        ({"loop_rec": "../secret"}, "loop_rec"),
        ({"post_rec": "a\\b"}, "post_rec"),
        ({"post_rec": ""}, "post_rec"),
        ({"dtmf": "12a"}, "dtmf"),
        ({"dtmf": "1" * 65}, "dtmf"),
        ({"dtmf": 12}, "dtmf"),
        ({"record": "yes"}, "record"),
        ({"max_duration": 0}, "max_duration"),
        ({"phone_max_dial_time": 86_401}, "phone_max_dial_time"),
        ({"target_caller_name": "two\nlines"}, "target_caller_name"),
    ],
)
def test_a_message_out_of_its_limits_is_refused(wrong, parameter):
    with pytest.raises(InvalidCall) as caught:
        Message(phone="0505550101", **wrong)
    assert caught.value.parameter == parameter
    assert not any(str(value) in str(caught.value) for value in wrong.values() if value)


@pytest.mark.parametrize("wrong", [{"bbbcode": "a b"}, {"max_duration": True}])
def test_a_callference_out_of_its_limits_is_refused(wrong):
    with pytest.raises(InvalidCall):
        Callference(phone="101", **wrong)


def test_numbers_names_and_codes_stay_out_of_the_repr():
    shown = "".join(repr(whole) for whole, _ in WHOLE.values())
    assert not any(text in shown for text in ("5550101", "aBcD12ef", "7001", "12*#", "Garden"))


@pytest.mark.parametrize("method", ["message", "callference", "terminate"])
def test_each_is_sent_with_its_action_and_answered_like_a_call(client, provider, method):
    (action, wire) = WHOLE[{m.action: m for m in WHOLE}[method]]
    answer = getattr(client, method)(action)
    (request,) = provider.requests
    assert request.values == wire | {"action": method, "code": "canary-7f3a9", "format": "JSON"}
    assert answer.call_id == CALL_ID


@pytest.mark.parametrize("write", [in_json, in_xml])
def test_a_terminate_is_accepted_without_a_call_id_and_a_message_is_not(client, provider, write):
    provider.behaviour = say(
        http(write(("ERRORCODE", 0), ("ERRORMESSAGE", "OK"), ("CALLID", ""))), keep=True
    )
    assert client.terminate(Terminate(phone="101")).call_id == ""
    with pytest.raises(OutcomeUnknown) as caught:
        client.message(Message(phone="101"))
    assert caught.value.reason == "contradicting"


@pytest.mark.parametrize("method", ["message", "callference", "terminate"])
def test_what_may_have_been_done_is_never_repeated(client, provider, method):
    provider.behaviour = say(http(b"", "500 Internal Server Error"))
    with pytest.raises(OutcomeUnknown):
        getattr(client, method)(WHOLE[{m.action: m for m in WHOLE}[method]][0])
    assert len(provider.requests) == 1
