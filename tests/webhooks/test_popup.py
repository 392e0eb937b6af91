"""The provider asks who is calling: our answer, and what the request tells us about the call."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from leads import visitor_status
from leads.models import Lead
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = {"STATUS": "OK", "URL": "", "CLIENTNAME": "", "COMPANY": "", "TOTAL": 0}


@pytest.fixture
def attempt(make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess) -> CallAttempt:
    simulator.control(answer_after=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    return attempt


@pytest.fixture
def ask(client: Client, settings: Any) -> Callable[..., dict[str, Any]]:
    def ask(body: object) -> dict[str, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body)
        response = client.post(
            f"/webhooks/voicenter/{settings.CDR_SECRET}/popup/",
            raw,
            content_type="application/json",
        )
        assert response.status_code == 200
        return dict(response.json())

    return ask


def popup(attempt: CallAttempt, status: str, **more: object) -> dict[str, object]:
    return {
        "ivrid": attempt.call_id,
        "extenUser": attempt.extension_number,
        "status": status,
        "phone": "0505550101",
        **more,
    }


def standing() -> str:
    lead = visitor_status.find(Lead.objects.get().public_id)
    assert lead
    return visitor_status.standing(lead, timezone.now()).status


def test_while_it_rings_the_salesperson_sees_who_and_where(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    answer = ask(popup(attempt, "Ringing"))
    assert (answer["STATUS"], answer["CLIENTNAME"]) == ("OK", "Noa Levi")
    assert answer["COMPANY"] == "Website"
    assert answer["URL"].endswith(f"/admin/leads/lead/{attempt.lead_id}/change/")


def test_the_salesperson_is_told_whom_to_ask_for(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    Lead.objects.update(phone_extension="12")
    answer = ask(popup(attempt, "Ringing"))
    assert answer["CLIENTNAME"] == "Noa Levi (ask for extension 12)"
    assert standing() == "calling"


def test_the_salesperson_sees_who_asked_last(
    attempt: CallAttempt, ask: Callable[..., Any], make_lead: MakeLead
) -> None:
    newest = make_lead(attempt.phone)
    Lead.objects.filter(pk=newest.pk).update(name="Noa Cohen")
    assert ask(popup(attempt, "Ringing"))["CLIENTNAME"] == "Noa Cohen"


def test_once_the_salesperson_has_picked_up_the_visitor_sees_it(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    ask(popup(attempt, "Talking"))
    assert standing() == "on_the_phone"
    attempt.refresh_from_db()
    first = attempt.picked_up_at
    ask(popup(attempt, "Talking"))
    attempt.refresh_from_db()
    assert attempt.picked_up_at == first


LEADS: dict[str, object] = {"currentCall": {"c2cdirection": 2}}
# Pop-ups in their order, each as (status, more fields, what the visitor's page says afterwards).
COURSES: dict[str, list[tuple[str, dict[str, object], str]]] = {
    "they talk": [
        ("Ringing", {}, "calling"),
        ("Talking", {}, "on_the_phone"),
        ("Ringing", LEADS, "on_the_phone"),
        ("Talking", LEADS, "talking"),
        ("Hangup", {}, "checking"),
    ],
    "the lead's phone rings in vain": [
        ("Talking", {}, "on_the_phone"),
        ("Ringing", LEADS, "on_the_phone"),
        ("Hangup", LEADS, "checking"),
    ],
    "nobody picks up": [("Ringing", {}, "calling"), ("Hangup", {}, "calling")],
    "only the lead's phone is told of": [("Talking", LEADS, "talking")],
    "one of two phones stops ringing, then the other is picked up": [
        ("Hangup", {"cause": "Call Rejected"}, "calling"),
        ("Talking", {}, "on_the_phone"),
    ],
    "told late that it rings": [("Talking", LEADS, "talking"), ("Ringing", LEADS, "talking")],
}


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_the_visitor_reads_how_far_the_call_is(
    course: list[tuple[str, dict[str, object], str]],
    attempt: CallAttempt,
    ask: Callable[..., Any],
) -> None:
    for status, more, says in course:
        ask(popup(attempt, status, **more))
        assert standing() == says


def test_a_hang_up_frees_the_extension_soon_and_ends_nothing_by_itself(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    ask(popup(attempt, "Hangup"))
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.ACCEPTED
    assert attempt.hold_until <= timezone.now() + timedelta(seconds=60)


def test_a_request_of_another_extension_tells_nothing(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    ask(popup(attempt, "Talking", extenUser="999"))
    assert standing() == "calling"


@pytest.mark.parametrize("kind", ["siptrunk", "logincode"])
def test_a_phone_that_is_dialled_without_its_number_tells_live_too(
    kind: str, attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    Extension.objects.update(kind=kind)
    ask(popup(attempt, "Talking", extenUser="SIPSIP7"))
    assert standing() == "on_the_phone"


def test_in_a_form_it_is_found_by_our_variable_too(
    attempt: CallAttempt, client: Client, settings: Any
) -> None:
    CallAttempt.objects.update(state=AttemptState.DIALING, call_id="")
    call = {"customdata": {"var_attempt": str(attempt.public_id)}}
    response = client.post(
        f"/webhooks/voicenter/{settings.CDR_SECRET}/popup/",
        urlencode(popup(attempt, "Ringing", ivrid="C-1", currentCall=json.dumps(call))),
        content_type="application/x-www-form-urlencoded",
    )
    assert response.json()["CLIENTNAME"] == "Noa Levi"


def test_it_is_found_by_our_variable_while_the_calls_answer_is_on_its_way(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    CallAttempt.objects.update(state=AttemptState.DIALING, call_id="")
    answer = ask(popup(attempt, "Ringing", customdata={"var_attempt": str(attempt.public_id)}))
    assert answer["CLIENTNAME"] == "Noa Levi"


def test_somebody_elses_call_gets_an_answer_without_a_page(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    assert ask({"ivrid": "another", "extenUser": "101", "status": "Ringing"}) == NOBODY


def test_it_may_be_asked_with_get(attempt: CallAttempt, client: Client, settings: Any) -> None:
    response = client.get(
        f"/webhooks/voicenter/{settings.CDR_SECRET}/popup/",
        {"ivrid": attempt.call_id, "extenUser": "101", "statusCall": "Talking"},
    )
    assert response.json()["CLIENTNAME"] == "Noa Levi"
    assert standing() == "on_the_phone"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"{}", b"[" * 50_000, b" " * 10**7])
def test_what_cannot_be_read_gets_the_documented_error_and_changes_nothing(
    attempt: CallAttempt, ask: Callable[..., Any], body: bytes
) -> None:
    assert ask(body)["Err"] == 1
    assert standing() == "calling"


def test_a_forged_request_is_an_address_that_does_not_exist(
    attempt: CallAttempt, client: Client
) -> None:
    response = client.post(
        "/webhooks/voicenter/wrong/popup/",
        json.dumps(popup(attempt, "Talking")),
        content_type="application/json",
    )
    assert response.status_code == 404
    assert standing() == "calling"


def test_a_replayed_request_after_the_call_changes_nothing(
    attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    attempt.finish(AttemptState.ENDED, timezone.now())
    held = CallAttempt.objects.get().hold_until
    ask(popup(attempt, "Talking"))
    ask(popup(attempt, "Hangup"))
    after = CallAttempt.objects.get()
    assert (after.picked_up_at, after.hold_until) == (None, held)


# --- the vendor's extension in the salesperson's browser ------------------------------------------

EXTENSION = "chrome-extension://ifiaikfdhcagbagdeflffjdammidpbio"
OTHERS = [
    "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "https://www.example.com", "null", "*",
    f"{EXTENSION}.example.com", EXTENSION.upper(),
]  # fmt: skip
CORS = "Access-Control-Allow-Origin"


def test_a_browser_lets_the_vendors_extension_ask_and_read_the_answer(
    client: Client, settings: Any, attempt: CallAttempt
) -> None:
    address = f"/webhooks/voicenter/{settings.CDR_SECRET}/popup/"
    before = client.options(
        address,
        headers={
            "Origin": EXTENSION,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert (before.status_code, before.content) == (204, b"")
    assert before[CORS] == EXTENSION
    assert before["Access-Control-Allow-Headers"] == "Content-Type"
    assert "POST" in before["Access-Control-Allow-Methods"]
    body = json.dumps(popup(attempt, "Ringing"))
    answer = client.post(
        address, body, content_type="application/json", headers={"Origin": EXTENSION}
    )
    assert (answer[CORS], answer["Vary"]) == (EXTENSION, "Origin")
    assert answer.json()["CLIENTNAME"] == attempt.lead.name
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("origin", OTHERS)
def test_no_other_origin_may_ask_or_read(
    client: Client, settings: Any, attempt: CallAttempt, origin: str
) -> None:
    address = f"/webhooks/voicenter/{settings.CDR_SECRET}/popup/"
    body = json.dumps(popup(attempt, "Ringing"))
    for answer in (
        client.options(address, headers={"Origin": origin}),
        client.post(address, body, content_type="application/json", headers={"Origin": origin}),
    ):
        assert CORS not in answer
        assert answer["Vary"] == "Origin"


def test_without_the_secret_nothing_is_said_to_the_extension_either(client: Client) -> None:
    answer = client.options("/webhooks/voicenter/wrong/popup/", headers={"Origin": EXTENSION})
    assert answer.status_code == 404
    assert CORS not in answer


# --- which leg a pop-up is about, and which of several phones ------------------------------------

LEG_1, LEG_2 = {"c2cdirection": 1}, {"c2cdirection": 2}
TOLD: dict[str, tuple[list[dict[str, Any]], bool, bool]] = {
    "the salesperson's phone rings": ([{"status": "Ringing", "currentCall": LEG_1}], False, False),
    "two of their phones ring": ([{"status": "Ringing"}, {"status": "Ringing"}], False, False),
    "they pick up": ([{"status": "Talking", "currentCall": LEG_1}], True, False),
    "the lead's phone rings: so they have picked up": (
        [{"status": "Ringing", "currentCall": LEG_2, "extenUser": ""}],
        True,
        False,
    ),
    "the lead answers": (
        [{"status": "Talking", "currentCall": LEG_2, "extenUser": ""}],
        True,
        False,
    ),
    "they reject it": (
        [{"status": "Hangup", "cause": "Call Rejected", "currentCall": LEG_1}],
        False,
        True,
    ),
    "another of their phones stops ringing": (
        [{"status": "Talking"}, {"status": "Hangup", "cause": "Answered elsewhere"}],
        True,
        False,
    ),
    "another of their phones had rejected it": (
        [{"status": "Talking"}, {"status": "Hangup", "cause": "Call Rejected"}],
        True,
        False,
    ),
    "it is over": (
        [{"status": "Talking"}, {"status": "Hangup", "cause": "Normal hangup"}],
        True,
        True,
    ),
    "the lead hangs up": (
        [{"status": "Talking"}, {"status": "Hangup", "currentCall": LEG_2, "extenUser": ""}],
        True,
        True,
    ),
    "a manager listens": ([{"status": "Talking", "direction": "SPY"}], False, False),
    "a manager has listened": ([{"status": "Hangup", "direction": "Spy"}], False, False),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "picked_up", "over"), TOLD.values(), ids=TOLD.keys())
def test_what_a_pop_up_tells_of_the_call(
    attempt: CallAttempt, ask: Callable[..., Any], sent: list[dict[str, Any]], picked_up: bool,
    over: bool,
) -> None:  # fmt: skip
    for it in sent:
        status = it["status"]
        ask({**popup(attempt, status, direction="Click2Call"), **it})
    attempt.refresh_from_db()
    assert attempt.is_live
    assert (attempt.picked_up_at is not None) is picked_up
    assert (attempt.hold_until < timezone.now() + timedelta(seconds=90)) is over


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "over"])
@pytest.mark.parametrize("by", ["ivrid", "variable"])
def test_only_a_call_that_is_on_names_its_lead(
    by: str, is_on: bool, attempt: CallAttempt, ask: Callable[..., Any]
) -> None:
    if not is_on:
        CallAttempt.objects.update(state=AttemptState.LEAD_NO_ANSWER, ended_at=timezone.now())
    asked = popup(attempt, "Ringing")
    if by == "variable":
        asked |= {"ivrid": "another", "CustomData": {"attempt": str(attempt.public_id)}}
    answer = ask(asked)
    assert (answer["CLIENTNAME"] == "Noa Levi") == is_on
    assert is_on or answer == NOBODY
