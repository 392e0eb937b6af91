"""What is done to many leads at once, from their list."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension, Team
from leads import number_guard
from leads.models import Lead, NeverCallNumber
from leads.phones import PhoneRefused

LIST = "/admin/leads/lead/"
MakeLead = Callable[..., Lead]


def ask(client: Client, action: str, leads: list[Lead], **said: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(lead.pk) for lead in leads]}
    return client.post(LIST, {**chosen, **said}, follow=True)


def confirm(client: Client, action: str, leads: list[Lead], **said: str) -> list[str]:
    answer = ask(client, action, leads, confirmed="yes", **said)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def statuses(leads: list[Lead]) -> list[str]:
    return [Lead.objects.get(pk=lead.pk).status for lead in leads]


def closed(make_lead: MakeLead, status: str) -> Lead:
    return make_lead(status=status, closed_at=timezone.now())


@pytest.mark.parametrize(
    "action",
    ["call_selected", "assign_selected", "cancel_selected", "done_selected", "block_selected"],
)
def test_each_asks_first(
    action: str, managing: Client, manager: User, extension: Extension, make_lead: MakeLead
) -> None:
    Extension.objects.update(user=manager)  # somebody to assign leads to
    leads = [make_lead(), make_lead()]
    page = ask(managing, action, leads).content.decode()
    assert 'name="confirmed"' in page
    assert all(f'value="{lead.pk}"' in page for lead in leads)
    assert statuses(leads) == ["waiting", "waiting"]
    assert not NeverCallNumber.objects.exists()
    assert not LogEntry.objects.exists()


def test_of_many_it_is_said_how_many_were_called_and_who_could_not_be(
    managing: Client, make_lead: MakeLead, team: Team
) -> None:
    good = [closed(make_lead, "unreached") for _ in range(12)]
    on = [make_lead(status="calling", name="Noa"), make_lead(status="calling", name="גל")]
    other = make_lead("+19005550101")
    said = confirm(managing, "call_selected", [*good, *on, other])
    assert len(said) == 3
    assert any(it.startswith("12 leads: ") for it in said)
    [busy] = [it for it in said if "is being called right now" in it]
    assert busy.startswith("Not done for 2 leads: ")
    assert f"Noa ({on[0].pk}), גל ({on[1].pk})" in busy
    assert statuses(good) == ["waiting"] * 12
    assert LogEntry.objects.count() == 12


def test_done_closes_what_waits_or_failed_and_keeps_a_miss(
    managing: Client, make_lead: MakeLead
) -> None:
    leads = [make_lead(), make_lead(status="held"), closed(make_lead, "failed")]
    late = closed(make_lead, "failed")
    now = timezone.now()
    Lead.objects.filter(pk=late.pk).update(due_at=now, clock_started_at=now, closed_at=now)
    on, talked = make_lead(status="calling"), closed(make_lead, "unreached")
    said = confirm(managing, "done_selected", [*leads, late, on, talked])
    assert statuses([*leads, late]) == ["cancelled"] * 4
    assert statuses([on, talked]) == ["calling", "unreached"]
    assert any(it.startswith("4 leads: ") for it in said)
    assert any(it.startswith("Not done for 2 leads: ") for it in said)
    late.refresh_from_db()
    assert late.closed_at
    assert late.closed_at > late.due_at
    assert LogEntry.objects.filter(change_message="Marked as done").count() == 4


def test_a_blocked_number_is_called_for_no_request(managing: Client, make_lead: MakeLead) -> None:
    first = make_lead("+972505550101")
    again = make_lead("+972505550101")
    said = confirm(managing, "block_selected", [first, again], reason="asked us to stop")
    assert statuses([first]) == ["cancelled"]
    assert [it.reason for it in NeverCallNumber.objects.all()] == ["asked us to stop"]
    assert any("already" in it for it in said)
    with pytest.raises(PhoneRefused, match="never-call list"):
        number_guard.check_before_dial("+972505550101", first.source)
    assert LogEntry.objects.filter(change_message="Blocked the number").count() == 1


def test_a_reason_that_is_too_long_is_asked_again(managing: Client, make_lead: MakeLead) -> None:
    leads = [make_lead()]
    page = ask(managing, "block_selected", leads, confirmed="yes", reason="x" * 201)
    assert 'name="reason"' in page.content.decode()
    assert not NeverCallNumber.objects.exists()


@pytest.mark.parametrize(
    ("action", "permissions"),
    [
        ("done_selected", ["leads.view_lead"]),
        ("block_selected", ["leads.view_lead", "leads.change_lead"]),
        ("call_selected", ["leads.view_lead", "leads.change_lead"]),
    ],
)
def test_each_has_its_permission(
    action: str, permissions: list[str], staff_with: Callable[..., Client], make_lead: MakeLead
) -> None:
    lead = make_lead()
    confirm(staff_with(*permissions), action, [lead], reason="")
    assert statuses([lead]) == ["waiting"]
    assert not NeverCallNumber.objects.exists()


def test_they_are_bounded(managing: Client, make_lead: MakeLead) -> None:
    leads = [make_lead(f"+9725055502{number:02}") for number in range(51)]
    assert confirm(managing, "done_selected", leads) == ["Choose at most 50 leads."]
    assert set(statuses(leads)) == {"waiting"}
