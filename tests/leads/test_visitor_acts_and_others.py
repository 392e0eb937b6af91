"""An act on a request's page at the same time as the dial, other requests, and the guard."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from callbacks.calling import manual
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, Extension, SourceMessages
from callbacks.models.attempt_states import AttemptKind, AttemptState
from leads import acting, consent
from leads.guard import held, rate
from leads.guard.circumstances import TRAP
from leads.models import Consent, Lead, LeadSource, LeadStatus, TakenBack
from tests.support.simulator import SimulatorProcess
from tests.support.together import at_once
from tests.support.visitors import (
    E164,
    Visitor,
    call,
    ends,
    hidden,
    in_days,
    pass_by,
    waits_for_a_retry,
)

pytestmark = pytest.mark.django_db(transaction=True)
UNKNOWN, RIGHT = "050-555 0172", "050-555 0102"


@pytest.fixture(autouse=True)
def _a_phone_that_rings(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(answer_after=600)


# --- beside the dial ------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["cancel", "not-mine", "number", "time"])
@pytest.mark.parametrize("turn", range(6))
def test_a_dial_at_the_same_moment_is_told_of_or_does_not_happen(
    act: str, turn: int, simulator: SimulatorProcess
) -> None:
    fields = {"number": {"phone": RIGHT}, "time": {"call_at": in_days(4)}}.get(act, {})
    visitor = Visitor()
    lead = visitor.sends()
    page = visitor.page
    sent = {**hidden(visitor.client.get(f"{page}{act}/").text), **fields}

    def acts() -> object:
        return Client().post(f"{page}{act}/", sent).status_code

    def dials() -> object:
        return call(lead)

    at_once(1, acts, dials) if turn % 2 else at_once(1, dials, acts)
    was_rung = any(it["target"].endswith("505550101") for it in simulator.ledger())
    lead.refresh_from_db()
    told = Client().get(page).text
    if was_rung:
        assert "had already started" in told or lead.status == "calling"
    elif act != "time":
        assert 'data-status="cancelled"' in told
    later = timezone.now() + timedelta(hours=6)
    with time_machine.travel(later):
        assert call(lead) is None


@pytest.mark.parametrize("act", ["cancel", "not-mine", "number"])
def test_a_call_that_begins_meanwhile_is_told_of(act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    page, look = visitor.page, acting._theirs

    def look_and_then(request: Lead, now: datetime) -> tuple[list[Lead], bool]:
        found = look(request, now)
        assert call(lead)
        return found

    monkeypatch.setattr(acting, "_theirs", look_and_then)
    assert visitor.does(act, phone=RIGHT).status_code == 303
    assert "had already started" in Client().get(page).text
    assert TakenBack.objects.get().was_called


def test_a_message_that_was_to_be_played_is_not(source: LeadSource) -> None:
    SourceMessages.objects.create(source=source, when_closed="closed")
    visitor = Visitor()
    lead = visitor.sends(call_at=in_days(2))
    later = timezone.now() + timedelta(minutes=5)
    message = CallAttempt.objects.create(
        kind=AttemptKind.MESSAGE, lead=lead, phone=lead.phone, record_name="closed",
        claimed_at=later, hold_until=later + timedelta(minutes=4),
    )  # fmt: skip
    other = Visitor().sends(phone="050-555 0199", call_at=in_days(2))
    others = CallAttempt.objects.create(
        kind=AttemptKind.MESSAGE, lead=other, phone=other.phone, record_name="closed",
        claimed_at=later, hold_until=later + timedelta(minutes=4),
    )  # fmt: skip
    visitor.does("cancel")
    message.refresh_from_db()
    assert message.state == AttemptState.NOT_SENT
    assert not TakenBack.objects.get().was_called
    others.refresh_from_db()
    assert others.state == AttemptState.DIALING


def test_nobody_here_calls_a_number_that_is_not_theirs(extension: Extension) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    visitor.does("not-mine")
    for act in (
        lambda: manual.call_now(lead.pk, None),
        lambda: manual.call_with(lead.pk, extension.pk, None),
        lambda: manual.play(lead.pk, "hello", None),
    ):
        with pytest.raises(CannotCall, match="this number is not theirs"):
            act()
    assert not CallAttempt.objects.exists()


def test_a_cancelled_one_a_manager_may_call() -> None:
    visitor = Visitor()
    lead = visitor.sends()
    visitor.does("cancel")
    assert manual.call_now(lead.pk, None)


# --- beside other people's requests ---------------------------------------------------------------


def is_called() -> None:
    assert call(Visitor().sends())


def was_reached() -> None:
    attempt = call(Visitor().sends())
    assert attempt
    ends(attempt, "ANSWER", "ANSWER")


OWNER: dict[str, Callable[[], Any]] = {
    "waits": lambda: Visitor().sends(),
    "has chosen a day": lambda: Visitor().sends(call_at=in_days(4)),
    "is called again later": waits_for_a_retry,
    "is being called": is_called,
    "has talked with us": was_reached,
}
DOES: dict[str, dict[str, str]] = {
    "cancel": {}, "not-mine": {}, "time": {"call_at": in_days(3)}, "number": {"phone": RIGHT},
}  # fmt: skip


def read(visitor: Visitor) -> str:
    """The page without its ids and digits, which differ for each request."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|>\d{4}</b>", "", visitor.reads())


@pytest.mark.parametrize("act", DOES)
@pytest.mark.parametrize("before", OWNER)
@pytest.mark.parametrize("asked", [{}, {"call_at": in_days(2)}], ids=["now", "later"])
def test_an_act_tells_nothing_of_what_else_is_asked_for_the_number(
    before: str, act: str, asked: dict[str, str]
) -> None:
    OWNER[before]()
    owners = list(Lead.objects.values("pk", "status", "call_after", "chosen_at"))
    with time_machine.travel(timezone.now(), tick=False):
        pages, asks, olds = [], [], []
        for phone in ("050-555 0101", UNKNOWN):
            visitor = Visitor()
            visitor.sends(phone=phone, **asked)
            old = Visitor(page=visitor.page)
            asks.append(re.sub(r'[0-9a-f-]{36}|>\d{4}</b>|value="\d+:[^"]+"', "",
                               visitor.client.get(f"{visitor.page}{act}/").text))  # fmt: skip
            assert visitor.does(act, **DOES[act]).status_code == 303
            pages.append(read(visitor))
            olds.append(read(old))
            if act == "number":  # otherwise the next request for it would join this one
                Lead.objects.filter(phone="+972505550102").update(
                    status="cancelled", closed_at=timezone.now()
                )
        assert pages[0] == pages[1]
        assert olds[0] == olds[1]
        assert asks[0] == asks[1]
    if act != "time":
        assert list(Lead.objects.filter(pk__in=[it["pk"] for it in owners]).values(
            "pk", "status", "call_after", "chosen_at")) == owners  # fmt: skip


def test_another_time_after_a_call_tells_nothing_of_who_else_has_asked() -> None:
    Visitor().sends(call_at=in_days(5))
    told, at = [], in_days(3)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for phone in ("050-555 0101", UNKNOWN):
            visitor = Visitor()
            lead = visitor.sends(phone=phone)
            old = Visitor(page=visitor.page)
            attempt = call(lead.duplicate_of or lead)
            assert attempt
            ends(attempt, "ANSWER", "NOANSWER")
            clock.shift(5)
            visitor.does("time", call_at=at)
            told.append((read(visitor), read(old)))
    for known, unknown in zip(*told, strict=True):
        assert known.splitlines() == unknown.splitlines()
    assert "We will try again" in told[0][0]


def test_whoever_has_joined_is_called_though_the_first_takes_theirs_back() -> None:
    first, other = Visitor(), Visitor()
    lead = first.sends()
    others = other.sends()
    first.does("cancel")
    others.refresh_from_db()
    assert first.status() == "cancelled"
    assert (others.status, other.status()) == ("waiting", "waiting")
    lead.refresh_from_db()
    assert lead.status == "cancelled"


def test_a_call_that_is_on_for_others_too_goes_on_and_the_page_reads_cancelled() -> None:
    first, other = Visitor(), Visitor()
    lead = first.sends()
    assert call(lead)
    other.sends()
    first.does("cancel")
    assert first.status() == "cancelled"
    lead.refresh_from_db()
    assert lead.status == "calling"
    ends(CallAttempt.objects.get(), "ANSWER", "ANSWER")
    assert first.status() == "cancelled"


def test_what_is_left_of_a_failed_lead_stays_with_a_person_for_who_else_has_asked() -> None:
    first, other = Visitor(), Visitor()
    lead = first.sends()
    other.sends()
    Lead.objects.filter(pk=lead.pk).update(status="failed", closed_at=timezone.now())
    first.does("cancel")
    lead.refresh_from_db()
    assert (first.status(), lead.status) == ("cancelled", "failed")


def test_all_requests_of_one_person_for_a_number_are_taken_back() -> None:
    visitor = Visitor()
    visitor.sends()
    first = Visitor(page=visitor.page)
    pass_by()
    visitor.sends_from_the_page(message="Once more")
    visitor.does("cancel")
    assert (visitor.status(), first.status()) == ("cancelled", "cancelled")
    assert not Lead.objects.filter(status__in=("waiting", "calling")).exists()


def test_a_time_that_somebody_else_has_chosen_for_the_number_is_a_wish_of_ones_own() -> None:
    visitor, other = Visitor(), Visitor()
    visitor.sends(call_at=in_days(2))
    theirs = other.sends(call_at=in_days(3))
    page = visitor.page
    visitor.does("time", call_at=in_days(3))
    assert Lead.objects.count() == 3
    assert visitor.page not in (page, other.page)
    visitor.does("cancel")
    theirs.refresh_from_db()
    assert theirs.status != LeadStatus.CANCELLED
    assert Lead.objects.filter(status=LeadStatus.WAITING).count() == 1


# --- beside the guard -----------------------------------------------------------------------------


def test_another_number_is_judged_as_any_is(settings: Settings) -> None:
    settings.RATE_NUMBER = rate.read("1/d")
    Visitor(Client(REMOTE_ADDR="198.51.100.7")).sends(phone=RIGHT)
    visitor = Visitor(Client(REMOTE_ADDR="198.51.100.8"))
    visitor.sends()
    visitor.does("number", phone=RIGHT)
    new = Lead.objects.latest("pk")
    assert (new.is_held_back, visitor.status()) == (True, "received")


def test_a_robot_that_corrects_a_number_is_held() -> None:
    visitor = Visitor()
    visitor.sends()
    visitor.does("number", phone=RIGHT, **{TRAP: "https://example.com"})
    assert Lead.objects.latest("pk").status == "held"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter your phone number."),
        ("100", "Enter a phone number that we can call"),
        ("+1 900 555 0199", "We cannot call"),
        ("050-555 0101", "This is the number we already have for you."),
        ("+972 50 555 0101", "This is the number we already have for you."),
    ],
)
def test_a_number_that_cannot_be_called_changes_nothing(typed: str, says: str) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    answer = visitor.does("number", phone=typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{typed}"' in answer.text
    lead.refresh_from_db()
    assert (lead.status, Lead.objects.count()) == ("waiting", 1)


@pytest.mark.parametrize("typed", ["", "soon", "2020-01-01T10:00:00+00:00", in_days(20)])
def test_a_time_that_cannot_be_chosen_changes_nothing(typed: str) -> None:
    visitor = Visitor()
    visitor.sends()
    answer = visitor.does("time", call_at=typed)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert Lead.objects.count() == 1


def test_consent_goes_with_the_request(source: LeadSource) -> None:
    text = consent.write(source, "en", "I agree.", None, timezone.now())
    visitor = Visitor()
    lead = visitor.sends(consent=str(text.version))
    visitor.does("number", phone=RIGHT)
    old, new = Consent.objects.order_by("pk")
    assert (new.lead.phone, new.text, new.agreed_at, new.page) == (
        "+972505550102", old.text, old.agreed_at, old.page,
    )  # fmt: skip
    assert old.lead == lead


@pytest.mark.parametrize("act", ["time", "number"])
def test_changes_have_a_rate_and_cancelling_has_none(act: str, settings: Settings) -> None:
    settings.RATE_CHANGES = rate.read("2/h")
    visitor = Visitor()
    visitor.sends()
    values = {
        "time": [{"call_at": in_days(it)} for it in (3, 4, 5)],
        "number": [{"phone": it} for it in (RIGHT, UNKNOWN, "050-555 0173")],
    }[act]
    answers = [visitor.does(act, **it) for it in values]
    assert [it.status_code for it in answers] == [303, 303, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 3600
    assert "You have changed this request too many times." in answers[2].text
    assert visitor.does("cancel").status_code == 303


def test_what_was_taken_back_is_not_called_when_a_check_has_an_answer_at_last() -> None:
    visitor, other = Visitor(), Visitor()
    lead = visitor.sends()
    Lead.objects.update(status="held", is_held_back=True)
    joined = other.sends()
    Lead.objects.filter(pk=joined.pk).update(
        status="duplicate", duplicate_of=lead, is_held_back=True, closed_at=timezone.now()
    )
    Lead.objects.filter(pk=lead.pk).update(status="held", duplicate_of=None, closed_at=None)
    visitor.does("cancel")
    assert not held.let_go_if_answered(lead.pk, timezone.now())
    assert not Lead.objects.filter(phone=E164, status="waiting").exists()
