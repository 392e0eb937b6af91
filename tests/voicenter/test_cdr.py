import json
from datetime import UTC, datetime

import pytest

from callbacks.voicenter import Cdr, CdrError, LegOutcome, parse_cdr

CALL_ID = "20261123101500abcdef0123456789ab"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def cdr(**fields) -> Cdr:
    return parse_cdr(json.dumps({"ivruniqueid": CALL_ID} | fields).encode(), JSON)


def refused(body, content_type=JSON):
    with pytest.raises(CdrError) as caught:
        parse_cdr(body, content_type)
    return caught.value.reason


def test_it_reads_a_recorded_first_leg(recorded):
    body = recorded("cdr-leg1.json")
    record = parse_cdr(body, "application/json; charset=utf-8")
    assert record == Cdr(
        call_id=CALL_ID,
        type="Click2Call leg1",
        leg=1,
        status="ANSWER",
        started_at=datetime.fromtimestamp(1795428930, UTC),
        duration=95,
        talk_time=91,
        dial_time=4,
        price=0,
        record_url=None,
        caller="0722550100",
        target="0505550101",
        caller_extension="aBcD12ef",
        target_extension="",
        custom={"lead": "L-7f3k", "attempt": "A-91xz"},
        raw=json.loads(body),
        did="0722550100",
        representative_name="Dana Example",
        representative_code="1007",
        caller_extension_name="Desk 1",
        queue_id=0,
        queue_time=0,
        caller_country="Israel",
        target_country="Israel",
        original_call_id=CALL_ID,
    )
    assert record.outcome is LegOutcome.ANSWERED


@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_it_reads_what_a_call_of_a_queue_brings(spell):
    told = {
        "direction": "Incoming", "queueid": "7", "queuename": "Sales", "DepartmentID": 12,
        "seconds_waiting_in_queue": "31", "DepartmentName": "North", "aiData": {"mood": "good"},
        "targetextension_name": "Desk 2", "OriginalIvrUniqueID": "A-1",
    }  # fmt: skip
    record = cdr(**{spell(name): value for name, value in told.items()})
    assert (record.direction, record.queue_id, record.queue_name) == ("Incoming", 7, "Sales")
    assert (record.queue_time, record.department_id, record.department_name) == (31, 12, "North")
    assert (record.target_extension_name, record.original_call_id) == ("Desk 2", "A-1")
    assert record.ai_data == {"mood": "good"}


def test_it_reads_a_recorded_second_leg_of_an_older_sender(recorded):
    record = parse_cdr(recorded("cdr-leg2.json"), JSON)
    assert (record.leg, record.outcome) == (2, "answered")
    assert (record.duration, record.talk_time, record.dial_time, record.price) == (70, 70, 21, 24)
    assert record.record_url == "https://records.voicenter.invalid/Recordings/20261123/abc.mp3"
    assert record.custom == {"lead": "L-7f3k", "attempt": "A-91xz"}


def test_it_reads_a_recorded_form(recorded):
    record = parse_cdr(recorded("cdr-leg2.form"), FORM)
    assert (record.call_id, record.leg, record.outcome) == (CALL_ID, 2, "no_answer")
    assert (record.duration, record.talk_time, record.dial_time) == (0, None, 30)
    assert record.custom == {"lead": "L-7f3k", "attempt": "A-91xz"}
    assert record.raw["did"] == "0722550100"


def test_it_reads_a_recorded_xml_rpc_call(recorded):
    record = parse_cdr(recorded("cdr-leg2.xml"), "text/xml")
    assert (record.call_id, record.leg, record.outcome) == (CALL_ID, 2, "busy")
    assert (record.dial_time, record.custom) == (2, {"lead": "L-7f3k"})
    assert record.raw["IVR"] == ["1"]


@pytest.mark.parametrize("name", ["cdr-leg1.json", "cdr-leg2.form", "cdr-leg2.xml"])
@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data", FORM])
def test_the_body_decides_and_not_its_content_type(recorded, name, content_type):
    assert parse_cdr(recorded(name), content_type).call_id == CALL_ID


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("ANSWER", "answered"),
        ("answer", "answered"),
        ("BUSY", "busy"),
        ("NOANSWER", "no_answer"),
        ("CANCEL", "no_answer"),
        ("ABANDONE", "no_answer"),
        ("TIMEOUT", "no_answer"),
        ("VOICEMAIL", "voicemail"),
        ("NOTCALLED", "not_called"),
        ("NOTDIALED", "network"),
        ("CONGESTION", "network"),
        ("CHANUNAVAIL", "unreachable"),
        ("INVALIDARGS", "unreachable"),
        ("SSWPREAUTH", "network"),
        ("FULL", "other"),
        ("EXIT", "other"),
        ("JOINEMPTY", "other"),
        ("VOEND", "other"),
        ("TE", "other"),
        ("SOMETHINGNEW", "other"),
        ("", "other"),
        (None, "other"),
        (7, "other"),
        ({}, "other"),
    ],
)
def test_the_providers_words_become_ours(status, outcome):
    assert cdr(status=status).outcome == outcome


def test_an_unknown_word_is_kept():
    assert cdr(status="SomethingNew").status == "SOMETHINGNEW"


@pytest.mark.parametrize(
    ("kind", "leg"),
    [
        ("Click2Call leg1", 1),
        ("Click2Call leg2", 2),
        ("click2call Leg 2", 2),
        ("CLICK2CALL_LEG_1", 1),
        ("Click2Call leg3", None),
        ("ProductiveCall Leg2", None),
        ("Attended leg1", None),
        ("Click2Call leg12", None),
        ("Incoming Call", None),
        ("", None),
        (None, None),
        (["leg1"], None),
    ],
)
def test_it_tells_the_legs_apart(kind, leg):
    assert cdr(type=kind).leg == leg


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (95, 95),
        ("95", 95),
        (" 95 ", 95),
        (95.0, 95),
        ("95.00", 95),
        (2**31 - 1, 2**31 - 1),
        (2**31, None),
        (-1, None),
        ("-1", None),
        (1.5, None),
        ("", None),
        ("abc", None),
        ("\u0669\u0665", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        (10**40, None),
        ([], None),
    ],
)
def test_a_number_out_of_range_is_none(value, number):
    record = cdr(duration=value, dialtime=value, price=value, actualCallDuration=value)
    found = (record.duration, record.dial_time, record.price, record.talk_time)
    assert found == (number,) * 4


def test_an_integer_of_thousands_of_digits_is_harmless():
    body = f'{{"ivruniqueid": "{CALL_ID}", "price": {"9" * 6000}, "time": 1e99999}}'
    record = parse_cdr(body.encode(), JSON)
    assert (record.price, record.started_at, record.raw["time"]) == (None, None, None)
    assert record.raw["price"] == "9" * 6000


def test_the_ringing_time_of_newer_senders_wins():
    assert cdr(dialtime=9, actualCallDialtime=7).dial_time == 7


def test_an_unanswered_leg_has_no_talk_time_unless_the_sender_gives_one():
    assert cdr(status="BUSY", duration=5).talk_time is None
    assert cdr(status="BUSY", duration=5, actualCallDuration=0).talk_time == 0


@pytest.mark.parametrize("value", ["1795428930", 1795428930, 1795428930.0, " 1795428930 "])
def test_the_start_is_an_aware_time_in_utc(value):
    assert cdr(time=value).started_at == datetime(2026, 11, 23, 10, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, -1, "", None, "yesterday", 10**15, True, [1795428930]])
def test_a_senseless_start_is_none(value):
    assert cdr(time=value).started_at is None


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "ftp://voicenter.invalid/a.mp3", "//voicenter.invalid/a.mp3",
     "/a.mp3", "http://", "http://[bad", "http://voicenter.invalid@evil.invalid/a.mp3", "",
     "https://voicenter.invalid/a b.mp3", "https://voicenter.invalid/\na.mp3", None, 7, ["http://a"],
     "https://voicenter.invalid/" + "a" * 2000],
)  # fmt: skip
def test_only_an_http_address_is_a_recording(address):
    assert cdr(record=address).record_url is None


@pytest.mark.parametrize(
    "fields",
    [
        {"CustomData": {"var_lead": "L1", "var_n": 2}},
        {"CUSTOM_DATA": {"lead": "L1", "n": "2"}},
        {"customdata": '{"var_lead": "L1", "n": 2}'},
        {"var_lead": "L1", "VAR_N": "2"},
        {"CustomData": {"VAR_LEAD": "L1"}, "CUSTOM_DATA": "not JSON", "var_n": "2"},
        {"CustomData": {"lead": "L1", "n": "2"}, "var_lead": "other"},
        {"CustomData": {"lead": "L1", "n": "2", "x": None, "y": ["z"], "": "e", "var_": "e"}},
    ],
)
def test_custom_data_is_found_in_every_spelling(fields):
    assert cdr(**fields).custom == {"lead": "L1", "n": "2"}


@pytest.mark.parametrize("value", [None, "", "[]", "null", 7, ["lead"], "{" * 5000, "[" * 5000])
def test_custom_data_of_another_kind_is_passed_over(value):
    assert cdr(CustomData=value).custom == {}


def test_names_are_read_without_case():
    body = {"IVRUniqueID": CALL_ID, "Type": "Click2Call leg2", "STATUS": "Answer"}
    record = parse_cdr(json.dumps(body).encode(), JSON)
    assert (record.call_id, record.leg, record.outcome) == (CALL_ID, 2, "answered")


def test_what_postgresql_cannot_store_is_taken_out_everywhere():
    odd = "a\x00b\ud800c"
    record = cdr(
        caller=odd, type=odd, IVR=[{odd: odd}], CustomData={"lead": odd}, status="AN\x00SWER"
    )
    assert record.status == "ANSWER"
    for kept in (record.caller, record.type, record.custom["lead"]):
        assert kept.replace("\ufffd", "") == "abc"
    stored = json.dumps(record.raw, ensure_ascii=False, allow_nan=False)
    assert "\x00" not in stored
    assert "\\u0000" not in stored
    stored.encode()


def test_a_form_with_an_encoded_nul_is_cleaned_too():
    record = parse_cdr(f"ivruniqueid={CALL_ID}&caller=a%00b%ff".encode(), FORM)
    assert record.caller == "ab\ufffd"


def test_numbers_and_custom_values_stay_out_of_the_repr():
    record = cdr(
        caller="0505550177", target="0505550178", did="0722550177", CustomData={"lead": "L77"},
        representative_name="Dana", callerextension_name="Dana", aiData="said 5550178",
    )  # fmt: skip
    told = ("5550177", "5550178", "2550177", "L77", "Dana")
    assert not any(text in repr(record) for text in told)


@pytest.mark.parametrize("call_id", ["", "  ", None, "x" * 65, "a\nb", ["x"], {}, True])
def test_a_record_without_a_usable_call_id_is_refused(call_id):
    assert refused(json.dumps({"ivruniqueid": call_id}).encode()) == "no_call_id"


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", JSON, "unreadable"),
        (b"", FORM, "unreadable"),
        (b"null", JSON, "unreadable"),
        (b"null", FORM, "no_call_id"),
        (b"{", JSON, "unreadable"),
        (b"[]", JSON, "unreadable"),
        (b"\xff\xfe\x00", JSON, "unreadable"),
        (b"a=1&" * 1000, FORM, "unreadable"),
        (b'{"a":' * 40_000, JSON, "nested"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, JSON, "nested"),
        (b"<a>" * 40_000, "text/xml", "nested"),
        (b"<methodCall/>", "text/xml", "unreadable"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><methodCall>&b;</methodCall>', "text/xml", "unreadable"),
        (b" " * (256 * 1024 + 1), JSON, "too_large"),
    ],
)
def test_what_is_no_record_is_refused(body, content_type, reason):
    assert refused(body, content_type) == reason
