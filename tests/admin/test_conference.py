"""Calling an extension into the conference room."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks.calling import conference, manual_requests
from callbacks.models import CallAttempt, CallPrice, Extension, SpendCount, SpendLimit
from leads.models import Lead, LeadSource
from tests.support.admin_posting import confirm, said
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.together import at_once

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
    code = "violet-4711"  # no id and no token of the page has that in it
    answer = confirm(managing, address(extension), room_code=code)
    assert said(answer) == ["Extension 101 rings and joins the conference room."]
    [entry] = simulator.ledger()
    assert (entry["action"], entry["phone"], entry["bbbcode"]) == ("callference", "101", code)
    logged = LogEntry.objects.get()
    assert (logged.user, logged.change_message) == (manager, "Called into the conference room")
    page = managing.get(f"{LIST}{extension.pk}/change/").content.decode()
    assert "in the conference room" in page
    assert code not in page


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
    """A refusal undoes only our own reservation of the extension."""
    # Long enough for the change to be made in between, even on a busy machine.
    simulator.control(
        extensions={"101": "blocked"}, faults=[{"kind": "delay", "seconds": 2.0}]
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
    assert message == "That extension is on a call."


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


# How a call into the room is counted: (kind, number) -> its cost, and how many calls count towards
# the country's limit.
COUNTED = [
    (Extension.Kind.SIP, "101", "0", 0),
    (Extension.Kind.PHONE, "972505550177", "0.30", 1),
]


@pytest.fixture
def limit(db: None) -> SpendLimit:
    SpendLimit.objects.all().delete()
    CallPrice.objects.all().delete()
    CallPrice.objects.create(prefix="+972", country="IL", per_minute="0.10")
    CallPrice.objects.create(prefix="+44", country="GB", per_minute="9")
    return SpendLimit.objects.create(calls_an_hour=1)


def counted(limit: SpendLimit) -> tuple[int, Decimal]:
    found = SpendCount.objects.filter(limit=limit, span="hour").first()
    return (found.calls, found.cost) if found else (0, Decimal(0))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "number", "cost", "of_country"), COUNTED)
def test_it_counts_toward_the_spending_limits(
    kind: str,
    number: str,
    cost: str,
    of_country: int,
    extension: Extension,
    limit: SpendLimit,
    simulator: SimulatorProcess,
) -> None:
    israel = SpendLimit.objects.create(scope="country", country="IL", calls_an_hour=9)
    source = LeadSource.objects.get()
    of_source = SpendLimit.objects.create(scope="source", source=source, calls_an_hour=0)
    Extension.objects.filter(pk=extension.pk).update(kind=kind, number=number)
    conference.call_into_room(extension.pk, "4711", None)
    assert counted(limit) == (1, Decimal(cost))
    assert counted(israel) == (of_country, Decimal(cost) * of_country)
    assert counted(of_source) == (0, 0)
    assert len(simulator.ledger()) == 1


@pytest.mark.django_db(transaction=True)
def test_at_a_limit_nobody_is_rung_and_the_reason_is_told(
    managing: Client, extension: Extension, limit: SpendLimit, simulator: SimulatorProcess
) -> None:
    SpendLimit.objects.update(calls_an_hour=0)
    [message] = said(confirm(managing, address(extension), room_code="4711"))
    assert "The spending limit for this hour is reached (all calls)." in message
    assert "Nothing was changed." in message
    extension.refresh_from_db()
    assert extension.unavailable_until is None
    assert counted(limit) == (0, 0)
    assert simulator.ledger() == []


@pytest.mark.django_db(transaction=True)
def test_what_the_provider_refuses_is_not_counted(
    extension: Extension, limit: SpendLimit, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": "blocked"})
    with pytest.raises(manual_requests.CannotCall, match="refused"):
        conference.call_into_room(extension.pk, "4711", None)
    assert counted(limit) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_exceed_a_limit_by_one(
    extension: Extension, limit: SpendLimit, simulator: SimulatorProcess
) -> None:
    SpendLimit.objects.update(calls_an_hour=2)
    team = extension.team
    numbers = iter([extension.pk] + [
        Extension.objects.create(number=str(number), team=team).pk for number in range(102, 109)
    ])  # fmt: skip

    def call_into_room() -> None:
        with suppress(manual_requests.CannotCall):
            conference.call_into_room(next(numbers), "4711", None)

    at_once(8, call_into_room)
    assert len(simulator.ledger()) == 2
    assert counted(limit)[0] == 2
    assert Extension.objects.exclude(unavailable_until=None).count() == 2
