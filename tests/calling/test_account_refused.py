"""The provider refuses the account: dialling stops for all, uses up no try, and resumes."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from callbacks import tasks
from callbacks.alerts import facts
from callbacks.alerts.kinds import KINDS
from callbacks.calling import account_gate, dial, dispatch
from callbacks.explain import waiting_reason
from callbacks.models import AccountRefusal, CallAttempt, CallParameters, Extension, Team
from callbacks.models.account_refusals import RefusedFor
from callbacks.monitoring import notices
from callbacks.telephony import account, account_refusals
from callbacks.voicenter import Forbidden, Refused, WrongCode
from callbacks.voicenter.errors import refusal
from leads import standings, visitor_status
from leads.models import Lead, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _phones(team: Team) -> None:
    for number in ("101", "102", "103", "104"):
        Extension.objects.create(number=number, team=team)


@pytest.fixture
def code(settings: Settings) -> Iterator[Callable[[str], str]]:
    """Makes the site use another code for the account; returns the previous one."""

    def use(other: str) -> str:
        before, settings.VOICENTER_CODE = settings.VOICENTER_CODE, other
        account.client.cache_clear()
        return before

    yield use
    account.client.cache_clear()


def tries() -> int:
    return CallAttempt.objects.count()


def statuses() -> set[str]:
    return set(Lead.objects.values_list("status", flat=True))


def test_leads_wait_and_go_on_by_themselves_once_the_code_is_right(
    make_lead: MakeLead,
    simulator: SimulatorProcess,
    code: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    right = code("an old code")
    leads = [make_lead() for _ in range(4)]
    with caplog.at_level(logging.WARNING, "callbacks.calling.account_gate"):
        for _ in range(3):
            for lead in leads:
                dispatch.call_lead(lead.pk)
        assert tries() == len(simulator.ledger()) == 1
        assert statuses() == {LeadStatus.WAITING}
        code(right)
        for lead in leads:
            dispatch.call_lead(lead.pk)
    assert statuses() == {LeadStatus.CALLING}
    assert not AccountRefusal.objects.exists()
    accepted = [entry["target"] for entry in simulator.ledger() if entry["accepted"]]
    assert sorted(accepted) == sorted(lead.phone.lstrip("+") for lead in leads)
    said = [(it.levelname, it.getMessage()) for it in caplog.records]
    assert [level for level, _ in said] == ["ERROR", "WARNING"]
    assert "refuses the account" in said[0][1]
    assert "reason=account_code" in said[0][1]
    assert "takes the account again" in said[1][1]


def test_of_all_workers_one_tries_again_now_and_then(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    code("an old code")
    leads = [make_lead() for _ in range(4)]
    dispatch.call_lead(leads[0].pk)
    begun = timezone.now()

    def call(lead: Lead) -> None:
        try:
            dispatch.call_lead(lead.pk)
        finally:
            connection.close()

    made = []
    for seconds in (1, 20, 30, 70, 90, 150, 170, 250, 270, 350):
        then = begun + timedelta(seconds=seconds)
        with time_machine.travel(then, tick=True), ThreadPoolExecutor(4) as workers:
            list(workers.map(call, leads))
        made.append(tries())
    # The waits are 10, 20 and 40 s, then 60 s each, with some slack for a busy machine.
    assert made == [1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    assert statuses() == {LeadStatus.WAITING}


def test_no_try_is_used_up_however_long_it_lasts(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    code("an old code")
    lead = make_lead()
    now = timezone.now()
    for minutes in range(30):
        with time_machine.travel(now + timedelta(minutes=2 * minutes), tick=True):
            dispatch.call_lead(lead.pk)
    lead.refresh_from_db()
    assert tries() == 30
    assert lead.status == LeadStatus.WAITING
    assert lead.call_after <= timezone.now() + timedelta(hours=1)
    assert set(CallAttempt.objects.values_list("outcome", "failure_reason")) == {
        ("provider_error", "account_code")
    }


def test_an_address_that_is_not_allowed_stops_it_too_and_an_offline_phone_shows_it_works(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "forbidden"}] * 2)
    other, lead = make_lead(), make_lead()
    dispatch.call_lead(other.pk)
    dispatch.call_lead(lead.pk)
    refused = AccountRefusal.objects.get()
    assert refused.refused_for == RefusedFor.ADDRESS
    simulator.control(extensions=dict.fromkeys(("101", "102", "103", "104"), "offline"))
    with time_machine.travel(timezone.now() + timedelta(seconds=71), tick=True):
        assert dispatch.call_lead(lead.pk)
    assert not AccountRefusal.objects.exists()


def test_one_lead_that_is_refused_alone_stops_nobody(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    one, other = make_lead(), make_lead()
    now = timezone.now()
    for minutes in (0, 1, 2):
        simulator.control(faults=[{"kind": "forbidden"}])
        with time_machine.travel(now + timedelta(minutes=15 * minutes), tick=True):
            assert dispatch.call_lead(one.pk)
        assert not AccountRefusal.objects.exists()
    assert set(CallAttempt.objects.values_list("outcome", "failure_reason")) == {
        ("provider_error", "http_403")
    }
    assert dispatch.call_lead(other.pk)
    simulator.control(faults=[{"kind": "forbidden"}])
    with time_machine.travel(now + timedelta(minutes=45), tick=True):
        assert dispatch.call_lead(one.pk)
    assert not AccountRefusal.objects.exists(), "another lead's call was taken meanwhile"


def test_after_a_refusal_that_may_be_the_leads_own_the_next_try_is_anothers(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "forbidden"}] * 2)
    leads = [make_lead() for _ in range(3)]
    for lead in leads:
        dispatch.call_lead(lead.pk)
    assert tries() == 2
    assert AccountRefusal.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=True):
        assert not dispatch.call_lead(leads[1].pk)
        assert dispatch.call_lead(leads[2].pk)
    assert not AccountRefusal.objects.exists()


def test_a_try_that_found_no_phone_is_the_next_leads(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    code("an old code")
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    Extension.objects.update(is_paused=True)
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=True):
        assert not dispatch.call_lead(lead.pk)
        assert AccountRefusal.objects.get().tries == 0, "it is not one of those that wait longer"
        Extension.objects.update(is_paused=False)
        assert dispatch.call_lead(lead.pk)


def call_of_a_wrong_source(lead: Lead) -> None:
    CallParameters.objects.create(source=lead.source, language="Hebrew")
    dispatch.call_lead(lead.pk)


def message_without_a_recording(lead: Lead) -> None:
    now = timezone.now()
    message = CallAttempt.objects.create(
        lead=lead, kind="message", phone=lead.phone, claimed_at=now,
        hold_until=now + timedelta(minutes=5),
    )  # fmt: skip
    dial.dial_committed(message.pk)


@pytest.mark.parametrize("fail", [call_of_a_wrong_source, message_without_a_recording])
def test_a_try_that_our_own_check_refuses_is_the_next_leads(
    fail: Callable[[Lead], None],
    make_lead: MakeLead,
    simulator: SimulatorProcess,
    code: Callable[[str], str],
) -> None:
    code("an old code")
    dispatch.call_lead(make_lead().pk)
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=True):
        fail(make_lead())
        failed = CallAttempt.objects.latest("pk")
        assert (failed.failure_reason, failed.sent_at is None) == ("invalid_call", False)
        assert AccountRefusal.objects.get().tries == 0
        assert account_gate.may_try(timezone.now())


def test_a_clock_that_was_wrong_keeps_nobody_waiting(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    code("an old code")
    dispatch.call_lead(make_lead().pk)
    now = timezone.now()
    AccountRefusal.objects.update(next_try_at=now + timedelta(hours=1))
    assert account_gate.may_try(now)
    assert not account_gate.may_try(now)
    assert AccountRefusal.objects.get().next_try_at <= now + account_gate.LONGEST_WAIT


@pytest.mark.parametrize(("minutes", "is_known"), [(4, True), (6, False)])
def test_a_refusal_that_no_lead_tries_is_forgotten(
    minutes: int,
    is_known: bool,
    make_lead: MakeLead,
    simulator: SimulatorProcess,
    code: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    code("an old code")
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=True):
        account_gate.forget_untried()
        assert AccountRefusal.objects.exists() == is_known
        assert ("is not known: no lead is due" in caplog.text) != is_known
        assert Client().get("/readyz").json()["checks"]["provider"]["ok"] != is_known
        dispatch.call_lead(lead.pk)
        assert AccountRefusal.objects.exists()
    assert account_gate.forget_untried in tasks.SWEEP_STEPS


def test_everybody_is_told(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    right = code("an old code")
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    now = timezone.now()
    sentence = "The telephone provider does not know the account's code, so nobody is called."
    assert any(words.startswith(sentence) for words in notices.current([]))
    [found] = KINDS["account_refused"].find(now)
    assert str(found.facts["sentence"]).startswith(sentence)
    assert facts.provider_refuses(now) == []
    check = Client().get("/readyz").json()["checks"]["provider"]
    assert not check["ok"]
    assert "Correct VOICENTER_CODE" in check["advice"]
    lead.refresh_from_db()
    why = waiting_reason.of_lead(lead, now)
    assert why
    assert why.text.startswith("The telephone provider refuses the account")
    seen = visitor_status.find(lead.public_id)
    assert seen
    told = visitor_status.standing(seen, now).message
    assert told == standings.WAITING[visitor_status.Presence.NOBODY]
    code(right)
    assert dispatch.call_lead(lead.pk)
    assert not any(words.startswith(sentence) for words in notices.current([]))
    assert KINDS["account_refused"].find(now) == []
    assert Client().get("/readyz").json()["checks"]["provider"]["ok"]


WORDS = [
    (1, "Code is invalid", RefusedFor.CODE),
    (1, "code is missing", RefusedFor.CODE),
    (1, "The code is not valid", RefusedFor.CODE),
    (1, "Invalid code", RefusedFor.CODE),
    (9, "Account code is expired", RefusedFor.CODE),
    (2, "IP 192.0.2.1 is not allowed", RefusedFor.ADDRESS),
    (1, "Your IP address is not authorized", RefusedFor.ADDRESS),
    (2, "Account is blocked", RefusedFor.ACCOUNT),
    (7, "The customer account has been suspended", RefusedFor.ACCOUNT),
    (2, "Insufficient credit", RefusedFor.ACCOUNT),
    (1, "No permission for Click2Call", RefusedFor.RIGHT),
    (2, "Access denied", RefusedFor.RIGHT),
    (1, "Destination not permitted", None),
    (1, "No permission to call this destination", None),
    (2, "Calls to this number are not permitted", None),
    (1, "Extension not authorized", None),
    (2, "Customer number is blocked", None),
    (1, "Account: extension 101 not found", None),
    (2, "International calls: access denied", None),
    (1, "Phone is missing", None),
    (1, "Target is invalid", None),
    (1, "Phonelogincode is missing", None),
    (1, "Bbbcode is invalid", None),
    (1, "Login code is invalid", None),
    (1, "Country code is invalid", None),
    (2, "Application error", None),
    (3, "Access denied: extension is offline", None),
    (4, "Extension blocked: no permission for Click2Call", None),
]


@pytest.mark.parametrize(("number", "words", "kind"), WORDS, ids=[words for _, words, _ in WORDS])
def test_the_table_of_words(number: int, words: str, kind: RefusedFor | None) -> None:
    assert account_refusals.kind_of(refusal(number, words)) == kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Forbidden("no", reason="http_403"), RefusedFor.ADDRESS),
        (WrongCode("no"), RefusedFor.CODE),
        (Refused("no", error_code=5, error_message=""), None),
    ],
)
def test_refusals_without_words(error: Refused, kind: RefusedFor | None) -> None:
    assert account_refusals.kind_of(error) == kind


def test_the_mark_of_the_settings_tells_nothing_of_them(settings: Settings) -> None:
    before = account_refusals.mark()
    assert settings.VOICENTER_CODE not in before
    settings.VOICENTER_CODE = "another"
    assert account_refusals.mark() != before


def test_settings_that_were_tried_are_not_tried_at_once_again(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    """Two workers with different wrong codes, as in the middle of a deployment."""
    code("an old code")
    leads = [make_lead() for _ in range(4)]
    for lead, used in zip(leads, ("one", "another", "one", "another"), strict=True):
        code(used)
        dispatch.call_lead(lead.pk)
    assert tries() == 2
    assert account_gate.FIRST_WAIT < account_gate.LONGEST_WAIT
