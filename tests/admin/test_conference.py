"""Calling an extension into the conference room."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks.calling import conference, manual_requests
from callbacks.models import CallAttempt, Extension
from leads.models import Lead
from tests.support.admin_posting import confirm, said
from tests.support.simulator import SimulatorProcess, eventually

LIST = "/admin/callbacks/extension/"


def address(extension: Extension) -> str:
    return f"{LIST}{extension.pk}/conference/"


@pytest.mark.django_db(transaction=True)
def test_the_extension_rings_into_the_room_and_the_code_stays_out_of_the_log(
    managing: Client, manager: User, extension: Extension, simulator: SimulatorProcess
) -> None:
    question = managing.get(address(extension)).content.decode()
    assert "101 Dana" in question
    assert "1 h" in question
    assert simulator.ledger() == []
    answer = confirm(managing, address(extension), room_code="4711")
    assert said(answer) == ["Extension 101 rings and is put into the conference room."]
    [entry] = simulator.ledger()
    assert (entry["action"], entry["phone"], entry["bbbcode"]) == ("callference", "101", "4711")
    logged = LogEntry.objects.get()
    assert (logged.user, logged.change_message) == (manager, "Called into the conference room")
    page = managing.get(f"{LIST}{extension.pk}/change/").content.decode()
    assert "in the conference room" in page
    assert "4711" not in page


@pytest.mark.django_db(transaction=True)
def test_what_the_provider_refuses_is_told_and_not_logged_as_done(
    managing: Client, extension: Extension, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": "blocked"})
    [message] = said(confirm(managing, address(extension), room_code="4711"))
    assert "The provider refused" in message
    extension.refresh_from_db()
    assert extension.unavailable_until is None
    assert not LogEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_somebody_changes_while_the_provider_refuses_stays(
    extension: Extension, simulator: SimulatorProcess
) -> None:
    """The undo is of our own reservation alone."""
    simulator.control(
        extensions={"101": "blocked"}, faults=[{"kind": "delay", "seconds": 0.5}]
    )  # fmt: skip
    later = timezone.now() + timedelta(hours=3)

    def call_into_room() -> None:
        try:
            with pytest.raises(manual_requests.CannotCall, match="refused"):
                conference.call_into_room(extension.pk, "4711", None)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        refused = pool.submit(call_into_room)
        eventually(lambda: Extension.objects.get().unavailable_until)
        Extension.objects.update(unavailable_until=later, unavailable_reason="away")
        refused.result()
    extension.refresh_from_db()
    assert (extension.unavailable_until, extension.unavailable_reason) == (later, "away")


@pytest.mark.parametrize("code", ["a b", "../..", "x" * 65])
def test_what_is_no_code_is_refused_beside_the_field(
    code: str, managing: Client, extension: Extension
) -> None:
    answer = managing.post(address(extension), {"confirmed": "yes", "room_code": code})
    assert answer.context["question"].form.errors["room_code"]
    extension.refresh_from_db()
    assert extension.unavailable_until is None


@pytest.mark.parametrize(
    ("values", "offered"),
    [({}, True), ({"is_paused": True}, True), ({"is_blocked": True}, False),
     ({"is_active": False}, False), ({"kind": "logincode"}, False)],
    ids=str,
)  # fmt: skip
def test_it_is_offered_for_extensions_that_can_be_rung(
    values: dict[str, object], offered: bool, managing: Client, extension: Extension
) -> None:
    Extension.objects.update(**values)
    page = managing.get(f"{LIST}{extension.pk}/change/").content.decode()
    assert (address(extension) in page) is offered


def test_it_is_not_offered_while_the_extension_is_on_a_call(
    managing: Client, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead(status="calling")
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101",
        state="accepted", call_id="C-1", claimed_at=timezone.now(), hold_until=timezone.now(),
    )  # fmt: skip
    assert address(extension) not in managing.get(f"{LIST}{extension.pk}/change/").content.decode()
    [message] = said(confirm(managing, address(extension), room_code="1"))
    assert message == "That extension is on a call, blocked or off."


def test_without_the_permission_it_is_not_offered_and_forged_posts_are_refused(
    manager: User, staff_with: Callable[..., Client], extension: Extension
) -> None:
    looking = staff_with("callbacks.view_extension", "callbacks.pause_extension")
    assert "conference/" not in looking.get(f"{LIST}{extension.pk}/change/").content.decode()
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(manager)
    for client in (looking, forging, staff_with("callbacks.use_conference")):
        answer = client.post(address(extension), {"confirmed": "yes", "room_code": "1"})
        assert answer.status_code == 403
    extension.refresh_from_db()
    assert extension.unavailable_until is None
