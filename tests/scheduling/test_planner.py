"""What is planned for a lead as it arrives: when it is called, and when its SLA clock starts."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.calling import dial, dispatch, manual, manual_requests, recorded_messages, reschedule
from callbacks.common import task_publisher
from callbacks.explain import unroutable
from callbacks.models import (
    CallAttempt,
    Extension,
    Schedule,
    SourceMessages,
    Team,
)
from callbacks.models.attempt_states import AttemptState
from leads import intake, standings
from leads.models import Lead, LeadSource, LeadStatus
from tests.calling.test_apply_outcome import calls_again_at
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
EVENING = NOON.replace(hour=20)
MORNING = NOON.replace(day=24, hour=9)
NEW_YORK = "+12125550101"  # at noon UTC it is seven in the morning there


@pytest.fixture
def abroad(team: Team) -> None:
    """The team is always open; numbers are called from eight to eight on their own clock."""
    LeadSource.objects.update(
        allowed_countries=["IL", "US"], call_from=time(8), call_until=time(20)
    )


def plan_of(lead: Lead) -> dict[str, Any]:
    names = ["call_after", "gap_until", "closed_until", "waiting_since", "clock_started_at"]
    return {name: getattr(lead, name) for name in names}


def test_a_lead_in_opening_hours_is_called_at_once(
    office: Schedule, extension: Extension, make_lead: MakeLead
) -> None:
    with time_machine.travel(NOON, tick=False):
        lead = make_lead()
    assert plan_of(lead) == {
        "call_after": NOON, "gap_until": None, "closed_until": None, "waiting_since": NOON,
        "clock_started_at": NOON,
    }  # fmt: skip
    assert queued() == [(task_publisher.CALL_LEAD, lead.pk)]


def test_a_lead_at_night_is_told_the_opening_as_it_comes_and_nobody_is_woken(
    office: Schedule, extension: Extension, make_lead: MakeLead, client: Client
) -> None:
    with time_machine.travel(EVENING, tick=False):
        lead = make_lead()
        assert plan_of(lead) == {
            "call_after": MORNING, "gap_until": None, "closed_until": MORNING,
            "waiting_since": EVENING, "clock_started_at": EVENING,
        }  # fmt: skip
        assert lead.due_at == EVENING + timedelta(minutes=1)
        assert queued() == []
        page = client.get(f"/api/leads/{lead.public_id}/").json()
    assert page["status"] == "scheduled"
    assert page["message"] == "We will call you tomorrow, Tuesday, at 09:00 (UTC)."


def test_a_clock_of_opening_hours_starts_with_them(office: Schedule, make_lead: MakeLead) -> None:
    LeadSource.objects.update(sla_clock="open")
    source = LeadSource.objects.get()
    with time_machine.travel(EVENING, tick=False):
        lead = store(source)
    assert (lead.clock_started_at, lead.due_at) == (MORNING, MORNING + timedelta(minutes=1))


def store(source: LeadSource, phone: str = "+972505550150", **values: Any) -> Lead:
    key = intake.key_from("planning", phone)
    return intake.store(
        intake.Submission(source=source, key=key, name="Noa", phone=phone, **values)
    )


@pytest.mark.parametrize("sla_clock", ["always", "open"])
def test_a_chosen_time_moves_the_call_and_the_clock(
    office: Schedule, source: LeadSource, sla_clock: str
) -> None:
    source.sla_clock = sla_clock
    chosen = MORNING + timedelta(hours=3)
    with time_machine.travel(EVENING, tick=False):
        lead = store(source, chosen_at=chosen)
    assert plan_of(lead) == {
        "call_after": chosen, "gap_until": chosen, "closed_until": None,
        "waiting_since": EVENING, "clock_started_at": chosen,
    }  # fmt: skip
    assert lead.due_at == chosen + timedelta(minutes=1)
    assert queued() == []


def test_a_chosen_time_is_honoured_by_the_first_sweep_after_it(
    office: Schedule, extension: Extension, source: LeadSource, simulator: SimulatorProcess
) -> None:
    chosen = timezone.now()
    with time_machine.travel(MORNING + timedelta(hours=2), tick=False) as clock:
        chosen = timezone.now() + timedelta(hours=1)
        lead = store(source, chosen_at=chosen)
        clock.move_to(chosen - timedelta(seconds=1, milliseconds=1))
        assert dispatch.call_due_leads() == 0
        assert dispatch.call_lead(lead.pk) is None
        clock.move_to(chosen + timedelta(seconds=4))
        assert dispatch.call_due_leads() == 1
        assert dispatch.call_lead(lead.pk)


def test_the_message_for_those_who_come_at_night_plays_with_the_submission(
    office: Schedule, source: LeadSource, simulator: SimulatorProcess
) -> None:
    SourceMessages.objects.create(source=source, when_closed="closed-now")
    with time_machine.travel(EVENING, tick=False):
        lead = store(source)
        [(task, attempt)] = queued(empty=True)
        assert task == task_publisher.DIAL
        dial.dial_committed(attempt)
        # A visitor who chose a time knows that nobody calls before it.
        store(source, "+972505550151", chosen_at=MORNING)
        assert queued() == []
    assert CallAttempt.objects.get().lead == lead
    assert [entry["pre_rec"] for entry in simulator.ledger()] == ["closed-now"]


def test_a_lead_that_nobody_ever_answers_is_told_so_and_waits(
    source: LeadSource, make_lead: MakeLead, client: Client
) -> None:
    lead = make_lead()
    assert lead.status == LeadStatus.WAITING
    assert lead.due_at == lead.submitted_at + timedelta(minutes=1)
    page = client.get(f"/api/leads/{lead.public_id}/").json()
    assert (page["status"], page["message"]) == ("received", standings.FOR_A_PERSON.message)
    assert dispatch.call_lead(lead.pk) is None
    assert reschedule.follow_the_hours() == 0
    # As soon as somebody answers the source, the lead is called.
    team = Team.objects.create(name="Sales")
    team.sources.add(source)
    Extension.objects.create(number="101", team=team)
    assert client.get(f"/api/leads/{lead.public_id}/").json()["status"] == "waiting"
    assert dispatch.call_due_leads() == 1


def test_a_duplicate_stands_where_the_first_one_does_when_nobody_answers(
    source: LeadSource, make_lead: MakeLead, client: Client
) -> None:
    make_lead("+972505550150")
    again = make_lead("+972505550150")
    assert again.status == LeadStatus.DUPLICATE
    assert client.get(f"/api/leads/{again.public_id}/").json()["status"] == "received"


def test_a_window_that_never_meets_the_teams_hours_keeps_no_other_lead_waiting(
    office: Schedule, extension: Extension, source: LeadSource, client: Client
) -> None:
    LeadSource.objects.update(call_from=time(20), call_until=time(23))
    other = LeadSource.objects.create(slug="other", name="Other")
    extension.team.sources.add(other)
    with time_machine.travel(NOON, tick=False):
        stuck = store(LeadSource.objects.get(slug="website"))
        Lead.objects.update(
            due_at=NOON - timedelta(hours=1), clock_started_at=NOON - timedelta(hours=1)
        )
        waiting = store(other, "+972505550151")
        assert dispatch.call_lead(stuck.pk) is None
        assert reschedule.follow_the_hours() == 0
        queued(empty=True)
        assert dispatch.call_due_leads() == 1
        assert queued() == [(task_publisher.CALL_LEAD, waiting.pk)]
        stuck.refresh_from_db()
        assert (stuck.status, stuck.call_after) == (LeadStatus.WAITING, NOON + timedelta(hours=1))
        assert client.get(f"/api/leads/{stuck.public_id}/").json()["status"] == "received"
        assert unroutable.why([stuck.source_id, other.pk], NOON) == {
            stuck.source_id: "the calling window never overlaps the teams' hours"
        }


def test_a_source_that_never_opens_has_no_leads_read_by_the_sweep(
    source: LeadSource, make_lead: MakeLead, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        make_lead()
    # The version of the set-up, and the sources with due leads.
    with django_assert_num_queries(2):
        assert reschedule.follow_the_hours() == 0


# --- the lead's own hours limit every dial --------------------------------------------------------


def test_it_is_called_in_its_own_morning(
    abroad: None, extension: Extension, simulator: SimulatorProcess
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        lead = store(LeadSource.objects.get(), NEW_YORK)
        assert lead.call_after == NOON + timedelta(hours=1)
        assert dispatch.call_due_leads() == 0
        clock.move_to(NOON + timedelta(hours=1))
        assert dispatch.call_due_leads() == 1
        assert dispatch.call_lead(lead.pk)


def test_a_lead_for_which_it_has_become_late_is_put_off_and_the_others_are_not(
    abroad: None, team: Team, simulator: SimulatorProcess
) -> None:
    source = LeadSource.objects.get()
    with time_machine.travel(NOON + timedelta(hours=5), tick=False) as clock:
        here, there = store(source), store(source, NEW_YORK)
        clock.move_to(NOON + timedelta(hours=7))  # 21:00 in Jerusalem, 14:00 in New York
        assert reschedule.follow_the_hours() == 1
        assert reschedule.follow_the_hours() == 0
        here.refresh_from_db()
        there.refresh_from_db()
        tomorrow = NOON.replace(day=24, hour=6)
        assert (here.call_after, here.closed_until) == (tomorrow, tomorrow)
        assert there.call_after < timezone.now()


def test_who_is_dialled_a_moment_too_late_waits_for_the_next_morning(
    abroad: None, extension: Extension, simulator: SimulatorProcess
) -> None:
    with time_machine.travel(NOON + timedelta(hours=5), tick=False) as clock:
        lead = store(LeadSource.objects.get())
        clock.move_to(NOON + timedelta(hours=6))
        assert dispatch.call_lead(lead.pk) is None
        lead.refresh_from_db()
        assert lead.call_after == NOON.replace(day=24, hour=6)
    assert simulator.ledger() == []


def test_a_moment_too_early_it_keeps_its_time(office: Schedule, extension: Extension) -> None:
    Team.objects.update(opening_rate=1)
    with time_machine.travel(EVENING, tick=False) as clock:
        lead = store(LeadSource.objects.get())
        store(LeadSource.objects.get(), "+972505550151")
        clock.move_to(MORNING - timedelta(milliseconds=300))
        assert dispatch.call_lead(lead.pk) is None
        lead.refresh_from_db()
        assert lead.call_after == MORNING


def test_retries_keep_to_its_hours(abroad: None, extension: Extension) -> None:
    late = NOON.replace(day=24, hour=0, minute=55)  # 19:55 on Monday in New York
    with time_machine.travel(late, tick=False):
        times = calls_again_at(store(LeadSource.objects.get(), NEW_YORK), late)
    eight = NOON.replace(day=24, hour=13)
    assert times[:3] == [
        late + timedelta(minutes=2),
        eight,
        eight + timedelta(hours=2),
    ]
    for again in times:
        assert again.hour >= 13 or again.hour == 0, again


def test_a_manager_is_told_when_it_is_called(abroad: None, extension: Extension) -> None:
    with time_machine.travel(NOON, tick=False):
        lead = store(LeadSource.objects.get(), NEW_YORK)
        said = manual.call_now(lead.pk, None)
        assert said == (
            "This is outside the number's calling hours. The lead will be called on Monday, "
            "23 November at 15:00."
        )
        lead.refresh_from_db()
        assert lead.call_after == NOON + timedelta(hours=1)
        for wish in (
            lambda: manual.call_with(lead.pk, extension.pk, None),
            lambda: manual.play(lead.pk, "hello", None),
        ):
            with pytest.raises(
                manual_requests.CannotCall,
                match="not be called before Monday, 23 November at 15:00",
            ):
                wish()
    assert not CallAttempt.objects.exists()


def test_a_manager_may_have_it_called_by_one_who_is_there_although_nobody_is_on_shift(
    office: Schedule, extension: Extension
) -> None:
    with time_machine.travel(EVENING, tick=False):
        lead = store(LeadSource.objects.get())
        assert "Nobody is on shift" in manual.call_now(lead.pk, None)
        assert "101" in manual.call_with(lead.pk, extension.pk, None)


def test_what_was_committed_in_time_and_is_sent_too_late_is_not_sent(
    abroad: None, extension: Extension, simulator: SimulatorProcess
) -> None:
    with time_machine.travel(NOON + timedelta(hours=5, minutes=59), tick=False) as clock:
        lead = store(LeadSource.objects.get())
        queued(empty=True)
        manual.call_with(lead.pk, extension.pk, None)
        other = store(LeadSource.objects.get(), "+972505550151")
        manual.play(other.pk, "hello", None)
        clock.move_to(NOON + timedelta(hours=6, seconds=1))
        for attempt in CallAttempt.objects.all():
            dial.dial_committed(attempt.pk)
    assert simulator.ledger() == []
    assert set(CallAttempt.objects.values_list("state", "failure_reason")) == {
        (AttemptState.NOT_SENT, "too_late")
    }
    lead.refresh_from_db()
    assert (lead.status, lead.call_after) == (LeadStatus.WAITING, NOON.replace(day=24, hour=6))


def test_no_message_plays_by_itself_at_night(abroad: None, source: LeadSource) -> None:
    SourceMessages.objects.create(source=source, when_given_up="sorry")
    with time_machine.travel(NOON + timedelta(hours=5, minutes=59), tick=False) as clock:
        lead = store(LeadSource.objects.get())
        clock.move_to(NOON + timedelta(hours=6))
        recorded_messages.play_when_given_up(lead.pk, lead.phone, source.pk, timezone.now())
        assert not CallAttempt.objects.exists()
        clock.move_to(NOON.replace(day=24, hour=6))
        recorded_messages.play_when_given_up(lead.pk, lead.phone, source.pk, timezone.now())
        assert CallAttempt.objects.exists()


def test_planning_asks_the_database_no_more_than_before(
    extension: Extension, client: Client, django_assert_max_num_queries: Any
) -> None:
    filled = {"source": "website", "name": "Noa", "phone": "050-555 0101"}
    client.post("/api/leads/", {**filled, "phone": "050-555 0102"})  # loads the configuration
    # The version of the set-up, the never-call list, the block lists, the lead, and the two queries
    # of a savepoint.
    with django_assert_max_num_queries(6):
        client.post("/api/leads/", filled)
