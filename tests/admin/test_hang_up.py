"""Hanging up a call that is on: from the lead's page, and from the attempts."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import records
from callbacks.voicenter import Cdr
from leads.models import Lead
from tests.support.admin_posting import confirm, said
from tests.support.simulator import SimulatorProcess, eventually

MakeLead = Callable[..., Lead]
LIST = "/admin/callbacks/callattempt/"


def address(attempt: CallAttempt) -> str:
    return f"{LIST}{attempt.pk}/hang-up/"


def page_of(lead: Lead) -> str:
    return f"/admin/leads/lead/{lead.pk}/change/"


@pytest.fixture
def make_attempt(make_lead: MakeLead, extension: Extension) -> Callable[..., CallAttempt]:
    def make(state: str = "accepted", **values: object) -> CallAttempt:
        lead = make_lead(status="calling")
        now = timezone.now()
        ended = {} if state in ("dialing", "accepted", "unknown") else {"ended_at": now}
        call = {"call_id": f"C-{lead.pk}"} if state == "accepted" else {}
        return CallAttempt.objects.create(
            **{
                "lead": lead, "extension": extension, "phone": lead.phone, "state": state,
                "extension_number": "101", "claimed_at": now, "hold_until": now,
                **ended, **call, **values,
            }
        )  # fmt: skip

    return make


@pytest.mark.django_db(transaction=True)
def test_it_ends_the_call_at_the_provider_and_is_logged_at_the_lead(
    managing: Client, manager: User, make_lead: MakeLead, extension: Extension,
    simulator: SimulatorProcess,
) -> None:  # fmt: skip
    simulator.control(talk=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    eventually(lambda: (simulator.ledger()[0]["leg2"] or {}).get("answered_at"))
    question = managing.get(address(attempt)).content.decode()
    assert "Hang up this call?" in question
    assert "extension 101" in question
    assert len(simulator.ledger()) == 1
    answer = confirm(managing, address(attempt))
    assert said(answer) == [
        "The call on extension 101 is being ended, and this lead is not called again."
    ]
    eventually(lambda: simulator.ledger()[0]["leg1"]["ended_at"])
    [_call, terminate] = simulator.ledger()
    assert (terminate["action"], terminate["phone"]) == ("terminate", "101")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (manager, str(attempt.lead_id))
    assert "dana: Hung up the call on extension 101" in answer.content.decode()


HUNG_UP_WHILE = {
    "the salesperson's phone rings": [(1, "CANCEL", 0)],
    "the salesperson's phone rings, another word": [(1, "NOANSWER", 0)],
    "the lead's phone rings": [(1, "ANSWER", 9), (2, "CANCEL", 0)],
    "they had begun to talk": [(1, "ANSWER", 9), (2, "ANSWER", 2)],
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("legs", HUNG_UP_WHILE.values(), ids=HUNG_UP_WHILE.keys())
def test_nobody_is_to_blame_and_nobody_else_rings(
    managing: Client, make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess,
    settings: SettingsWrapper, legs: list[tuple[int, str, int]],
) -> None:  # fmt: skip
    settings.LEAST_TALK = 5
    simulator.control(answer_after=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    confirm(managing, address(attempt))
    for leg, status, talk in legs:
        records.receive(Cdr(attempt.call_id, f"Click2Call leg{leg}", leg, status, talk_time=talk))
    attempt.refresh_from_db()
    lead, extension = Lead.objects.get(), Extension.objects.get()
    assert (attempt.state, lead.status) == (AttemptState.STOPPED, "cancelled")
    assert (extension.missed_in_a_row, extension.unavailable_until) == (0, None)


@pytest.mark.django_db(transaction=True)
def test_a_talk_that_is_hung_up_was_a_talk(
    managing: Client, make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(answer_after=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    confirm(managing, address(attempt))
    records.receive(Cdr(attempt.call_id, "Click2Call leg2", 2, "ANSWER", talk_time=60))
    assert Lead.objects.get().status == "connected"


@pytest.mark.django_db(transaction=True)
def test_a_call_that_ended_while_the_manager_read_the_question_is_not_hung_up(
    managing: Client, make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    attempt.finish(AttemptState.ENDED, timezone.now())
    assert said(confirm(managing, address(attempt))) == ["That call has ended."]
    assert all(entry["action"] != "terminate" for entry in simulator.ledger())
    assert not LogEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_lost_answer_is_told_and_logged_as_what_it_is(
    managing: Client, make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(talk=600)
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    eventually(lambda: (simulator.ledger()[0]["leg2"] or {}).get("answered_at"))
    simulator.control(faults=[{"kind": "reset_after", "count": 1}])
    [message] = said(confirm(managing, address(attempt)))
    assert "it may have been done" in message
    assert LogEntry.objects.get().change_message.endswith(
        "the provider's answer does not tell whether it was done"
    )


@pytest.mark.parametrize(
    ("state", "offered"),
    [("accepted", True), ("unknown", True), ("dialing", False), ("ended", False)],
)
def test_it_is_offered_only_while_the_call_is_on(
    state: str, offered: bool, managing: Client, make_attempt: Callable[..., CallAttempt]
) -> None:
    attempt = make_attempt(state)
    for place, link in (
        (page_of(attempt.lead), address(attempt)),
        (page_of(attempt.lead), f"/admin/leads/lead/{attempt.lead_id}/hang-up/"),
        (LIST, address(attempt)),
        (f"{LIST}{attempt.pk}/change/", address(attempt)),
    ):
        assert (f'href="{link}"' in managing.get(place).content.decode()) is offered, place


def test_a_call_by_login_code_is_not_offered_to_be_hung_up_by_number(
    managing: Client, make_attempt: Callable[..., CallAttempt]
) -> None:
    attempt = make_attempt()
    Extension.objects.update(kind=Extension.Kind.LOGIN_CODE)
    assert address(attempt) not in managing.get(LIST).content.decode()


def test_a_message_is_not_offered_to_be_hung_up(
    managing: Client, make_attempt: Callable[..., CallAttempt]
) -> None:
    attempt = make_attempt(kind="message", extension=None, extension_number="", record_name="hi")
    assert address(attempt) not in managing.get(LIST).content.decode()
    assert address(attempt) not in managing.get(page_of(attempt.lead)).content.decode()


def test_the_button_of_a_lead_leads_to_the_call_that_is_on_now(
    managing: Client, make_attempt: Callable[..., CallAttempt]
) -> None:
    attempt = make_attempt()
    answer = managing.get(f"/admin/leads/lead/{attempt.lead_id}/hang-up/")
    assert (answer.status_code, answer.headers["Location"]) == (302, address(attempt))
    attempt.finish(AttemptState.ENDED, timezone.now())
    answer = managing.get(f"/admin/leads/lead/{attempt.lead_id}/hang-up/", follow=True)
    assert said(answer) == ["That call has ended."]


def test_without_the_permission_it_is_not_offered_and_forged_posts_are_refused(
    manager: User, staff_with: Callable[..., Client], make_attempt: Callable[..., CallAttempt]
) -> None:
    attempt = make_attempt()
    looking = staff_with("leads.view_lead", "callbacks.view_callattempt")
    for place in (page_of(attempt.lead), LIST, f"{LIST}{attempt.pk}/change/"):
        assert "hang-up" not in looking.get(place).content.decode()
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(manager)
    for client in (looking, forging, staff_with("callbacks.hang_up_call")):
        assert client.post(address(attempt), {"confirmed": "yes"}).status_code == 403
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("pk", ["999999", "x", "999999999999999999999999"])
def test_an_attempt_that_is_not_there_is_not_found(pk: str, managing: Client) -> None:
    assert managing.get(f"{LIST}{pk}/hang-up/").status_code == 404
