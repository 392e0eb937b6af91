"""Whatever the bytes, the result is the right object or one of our errors, never a false success.

Each parser gets 2,000 examples with Hypothesis's default profile and 100,000 with `nightly` (see
conftest.py): each test here takes a multiple of the profile's number.
"""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callbacks.voicenter import (
    Accepted,
    Call,
    CallLogRecord,
    Cdr,
    CdrError,
    Client,
    ExtensionCalls,
    LegOutcome,
    OutcomeUnknown,
    PopUp,
    PopUpError,
    ReadFailed,
    Refused,
    VoicenterError,
    parse_cdr,
    parse_popup,
    to_e164,
)
from callbacks.voicenter.click2call.answers import read_answer
from callbacks.voicenter.http.transport import Reply
from callbacks.voicenter.services.active_calls import read_states
from callbacks.voicenter.services.blacklist import read_results
from callbacks.voicenter.services.call_log import Page, read_page
from callbacks.voicenter.services.extensions import read_extensions
from callbacks.voicenter.services.login_status import read_login_status

from .conftest import FIXTURES
from .server import CALL_ID, Provider, say
from .test_answers import OK, in_json, in_xml

PROFILE = settings().max_examples  # 100 by default
# The nightly run has no time limit.
pytestmark = pytest.mark.timeout(3600 if PROFILE <= 100 else 0)


def share(times):
    """This many times the profile's number of examples."""
    return settings(
        max_examples=PROFILE * times,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=70)
    | st.sampled_from(["0", "1", " 3 ", CALL_ID, "", "x" * 64, "x" * 65])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
ANSWER_NAMES = st.sampled_from(["ERRORCODE", "ERRORMESSAGE", "CALLID", "errorcode", "CallId"])
CDR_NAMES = st.sampled_from(["ivruniqueid", "IVRUNIQUEID", "type", "status", "time"]) | (
    st.sampled_from(["duration", "dialtime", "DialTime", "price", "actualCallDuration", "IVR"])
    | st.sampled_from(["record", "caller", "target", "callerextension", "targetextension"])
    | st.sampled_from(["CustomData", "CUSTOM_DATA", "customdata", "var_lead", "VAR_X"])
)


@st.composite
def mutated(draw, originals):
    """A genuine message with bytes changed, removed, inserted, doubled or reversed."""
    body = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body)))
        to = draw(st.integers(at, min(len(body), at + 40)))
        piece = bytes(body[at:to])
        body[at:to] = draw(
            st.sampled_from([b"", piece * 2, piece[::-1], piece.upper()]) | st.binary(max_size=6)
        )
    return bytes(body)


def recorded(*names):
    return [path.read_bytes() for name in names for path in sorted(FIXTURES.glob(name))]


ANSWERS = [in_json(*OK), in_xml(*OK), *recorded("accepted*", "refused*")]
CDRS = recorded("cdr-*")
POPUPS = recorded("popup-*")
REPLIES = recorded("call-log*", "active-calls*", "extensions*", "login*", "blacklist*")


def outcome_of(read, *arguments):
    """The object that was read, or one of our errors; any other exception fails the test."""
    try:
        return read(*arguments)
    except VoicenterError as error:
        return error


def check_answer(body):
    found = outcome_of(read_answer, body)
    if isinstance(found, Refused):
        assert found.error_code not in (0, None)
        assert len(found.error_message) <= 500
    elif isinstance(found, OutcomeUnknown):
        assert found.reason in ("unreadable", "contradicting")
        assert len(found.call_id) <= 64
    else:
        assert type(found) is Accepted
        assert found.error_code == 0
        assert 1 <= len(found.call_id) <= 64
        assert found.call_id.isprintable()


def check_cdr(body, content_type):
    found = outcome_of(parse_cdr, body, content_type)
    if isinstance(found, CdrError):
        assert found.reason in ("unreadable", "nested", "no_call_id", "too_large")
    else:
        check_record(found)


def check_record(record):
    assert type(record) is Cdr
    assert 1 <= len(record.call_id) <= 64
    assert record.leg in (1, 2, None)
    assert record.outcome in LegOutcome
    for number in (record.duration, record.talk_time, record.dial_time, record.price):
        assert number is None or (type(number) is int and 0 <= number < 2**31)
    assert record.started_at is None or record.started_at.tzinfo is not None
    assert record.record_url is None or record.record_url.lower().startswith("http")
    assert all(type(k) is str and type(v) is str for k, v in record.custom.items())
    # All kept values can be stored: no NUL, no half of a surrogate pair, no NaN.
    kept = [record.type, record.status, record.caller, record.target, *record.custom.values()]
    check_storable([kept, record.raw, record.ivr])


def check_storable(value):
    stored = json.dumps(value, ensure_ascii=False, allow_nan=False)
    stored.encode()
    assert "\\u0000" not in stored.replace("\\\\", "")


@share(6)
@given(st.binary(max_size=300))
def test_any_bytes_as_an_answer(body):
    check_answer(body)


@share(10)
@given(mutated(ANSWERS))
def test_a_mutated_answer(body):
    check_answer(body)


@share(2)
@given(st.lists(st.tuples(ANSWER_NAMES, values), max_size=5))
def test_any_values_in_an_answer(members):
    check_answer(in_json(*members))
    check_answer(in_xml(*members).decode(errors="replace").encode())


@share(2)
@given(
    code=st.integers(-9, 9),
    message=st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=30),
    call_id=st.sampled_from(["", CALL_ID, "x" * 65]),
    order=st.permutations(range(3)),
)
def test_json_and_xml_say_the_same(code, message, call_id, order):
    members = [("ERRORCODE", code), ("ERRORMESSAGE", message), ("CALLID", call_id)]
    bodies = in_json(*(members[i] for i in order)), in_xml(*(members[i] for i in order))
    found = [outcome_of(read_answer, body) for body in bodies]
    seen = [(type(one), str(one), vars(one)) for one in found]
    assert seen[0] == seen[1]
    accepted = code == 0 and call_id == CALL_ID
    assert isinstance(found[0], Accepted) == accepted


CONTENT_TYPES = st.sampled_from(
    ["", "application/json", "application/x-www-form-urlencoded", "text/xml"]
)


@share(6)
@given(st.binary(max_size=300), CONTENT_TYPES)
def test_any_bytes_as_a_cdr(body, content_type):
    check_cdr(body, content_type)


@share(12)
@given(mutated(CDRS), CONTENT_TYPES)
def test_a_mutated_cdr(body, content_type):
    check_cdr(body, content_type)


@share(2)
@given(st.dictionaries(CDR_NAMES, values, max_size=12))
def test_any_values_in_a_cdr(fields):
    check_cdr(json.dumps({"ivruniqueid": CALL_ID} | fields).encode(), "application/json")


def check_popup(body, content_type):
    found = outcome_of(parse_popup, body, content_type)
    if isinstance(found, PopUpError):
        assert found.reason in ("unreadable", "nested", "no_call_id", "too_large")
        return
    assert type(found) is PopUp
    assert 1 <= len(found.call_id) <= 64
    assert all(at is None or at.tzinfo for at in (found.started_at, found.answered_at))
    check_storable([found.extension, found.phone, found.caller_name, found.cause, found.raw])


@share(6)
@given(st.binary(max_size=300), CONTENT_TYPES)
def test_any_bytes_as_a_popup(body, content_type):
    check_popup(body, content_type)


@share(12)
@given(mutated(POPUPS), CONTENT_TYPES)
def test_a_mutated_popup(body, content_type):
    check_popup(body, content_type)


POPUP_NAMES = st.sampled_from(
    [
        "status", "statusCall", "phone", "extenUser", "isAnswered", "callAnswered", "currentCall",
        "callerName", "CustomData", "IVRID", "cause",
    ]
)  # fmt: skip


@share(2)
@given(st.dictionaries(POPUP_NAMES, values | st.dictionaries(POPUP_NAMES, values), max_size=10))
def test_any_values_in_a_popup(fields):
    check_popup(json.dumps({"ivrid": CALL_ID} | fields).encode(), "application/json")


READERS = {
    read_page: (ReadFailed, Page),
    read_states: (ReadFailed, list),
    read_extensions: (ReadFailed, list),
    read_login_status: (OutcomeUnknown, type(None)),
    read_results: (OutcomeUnknown, list),
}


def check_reply(status, body):
    """Gives one body to the readers of all services."""
    for read, (failure, kind) in READERS.items():
        found = outcome_of(read, Reply(status, body))
        if isinstance(found, Refused):
            assert len(found.error_message) <= 500
        elif isinstance(found, VoicenterError):
            assert type(found) is failure
            assert found.reason in ("unreadable", f"http_{status}")
        else:
            assert status == 200
            assert type(found) is kind
            check_listed(found)


def check_listed(found):
    for record in found.records if isinstance(found, Page) else found or ():
        if isinstance(record, CallLogRecord):
            assert record.leg in (1, 2, None)
            assert len(record.call_id) <= 64
            assert record.started_at is None or record.started_at.tzinfo
            check_storable([record.type, record.caller, record.custom, record.raw])
        elif isinstance(record, ExtensionCalls):
            assert record.extension
            check_storable([record.name, record.raw])


STATUSES = st.sampled_from([200, 200, 200, 403, 404, 500])


@share(6)
@given(STATUSES, st.binary(max_size=300))
def test_any_bytes_as_a_reply(status, body):
    check_reply(status, body)


@share(10)
@given(STATUSES, mutated(REPLIES))
def test_a_mutated_reply(status, body):
    check_reply(status, body)


NUMBERS = st.sampled_from(["ERROR_NUMBER", "ERR", "err", "Status", "ErrorCode"])
LISTS = st.sampled_from(["CDR_LIST", "EXTENSIONS", "Phones", "TOTAL_HITS", "RETURN_HITS"])
ITEM_NAMES = st.sampled_from(
    [
        "CallID", "Date", "DateEpoch", "Type", "CdrType", "DialStatus", "Price", "RecordURL",
        "username", "SIP", "calls", "ivrid", "callStarted", "onlineUserStatus", "ErrorCode",
        "Phone", "CustomData", "UserEmail",
    ]
)  # fmt: skip
ITEMS = st.lists(st.dictionaries(ITEM_NAMES, values, max_size=8) | values, max_size=3)


@share(4)
@given(
    st.dictionaries(NUMBERS, st.sampled_from([0, "0", 1]) | scalars, min_size=1),
    st.dictionaries(LISTS, ITEMS | values),
)
def test_any_values_in_a_reply(numbers, lists):
    check_reply(200, json.dumps(numbers | lists).encode())


@share(10)
@given(st.text(max_size=25) | st.from_regex(r"[+0-9 ()-]{5,20}", fullmatch=True))
def test_any_text_as_a_number(text):
    number = to_e164(text)
    assert number is None or (number[0] == "+" and number[1:].isascii() and number[1:].isdigit())


@settings(max_examples=min(PROFILE, 5_000) // 2 + 1, deadline=None)
@given(mutated([b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(a), a) for a in ANSWERS]))
def test_any_bytes_on_the_socket(reply):
    with Provider(say(reply)) as provider:
        client = Client(url=provider.url, code="c", connect_timeout=20, read_timeout=20)
        found = outcome_of(client.call, Call(phone="101", target="972505550101"))
        client.close()
    assert isinstance(found, Accepted | Refused | OutcomeUnknown)
    assert not isinstance(found, Accepted) or found.call_id
