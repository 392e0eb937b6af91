"""The result of a talk, as managers see and change it; lists of dispositions and of numbers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from callbacks.calling import after_talk
from callbacks.calling.after_talk import Writing
from callbacks.models import CallAttempt, CallNote, Extension
from leads import never_call
from leads.models import Disposition, Lead, NeverCallNumber

pytestmark = pytest.mark.django_db(transaction=True)
Dispositions = dict[str, Disposition]
NOON = datetime(2026, 11, 25, 10, tzinfo=UTC)  # 12:00 in Jerusalem
PHONE = "+972505550101"


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def attempt(make_lead: Callable[..., Lead], extension: Extension) -> CallAttempt:
    """A talk that has just ended."""
    lead = make_lead(PHONE, status="connected", closed_at=NOON, connected_at=NOON, attempts=1)
    return CallAttempt.objects.create(
        lead=lead, extension=extension, extension_number="101", phone=PHONE, state="bridged",
        call_id="call-1", claimed_at=NOON - timedelta(minutes=3), connected_at=NOON, ended_at=NOON,
        hold_until=NOON, talk_time=60,
    )  # fmt: skip


def say(attempt: CallAttempt, disposition: Disposition, note: str = "", **values: object) -> None:
    user = User.objects.filter(username="omer").first() or User.objects.create_user("omer")
    writing = Writing(disposition, note, **values)  # type: ignore[arg-type]
    after_talk.write(attempt.pk, writing, user, NOON, seen=None)


def page(client: Client, path: str, **values: object) -> str:
    answer = client.get(path, values)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_manager_says_what_came_of_the_newest_call(
    managing: Client, manager: User, attempt: CallAttempt, dispositions: Dispositions
) -> None:
    path = f"/admin/leads/lead/{attempt.lead_id}/after-talk/"
    asked = page(managing, path)
    assert "How did the talk go?" in asked
    assert "Not interested" in asked
    again = dispositions["Call again"].pk
    answer = managing.post(
        path, {"confirmed": "yes", "choice": again, "again": "2026-11-26T09:00", "note": "blue"}
    )
    assert answer.status_code == 302
    note = CallNote.objects.get()
    assert (note.attempt, note.written_by, note.note) == (attempt, manager, "blue")
    assert note.follow_up
    assert note.follow_up.call_after == datetime(2026, 11, 26, 7, tzinfo=UTC)
    told = page(managing, f"/admin/leads/lead/{attempt.lead_id}/change/")
    assert "The next call is planned for Thu 26 Nov 09:00." in told
    assert "dana: Call again" in told


def test_a_time_is_asked_for(
    managing: Client, attempt: CallAttempt, dispositions: Dispositions
) -> None:
    path = f"/admin/leads/lead/{attempt.lead_id}/after-talk/"
    answer = managing.post(path, {"confirmed": "yes", "choice": dispositions["Call again"].pk})
    assert "Choose when to call again." in answer.content.decode()
    assert not CallNote.objects.exists()


def test_the_leads_page_and_the_lists_show_it(
    managing: Client, attempt: CallAttempt, dispositions: Dispositions
) -> None:
    say(attempt, dispositions["Interested"], "wants <b>two</b>")
    for path in (
        f"/admin/leads/lead/{attempt.lead_id}/change/",
        "/admin/callbacks/callattempt/",
        f"/admin/callbacks/callattempt/{attempt.pk}/change/",
    ):
        shown = page(managing, path)
        assert "Interested" in shown
        assert "wants &lt;b&gt;two&lt;/b&gt;" in shown
    assert "omer: Interested" in page(managing, f"/admin/leads/lead/{attempt.lead_id}/change/")
    assert "Interested" in page(managing, "/admin/leads/lead/")


def test_the_list_is_filtered_by_disposition_and_by_follow_ups(
    managing: Client, attempt: CallAttempt, dispositions: Dispositions,
    make_lead: Callable[..., Lead],
) -> None:  # fmt: skip
    other = make_lead(name="Gal Cohen")
    again = dispositions["Call again"]
    say(attempt, again, call_again_at=NOON + timedelta(days=1))
    listed = page(managing, "/admin/leads/lead/", disposition__id__exact=again.pk)
    assert f"/admin/leads/lead/{attempt.lead_id}/change/" in listed
    assert "Gal Cohen" not in listed
    [follow_up] = Lead.objects.filter(follow_up_of=attempt.lead_id)
    listed = page(managing, "/admin/leads/lead/", follow_ups="yes")
    assert f"/admin/leads/lead/{follow_up.pk}/change/" in listed
    assert f"/admin/leads/lead/{other.pk}/change/" not in listed
    told = page(managing, f"/admin/leads/lead/{follow_up.pk}/change/")
    assert f"Planned as a follow-up of lead {attempt.lead_id}" in told
    assert f"After the talk of lead {attempt.lead_id}" in told
    assert "Follow-up: a salesperson planned this call for Thu 26 Nov 12:00." in told


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (("leads.view_lead",), 403),
        (("callbacks.add_callnote",), 403),
        (("leads.view_lead", "callbacks.add_callnote"), 200),
    ],
    ids=str,
)
def test_who_may_write(
    permissions: tuple[str, ...], status: int, staff_with: Callable[..., Client],
    attempt: CallAttempt, dispositions: Dispositions,
) -> None:  # fmt: skip
    client = staff_with(*permissions)
    path = f"/admin/leads/lead/{attempt.lead_id}/after-talk/"
    assert client.get(path).status_code == status
    client.post(path, {"confirmed": "yes", "choice": dispositions["Interested"].pk})
    assert CallNote.objects.exists() is (status == 200)


def test_a_lead_that_nobody_has_called_has_no_talk(
    managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead()
    answer = managing.get(f"/admin/leads/lead/{lead.pk}/after-talk/", follow=True)
    assert "Nobody has called this lead yet." in answer.content.decode()
    assert "/after-talk/" not in page(managing, f"/admin/leads/lead/{lead.pk}/change/")


# --- dispositions ---------------------------------------------------------------------------------


def test_managers_change_the_list_and_one_in_use_is_not_deleted(
    managing: Client, attempt: CallAttempt, dispositions: Dispositions
) -> None:
    answer = managing.post(
        "/admin/leads/disposition/add/", {"name": "מעוניין", "effect": "stop", "order": 5}
    )
    assert answer.status_code == 302
    assert "מעוניין" in page(managing, "/admin/leads/disposition/")
    say(attempt, dispositions["Spam"])
    path = f"/admin/leads/disposition/{dispositions['Spam'].pk}/delete/"
    managing.post(path, {"post": "yes"})
    assert Disposition.objects.filter(name="Spam").exists()
    managing.post(f"/admin/leads/disposition/{dispositions['Interested'].pk}/delete/", {"post": 1})
    assert not Disposition.objects.filter(name="Interested").exists()


# --- the never-call list --------------------------------------------------------------------------


def test_a_manager_puts_a_number_on_the_list_in_any_spelling(
    managing: Client, manager: User, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(PHONE)
    path = "/admin/leads/nevercallnumber/add/"
    assert managing.post(path, {"phone": "050-555 0101", "reason": "asked"}).status_code == 302
    entry = NeverCallNumber.objects.get()
    assert (entry.phone, entry.reason, entry.added_by) == (PHONE, "asked", manager)
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    again = managing.post(path, {"phone": "+972 50 555 0101"}).content.decode()
    assert "This number is already on the list." in again
    assert "50-555-0101" in page(managing, "/admin/leads/nevercallnumber/", q="0505550101")
    for typed in ("", "hello", "12"):
        assert managing.post(path, {"phone": typed}).status_code == 200
    assert NeverCallNumber.objects.count() == 1


def test_the_leads_page_says_that_its_number_is_never_called(
    managing: Client, attempt: CallAttempt
) -> None:
    never_call.add(PHONE, "asked us to stop", None)
    path = f"/admin/leads/lead/{attempt.lead_id}/"
    assert "on the never-call list: asked us to stop" in page(managing, f"{path}change/")
    answer = managing.post(f"{path}call-now/", {"confirmed": "yes"}, follow=True)
    assert "on the never-call list: asked us to stop" in answer.content.decode()
    attempt.lead.refresh_from_db()
    assert attempt.lead.status == "connected"


def test_a_manager_takes_a_number_back(managing: Client, attempt: CallAttempt) -> None:
    never_call.add(PHONE, "asked us to stop", None)
    entry = NeverCallNumber.objects.get()
    path = f"/admin/leads/nevercallnumber/{entry.pk}/"
    assert managing.post(f"{path}change/", {"reason": "by mistake"}).status_code == 302
    entry.refresh_from_db()
    assert (entry.phone, entry.reason) == (PHONE, "by mistake")
    assert managing.post(f"{path}delete/", {"post": "yes"}).status_code == 302
    answer = managing.post(
        f"/admin/leads/lead/{attempt.lead_id}/call-now/", {"confirmed": "yes"}, follow=True
    )
    assert "The lead will be called as soon as a salesperson is free." in answer.content.decode()
