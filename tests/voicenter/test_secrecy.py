"""The account's code must never leak: these tests look for a canary everywhere."""

import html
import json
import logging
import pickle
import traceback
import urllib.parse
from datetime import UTC, datetime, timedelta

import pytest

from callbacks.voicenter import (
    Call,
    Callference,
    CallLogSearch,
    Client,
    ConfigurationError,
    LocalRateLimiter,
    LoginStatus,
    Message,
    Refused,
    Terminate,
    VoicenterError,
)
from callbacks.voicenter.values.secret import Secret
from tests.support.simulator import eventually

from .server import ACCEPTED, Provider, http, reset, say, stall_after

CANARY = "canary-7f3a9"
NUMBER = "972505550177"
CALL = Call(phone="101", target=NUMBER, variables={"lead": "L1"})
# Seconds. SHORT is only for requests that should time out; on a busy machine, others may be slow.
SHORT, LONG = 1, 20
METHODS = ["post", "post-json", "get"]


def refusal(code):
    echo = f"Wrong code {CANARY} for {NUMBER}"
    return say(http(json.dumps({"ERRORCODE": code, "ERRORMESSAGE": echo}).encode()))


SILENCE, STALLED_BODY = stall_after(), stall_after(http()[:-5])
FAULTS = {
    "reset": reset,
    "closed": say(b""),
    "silence": SILENCE,
    "stalled body": STALLED_BODY,
    "garbage": say(b"garbage\r\n\r\n"),
    "malformed header": say(b"HTTP/1.1 200 OK\r\n: x\r\nno colon\r\n\r\n"),
    "500": say(http(CANARY.encode(), "500 Error")),
    "403": say(http(CANARY.encode(), "403 Forbidden")),
    "302": say(http(b"", "302 Found", "text/plain", f"Location: /?code={CANARY}")),
    "echoed HTML": say(http(f"<p>{CANARY} {NUMBER}</p>".encode())),
    "echo without a CALLID": say(http(ACCEPTED.replace(b"CALLID", CANARY.encode()))),
    "ERRORCODE 1": refusal(1),
    "ERRORCODE 9": refusal(9),
}


def everything_shown_of(error):
    """What a log, an error page with local variables, or a result backend would keep of it."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    parts = ["".join(trace.format()), str(error), repr(error), repr(vars(error))]
    frame = error.__traceback__
    while frame:
        # The test's own frames contain the canary.
        if "callbacks/voicenter" in frame.tb_frame.f_code.co_filename:
            parts += [repr(value) for value in frame.tb_frame.f_locals.values()]
        frame = frame.tb_next
    chained = error
    while chained := chained.__cause__ or chained.__context__:
        parts.append(repr(chained))
    return "\n".join(parts)


def answer_in(behaviour):
    return SHORT if behaviour in (SILENCE, STALLED_BODY) else LONG


def fail(url, method, caplog, ask=lambda client: client.call(CALL), *, answer=LONG):
    client = Client(
        url=url,
        code=CANARY,
        method=method,
        connect_timeout=LONG,
        read_timeout=answer,
        limiter=LocalRateLimiter(),
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(VoicenterError) as caught:
        ask(client)
    client.close()
    return caught.value


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OTHERS = {
    "message": lambda c: c.message(Message(phone=NUMBER)),
    "callference": lambda c: c.callference(Callference(phone=NUMBER, bbbcode="7001")),
    "terminate": lambda c: c.terminate(Terminate(phone=NUMBER)),
    "call log": lambda c: list(
        c.call_log(CallLogSearch(NOON, NOON + timedelta(1), phones=[NUMBER]))
    ),
    "active calls": lambda c: c.active_calls(),
    "extensions": lambda c: c.extensions(),
    "login": lambda c: c.set_login_status(user_id=1, extension="101", status=LoginStatus.LOGIN),
    "blacklist": lambda c: c.add_to_blacklist([NUMBER]),
    "off the blacklist": lambda c: c.remove_from_blacklist([NUMBER]),
}
ECHO = {
    "ERRORCODE": 1, "ERRORMESSAGE": CANARY, "CALLID": "", "ERR": 1, "DESC": CANARY,
    "ERROR_NUMBER": 2, "ERROR_DESCRIPTION": f"{CANARY} for {NUMBER}", "Status": 2,
    "StatusErroMessage": CANARY,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    "fault",
    [
        reset,
        STALLED_BODY,
        say(http(f"<p>{CANARY} {NUMBER}</p>".encode())),
        say(http(CANARY.encode(), "500 Error")),
        say(http(json.dumps(ECHO).encode())),
        say(http(json.dumps(ECHO).encode(), "403 Forbidden")),
    ],
    ids=["reset", "stalled body", "echoed HTML", "500", "refused", "forbidden"],
)
def test_no_other_request_that_fails_shows_the_code(provider, caplog, name, fault):
    provider.behaviour = fault
    error = fail(provider.url, "post-json", caplog, OTHERS[name], answer=answer_in(fault))
    assert CANARY not in everything_shown_of(error) + caplog.text
    assert NUMBER not in caplog.text + str(error)
    sent = eventually(lambda: provider.requests)[0].values
    assert CANARY in (sent.get("code"), sent.get("Code"))
    assert CANARY not in provider.requests[0].path


@pytest.mark.parametrize("name", OTHERS)
def test_no_other_request_that_cannot_be_sent_shows_the_code(caplog, name):
    error = fail("http://127.0.0.1:1/", "post", caplog, OTHERS[name])
    assert CANARY not in everything_shown_of(error) + caplog.text


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_failure_after_sending_shows_the_code(provider, caplog, fault, method):
    provider.behaviour = FAULTS[fault]
    error = fail(provider.url, method, caplog, answer=answer_in(FAULTS[fault]))
    assert CANARY not in everything_shown_of(error) + caplog.text
    assert NUMBER not in caplog.text + str(error)
    assert eventually(lambda: provider.requests)[0].values["code"] == CANARY


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["refused", "dns", "tls"])
def test_no_failure_before_sending_shows_the_code(provider, caplog, kind, method):
    provider.on_accept = lambda sock: None
    url = {
        "refused": "http://127.0.0.1:1/",
        "dns": "http://nothing.invalid/",
        "tls": provider.url.replace("http:", "https:"),
    }[kind]
    error = fail(url, method, caplog)
    assert CANARY not in everything_shown_of(error) + caplog.text
    assert error.__context__ is None
    assert error.__cause__ is None


@pytest.mark.parametrize("method", METHODS)
def test_a_successful_call_does_not_log_the_code(provider, caplog, method):
    client = Client(url=provider.url, code=CANARY, method=method)
    with caplog.at_level(logging.DEBUG):
        client.call(CALL)
    client.close()
    assert CANARY not in caplog.text
    assert NUMBER not in caplog.text


def test_a_refusal_keeps_the_message_without_the_code(provider, caplog):
    provider.behaviour = refusal(1)
    error = fail(provider.url, "post", caplog)
    assert error.error_message == f"Wrong code *** for {NUMBER}"


@pytest.mark.parametrize(
    ("fault", "raised_by"),
    [
        ("ERRORCODE 1", "read_answer"),
        ("echoed HTML", "read_answer"),
        ("403", "exchange"),
        ("reset", "reply"),
    ],
)
def test_the_stack_trace_is_whole(provider, caplog, fault, raised_by):
    provider.behaviour = FAULTS[fault]
    error = fail(provider.url, "post", caplog)
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names.index("call") < names.index("_guarded") < len(names) - 1
    assert raised_by in names


@pytest.mark.parametrize("code", ['a"quoted&code', "a<code>+with 'signs", "קוד-סודי-ארוך"])
@pytest.mark.parametrize("echo", [json.dumps, str, html.escape, urllib.parse.quote])
def test_no_spelling_of_the_code_is_left_in_a_body(code, echo):
    body = f"code={echo(code)}, wrong".encode()
    hidden = Secret(code).hidden_in_body(body).decode()
    assert hidden in ("code=***, wrong", 'code="***", wrong')


@pytest.mark.parametrize("code", ["1", "1123", "7f3a9", "x.9-a", "eleven-char", CANARY, "c" * 64])
@pytest.mark.parametrize("method", METHODS)
def test_a_code_of_any_length_is_hidden_and_spoils_nothing(provider, caplog, code, method):
    """A short code may equal a number in the answer or a part of a call's id, which are read all
    the same. The answer's words come without the code, and no frame keeps the request or the
    answer.
    """
    call_id = "20261123101500abc" if len(code) >= 12 else f"2026{code.strip('.-')}1015abc"
    client = Client(url=provider.url, code=code, method=method, read_timeout=20)
    accepted = {"ERRORCODE": 0, "ERRORMESSAGE": f"OK for {code}", "CALLID": call_id}
    provider.behaviour = say(http(json.dumps(accepted).encode()))
    with caplog.at_level(logging.DEBUG):
        done = client.call(CALL)
    assert (done.call_id, done.error_message) == (call_id, "OK for ***")
    refused = {"ERRORCODE": 1, "ERRORMESSAGE": f"Wrong code {code}, not {code}!", "CALLID": ""}
    for body in (json.dumps(refused).encode(), f"<p>{code}</p>".encode()):
        provider.behaviour = say(http(body))
        with caplog.at_level(logging.DEBUG), pytest.raises(VoicenterError) as caught:
            client.call(CALL)
        if isinstance(caught.value, Refused):
            assert caught.value.error_code == 1
            assert caught.value.error_message == "Wrong code ***, not ***!"
        # `_guarded` and its callers are still running; they hold the client and the call.
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        kept = list(traceback.walk_tb(caught.value.__traceback__))[names.index("_guarded") + 1 :]
        assert kept
        assert [frame.f_code.co_name for frame, _line in kept if frame.f_locals] == []
    client.close()
    # Times and ports may contain a code of one or four digits.
    assert code.isdigit() or code not in caplog.text


def test_the_client_does_not_show_the_code():
    client = Client(code=CANARY)
    assert CANARY not in repr(client) + str(client) + repr(vars(client)) + f"{client}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": f" {CANARY}"},
        {"code": f"{CANARY}\n"},
        {"method": "put"},
        {"answer_format": "yaml"},
        {"read_timeout": 0},
        {"url": "nowhere"},
    ],
    ids="".join,
)
def test_a_client_that_cannot_be_made_does_not_show_the_code(wrong):
    with pytest.raises(ConfigurationError) as caught:
        Client(**{"code": CANARY, **wrong})
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "callbacks/voicenter" in frame.filename]
    assert ours
    assert CANARY not in repr([frame.locals for frame in ours]) + str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("proxy", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_in_the_environment_is_not_given_the_code(provider, client, monkeypatch, proxy):
    with Provider() as eavesdropper:
        monkeypatch.setenv(proxy, eavesdropper.url)
        client.call(CALL)
        assert eavesdropper.connections == 0


def test_errors_survive_pickling_with_all_they_know():
    error = Refused("refused", reason="code_3", error_code=3, error_message="offline")
    copy = pickle.loads(pickle.dumps(error))
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
