"""Active calls, extensions, login status and blacklist, over sockets."""

import json
from datetime import UTC, datetime

import pytest

from callbacks.voicenter import (
    AccountExtension,
    ApplicationError,
    BlacklistEntry,
    BlacklistResult,
    ExtensionCalls,
    Forbidden,
    InvalidCall,
    InvalidParameters,
    LiveCall,
    LoginStatus,
    OutcomeUnknown,
    ReadFailed,
    Refused,
    WrongCode,
)

from .exchange import CODE, client_of
from .server import CALL_ID, http, say

PHONES = ["972505550101", BlacklistEntry("0505550102", name="No calls, please")]


@pytest.fixture
def client(provider):
    client = client_of(provider)
    yield client
    client.close()


def will_say(provider, body, status="200 OK"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    provider.behaviour = say(http(body, status), keep=True)


def sent(provider):
    (request,) = provider.requests
    return request.path, json.loads(request.body)


QUESTIONS = {
    "active calls": lambda client: client.active_calls(),
    "extensions": lambda client: client.extensions(),
}
CHANGES = {
    "login": lambda c: c.set_login_status(user_id=7, extension="101", status=LoginStatus.LOGIN),
    "blacklist": lambda client: client.add_to_blacklist(PHONES),
    "off the blacklist": lambda client: client.remove_from_blacklist(PHONES),
}
ALL = QUESTIONS | CHANGES


def test_it_reads_who_is_on_the_phone(provider, client, recorded):
    will_say(provider, recorded("active-calls.json"))
    first, second, third = client.active_calls()
    assert sent(provider) == ("/comet/API/GetExtensionsCalls", {"code": CODE})
    raw = json.loads(recorded("active-calls.json"))["EXTENSIONS"][0]
    assert first == ExtensionCalls(
        extension="aBcD12ef",
        name="Desk 1",
        representative="Dana Example",
        user_id=46454322,
        online_user_id=46454322,
        status_id=1,
        calls=(
            LiveCall(
                call_id=CALL_ID,
                status="Talking",
                direction="Outgoing",
                started_at=datetime.fromtimestamp(1795428930, UTC),
                answered_at=datetime.fromtimestamp(1795428934, UTC),
                phone="0505550101",
                custom={"lead": "L-7f3k"},
                raw=raw["calls"][0],
                recording="abc.mp3",
            ),
        ),
        raw=raw,
    )
    assert [state.is_busy for state in (first, second, third)] == [True, False, True]
    assert [s.status for s in (first, second, third)] == [LoginStatus.LOGIN, 2, None]
    assert (third.status_id, third.calls[0].answered_at) == (42, None)


def test_it_asks_for_one_extension(provider, client):
    will_say(provider, {"ERR": 0, "EXTENSIONS": []})
    assert client.active_calls("aBcD12ef") == []
    assert sent(provider)[1] == {"code": CODE, "extension": "aBcD12ef"}
    with pytest.raises(InvalidCall, match="extension"):
        client.active_calls("not one")


def test_it_reads_the_accounts_extensions(provider, client, recorded):
    will_say(provider, recorded("extensions.json"))
    first, second = client.extensions()
    assert sent(provider) == ("/Comet/api/GetExtensions", {"code": CODE, "showAll": 1})
    assert first == AccountExtension(
        sip="aBcD12ef",
        name="Desk 1",
        speed_dial="11",
        account_id=12345678,
        account_name="Sales",
        user_name="Dana Example",
        user_email="dana@green-garden.example",
        raw=json.loads(recorded("extensions.json"))["EXTENSIONS"][0],
    )
    assert (second.sip, second.user_email) == ("gHiJ34kl", "")


def test_an_empty_list_is_given_as_it_is(provider, client):
    """With a wrong code, the list is empty too; the library leaves its meaning to the caller."""
    will_say(provider, {"ERR": 0, "DESC": "OK", "EXTENSIONS": []})
    assert client.extensions(show_all=False) == []
    assert sent(provider)[1]["showAll"] == 0


def test_what_is_no_extension_is_passed_over(provider, client):
    odd = [None, 7, {}, {"SIP": ""}, {"SIP": None, "username": None}, {"sip": "a", "username": "a"}]
    will_say(provider, {"ERR": "0", "EXTENSIONS": odd})
    assert [extension.sip for extension in client.extensions()] == ["a"]
    assert [state.extension for state in client.active_calls()] == ["a"]


def test_it_sets_the_login_status(provider, client, recorded):
    will_say(provider, recorded("login-status.json"))
    status = LoginStatus.LUNCH
    assert client.set_login_status(user_id=4711, extension="aBcD12ef", status=status) is None
    assert sent(provider) == (
        "/UserLogin/SetStatusFromAPI",
        {"Code": CODE, "UserId": "4711", "ExtensionUser": "aBcD12ef", "Status": 3},
    )


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ((2, 1, "Authorization Failed"), WrongCode, "wrong_code"),
        ((3, 1, "No extension found"), InvalidParameters, "status_3"),
        ((4, 1, "Status not support"), InvalidParameters, "status_4"),
        ((2, 4, "Error on update"), ApplicationError, "error_4"),
        ((2, 6, ""), InvalidParameters, "error_6"),
        ((9, 1, "?"), Refused, "error_9"),
    ],
)
def test_a_login_status_that_is_not_set_says_why(provider, client, answer, kind, reason):
    names = ("Status", "StatusError", "StatusErroMessage")
    will_say(provider, dict(zip(names, answer, strict=True)))
    with pytest.raises(Refused) as caught:
        client.set_login_status(user_id=7, extension="101", status=LoginStatus.LOGOUT)
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert caught.value.error_message == answer[2]


@pytest.mark.parametrize("wrong", [{"user_id": ""}, {"extension": "a b"}, {"status": 4}])
def test_a_login_status_out_of_its_limits_is_not_sent(provider, client, wrong):
    good = {"user_id": 7, "extension": "101", "status": LoginStatus.LOGIN}
    with pytest.raises(InvalidCall, match=next(iter(wrong))):
        client.set_login_status(**good | wrong)
    assert provider.requests == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("add_to_blacklist", "/Blacklist/AddBlackList"),
        ("remove_from_blacklist", "/Blacklist/RemoveBulkFromBlacklist"),
    ],
)
def test_it_changes_the_blacklist_and_reads_what_became_of_each(
    provider, client, recorded, method, path
):
    will_say(provider, recorded("blacklist.json"))
    results = getattr(client, method)(PHONES)
    assert sent(provider) == (
        path,
        {
            "Code": CODE,
            "Phones": [
                {"Phone": "972505550101"},
                {"Phone": "0505550102", "Name": "No calls, please"},
            ],
        },
    )
    assert results == [
        BlacklistResult("972505550101", 0, "OK"),
        BlacklistResult("0505550102", 1, "Phone is invalid"),
    ]
    assert [result.is_done for result in results] == [True, False]


@pytest.mark.parametrize("phones", [[], ["101"], ["+972505550101"], ["972505550101"] * 101, "x"])
def test_a_blacklist_out_of_its_limits_is_not_sent(provider, client, phones):
    with pytest.raises(InvalidCall, match="phone"):
        client.add_to_blacklist(phones)
    assert provider.requests == []


@pytest.mark.parametrize(("code", "kind"), [(1, WrongCode), (2, InvalidParameters), (7, Refused)])
def test_a_refused_blacklist_has_its_class(provider, client, code, kind):
    will_say(provider, {"ErrorCode": code, "ErrorMessage": f"no {CODE}", "Phones": []})
    with pytest.raises(Refused) as caught:
        client.add_to_blacklist(PHONES)
    assert type(caught.value) is kind
    assert caught.value.error_message == "no ***"


def test_a_result_does_not_repeat_the_code(provider, client):
    result = {"Phone": "1", "ErrorCode": "x", "ErrorMessage": f"wrong {CODE}"}
    will_say(provider, {"ErrorCode": 0, "Phones": [result]})
    assert client.add_to_blacklist(PHONES) == [BlacklistResult("1", None, "wrong ***")]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("status", ["401 No", "403 No"])
def test_an_address_that_is_not_permitted_is_forbidden(provider, client, name, status):
    will_say(provider, b"<html>", status)
    with pytest.raises(Forbidden) as caught:
        ALL[name](client)
    assert caught.value.reason == f"http_{status[:3]}"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", "200 OK", "unreadable"),
        (b"[]", "200 OK", "unreadable"),
        (b"{}", "200 OK", "unreadable"),
        (b"<html>", "200 OK", "unreadable"),
        (b'{"a":' * 10_000, "200 OK", "unreadable"),
        (b'{"ERR": 0, "ErrorCode": 0}', "200 OK", "unreadable"),
        (b'{"ERR": 0, "Status": 1, "ErrorCode": 0}', "500 No", "http_500"),
        (b'{"ERR": 0, "Status": 1, "ErrorCode": 0}', "404 No", "http_404"),
    ],
)
def test_what_says_nothing_is_no_success(provider, client, name, body, status, reason):
    will_say(provider, body, status)
    with pytest.raises((ReadFailed, OutcomeUnknown)) as caught:
        ALL[name](client)
    # A question that failed changed nothing; a change without an answer may have been made.
    assert type(caught.value) is (ReadFailed if name in QUESTIONS else OutcomeUnknown)
    assert caught.value.reason == reason
    assert len(provider.requests) == 1


def test_numbers_and_names_stay_out_of_the_repr(provider, client, recorded):
    shown = repr(PHONES[1]) + repr(BlacklistResult("0505550102", 0))
    for name, ask in (("active-calls", "active_calls"), ("extensions", "extensions")):
        will_say(provider, recorded(f"{name}.json"))
        shown += repr(getattr(client, ask)())
    assert not any(t in shown for t in ("555010", "255010", "Dana", "please", "Desk", "green"))
