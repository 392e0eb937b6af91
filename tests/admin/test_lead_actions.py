"""Call now, and cancel."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from leads.models import Lead
from tests.support.queue import queued

LIST = "/admin/leads/lead/"
CLOSED = {"status": "unreached", "closed_at": "2026-01-01T00:00Z"}


def address(lead: Lead, what: str) -> str:
    return f"{LIST}{lead.pk}/{what}/"


def messages(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def confirm(client: Client, lead: Lead, what: str) -> Any:
    answer = client.post(address(lead, what), {"confirmed": "yes"}, follow=True)
    assert answer.status_code == 200
    return answer


@pytest.mark.django_db(transaction=True)
def test_call_now_opens_a_closed_lead_wakes_a_worker_and_is_logged(
    managing: Client, manager: User, make_lead: Callable[..., Lead], team: Team
) -> None:
    lead = make_lead(**CLOSED)
    queued(empty=True)
    answer = confirm(managing, lead, "call-now")
    lead.refresh_from_db()
    assert (lead.status, lead.closed_at) == ("waiting", None)
    assert queued() == [("callbacks.call_lead", lead.pk)]
    assert messages(answer) == [
        f"{lead.name}: The lead will be called as soon as a salesperson is free."
    ]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (
        manager, str(lead.pk), "Call now",
    )  # fmt: skip
    assert "dana: Call now" in answer.content.decode()


def test_looking_at_the_question_does_nothing(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(**CLOSED)
    answers = [
        managing.get(address(lead, "call-now")),
        managing.get(address(lead, "call-now") + "?confirmed=yes"),
        managing.post(address(lead, "call-now")),
    ]
    for answer in answers:
        assert "Call now?" in answer.content.decode()
        assert lead.name in answer.content.decode()
    lead.refresh_from_db()
    assert lead.status == "unreached"
    assert not LogEntry.objects.exists()


def test_a_forged_request_of_another_site_is_refused(
    manager: User, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(**CLOSED)
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager)
    assert client.post(address(lead, "call-now"), {"confirmed": "yes"}).status_code == 403
    lead.refresh_from_db()
    assert lead.status == "unreached"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "calling"}, "is being called right now"),
        ({"phone": "+19005550101"}, "cannot call"),
    ],
)
def test_a_refusal_is_a_clear_message_and_is_not_logged_as_done(
    values: dict[str, Any], words: str, managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(**values)
    [message] = messages(confirm(managing, lead, "call-now"))
    assert words in message.lower()
    assert not LogEntry.objects.exists()


def test_a_duplicate_names_the_first_lead_to_open(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    first = make_lead("+972505550101")
    second = make_lead("+972505550101")
    [message] = messages(confirm(managing, second, "call-now"))
    assert f"Open lead {first.pk}" in message


def test_a_number_with_another_open_lead_is_not_opened_twice(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    closed = make_lead("+972505550101", **CLOSED)
    make_lead("+972505550101")
    [message] = messages(confirm(managing, closed, "call-now"))
    assert "another open request" in message
    closed.refresh_from_db()
    assert closed.status == "unreached"


def test_our_own_extension_is_not_called(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    lead = make_lead("+972505550101", **CLOSED)
    Extension.objects.create(number="972505550101", kind="phone", team=extension.team)
    [message] = messages(confirm(managing, lead, "call-now"))
    assert "our own numbers" in message


def test_cancel_takes_a_waiting_lead_out_and_is_logged(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead()
    [message] = messages(confirm(managing, lead, "cancel"))
    assert message == f"{lead.name}: The lead will not be called."
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    assert LogEntry.objects.get().change_message == "Cancelled"


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ("agent_no_answer", "cancelled"),
        ("lead_no_answer", "cancelled"),
        ("lead_busy", "cancelled"),
        ("not_sent", "cancelled"),
        ("bridged", "connected"),
    ],
)
def test_a_lead_that_is_being_called_is_cancelled_once_the_call_is_over(
    managing: Client, make_lead: Callable[..., Lead], extension: Extension, ends: str, status: str
) -> None:
    lead, now = make_lead(status="calling"), timezone.now()
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, extension_number="101", phone=lead.phone,
        state="dialing" if ends == "not_sent" else "accepted", call_id="C-1", claimed_at=now,
        hold_until=now,
    )  # fmt: skip
    [message] = messages(confirm(managing, lead, "cancel"))
    assert "The lead will not be called again" in message
    lead.refresh_from_db()
    assert lead.status == "calling"
    # The worker's copy of the attempt is older than the cancellation.
    if ends == "not_sent":
        assert attempt.not_send("refused", "refused", now)
    else:
        assert attempt.finish(AttemptState(ends), now, connected_at=now)
    apply(attempt, now)
    lead.refresh_from_db()
    assert lead.status == status
    assert lead.closed_at


def test_a_closed_lead_is_not_cancelled(managing: Client, make_lead: Callable[..., Lead]) -> None:
    lead = make_lead(**CLOSED)
    [message] = messages(confirm(managing, lead, "cancel"))
    assert "Only a lead that is held, waiting or being called" in message


def test_several_leads_are_asked_about_once_and_each_gets_its_answer(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    good = make_lead("+972505550101", name="Good One", **CLOSED)
    busy = make_lead("+972505550102", name="Busy One", status="calling")
    chosen = {"action": "call_selected", "_selected_action": [good.pk, busy.pk]}
    question = managing.post(LIST, chosen)
    assert "Good One" in question.content.decode()
    assert "Busy One" in question.content.decode()
    assert Lead.objects.get(pk=good.pk).status == "unreached"
    answer = managing.post(LIST, {**chosen, "confirmed": "yes"}, follow=True)
    assert len(messages(answer)) == 2
    assert Lead.objects.get(pk=good.pk).status == "waiting"
    assert Lead.objects.get(pk=busy.pk).status == "calling"


def test_nobody_calls_hundreds_at_once(managing: Client, fill: Callable[[int], None]) -> None:
    fill(51)
    Lead.objects.update(status="waiting")
    chosen = {
        "action": "call_selected", "confirmed": "yes", "select_across": "1",
        "_selected_action": [Lead.objects.values_list("pk", flat=True)[0]],
    }  # fmt: skip
    answer = managing.post(LIST, chosen, follow=True)
    assert messages(answer) == ["Choose at most 50 leads."]
    assert not LogEntry.objects.exists()


# --- permissions ----------------------------------------------------------------------------------

MAY_SEE = ["leads.view_lead"]
ACTIONS = [
    ("call-now", "call_selected", "leads.call_lead", CLOSED),
    ("cancel", "cancel_selected", "leads.change_lead", {}),
]


@pytest.mark.parametrize(("what", "list_action", "permission", "values"), ACTIONS)
def test_without_its_permission_an_action_is_not_offered_and_a_forged_post_does_nothing(
    what: str, list_action: str, permission: str, values: dict[str, Any],
    staff_with: Callable[..., Client], make_lead: Callable[..., Lead],
) -> None:  # fmt: skip
    lead = make_lead(**values)
    before = lead.status
    client = staff_with(*MAY_SEE)
    assert address(lead, what) not in client.get(f"{LIST}{lead.pk}/change/").content.decode()
    assert list_action not in client.get(LIST).content.decode()
    assert client.get(address(lead, what)).status_code == 403
    assert client.post(address(lead, what), {"confirmed": "yes"}).status_code == 403
    client.post(LIST, {"action": list_action, "_selected_action": lead.pk, "confirmed": "yes"})
    lead.refresh_from_db()
    assert lead.status == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("what", "list_action", "permission", "values"), ACTIONS)
def test_with_its_permission_an_action_is_offered_and_works(
    what: str, list_action: str, permission: str, values: dict[str, Any],
    staff_with: Callable[..., Client], make_lead: Callable[..., Lead],
) -> None:  # fmt: skip
    lead = make_lead(**values)
    before = lead.status
    client = staff_with(*MAY_SEE, permission)
    assert address(lead, what) in client.get(f"{LIST}{lead.pk}/change/").content.decode()
    assert list_action in client.get(LIST).content.decode()
    confirm(client, lead, what)
    lead.refresh_from_db()
    assert lead.status != before


def test_the_right_to_call_without_the_right_to_see_is_not_enough(
    staff_with: Callable[..., Client], make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(**CLOSED)
    client = staff_with("leads.call_lead")
    assert client.get(address(lead, "call-now")).status_code == 403
    assert client.post(address(lead, "call-now"), {"confirmed": "yes"}).status_code == 403


@pytest.mark.parametrize("pk", ["999999", "x", "999999999999999999999999"])
def test_a_lead_that_is_not_there_is_not_found(pk: str, managing: Client) -> None:
    assert managing.get(f"{LIST}{pk}/call-now/").status_code == 404


def test_cancel_is_not_offered_for_a_closed_lead(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(**CLOSED)
    assert address(lead, "cancel") not in managing.get(f"{LIST}{lead.pk}/change/").content.decode()
