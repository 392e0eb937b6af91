"""One contract for recorded messages and for the simulator's: both are read alike.

If it fails for recorded messages only, the library is wrong; for the simulator's only, the
simulator.
"""

from dataclasses import replace

import pytest

from callbacks.voicenter import (
    Accepted,
    ApplicationError,
    Cdr,
    ExtensionBlocked,
    ExtensionOffline,
    InvalidParameters,
    LegOutcome,
    PopUpStatus,
    Refused,
    parse_cdr,
    parse_popup,
)
from callbacks.voicenter.click2call.answers import read_answer
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.services.call_log import read_page

from .sources import CUSTOM, ENDS, PHONE, TARGET, Recorded

ANSWER_FORMS = ["json", "xml"]
RECORD_FORMS = ["json", "form", "xml"]
REFUSALS = {
    1: InvalidParameters,
    2: ApplicationError,
    3: ExtensionOffline,
    4: ExtensionBlocked,
}
OUTCOMES = {"talk": LegOutcome.ANSWERED, "busy": LegOutcome.BUSY, "noanswer": LegOutcome.NO_ANSWER}


def refusal(body):
    with pytest.raises(Refused) as caught:
        read_answer(body)
    return caught.value


def records(source, end, form):
    parsed = [parse_cdr(m.body, m.content_type) for m in source.records(end, form)]
    return sorted(parsed, key=lambda record: record.leg)


@pytest.mark.parametrize("form", ANSWER_FORMS)
def test_an_acceptance_names_its_call(source, form):
    answer = read_answer(source.accepted(form))
    assert type(answer) is Accepted
    assert answer.error_code == 0
    assert 1 <= len(answer.call_id) <= 64
    assert answer.error_message


@pytest.mark.parametrize("form", ANSWER_FORMS)
@pytest.mark.parametrize("code", REFUSALS)
def test_each_errorcode_is_its_own_error(source, code, form):
    error = refusal(source.refused(code, form))
    assert type(error) is REFUSALS[code]
    assert (error.error_code, error.reason) == (code, f"code_{code}")
    assert error.error_message


@pytest.mark.parametrize("code", REFUSALS)
def test_xml_and_json_of_one_refusal_are_equal(source, code):
    in_json, in_xml = (refusal(source.refused(code, form)) for form in ANSWER_FORMS)
    assert (type(in_json), str(in_json), vars(in_json)) == (
        type(in_xml),
        str(in_xml),
        vars(in_xml),
    )


def test_xml_and_json_of_one_acceptance_are_equal(source):
    in_json, in_xml = (read_answer(source.accepted(form)) for form in ANSWER_FORMS)
    if isinstance(source, Recorded):
        assert in_json == in_xml
    else:
        # Two different calls: only their ids differ.
        assert replace(in_json, call_id="") == replace(in_xml, call_id="")


@pytest.mark.parametrize("form", RECORD_FORMS)
@pytest.mark.parametrize("end", ENDS)
def test_a_call_makes_one_record_for_each_leg(source, end, form):
    first, second = records(source, end, form)
    assert first.call_id == second.call_id
    assert (first.leg, second.leg) == (1, 2)
    assert (first.type, second.type) == ("Click2Call leg1", "Click2Call leg2")
    assert (first.outcome, second.outcome) == (LegOutcome.ANSWERED, OUTCOMES[end])
    assert first.target == PHONE
    assert second.target == TARGET
    assert first.custom == second.custom == {n.removeprefix("var_"): v for n, v in CUSTOM.items()}
    assert first.started_at <= second.started_at
    assert first.ivr == ()


@pytest.mark.parametrize("form", RECORD_FORMS)
def test_only_the_talk_of_the_leads_leg_is_recorded_and_paid_for(source, form):
    first, second = records(source, "talk", form)
    assert first.record_url is None
    assert second.record_url.startswith("https://")
    assert second.talk_time >= 1
    assert first.price == 0
    assert second.price > 0


@pytest.mark.parametrize("end", ENDS)
def test_all_forms_of_one_record_are_equal(source, end):
    in_json, in_form, in_xml = (records(source, end, form) for form in RECORD_FORMS)
    if isinstance(source, Recorded):
        assert [without_raw(r) for r in in_json] == [without_raw(r) for r in in_form]
        assert [without_raw(r) for r in in_json] == [without_raw(r) for r in in_xml]
    else:
        # Three different calls: their ids, their recordings' addresses and their times differ.
        assert [said(r) for r in in_json] == [said(r) for r in in_form]
        assert [said(r) for r in in_json] == [said(r) for r in in_xml]


def without_raw(record: Cdr) -> Cdr:
    # In a form, everything is text, also what is a number in JSON.
    return replace(record, raw={})


def said(record: Cdr):
    return (
        record.type,
        record.leg,
        record.status,
        record.caller,
        record.target,
        record.caller_extension,
        record.target_extension,
        record.custom,
        bool(record.record_url),
        record.price,
    )


def test_popups_follow_the_call(source):
    ringing, talking, over = (parse_popup(m.body, m.content_type) for m in source.popups())
    assert [p.status for p in (ringing, talking, over)] == [
        PopUpStatus.RINGING,
        PopUpStatus.TALKING,
        PopUpStatus.HANGUP,
    ]
    assert ringing.call_id == talking.call_id == over.call_id
    assert {p.extension for p in (ringing, talking, over)} == {PHONE}
    assert (ringing.is_answered, talking.is_answered) == (False, True)
    assert ringing.answered_at is None
    assert talking.answered_at >= ringing.started_at
    assert ringing.phone == TARGET
    assert ringing.custom["lead"] == CUSTOM["var_lead"]


def test_the_log_has_both_legs(source):
    page = read_page(Reply(200, source.log()))
    assert page.complete
    first, second = sorted(page.records, key=lambda record: record.leg)
    assert (first.type_id, second.type_id) == (9, 10)
    assert first.call_id == second.call_id
    assert {first.outcome, second.outcome} == {LegOutcome.ANSWERED}
    assert second.target == TARGET
    assert second.started_at >= first.started_at
    assert first.custom["lead"] == CUSTOM["var_lead"]
