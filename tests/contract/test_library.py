"""The library against the simulator, over HTTP: everything that either of them can do."""

from datetime import UTC, datetime, timedelta

import pytest

from callbacks.voicenter import (
    CLICK2CALL_TYPES,
    BlacklistEntry,
    Call,
    Callference,
    CallLogSearch,
    Client,
    ExtensionOffline,
    Forbidden,
    InvalidParameters,
    LocalRateLimiter,
    LoginStatus,
    Message,
    OutcomeUnknown,
    ReadFailed,
    Terminate,
    TooManyRequests,
    WrongCode,
    services_at,
)
from tests.support.simulator import eventually

START = datetime(2026, 11, 1, tzinfo=UTC)
MONTH = CallLogSearch(START, START + timedelta(days=30))
ACTIONS = {
    "call": Call(phone="101", target="972505550101", variables={"lead": "L1"}),
    "message": Message(phone="972505550102", pre_rec="closed", dtmf="12", max_duration=60),
    "callference": Callference(phone="103", bbbcode="7001"),
    "terminate": Terminate(phone="104"),
}


@pytest.fixture
def make_client(simulator):
    made = []

    def make(**options):
        options = {"code": simulator.code, "limiter": LocalRateLimiter(limit=10_000)} | options
        made.append(Client(services=services_at(simulator.url), read_timeout=10, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.mark.parametrize("answer_format", ["json", "xml"])
@pytest.mark.parametrize("method", ["post", "post-json", "get"])
@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_in_every_form(simulator, make_client, name, method, answer_format):
    client = make_client(method=method, answer_format=answer_format)
    if name == "terminate":
        simulator.control(talk=3600)
        client.call(Call(phone="104", target="972505550104"))
        eventually(lambda: (simulator.ledger()[0]["leg2"] or {}).get("answered_at"))
    answer = getattr(client, name)(ACTIONS[name])
    entry = simulator.ledger()[-1]
    assert answer.error_code == entry["error_code"] == 0
    assert entry["action"] == name
    assert entry.items() >= ACTIONS[name].wire().items()
    if name == "terminate":
        assert eventually(lambda: simulator.ledger()[0]["leg2"]["ended_at"])
    else:
        assert answer.call_id == entry["call_id"] != ""


LONG_CODE = "a" * 64
# The extremes that the library allows for each parameter.
EXTREMES = [
    Call(
        phone=LONG_CODE,
        target="9" * 15,
        record=False,
        phone_caller_id="+" + "1" * 32,
        phone_caller_name="\u200fדנה \u200e(Dana)\xa0Levi",
        target_caller_id="A._-9",
        target_caller_name="x" * 100,
        phone_max_dial_time=86_400,
        target_max_dial_time=1,
        max_duration=86_400,
        phone_auto_answer=False,
        target_auto_answer=True,
        check_phone_device_state=False,
        check_target_device_state=False,
        language="ru",
        vm_id=LONG_CODE,
        ignore_dnc_status=3,
        variables={f"{n}".rjust(40, "v"): "x" * 255 for n in range(10)},
    ),
    Call(phone="A", target="5"),
    Call(phone="logincode", phone_login_code="8", target="035550101"),
    Call(phone="SIPTRUNK", target="0505550101"),
    Message(
        phone="1234567",
        pre_rec="שעות \u200f2",
        dtmf="#*0" * 21,
        loop_rec="x" * 100,
        post_rec="a.b",
        record=True,
        target_caller_id="1",
        target_caller_name="'\"&<>",
        phone_max_dial_time=1,
        max_duration=86_400,
        phone_auto_answer=True,
    ),
    Callference(phone="a.b-c_d", bbbcode=LONG_CODE, max_duration=86_400, phone_max_dial_time=1),
]


@pytest.mark.parametrize("method", ["post", "post-json", "get"])
@pytest.mark.parametrize("action", EXTREMES, ids=lambda action: action.action)
def test_whatever_the_library_lets_through_is_taken_and_arrives_as_it_was(
    simulator, make_client, action, method
):
    name = type(action).__name__.lower()
    assert getattr(make_client(method=method), name)(action).error_code == 0
    assert simulator.ledger()[-1].items() >= action.wire().items()


def test_all_of_the_log_comes_however_little_is_given_at_once(simulator, client):
    dates = {"from": START.timestamp(), "to": (START + timedelta(days=29)).timestamp()}
    simulator.control(log_history={"count": 1_000, **dates}, log_at_most=150, log_per_minute=None)
    records = list(client.call_log(MONTH))
    assert len(records) == 1_000
    assert len({(record.call_id, record.leg) for record in records}) == 1_000
    times = [record.started_at for record in records]
    assert times == sorted(times)


@pytest.mark.parametrize("keys", ["documented", "lower"])
def test_the_log_knows_what_became_of_a_call(simulator, client, keys):
    simulator.control(log_keys=keys)
    accepted = client.call(ACTIONS["call"])
    simulator.ended()
    now = datetime.now(UTC)
    search = CallLogSearch(
        now - timedelta(minutes=10),
        now + timedelta(minutes=10),
        call_id=accepted.call_id,
        types=CLICK2CALL_TYPES,
        phones=["0505550101"],
    )
    legs = [r for r in client.call_log(search) if r.leg == 2]
    assert [(leg.call_id, leg.outcome) for leg in legs] == [(accepted.call_id, "answered")]
    assert legs[0].custom == {"lead": "L1"}


def test_a_log_that_is_asked_too_often_says_so(simulator, client):
    simulator.control(log_per_minute=1)
    assert list(client.call_log(MONTH)) == []
    with pytest.raises(TooManyRequests):
        list(client.call_log(MONTH))


def test_who_is_on_the_phone_and_who_is_not(simulator, client):
    simulator.control(extensions={"101": "online", "102": "offline"}, talk=3600)
    accepted = client.call(ACTIONS["call"])
    busy, free = eventually(
        lambda: s if (s := client.active_calls())[0].calls and is_talking(s[0]) else []
    )
    assert (busy.extension, free.extension) == ("101", "102")
    assert busy.calls[0].call_id == accepted.call_id
    assert busy.calls[0].custom == {"lead": "L1"}
    assert (busy.status, free.status) == (LoginStatus.LOGIN, LoginStatus.LOGOUT)
    assert not free.is_busy
    assert client.active_calls("102") == [free]


def is_talking(state):
    return state.calls[0].status == "Talking"


def test_the_accounts_extensions(simulator, make_client):
    simulator.control(extensions={"101": "online", "aBcD12ef": "offline"}, names={"101": "Dana"})
    found = {e.sip: e for e in make_client().extensions()}
    assert set(found) == {"101", "aBcD12ef"}
    assert found["101"].user_name == "Dana"
    # Like the real service, it answers a wrong code with an empty list, not with an error.
    assert make_client(code="wrong").extensions() == []


def test_logging_in_and_out_is_what_click2call_sees(simulator, client):
    simulator.control(extensions={"101": "online"})
    (state,) = client.active_calls("101")
    who = {"user_id": state.user_id, "extension": "101"}
    client.set_login_status(**who, status=LoginStatus.LOGOUT)
    with pytest.raises(ExtensionOffline):
        client.call(ACTIONS["call"])
    client.set_login_status(**who, status=LoginStatus.LOGIN)
    assert client.call(ACTIONS["call"]).call_id
    with pytest.raises(InvalidParameters):
        client.set_login_status(**who | {"extension": "999"}, status=LoginStatus.LOGIN)
    with pytest.raises(WrongCode):
        client.set_login_status(**who | {"user_id": 1}, status=LoginStatus.LOGIN)


def test_the_blacklist(simulator, make_client):
    client = make_client()
    results = client.add_to_blacklist([BlacklistEntry("972505550101", name="Asked"), "0505550102"])
    assert [result.is_done for result in results] == [True, True]
    assert set(simulator.status()["blacklist"]) == {"972505550101", "972505550102"}
    client.remove_from_blacklist(["972505550101"])
    assert set(simulator.status()["blacklist"]) == {"972505550102"}
    with pytest.raises(WrongCode):
        make_client(code="wrong").add_to_blacklist(["972505550101"])


QUESTIONS = {
    "calllog": lambda client: list(client.call_log(MONTH)),
    "activecalls": lambda client: client.active_calls(),
    "extensions": lambda client: client.extensions(),
}
CHANGES = {
    "click2call": lambda client: client.call(ACTIONS["call"]),
    "login": lambda c: c.set_login_status(user_id=1, extension="101", status=LoginStatus.LOGIN),
    "blacklist": lambda client: client.add_to_blacklist(["972505550101"]),
}
ALL = QUESTIONS | CHANGES


@pytest.mark.parametrize("name", ALL)
def test_an_address_that_is_not_on_the_list_is_forbidden(simulator, client, name):
    simulator.control(allowed_ips=["192.0.2.1"])
    with pytest.raises(Forbidden):
        ALL[name](client)


def test_the_log_tells_a_wrong_code_from_a_wrong_address(simulator, make_client):
    with pytest.raises(WrongCode):
        list(make_client(code="wrong").call_log(MONTH))
    simulator.control(allowed_ips=["192.0.2.1"])
    with pytest.raises(Forbidden) as caught:
        list(make_client().call_log(MONTH))
    assert (type(caught.value), caught.value.reason) == (Forbidden, "wrong_address")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "fault",
    [
        "reset_before", "reset_after", "error_500_before", "error_500_after", "lost_answer",
        "truncated", "html", "empty",
    ],
)  # fmt: skip
def test_a_question_that_fails_and_a_change_that_may_have_been_made(simulator, client, name, fault):
    simulator.control(faults=[{"kind": fault, "on": name, "count": 2}])
    with pytest.raises((ReadFailed, OutcomeUnknown)) as caught:
        ALL[name](client)
    assert type(caught.value) is (ReadFailed if name in QUESTIONS else OutcomeUnknown)
    # The request was sent, and only once.
    assert sum(fault["count"] for fault in simulator.status()["faults"]) == 1
