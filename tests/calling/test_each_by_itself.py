"""One broken row stops no other row's turn, and no step of the sweep.

A trigger refuses every change to the rows of one number, which come first in each step.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import dispatch, reschedule
from callbacks.common import heartbeats
from callbacks.models import CallAttempt, CallParameters, CallRecord, Extension, Schedule, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.reconciliation import holds, lookup, records
from leads.models import Lead, LeadSource, LeadStatus, SetupVersion
from tests.support.simulator import SimulatorProcess, eventually

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

CURSED, GOOD = "+972505550101", "+972505550102"
AGO = timedelta(hours=1)


@pytest.fixture
def curse() -> Iterator[Callable[[str], None]]:
    """curse(table): any change to the row of CURSED raises an error."""
    cursed = []

    def lay(table: str) -> None:
        cursed.append(table)
        with connection.cursor() as cursor:
            cursor.execute(f"""
                CREATE OR REPLACE FUNCTION cursed() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION 'this row is broken'; END $$;
                CREATE TRIGGER a_curse BEFORE UPDATE ON {table} FOR EACH ROW
                WHEN (OLD.phone = '{CURSED}') EXECUTE FUNCTION cursed()
            """)

    yield lay
    with connection.cursor() as cursor:
        for table in cursed:
            cursor.execute(f"DROP TRIGGER a_curse ON {table}")


def attempts(make_lead: MakeLead, team: Team, **values: Any) -> list[CallAttempt]:
    """One attempt for each number, the cursed one first."""
    at, found = timezone.now() - AGO, []
    for number, phone in enumerate((CURSED, GOOD)):
        lead = make_lead(phone, status=LeadStatus.CALLING)
        extension = Extension.objects.create(number=str(101 + number), team=team)
        found.append(
            CallAttempt.objects.create(
                lead=lead, phone=phone, extension=extension, extension_number=extension.number,
                claimed_at=at + timedelta(seconds=number), sent_at=at, hold_until=at + 9 * AGO,
                **{key: f"{it}{number}" if key == "call_id" else it for key, it in values.items()},
            )
        )  # fmt: skip
    return found


def failures() -> float:
    return heartbeats.read().counts.get("sweep_item_failures", 0.0)


def test_lost_dials(make_lead: MakeLead, team: Team, curse: Callable[[str], None]) -> None:
    """The broken row is counted, so that somebody notices it."""
    _, good = attempts(make_lead, team, state="dialing")
    curse("callbacks_callattempt")
    before = failures()
    assert holds.give_up_lost_dials() == 1
    eventually(lambda: failures() == before + 1)
    good.refresh_from_db()
    assert good.state == AttemptState.UNKNOWN


def test_expired_holds(make_lead: MakeLead, team: Team, curse: Callable[[str], None]) -> None:
    """Here the broken row is the lead: its attempt cannot be ended, but the other one can."""
    cursed, good = attempts(make_lead, team, state="accepted", call_id="C-")
    CallAttempt.objects.update(hold_until=timezone.now() - AGO)
    curse("leads_lead")
    assert holds.free_expired_holds() == 1
    for attempt in (cursed, good):
        attempt.refresh_from_db()
    assert (cursed.state, good.state) == (AttemptState.ACCEPTED, AttemptState.ENDED)


def test_records_without_an_attempt(
    make_lead: MakeLead, team: Team, curse: Callable[[str], None]
) -> None:
    _, good = attempts(make_lead, team, state="accepted", call_id="C-")
    for number in range(2):
        CallRecord.objects.create(
            call_id=f"C-{number}", type="Click2Call leg1", leg=1, status="NOANSWER", payload={}
        )
    curse("callbacks_callattempt")
    assert records.adopt_records() == 1
    good.refresh_from_db()
    assert good.state == AttemptState.AGENT_NO_ANSWER


def test_prices_that_add_up_to_more_than_is_stored(make_lead: MakeLead, team: Team) -> None:
    dear, good = attempts(make_lead, team, state="accepted", call_id="C-")
    for leg in (1, 2):
        CallRecord.objects.create(
            call_id="C-0",
            type=f"Click2Call leg{leg}",
            leg=leg,
            status="ANSWER",
            price=2**31 - 1,
            payload={},
        )
    CallRecord.objects.create(
        call_id="C-1", type="Click2Call leg1", leg=1, status="NOANSWER", payload={}
    )
    assert records.adopt_records() == 3
    dear.refresh_from_db()
    good.refresh_from_db()
    assert (dear.price, dear.state) == (2**31 - 1, AttemptState.BRIDGED)
    assert good.state == AttemptState.AGENT_NO_ANSWER


def test_looking_up(
    make_lead: MakeLead, team: Team, curse: Callable[[str], None], simulator: SimulatorProcess
) -> None:
    """Both calls are over, as the provider shows; one of the leads cannot be changed."""
    simulator.control(extensions={"101": "online", "102": "online"})
    _, good = attempts(make_lead, team, state="unknown")
    CallRecord.objects.bulk_create(
        CallRecord(
            call_id=f"C-{number}", type="Click2Call leg1", leg=1, status="NOANSWER",
            payload={
                "callid": f"C-{number}", "type": "Click2Call leg1", "status": "NOANSWER",
                "custom_data": {"var_attempt": str(attempt.public_id)},
            },
        )
        for number, attempt in enumerate(CallAttempt.objects.order_by("pk"))
    )  # fmt: skip
    curse("leads_lead")
    assert lookup.look_up() > 0
    good.refresh_from_db()
    assert good.state != AttemptState.UNKNOWN or good.missing_since


def test_so_many_looks_are_counted_no_further(
    make_lead: MakeLead, team: Team, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": "online", "102": "online"})
    attempts(make_lead, team, state="unknown", lookup_count=32_767)
    assert lookup.look_up() == 2


def test_hours_that_are_over(
    make_lead: MakeLead, team: Team, source: LeadSource, curse: Callable[[str], None]
) -> None:
    other = LeadSource.objects.create(slug="landing", name="Landing")
    team.sources.add(other)
    Team.objects.update(schedule=_tomorrow())
    make_lead(CURSED, call_after=timezone.now() - AGO)
    good = make_lead(GOOD, call_after=timezone.now() - AGO, source=other)
    curse("leads_lead")
    assert reschedule.follow_the_hours() == 1
    good.refresh_from_db()
    assert good.call_after > timezone.now()


def test_hours_that_have_changed(
    make_lead: MakeLead, team: Team, source: LeadSource, curse: Callable[[str], None]
) -> None:
    other = LeadSource.objects.create(slug="landing", name="Landing")
    team.sources.add(other)
    later = timezone.now() + timedelta(days=5)
    make_lead(CURSED, call_after=later, closed_until=later)
    good = make_lead(GOOD, call_after=later, closed_until=later, source=other)
    Team.objects.update(schedule=_tomorrow())
    curse("leads_lead")
    assert reschedule.follow_changed_hours() == 1
    good.refresh_from_db()
    assert good.call_after < later
    state = SetupVersion.objects.get()
    assert state.followed == state.version


def _tomorrow() -> Schedule:
    schedule = Schedule.objects.create(name="Tomorrow", time_zone="UTC")
    day = (timezone.now() + timedelta(days=1)).weekday()
    schedule.hours.create(weekday=day, opens_at="09:00", closes_at="17:00")
    return schedule


@pytest.mark.parametrize("variables", [["x"], "x", 7, True])
def test_call_parameters_that_are_none(
    make_lead: MakeLead,
    source: LeadSource,
    extension: Extension,
    simulator: SimulatorProcess,
    variables: Any,
) -> None:
    """The calls count, and a person gets the lead; the sweep goes on and calls other sources."""
    CallParameters.objects.create(source=source, variables=variables)
    lead = make_lead(CURSED)
    for _ in range(2):
        assert dispatch.call_lead(lead.pk)
    lead.refresh_from_db()
    assert (lead.status, lead.attempts) == (LeadStatus.FAILED, 2)
    assert lead.error_message.startswith("variables")
    tasks.sweep()
    other = LeadSource.objects.create(slug="landing", name="Landing")
    extension.team.sources.add(other)
    assert dispatch.call_lead(make_lead(GOOD, source=other).pk)
    assert len(simulator.ledger()) == 1


def test_call_parameters_of_an_extension_put_it_aside_and_cost_the_lead_no_try(
    make_lead: MakeLead, team: Team, extension: Extension, simulator: SimulatorProcess
) -> None:
    Extension.objects.create(number="102", team=team, queue_position=1)
    CallParameters.objects.create(extension=extension, language="Hebrew")
    lead = make_lead()
    assert dispatch.call_lead(lead.pk)
    extension.refresh_from_db()
    lead.refresh_from_db()
    assert (extension.is_paused, lead.status) == (True, LeadStatus.WAITING)
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    assert attempt.extension_number == "102"
