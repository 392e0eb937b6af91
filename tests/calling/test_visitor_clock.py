"""The visitor's clock stops when their phone rings, whatever was accepted before."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import dispatch, manual, visitor_clock
from callbacks.models import CallAttempt, Extension, Schedule, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.monitoring import queue_figures
from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import Row, figures
from callbacks.reports.stages import stage_times
from leads import sla, transitions
from leads.models import ClockChange, Lead, LeadSource, LeadStatus, SlaClock
from tests.calling.test_retries_follow_hours import closed_on, hours
from tests.scheduling.test_next_call import moment
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def attempt(make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess) -> CallAttempt:
    """An accepted call of a lead that was due a minute ago; the salesperson's phone rings."""
    simulator.control(answer_after=600)
    began = timezone.now() - timedelta(minutes=2)
    lead = make_lead(
        submitted_at=began, clock_started_at=began, due_at=began + timedelta(minutes=1)
    )
    attempt = dispatch.call_lead(lead.pk)
    assert attempt
    assert attempt.state == AttemptState.ACCEPTED
    return attempt


@pytest.fixture
def post(client: Client, settings: Any) -> Callable[..., None]:
    def post(what: str, **body: object) -> None:
        address = f"/webhooks/voicenter/{settings.CDR_SECRET}/{what}/"
        answer = client.post(address, json.dumps(body), content_type="application/json")
        assert answer.status_code == 200, answer.content

    return post


def record(attempt: CallAttempt, leg: int, status: str, **more: object) -> dict[str, object]:
    return {
        "ivruniqueid": attempt.call_id, "type": f"Click2Call leg{leg}", "status": status,
        "time": int(timezone.now().timestamp()), "duration": 0, "dialtime": 0, **more,
    }  # fmt: skip


def picked_up(attempt: CallAttempt) -> dict[str, object]:
    return {"ivrid": attempt.call_id, "extenUser": "101", "status": "Talking", "phone": "050"}


def standing() -> set[str]:
    """What the only lead counts as."""
    now = timezone.now()
    kinds = {
        "overdue": sla.overdue(now), "missed": sla.missed(now), "rang": sla.rang(),
        "in time": sla.in_time(), "counted": sla.counted(),
    }  # fmt: skip
    return {name for name, condition in kinds.items() if Lead.objects.filter(condition).exists()}


def lately() -> Asked:
    return Asked(last_days(2, timezone.localdate()))


def report() -> Row:
    return figures(lately(), MEASURES.values(), now=timezone.now()).total


def test_an_accepted_call_that_rings_the_salesperson_alone_stops_nothing(
    attempt: CallAttempt, post: Callable[..., None]
) -> None:
    assert standing() == {"counted", "overdue", "missed"}
    assert queue_figures.overdue(timezone.now()) == 1
    post("cdr", **record(attempt, 1, "NOANSWER", dialtime=30))
    post("cdr", **record(attempt, 2, "NOTCALLED"))
    assert standing() == {"counted", "overdue", "missed"}
    found = report()
    counted = [found[key].leads for key in ("called", "rang", "overdue", "in_time")]
    assert counted == [1, 0, 1, 0]
    assert found["ring_p50"].value is None


LEG2 = {
    "NOANSWER": True, "ANSWER": True, "VOICEMAIL": True, "BUSY": False, "INVALIDARGS": False,
    "CHANUNAVAIL": False, "NOTDIALED": False, "CONGESTION": False, "NOTCALLED": False,
}  # fmt: skip


@pytest.mark.parametrize(("status", "rings"), LEG2.items(), ids=LEG2)
@pytest.mark.parametrize("told", [False, True], ids=["", "told live that it rings"])
def test_it_stops_when_the_leads_phone_rings_as_leg_2_tells(
    attempt: CallAttempt, post: Callable[..., None], status: str, rings: bool, told: bool
) -> None:
    if told:
        post("popup", **picked_up(attempt))
        assert "rang" in standing()
    talk = {"duration": 40, "dialtime": 5} if status == "ANSWER" else {}
    ringing = {"dialtime": 20} if status in ("NOANSWER", "VOICEMAIL") else {}
    post("cdr", **record(attempt, 2, status, **ringing, **talk))
    post("cdr", **record(attempt, 1, "ANSWER", dialtime=2, duration=60))
    assert ("rang" in standing()) is rings
    attempt.refresh_from_db()
    lead = Lead.objects.get()
    assert lead.rang_at == attempt.rang_at
    assert (lead.time_to_ring is not None) is rings
    if lead.rang_at:
        assert lead.time_to_ring == lead.rang_at - lead.clock_started_at
    assert (lead.time_to_talk is not None) is (status == "ANSWER")


def test_told_live_that_the_salesperson_picked_up_it_stops_at_once(
    attempt: CallAttempt, post: Callable[..., None]
) -> None:
    post("popup", **picked_up(attempt))
    assert standing() == {"counted", "rang"}
    assert queue_figures.overdue(timezone.now()) == 0


def test_a_later_call_does_not_move_the_first_ring(
    attempt: CallAttempt, post: Callable[..., None], simulator: SimulatorProcess
) -> None:
    post("cdr", **record(attempt, 2, "NOANSWER", dialtime=20))
    post("cdr", **record(attempt, 1, "ANSWER", dialtime=2))
    first = Lead.objects.get().rang_at
    assert first
    Lead.objects.update(call_after=timezone.now() - timedelta(seconds=1))
    an_hour = timedelta(hours=1)
    CallAttempt.objects.update(
        claimed_at=F("claimed_at") - an_hour, sent_at=F("sent_at") - an_hour,
        ended_at=F("ended_at") - an_hour,
    )  # fmt: skip
    second = dispatch.call_lead(attempt.lead_id)
    assert second
    assert second.pk != attempt.pk
    post("cdr", **record(second, 2, "ANSWER", dialtime=3, duration=40))
    lead = Lead.objects.get()
    assert lead.status == LeadStatus.CONNECTED
    assert lead.rang_at == first
    assert lead.time_to_talk
    assert lead.time_to_ring
    assert lead.time_to_talk > lead.time_to_ring


@pytest.mark.parametrize(
    ("due_in", "counted"),
    [
        pytest.param(-60, {"counted", "missed"}, id="overdue: the miss stays"),
        pytest.param(60, set(), id="still in time"),
    ],
)
@pytest.mark.parametrize("status", ["waiting", "held"])
def test_cancelling_makes_no_miss_disappear_and_none_appear(
    make_lead: MakeLead, due_in: int, counted: set[str], status: str
) -> None:
    counted = set() if status == "held" else counted
    now = timezone.now()
    lead = make_lead(
        clock_started_at=now - timedelta(minutes=5), due_at=now + timedelta(seconds=due_in),
        status=status,
    )  # fmt: skip
    assert transitions.cancel(lead.pk, now)
    assert standing() == counted
    assert report()["never"].leads == len(counted & {"missed"})


@pytest.mark.parametrize("due_in", [-60, 60], ids=["overdue", "still in time"])
@pytest.mark.parametrize("status", ["connected", "waiting", "failed"])
def test_a_talk_of_which_nobody_knows_when_the_phone_rang_counts_whatever_is_cancelled_since(
    make_lead: MakeLead, due_in: int, status: str
) -> None:
    """A person reported the talk; then the lead may have been called again, and was cancelled."""
    now = timezone.now()
    lead = make_lead(
        clock_started_at=now - timedelta(minutes=5), due_at=now + timedelta(seconds=due_in),
        connected_at=now - timedelta(minutes=1), status=status,
        closed_at=None if status == "waiting" else now,
    )  # fmt: skip
    moved = transitions.cancel(lead.pk, now) or transitions.settle(lead.pk, now, "Done")
    assert moved == (status != "connected")
    assert standing() == {"counted"}
    assert sla.is_counted(Lead.objects.get())
    assert report()["reached"].leads == 1


def test_a_lead_called_again_after_a_conversation_counts_the_same_in_both_tables(
    attempt: CallAttempt, post: Callable[..., None], admin_user: User
) -> None:
    post("cdr", **record(attempt, 2, "ANSWER", dialtime=3, duration=40))
    post("cdr", **record(attempt, 1, "ANSWER", dialtime=2, duration=44))
    manual.call_now(attempt.lead_id, admin_user)
    assert Lead.objects.get().status != LeadStatus.CONNECTED
    connected, others = stage_times(lately(), GROUPINGS["source"], timezone.now())
    assert report()["reached"].leads == 1
    assert connected.total
    assert connected.total.leads == 1
    assert others.total is None


def test_a_target_in_opening_hours_is_measured_in_opening_hours(
    make_lead: MakeLead, office: Schedule, extension: Extension
) -> None:
    LeadSource.objects.update(sla_clock=SlaClock.OPEN)
    friday = datetime(2026, 3, 20, 16, 50, tzinfo=UTC)
    monday = datetime(2026, 3, 23, 9, 5, tzinfo=UTC)
    lead = make_lead(submitted_at=friday, clock_started_at=friday, due_at=monday)
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, state="lead_no_answer",
        outcome="lead_no_answer", claimed_at=monday, ended_at=monday, hold_until=monday,
        rang_at=monday,
    )  # fmt: skip
    Lead.objects.update(rang_at=monday)  # as the release before stored it
    assert visitor_clock.make_up() == 1
    assert visitor_clock.make_up() == 0
    lead.refresh_from_db()
    assert lead.time_to_ring == timedelta(minutes=15)


def whose() -> tuple[int | None, int | None, int | None]:
    lead = Lead.objects.get()
    return lead.by_extension, lead.by_user, lead.by_team


def test_a_lead_counts_for_whom_they_talked_with_else_for_who_was_rung_last(
    attempt: CallAttempt, post: Callable[..., None], team: Team
) -> None:
    assert whose() == (None, None, None)
    post("cdr", **record(attempt, 1, "NOANSWER", dialtime=30))
    post("cdr", **record(attempt, 2, "NOTCALLED"))
    assert whose() == (attempt.extension_id, None, team.pk)

    noam = User.objects.create_user("noam")
    others = Extension.objects.create(
        number="102", team=Team.objects.create(name="Others"), user=noam
    )
    for number, outcome in enumerate(["bridged", "lead_no_answer"]):
        at = timezone.now() + timedelta(minutes=number)
        CallAttempt.objects.create(
            lead=attempt.lead, extension=others if outcome == "bridged" else attempt.extension,
            salesperson=noam if outcome == "bridged" else None, phone=attempt.phone, state=outcome,
            outcome=outcome, claimed_at=at, ended_at=at, hold_until=at,
            connected_at=at if outcome == "bridged" else None,
        )  # fmt: skip
        visitor_clock.tell(attempt.lead_id)
        assert whose() == (others.pk, noam.pk, others.team_id)

    Extension.objects.update(team=team)
    visitor_clock.tell(attempt.lead_id)
    assert whose()[2] == others.team_id != team.pk, "the team is the one of then"


def test_a_talk_of_which_a_person_alone_knows_takes_no_time(
    attempt: CallAttempt, post: Callable[..., None]
) -> None:
    """Neither the time when the phone rang nor the time when they talked is known."""
    now = timezone.now()
    CallAttempt.objects.filter(pk=attempt.pk).update(
        state="bridged", outcome="bridged", connected_at=now, ended_at=now, rang_at=None
    )
    visitor_clock.tell(attempt.lead_id)
    lead = Lead.objects.get()
    assert (lead.time_to_ring, lead.time_to_talk) == (None, None)
    assert lead.by_extension == attempt.extension_id


LATE = timedelta(seconds=20)


@dataclass(frozen=True)
class HoursChange:
    """What a manager does to the hours between the call and its record. `target`: in seconds."""

    change: Callable[[], object]
    target: int = 600


HOURS_CHANGES = {
    "nothing": HoursChange(lambda: None),
    "a holiday of today": HoursChange(closed_on("23 Nov")),
    "a holiday of today, still in time": HoursChange(closed_on("23 Nov"), target=7200),
    "opens in the afternoon from now on": HoursChange(hours("13:00", "17:00")),
    "opens an hour earlier from now on": HoursChange(hours("08:00", "17:00"), target=7200),
    "the target counts all hours from now on": HoursChange(
        lambda: LeadSource.objects.update(sla_clock="always")
    ),
    "another target from now on": HoursChange(lambda: LeadSource.objects.update(sla_target=1)),
}


@pytest.mark.parametrize("row", HOURS_CHANGES.values(), ids=HOURS_CHANGES)
def test_hours_that_are_changed_before_the_record_comes_change_no_past(
    row: HoursChange, make_lead: MakeLead, office: Schedule, extension: Extension,
    simulator: SimulatorProcess, post: Callable[..., None],
) -> None:  # fmt: skip
    """The lead came on Friday at 16:50, and its phone rang on Monday at 09:10:20.

    In between are 20 minutes of opening hours, and 20 seconds. The record comes at noon.
    """
    simulator.control(answer_after=600)
    LeadSource.objects.update(sla_clock=SlaClock.OPEN, sla_target=row.target)
    came, called = moment("20 Nov 16:50"), moment("23 Nov 09:10")
    with time_machine.travel(came, tick=False):
        lead = make_lead()
    due_at = lead.due_at
    with time_machine.travel(called, tick=False):
        tasks.follow_changed_hours()
        attempt = dispatch.call_lead(lead.pk)
    assert attempt
    with time_machine.travel(moment("23 Nov 09:40"), tick=False):
        row.change()
        tasks.follow_changed_hours()
        tasks.follow_changed_hours()
    with time_machine.travel(moment("23 Nov 12:00"), tick=False):
        rang = {"time": int((called + LATE).timestamp()), "dialtime": 5}
        post("cdr", **record(attempt, 2, "ANSWER", duration=40) | rang)
    lead.refresh_from_db()
    assert lead.rang_at == called + LATE
    assert lead.time_to_ring == timedelta(minutes=20) + LATE
    assert lead.due_at == due_at
    assert not ClockChange.objects.exists()


def test_a_time_that_is_known_stays_when_a_record_comes_again_after_the_hours_have_changed(
    make_lead: MakeLead, office: Schedule, extension: Extension
) -> None:
    LeadSource.objects.update(sla_clock=SlaClock.OPEN)
    came, rang = moment("23 Nov 09:00"), moment("23 Nov 09:10")
    lead = make_lead(
        submitted_at=came, clock_started_at=came, due_at=came, rang_at=rang,
        time_to_ring=timedelta(minutes=10),
    )  # fmt: skip
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, state="lead_no_answer",
        outcome="lead_no_answer", claimed_at=rang, ended_at=rang, hold_until=rang, rang_at=rang,
    )  # fmt: skip
    closed_on("23 Nov")()
    visitor_clock.tell(lead.pk)
    lead.refresh_from_db()
    assert lead.time_to_ring == timedelta(minutes=10)


def test_the_start_of_a_clock_that_had_not_begun_is_taken_back_too(
    make_lead: MakeLead, office: Schedule, extension: Extension, post: Callable[..., None]
) -> None:
    """Called by hand before the opening; a holiday moves the opening; then the record comes."""
    LeadSource.objects.update(sla_clock=SlaClock.OPEN, sla_target=600)
    with time_machine.travel(moment("21 Nov 12:00"), tick=False):
        lead = make_lead()
    early, opening = moment("23 Nov 08:50"), moment("23 Nov 09:00")
    assert lead.clock_started_at == opening
    with time_machine.travel(early, tick=False):
        tasks.follow_changed_hours()
        attempt = CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, state="accepted", call_id="early",
            claimed_at=early, sent_at=early, answered_at=early,
            hold_until=early + timedelta(hours=1),
        )  # fmt: skip
        Lead.objects.update(status=LeadStatus.CALLING)
    with time_machine.travel(moment("23 Nov 08:55"), tick=False):
        closed_on("23 Nov")()
        tasks.follow_changed_hours()
        tasks.follow_changed_hours()
    assert Lead.objects.get().clock_started_at == moment("24 Nov 09:00")
    with time_machine.travel(moment("23 Nov 08:58"), tick=False):
        rang = {"time": int((early + LATE).timestamp()), "dialtime": 5}
        post("cdr", **record(attempt, 2, "ANSWER", duration=40) | rang)
    lead.refresh_from_db()
    assert lead.rang_at == early + LATE
    assert (lead.clock_started_at, lead.due_at) == (opening, opening + timedelta(minutes=10))
    assert lead.time_to_ring == timedelta(0)
    assert not ClockChange.objects.exists()
