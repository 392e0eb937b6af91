import json
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest

from callbacks.voicenter import (
    CLICK2CALL_TYPES,
    CallLogRecord,
    CallLogSearch,
    Forbidden,
    InvalidCall,
    InvalidParameters,
    ReadFailed,
    Refused,
    TooManyRequests,
    WrongCode,
)

from .exchange import CODE, answering, client_of
from .server import CALL_ID, http, say

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = CallLogSearch(NOON, NOON + timedelta(hours=1))


def found(provider, body, search=HOUR, status="200 OK"):
    provider.behaviour = say(http(body, status), keep=True)
    return list(client_of(provider).call_log(search))


def failure(provider, body, status="200 OK"):
    with pytest.raises((Refused, ReadFailed)) as caught:
        found(provider, body, status=status)
    return caught.value


def page(*records, total=None, **more):
    body = {"ERROR_NUMBER": 0, "CDR_LIST": list(records)} | more
    return json.dumps(body | ({"TOTAL_HITS": total} if total is not None else {})).encode()


def test_it_asks_as_the_reference_says(provider):
    search = CallLogSearch(
        datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 11, 23, 13, 0, 0, 1, tzinfo=timezone(timedelta(hours=2))),
        phones=["972505550101"],
        extensions=["aBcD12ef"],
        call_id=CALL_ID,
        types=CLICK2CALL_TYPES,
        identity="Account",
        newest_first=True,
    )
    assert found(provider, page(), search) == []
    (request,) = provider.requests
    assert (request.method, request.path) == ("POST", "/hub/cdr/")
    asked = json.loads(request.body)
    assert asked.pop("fields") == [
        "CallerNumber", "TargetNumber", "Date", "DateEpoch", "Duration", "CallID", "Type",
        "CdrType", "DialStatus", "TargetExtension", "CallerExtension", "DID", "RecordURL",
        "RingTime", "Price", "RepresentativeName", "RepresentativeCode", "CustomData",
    ]  # fmt: skip
    assert asked == {
        "code": CODE,
        "search": {
            "fromdate": "2026-11-23T10:00:00",
            "todate": "2026-11-23T11:00:01",
            "phones": ["972505550101"],
            "extensions": ["aBcD12ef"],
            "callID": CALL_ID,
            "cdrTypes": [9, 10],
            "IdentityCriteria": "Account",
        },
        "sort": [{"field": "date", "order": "desc"}],
    }


def test_it_reads_a_recorded_answer(provider, recorded):
    first, second = found(provider, recorded("call-log.json"))
    raw = json.loads(recorded("call-log.json"))["CDR_LIST"][1]
    assert second == CallLogRecord(
        call_id=CALL_ID,
        type="Click2Call leg2",
        type_id=10,
        leg=2,
        status="ANSWER",
        started_at=datetime.fromtimestamp(1795428934, UTC),
        duration=66,
        talk_time=66,
        dial_time=21,
        price=24,
        record_url="https://records.voicenter.invalid/Recordings/20261123/abc.mp3",
        caller="0722550100",
        target="972505550101",
        did="0722550100",
        caller_extension="aBcD12ef",
        representative_name="Dana Example",
        representative_code="1007",
        custom={"lead": "L-7f3k"},
        raw=raw,
    )
    assert (first.leg, first.started_at) == (1, datetime(2026, 11, 23, 10, 15, 30, tzinfo=UTC))
    assert (first.outcome, first.record_url) == ("answered", None)
    assert pickle.loads(pickle.dumps(first)) == first


def test_it_reads_keys_without_case_and_numbers_as_text(provider, recorded):
    (record,) = found(provider, recorded("call-log-lower.json"))
    assert (record.call_id, record.leg, record.outcome) == (CALL_ID, 2, "no_answer")
    assert (record.duration, record.talk_time, record.dial_time) == (0, None, 30)
    assert record.started_at == datetime(2026, 11, 23, 10, 15, 34, tzinfo=UTC)
    assert record.custom == {"lead": "L-7f3k"}


@pytest.mark.parametrize(
    ("name", "kind", "reason", "number"),
    [
        ("busy", TooManyRequests, "too_many_requests", 1),
        ("code", WrongCode, "wrong_code", 2),
        ("address", Forbidden, "wrong_address", 4),
        ("range", InvalidParameters, "error_5", 5),
    ],
)
def test_each_error_of_the_reference_has_its_class(provider, recorded, name, kind, reason, number):
    body = recorded(f"call-log-error-{name}.json")
    status = f"{json.loads(body)['STATUS_CODE']} Nope"
    for sent_with in (status, "200 OK"):
        error = failure(provider, body, sent_with)
        assert (type(error), error.reason, error.error_code) == (kind, reason, number)
        assert error.error_message == json.loads(body)["ERROR_DESCRIPTION"]
    assert getattr(error, "retry_after", 5.0) == 5.0


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", "200 OK", "unreadable"),
        (b"<html>", "200 OK", "unreadable"),
        (b"[]", "200 OK", "unreadable"),
        (b"{}", "200 OK", "unreadable"),
        (b'{"ERROR_NUMBER": 0}', "200 OK", "unreadable"),
        (b'{"ERROR_NUMBER": "0", "CDR_LIST": {}}', "200 OK", "unreadable"),
        (b'{"ERROR_NUMBER": null, "CDR_LIST": []}', "200 OK", "unreadable"),
        (b'{"ERROR_NUMBER": false, "CDR_LIST": []}', "200 OK", "unreadable"),
        (b'{"ERROR_NUMBER": 1, "error_number": 0, "CDR_LIST": []}', "200 OK", "unreadable"),
        (b'{"ERROR_NUMBER": 1, "ERROR_NUMBER": 0, "CDR_LIST": []}', "200 OK", "unreadable"),
        (b'{"ERROR_NUMBER": 0, "CDR_LIST": []}', "500 Nope", "http_500"),
        (b'{"ERROR_NUMBER": 0, "CDR_LIST": []}', "404 Nope", "http_404"),
        (b'{"ERROR_NUMBER": 0, "CDR_LIST": []}', "403 Nope", "http_403"),
        (b"<html>", "403 Nope", "http_403"),
        (b"", "302 Found", "http_302"),
    ],
)
def test_what_says_nothing_is_never_an_empty_log(provider, body, status, reason):
    error = failure(provider, body, status)
    assert type(error) is (Forbidden if reason == "http_403" else ReadFailed)
    assert error.reason == reason


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, {"call_id": "", "leg": None, "started_at": None}),
        ({"CallID": "x" * 65, "Type": 7}, {"call_id": "", "type": "7"}),
        ({"CdrType": "9", "Type": None}, {"type_id": 9, "leg": 1}),
        ({"Date": "yesterday", "DateEpoch": 0}, {"started_at": None}),
        ({"Date": "0001-01-01T00:00:00+14:00"}, {"started_at": None}),
        ({"Date": ["x"], "Price": -1}, {"started_at": None, "price": None}),
        ({"RecordURL": "javascript:alert(1)"}, {"record_url": None}),
        ({"CustomData": {"var_x": "1", "VAR_X": "2"}}, {"custom": {"x": "1"}}),
    ],
)
def test_odd_values_in_a_record_are_none_and_not_the_end(provider, record, expected):
    (read,) = found(provider, page(record, "no record", total=2))
    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [
        ({"from_time": datetime(2026, 11, 23)}, "from_time"),
        ({"to_time": "2026-11-23"}, "to_time"),
        ({"to_time": NOON}, "to_time"),
        ({"phones": "0505550101"}, "phones"),
        ({"phones": ["101"]}, "phones"),
        ({"phones": ["0505550101"] * 501}, "phones"),
        ({"extensions": ["a b"]}, "extensions"),
        ({"types": ["9"]}, "types"),
        ({"types": [True]}, "types"),
        ({"types": {9}}, "types"),
        ({"call_id": ""}, "call_id"),
        ({"identity": "Everyone"}, "identity"),
    ],
)
def test_a_search_out_of_its_limits_is_refused(wrong, parameter):
    with pytest.raises(InvalidCall) as caught:
        CallLogSearch(**{"from_time": NOON, "to_time": NOON + timedelta(1)} | wrong)
    assert caught.value.parameter == parameter


class Log:
    """A Call Log with records at these seconds after noon; it returns `most` and drops the rest."""

    def __init__(self, provider, seconds, most):
        self.rows = [
            {"CallID": f"c{n:05}", "DateEpoch": int(NOON.timestamp()) + s}
            for n, s in enumerate(sorted(seconds))
        ]
        self.most = most
        self.requests = 0
        answering(provider, self.answer)

    def answer(self, values):
        self.requests += 1
        since, until = (
            datetime.fromisoformat(values["search"][name]).replace(tzinfo=UTC).timestamp()
            for name in ("fromdate", "todate")
        )
        rows = [row for row in self.rows if since <= row["DateEpoch"] <= until]
        if values["sort"][0]["order"] == "desc":
            rows.reverse()
        return {"ERROR_NUMBER": 0, "TOTAL_HITS": len(rows), "CDR_LIST": rows[: self.most]}


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    "seconds",
    [range(0, 3600, 3), [1800] * 9 + [1801] * 9, [0, 3600] * 4, [n * n for n in range(60)], []],
    ids=["even", "two crowded seconds", "at both ends", "ever fewer", "none"],
)
def test_more_records_than_fit_come_once_each_and_in_order(provider, seconds, newest_first):
    log = Log(provider, seconds, most=20)
    client = client_of(provider)
    search = CallLogSearch(NOON, NOON + timedelta(hours=1), newest_first=newest_first)
    ids = [record.call_id for record in client.call_log(search)]
    expected = [row["CallID"] for row in log.rows]
    assert ids == (expected[::-1] if newest_first else expected)
    assert client._limiter.asked == log.requests


def test_ten_thousand_records_are_never_taken_for_all_of_them(provider):
    """A total that stops where the list stops would hide the rest."""
    rows = [{"CallID": f"c{n}", "DateEpoch": 1795428900 + n % 600} for n in range(10_100)]

    def answer(values):
        since, until = (
            datetime.fromisoformat(values["search"][name]).replace(tzinfo=UTC).timestamp()
            for name in ("fromdate", "todate")
        )
        hits = [row for row in rows if since <= row["DateEpoch"] <= until][:10_000]
        return {"ERROR_NUMBER": 0, "TOTAL_HITS": len(hits), "CDR_LIST": hits}

    answering(provider, answer)
    start = datetime.fromtimestamp(1795428900, UTC)
    search = CallLogSearch(start, start + timedelta(minutes=10))
    assert len({r.call_id for r in client_of(provider).call_log(search)}) == 10_100


def test_a_second_with_more_than_fit_is_an_error_and_not_a_gap(provider):
    Log(provider, [1800] * 30, most=20)
    with pytest.raises(ReadFailed) as caught:
        list(client_of(provider).call_log(HOUR))
    assert caught.value.reason == "too_many"


def test_it_asks_only_for_what_is_looked_at(provider):
    log = Log(provider, range(0, 3600, 3), most=100)
    records = client_of(provider).call_log(HOUR)
    assert log.requests == 0
    next(records)
    assert log.requests < 8


def test_numbers_and_names_stay_out_of_the_repr(provider, recorded):
    records = found(provider, recorded("call-log.json"))
    shown = repr(records) + repr(CallLogSearch(NOON, NOON + timedelta(1), phones=["0505550101"]))
    assert not any(text in shown for text in ("5550101", "2550100", "Dana", "L-7f3k"))
