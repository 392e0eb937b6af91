"""Extensions in the admin: pause, un-pause, clear a block, and what the form may change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from leads.models import Lead
from tests.support.admin_setup import an_extension
from tests.support.queue import queued

LIST = "/admin/callbacks/extension/"


def address(extension: Extension, what: str) -> str:
    return f"{LIST}{extension.pk}/{what}/"


def confirm(client: Client, extension: Extension, what: str, **values: str) -> list[str]:
    answer = client.post(address(extension, what), {"confirmed": "yes", **values}, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def test_the_list_says_what_each_is_doing(
    managing: Client, team: Team, make_lead: Callable[..., Lead]
) -> None:
    busy = Extension.objects.create(number="101", team=team)
    Extension.objects.create(number="102", team=team)
    lead = make_lead(status="calling")
    now = timezone.now()
    CallAttempt.objects.create(
        lead=lead, extension=busy, phone=lead.phone, extension_number="101", state="accepted",
        call_id="C-1", claimed_at=now, hold_until=now,
    )  # fmt: skip
    page = managing.get(LIST).content.decode()
    assert f"on a call with lead {lead.pk}" in page
    assert f"/admin/leads/lead/{lead.pk}/change/" in page
    assert page.count("free") >= 1


NOON = datetime(2026, 3, 25, 10, 0, 20, tzinfo=UTC)  # 12:00 in Jerusalem


@pytest.mark.parametrize(
    ("lasts", "until", "logged"),
    [
        ("15", datetime(2026, 3, 25, 10, 15, tzinfo=UTC), "Paused until 12:15: lunch"),
        ("30", datetime(2026, 3, 25, 10, 30, tzinfo=UTC), "Paused until 12:30: lunch"),
        ("60", datetime(2026, 3, 25, 11, 0, tzinfo=UTC), "Paused until 13:00: lunch"),
        ("day", datetime(2026, 3, 25, 22, 0, tzinfo=UTC), "Paused until 26 Mar 00:00: lunch"),
        ("open", None, "Paused until un-paused: lunch"),
    ],
)
def test_pausing_is_asked_done_and_logged(
    lasts: str, until: datetime | None, logged: str,
    managing: Client, manager: User, extension: Extension,
) -> None:  # fmt: skip
    question = managing.get(address(extension, "pause")).content.decode()
    assert "Pause this extension?" in question
    extension.refresh_from_db()
    assert not extension.is_paused
    with time_machine.travel(NOON, tick=False):
        said = confirm(managing, extension, "pause", lasts=lasts, reason=" lunch ")
    assert said == ["101 Dana is paused."]
    extension.refresh_from_db()
    assert (extension.is_paused, extension.paused_until) == (True, until)
    assert extension.pause_reason == "lunch"
    entry = LogEntry.objects.get()
    assert (entry.user, entry.change_message) == (manager, logged)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({}, "lasts", "Choose how long."),
        ({"lasts": "forever"}, "lasts", "Choose one of these times."),
        ({"lasts": "15", "reason": "x" * 101}, "reason", "at most 100 characters"),
        ({"lasts": "15", "reason": "a\x00b"}, "reason", "Null characters"),
    ],
)
def test_a_pause_that_does_not_say_how_long_is_asked_again(
    values: dict[str, str], field: str, words: str, managing: Client, extension: Extension
) -> None:
    page = managing.post(address(extension, "pause"), {"confirmed": "yes", **values})
    assert words in str(page.context["question"].form.errors[field])
    assert words in page.content.decode()
    extension.refresh_from_db()
    assert not extension.is_paused
    assert not LogEntry.objects.exists()


def test_the_list_shows_until_when_and_why(managing: Client, extension: Extension) -> None:
    with time_machine.travel(NOON, tick=False):
        confirm(managing, extension, "pause", lasts="30", reason="lunch")
        page = managing.get(LIST).content.decode()
    assert "paused until 12:30" in page
    assert "lunch" in page


def test_a_pause_is_replaced_by_another_without_being_ended(
    managing: Client, extension: Extension
) -> None:
    for lasts, reason in (("15", "lunch"), ("open", "training")):
        assert confirm(managing, extension, "pause", lasts=lasts, reason=reason) == [
            "101 Dana is paused."
        ]
    extension.refresh_from_db()
    assert (extension.is_paused, extension.paused_until) == (True, None)
    assert extension.pause_reason == "training"
    assert queued() == []


@pytest.mark.django_db(transaction=True)
def test_un_pausing_starts_afresh_and_wakes_the_team(
    managing: Client, extension: Extension
) -> None:
    Extension.objects.update(
        is_paused=True, missed_in_a_row=3, unavailable_reason="did not answer",
        unavailable_until=timezone.now() + timedelta(hours=1), pause_reason="lunch",
        paused_until=timezone.now() + timedelta(hours=2),
    )  # fmt: skip
    queued(empty=True)
    assert confirm(managing, extension, "un-pause") == ["101 Dana gets calls again."]
    extension.refresh_from_db()
    assert (extension.is_paused, extension.missed_in_a_row, extension.unavailable_until) == (
        False,
        0,
        None,
    )
    assert (extension.pause_reason, extension.paused_until) == ("", None)
    assert queued() == [("callbacks.work_team", extension.team_id)]


@pytest.mark.django_db(transaction=True)
def test_clearing_a_block_wakes_the_team(managing: Client, extension: Extension) -> None:
    Extension.objects.update(is_blocked=True)
    queued(empty=True)
    confirm(managing, extension, "clear-block")
    extension.refresh_from_db()
    assert not extension.is_blocked
    assert queued() == [("callbacks.work_team", extension.team_id)]


@pytest.mark.django_db(transaction=True)
def test_pausing_what_is_paused_changes_logs_and_wakes_nothing(
    managing: Client, extension: Extension
) -> None:
    Extension.objects.update(is_paused=True, pause_reason="lunch")
    queued(empty=True)
    said = confirm(managing, extension, "pause", lasts="open", reason="lunch")
    assert said == ["101 Dana already has this pause."]
    assert not LogEntry.objects.exists()
    assert queued() == []


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        (
            "pause_selected",
            {"is_paused": False},
            {"is_paused": True, "pause_reason": "meeting", "paused_until": None},
        ),
        ("unpause_selected", {"is_paused": True}, {"is_paused": False}),
        ("clear_block_selected", {"is_blocked": True}, {"is_blocked": False}),
    ],
)
def test_several_at_once(
    action: str, before: dict[str, bool], after: dict[str, Any], managing: Client, team: Team
) -> None:
    chosen = [Extension.objects.create(number=n, team=team, **before).pk for n in ("1", "2")]
    other = Extension.objects.create(number="3", team=team, **before)
    posted = {"action": action, "_selected_action": chosen}
    managing.post(LIST, posted | {"confirmed": "yes", "lasts": "open", "reason": "meeting"})
    assert Extension.objects.filter(pk__in=chosen, **after).count() == 2
    assert Extension.objects.filter(pk=other.pk, **before).exists()
    assert LogEntry.objects.count() == 2


def test_several_are_paused_after_one_question(managing: Client, team: Team) -> None:
    chosen = [Extension.objects.create(number=n, team=team).pk for n in ("1", "2")]
    posted = {"action": "pause_selected", "_selected_action": chosen}
    for answers in ({}, {"confirmed": "yes"}):
        page = managing.post(LIST, posted | answers)
        assert "Pause these 2 extensions?" in page.content.decode()
        assert page.context["question"].chosen == chosen
    assert not Extension.objects.filter(is_paused=True).exists()


@pytest.mark.parametrize(
    ("what", "list_action", "before"),
    [
        ("pause", "pause_selected", {}),
        ("un-pause", "unpause_selected", {"is_paused": True}),
        ("clear-block", "clear_block_selected", {"is_blocked": True}),
    ],
)
def test_without_the_permission_nothing_is_offered_and_a_forged_post_does_nothing(
    what: str, list_action: str, before: dict[str, Any],
    staff_with: Callable[..., Client], extension: Extension,
) -> None:  # fmt: skip
    Extension.objects.update(**before)
    client = staff_with("callbacks.view_extension", "callbacks.change_extension")
    offered = client.get(f"{LIST}{extension.pk}/change/").content.decode()
    assert address(extension, what) not in offered
    assert list_action not in client.get(LIST).content.decode()
    answers = {"confirmed": "yes", "lasts": "open"}
    assert client.post(address(extension, what), answers).status_code == 403
    client.post(LIST, {"action": list_action, "_selected_action": extension.pk, **answers})
    untouched = {"is_paused": False, "is_blocked": False, **before}
    assert Extension.objects.filter(pk=extension.pk, **untouched).exists()

    allowed = staff_with("callbacks.view_extension", "callbacks.pause_extension")
    assert address(extension, what) in allowed.get(f"{LIST}{extension.pk}/change/").content.decode()
    assert list_action in allowed.get(LIST).content.decode()


def form(extension: Extension, **values: Any) -> dict[str, Any]:
    own = {"number": extension.number, "kind": extension.kind, "name": extension.name}
    return an_extension(extension.team, **own) | values


def test_what_the_engine_owns_cannot_be_posted(managing: Client, extension: Extension) -> None:
    forged = {"is_paused": "on", "is_blocked": "on", "missed_in_a_row": 9, "name": "Noa"}
    managing.post(f"{LIST}{extension.pk}/change/", form(extension, **forged))
    extension.refresh_from_db()
    assert extension.name == "Noa"
    assert (extension.is_paused, extension.is_blocked, extension.missed_in_a_row) == (
        False, False, 0,
    )  # fmt: skip


def test_saving_the_form_puts_nothing_back_that_the_engine_wrote_meanwhile(
    managing: Client, extension: Extension
) -> None:
    def engine_writes(**_kwargs: object) -> None:
        Extension.objects.update(is_blocked=True, missed_in_a_row=2)

    pre_save.connect(engine_writes, sender=Extension)
    try:
        managing.post(f"{LIST}{extension.pk}/change/", form(extension, name="Noa"))
    finally:
        pre_save.disconnect(engine_writes, sender=Extension)
    extension.refresh_from_db()
    assert (extension.name, extension.is_blocked, extension.missed_in_a_row) == ("Noa", True, 2)


@pytest.mark.django_db(transaction=True)
def test_a_new_extension_wakes_its_team(managing: Client, team: Team) -> None:
    queued(empty=True)
    values = form(Extension(number="105", name="Lior", team=team))
    assert managing.post(f"{LIST}add/", values).status_code == 302
    assert Extension.objects.get(number="105").name == "Lior"
    assert queued() == [("callbacks.work_team", team.pk)]


def test_a_number_that_is_taken_or_malformed_is_refused_beside_its_field(
    managing: Client, extension: Extension
) -> None:
    for number, words in {
        "101": "An extension with this number already exists",
        "10 1": "Use only letters, digits",
    }.items():
        answer = managing.post(f"{LIST}add/", form(extension, number=number))
        assert words in answer.content.decode()
    assert Extension.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_extension_that_is_out_is_brought_back_before_its_time(
    managing: Client, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    make_lead()
    page = f"{LIST}{extension.pk}/change/"
    assert address(extension, "bring-back") not in managing.get(page).content.decode()
    Extension.objects.update(
        unavailable_until=timezone.now() + timedelta(hours=1),
        unavailable_reason="in the conference room",
    )
    assert address(extension, "bring-back") in managing.get(page).content.decode()
    queued(empty=True)
    assert confirm(managing, extension, "bring-back") == ["101 Dana gets calls again."]
    extension.refresh_from_db()
    assert (extension.unavailable_until, extension.unavailable_reason) == (None, "")
    assert queued() == [("callbacks.work_team", extension.team_id)]
