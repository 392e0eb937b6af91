"""A time that somebody chose stands, even if somebody else has the number called sooner."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import manual
from callbacks.models import CallAttempt, Extension, Schedule
from callbacks.policy.rules import MAX_ATTEMPTS
from callbacks.reconciliation import records
from callbacks.voicenter import Cdr
from leads.models import Lead, LeadSource, LeadStatus
from tests.calling.test_retries_follow_hours import hours
from tests.scheduling.test_next_call import moment
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import PHONE, Visitor, call, in_days, waits_for_a_retry

pytestmark = pytest.mark.django_db(transaction=True)

A_SECOND = timedelta(seconds=1)


def ended(attempt: CallAttempt, status: str) -> None:
    """The records arrive: the salesperson picked up, and leg 2 ended with this status."""
    attempt.refresh_from_db()
    for leg, word in ((1, "ANSWER"), (2, status)):
        talk = 30 if word == "ANSWER" else 0
        records.receive(Cdr(attempt.call_id, f"Click2Call leg{leg}", leg, word, talk_time=talk))


def tries(lead: Lead, until: datetime, status: str = "NOANSWER") -> list[datetime]:
    """Calls the lead whenever it is due before `until`; returns when it was called.

    Each call ends with this status.
    """
    called = []
    for _ in range(2 * MAX_ATTEMPTS):
        lead.refresh_from_db()
        if lead.status != LeadStatus.WAITING or lead.call_after >= until:
            break
        at = max(lead.call_after, timezone.now()) + A_SECOND
        with time_machine.travel(at, tick=False):
            attempt = call(lead)
        if attempt:
            called.append(at - A_SECOND)
            with time_machine.travel(at + timedelta(seconds=30), tick=False):
                ended(attempt, status)
    return called


def by_form(owner: Visitor, lead: Lead) -> None:
    Visitor().sends(message="Now, please")


def by_api(owner: Visitor, lead: Lead) -> None:
    body = {"source": "website", "name": "Gal", "phone": PHONE}
    answer = Client().post("/api/leads/", body, content_type="application/json")
    assert answer.status_code == 201


def sooner(owner: Visitor, lead: Lead) -> None:
    Visitor().sends(call_at=in_days(1))


def by_a_manager(owner: Visitor, lead: Lead) -> None:
    manual.call_now(lead.pk, User.objects.create_superuser("boss"))


def by_the_owner(owner: Visitor, lead: Lead) -> None:
    owner.sends(message="Now, please")


def first_now_then_a_stranger(owner: Visitor, lead: Lead) -> None:
    by_the_owner(owner, lead)
    Visitor().sends(message="Now, please")


def the_time_moved_by_the_owner(owner: Visitor, lead: Lead) -> None:
    Visitor().sends()
    owner.sends(call_at=in_days(4))


def taken_back_by_a_second_one(owner: Visitor, lead: Lead) -> None:
    """Another person chooses the fourth day, and later corrects the number."""
    other = Visitor()
    other.sends(call_at=in_days(4))
    Visitor().sends()
    other.sends_from_the_page(phone="050-555 0102")


Meanwhile = Callable[[Visitor, Lead], None]


@dataclass(frozen=True)
class Row:
    """The owner chose the third day; then something has the number called sooner.

    `day`: the day on which the call comes at its chosen time; 0: none, all calls are within two
    days. `status`: how leg 2 of each call ends.
    """

    meanwhile: Meanwhile
    day: int
    status: str = "NOANSWER"
    then: str = LeadStatus.UNREACHED


ROWS = {
    "a stranger, by the form": Row(by_form, 3),
    "a stranger, by the API": Row(by_api, 3),
    "a stranger, for another time": Row(sooner, 3),
    "a manager calls now": Row(by_a_manager, 3),
    "the line is busy each time": Row(by_form, 3, "BUSY"),
    "the owner wants it now": Row(by_the_owner, 0),
    "the owner wants it now, and so does a stranger": Row(first_now_then_a_stranger, 0),
    "the owner has moved it since": Row(the_time_moved_by_the_owner, 4),
    "somebody's time of later was taken back": Row(taken_back_by_a_second_one, 3),
    "they talk": Row(by_form, 0, "ANSWER", LeadStatus.CONNECTED),
    "the number is wrong": Row(by_form, 0, "INVALIDARGS", LeadStatus.FAILED),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_whoever_is_not_reached_sooner_is_called_at_the_chosen_time(
    row: Row, source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    owner = Visitor()
    chosen = {in_days(row.day)}
    lead = owner.sends(call_at=in_days(3))
    row.meanwhile(owner, lead)
    chosen.add(in_days(row.day))  # the next hour may have begun
    called = tries(lead, timezone.now() + timedelta(days=9), row.status)

    lead.refresh_from_db()
    assert lead.status == row.then
    if row.day:
        assert {datetime.fromisoformat(it) for it in chosen} & {*called}
    else:
        assert called[-1] < timezone.now() + timedelta(days=2)


def test_a_request_during_the_last_call_is_a_new_one_and_the_chosen_time_stands(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    """The person who chose a time also came during that call, and joins the new lead."""
    chosen = in_days(3)
    lead, _ = waits_for_a_retry(calls=4)
    Lead.objects.update(call_after=timezone.now(), counted_from=timezone.now() - timedelta(days=1))
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        attempt = call(lead)
        assert attempt
        own = Visitor().sends(message="Now")
        Visitor().sends(call_at=chosen)
        ended(attempt, "NOANSWER")
    own.refresh_from_db()
    assert own.status == LeadStatus.WAITING
    called = tries(own, timezone.now() + timedelta(days=9))
    assert datetime.fromisoformat(chosen) in called


def test_its_page_tells_of_the_time_again(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    owner = Visitor()
    lead = owner.sends(call_at=in_days(3))
    stranger = Visitor()
    stranger.sends()
    tries(lead, timezone.now() + timedelta(days=2))
    assert owner.status() == "scheduled"
    assert stranger.status() == "received"  # the stranger does not see the owner's time


@pytest.mark.parametrize(
    ("tries_before", "chosen", "then"),
    [
        (2, "13:30", "13:30"),
        (2, "14:30", "14:00"),
        (2, "12:00:30", "12:01"),
        (3, "13:00", "13:00"),
        (3, "16:00", "16:00"),
        (3, "next day", "next 09:00"),
    ],
    ids=[
        "before the wait of two hours is over", "after it", "sooner than the number's gap",
        "before the next opening", "before the next opening, after two hours", "after it",
    ],
)  # fmt: skip
def test_a_chosen_time_before_the_next_try_is_that_try(
    tries_before: int,
    chosen: str,
    then: str,
    source: LeadSource,
    office: Schedule,
    extension: Extension,
    simulator: SimulatorProcess,
) -> None:
    """A stranger's call at noon is not answered; the result stays the same after hours change."""

    def at(text: str) -> datetime:
        day = "24 Nov" if "next" in text else "23 Nov"
        return moment(f"{day} {text.removeprefix('next').strip()}".replace(" day", " 10:00"))

    with time_machine.travel(moment("23 Nov 11:59:30"), tick=False):
        lead, _ = waits_for_a_retry(calls=tries_before)
        CallAttempt.objects.update(ended_at=moment("23 Nov 11:00"))
        Lead.objects.update(first_source=source, first_chosen_at=at(chosen), gap_until=None)
        Lead.objects.update(
            call_after=timezone.now(),
            submitted_at=moment("23 Nov 08:00"),
            counted_from=moment("23 Nov 08:00"),
        )
        attempt = call(lead)
        assert attempt
    with time_machine.travel(moment("23 Nov 12:00"), tick=False):
        ended(attempt, "NOANSWER")
        lead.refresh_from_db()
        assert lead.call_after == at(then)
        hours("09:00", "18:00")()
        for _ in range(2):
            tasks.follow_changed_hours()
        lead.refresh_from_db()
        assert lead.call_after == at(then)
