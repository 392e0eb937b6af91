import json
from xml.sax.saxutils import escape

import pytest

from callbacks.voicenter import (
    Accepted,
    ApplicationError,
    ExtensionBlocked,
    ExtensionOffline,
    InvalidParameters,
    OutcomeUnknown,
    Refused,
)
from callbacks.voicenter.click2call.answers import read_answer

from .server import CALL_ID, http, say

OK = ("ERRORCODE", 0), ("ERRORMESSAGE", "OK"), ("CALLID", CALL_ID)


def in_json(*members):
    return ("{" + ",".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in members) + "}").encode()


def in_xml(*members, typed="<string>{}</string>"):
    inner = "".join(
        f"<member><name>{k}</name><value>{typed.format(escape(str(v)))}</value></member>"
        for k, v in members
    )
    return (
        "<methodResponse><params><param><value><struct>"
        f"{inner}</struct></value></param></params></methodResponse>"
    ).encode()


def read(body):
    """The answer or the error, in a form that can be compared."""
    try:
        return read_answer(body)
    except Refused as refused:
        return type(refused), refused.error_code, refused.error_message, refused.reason
    except OutcomeUnknown as unknown:
        return type(unknown), unknown.reason, unknown.call_id


@pytest.mark.parametrize("name", ["accepted", "refused-1", "refused-4"])
def test_recorded_json_and_xml_are_the_same_object(recorded, name):
    assert read(recorded(f"{name}.json")) == read(recorded(f"{name}.xml"))


def test_a_recorded_acceptance_is_read(recorded):
    assert read(recorded("accepted.json")) == Accepted(CALL_ID, 0, "OK")


def test_a_recorded_refusal_is_read(recorded):
    expected = (InvalidParameters, 1, "Phone is missing", "code_1")
    assert read(recorded("refused-1.xml")) == expected


@pytest.mark.parametrize("write", [in_json, in_xml])
@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, InvalidParameters),
        (2, ApplicationError),
        (3, ExtensionOffline),
        (4, ExtensionBlocked),
        (5, Refused),
        (-1, Refused),
        (999, Refused),
    ],
)
def test_each_error_code_is_an_error_of_its_own(write, code, error):
    body = write(("ERRORCODE", code), ("ERRORMESSAGE", " No\n"), ("CALLID", ""))
    assert read(body) == (error, code, "No", f"code_{code}")


@pytest.mark.parametrize(
    "body",
    [
        in_json(*reversed(OK)),
        in_json(("errorcode", "0"), ("ErrorMessage", "OK"), ("callid", CALL_ID)),
        in_json(*OK, ("NEWFIELD", {"a": [1, None, 2.5]})),
        b"\xef\xbb\xbf\r\n " + in_json(*OK) + b"\r\n",
        in_xml(*reversed(OK)),
        in_xml(("errorcode", " 0 "), ("errormessage", "OK"), ("CallId", CALL_ID)),
        in_xml(*OK, typed="<int>{}</int>"),
        in_xml(*OK, typed="<i4>{}</i4>"),
        in_xml(*OK, typed="{}"),
        in_xml(*OK, typed="\n  <string>{}</string>\n"),
        b'\r\n<?xml version="1.0" encoding="utf-8"?>' + in_xml(*OK),
        b'\xef\xbb\xbf<?xml version="1.0"?><!-- x -->' + in_xml(*OK),
        b'<?xml version="1.0" encoding="windows-1255"?>' + in_xml(*OK),
    ],
)
def test_it_reads_an_acceptance_however_it_is_written(body):
    assert read(body) == Accepted(CALL_ID, 0, "OK")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \r\n",
        b"null",
        b"0",
        b"OK",
        b'"OK"',
        b"[]",
        b"[" + in_json(*OK) + b"]",
        b"{}",
        in_json(*OK)[:-1],
        in_json(*OK) + b"}",
        in_json(*OK[1:]),
        in_json(("ERRORCODE", None), *OK[1:]),
        in_json(("ERRORCODE", True), *OK[1:]),
        in_json(("ERRORCODE", False), *OK[1:]),
        in_json(("ERRORCODE", 0.0), *OK[1:]),
        in_json(("ERRORCODE", ""), *OK[1:]),
        in_json(("ERRORCODE", "0_0"), *OK[1:]),
        in_json(("ERRORCODE", "\u0660"), *OK[1:]),
        in_json(("ERRORCODE", float("nan")), *OK[1:]),
        in_json(("ERRORCODE", [0]), *OK[1:]),
        in_json(("ERRORCODE", 10**30), *OK[1:]),
        b'{"ERRORCODE": ' + b"0" * 5000 + b"}",
        b'{"ERRORCODE": ' + b"1" * 5000 + b"}",
        b'{"ERRORCODE": 1e999}',
        # The two codes contradict each other.
        in_json(("ERRORCODE", 1), *OK),
        in_json(("errorcode", 1), *OK),
        in_xml(("errorcode", 1), *OK),
        b'{"a":' * 10_000,
        b"[" * 30_000,
        b'{"ERRORCODE":0,"x":' + b"[" * 40 + b"]" * 40 + b"}",
        in_xml(*OK)[:-3],
        in_xml(*OK[1:]),
        in_xml(*OK).replace(b"methodResponse", b"methodCall"),
        in_xml(*OK).replace(b"struct", b"strict"),
        in_xml(*OK, typed="<struct>{}</struct>"),
        in_xml(*OK, typed="<string><b>{}</b></string>"),
        in_xml(*OK, typed="<int>1</int><string>{}</string>"),
        b"<a>" * 10_000,
        b"<a>" * 9_000 + b"</a>" * 9_000,
        b"<?xml version='1.0' encoding='no-such'?>" + in_xml(*OK),
        b"<!DOCTYPE methodResponse>" + in_xml(*OK),
        b'<!DOCTYPE r [<!ENTITY a "0">]>' + in_xml(*OK).replace(b">0<", b">&a;<"),
        b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><r>&b;</r>',
        b'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r>&a;</r>',
        b"<methodResponse><fault><value><struct/></value></fault></methodResponse>",
        b"<html><body>Service unavailable</body></html>",
        b"\x00" * 100,
        b"\xff\xfe<\x00",
    ],
)
def test_what_cannot_be_read_has_an_unknown_outcome(body):
    assert read(body) == (OutcomeUnknown, "unreadable", "")


@pytest.mark.parametrize("write", [in_json, in_xml])
@pytest.mark.parametrize("call_id", ["", "   ", "x" * 65, "a\nb", "a\tb", "a\u2028b"])
def test_an_acceptance_without_a_usable_call_id_contradicts_itself(write, call_id):
    body = write(*OK[:2], ("CALLID", call_id))
    assert read(body) == (OutcomeUnknown, "contradicting", "")


@pytest.mark.parametrize("call_id", [None, True, ["x"], {}, 1.5, "a\x00b", "\ud800"])
def test_a_call_id_that_is_no_text_contradicts_an_acceptance(call_id):
    body = in_json(*OK[:2], ("CALLID", call_id))
    assert read(body) == (OutcomeUnknown, "contradicting", "")


@pytest.mark.parametrize("write", [in_json, in_xml])
def test_an_acceptance_with_no_call_id_at_all_contradicts_itself(write):
    assert read(write(*OK[:2])) == (OutcomeUnknown, "contradicting", "")


@pytest.mark.parametrize("write", [in_json, in_xml])
def test_a_refusal_with_a_call_id_contradicts_itself_and_hands_on_the_id(write):
    body = write(("ERRORCODE", 3), ("ERRORMESSAGE", "offline"), ("CALLID", CALL_ID))
    assert read(body) == (OutcomeUnknown, "contradicting", CALL_ID)


@pytest.mark.parametrize("write", [in_json, in_xml])
@pytest.mark.parametrize("members", [[("CALLID", "")], []])
def test_a_refusal_needs_neither_message_nor_call_id(write, members):
    assert read(write(("ERRORCODE", 3), *members))[:3] == (ExtensionOffline, 3, "")


def test_a_null_call_id_goes_with_a_refusal():
    assert read(in_json(("ERRORCODE", 3), ("CALLID", None)))[:2] == (ExtensionOffline, 3)


def test_a_call_id_of_digits_may_come_as_a_number():
    assert read_answer(in_json(*OK[:2], ("CALLID", 2026))).call_id == "2026"


@pytest.mark.parametrize("tag", ["param", "params", "struct"])
def test_xml_that_accepts_and_refuses_has_an_unknown_outcome(tag):
    start, end = f"<{tag}>".encode(), f"</{tag}>".encode()
    refusing = start + in_xml(("ERRORCODE", 3)).partition(start)[2].partition(end)[0] + end
    body = in_xml(*OK).replace(end, end + refusing)
    assert read(body) == (OutcomeUnknown, "unreadable", "")


def test_the_message_is_one_line_of_at_most_500_characters():
    body = in_json(("ERRORCODE", 2), ("ERRORMESSAGE", "a\x00\r\n\x1b\u2028" + "b" * 600))
    assert read(body)[2] == "a" + "b" * 499


def test_a_wrong_byte_in_the_message_does_not_lose_an_acceptance():
    assert read(in_json(*OK).replace(b"OK", b"\xf9\xec\xe5\xed")).call_id == CALL_ID


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/xml", ""])
@pytest.mark.parametrize("body", [in_json(*OK), in_xml(*OK)])
def test_the_body_decides_and_not_its_content_type(provider, client, call, content_type, body):
    provider.behaviour = say(http(body, content_type=content_type))
    assert client.call(call).call_id == CALL_ID
