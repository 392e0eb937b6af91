"""Several requests for one number: the newest wish counts, and nobody learns of the others."""

import uuid
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension, OpeningHours, Schedule, Team
from callbacks.routing import claim as claims
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.asking import asked
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import (
    E164,
    PHONE,
    Visitor,
    call,
    ends,
    in_days,
    pass_by,
    waits_for_a_retry,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def landing(db: None) -> LeadSource:
    return LeadSource.objects.create(slug="landing", name="Landing page")


def teams(source: LeadSource, number: str, how: str) -> None:
    """Who answers a source: nobody, or a team with one phone in the state `how`."""
    if how == "nobody":
        return
    team = Team.objects.create(name=f"Team {number}", is_active=how != "off")
    team.sources.add(source)
    extension = Extension.objects.create(number=number, team=team, is_paused=how == "paused")
    if how in ("never opens", "opens later"):
        team.schedule = Schedule.objects.create(name=how, time_zone="UTC")
        team.save()
    if how == "opens later":
        weekday = (timezone.now() + timedelta(days=2)).weekday()
        OpeningHours.objects.create(
            schedule=team.schedule, weekday=weekday, opens_at=time(8), closes_at=time(17)
        )
    if how == "busy":
        on_a_call(extension)


def on_a_call(extension: Extension) -> None:
    other = Visitor().sends(extension.team.sources.get().slug, "050-555 0190")
    assert claims.claim(other.pk, asked(extension.team), timezone.now(), timedelta(hours=1))


# --- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["the same visitor", "somebody else"])
def test_as_soon_as_possible_after_a_later_time_is_called_now(
    who: str, source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    first = Visitor()
    lead = first.sends(call_at=in_days(13), message="In two weeks")
    assert call(lead) is None

    second = first if who == "the same visitor" else Visitor()
    second.sends(message="Now, please")

    assert call(lead)
    [dialled] = simulator.ledger()
    assert dialled["target"] == E164.lstrip("+")
    assert second.status() == "calling"


@pytest.mark.parametrize(
    ("first_time", "second_time", "same", "called_in"),
    [
        (None, 3, True, 3),
        (None, 3, False, 0),
        (5, 3, True, 3),
        (5, 3, False, 3),
        (3, 5, True, 5),
        (3, 5, False, 3),
        (5, None, True, 0),
        (5, None, False, 0),
        (None, None, False, 0),
    ],
    ids=[
        "later by the same visitor", "later by another", "earlier by the same visitor",
        "earlier by another", "later than chosen by the same visitor",
        "later than chosen by another", "now by the same visitor", "now by another",
        "twice as soon as possible",
    ],
)  # fmt: skip
def test_who_may_move_a_call_and_which_way(
    first_time: int | None,
    second_time: int | None,
    same: bool,
    called_in: int,
    source: LeadSource,
    extension: Extension,
) -> None:
    first, now = Visitor(), timezone.now()
    lead = first.sends(call_at=in_days(first_time) if first_time else "")
    second = first if same else Visitor()
    second.sends(call_at=in_days(second_time) if second_time else "", message="Again")

    lead.refresh_from_db()
    assert round((lead.call_after - now) / timedelta(days=1)) == called_in
    assert round((lead.due_at - now) / timedelta(days=1)) == called_in
    assert Lead.objects.filter(status=LeadStatus.WAITING).count() == 1


def test_a_request_during_a_retry_wait_is_called_as_soon_as_the_numbers_gap_allows(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    lead, ended_at = waits_for_a_retry()
    Visitor().sends(message="I am at the phone now")

    assert call(lead) is None  # the gap is not over
    lead.refresh_from_db()
    assert lead.call_after == ended_at + timedelta(seconds=60)
    with time_machine.travel(lead.call_after + timedelta(seconds=1), tick=False):
        assert call(lead)
    assert len(simulator.ledger()) == 1


def test_the_bound_of_the_day_holds_for_a_request_during_a_retry_wait(
    source: LeadSource, extension: Extension
) -> None:
    lead, _ = waits_for_a_retry(calls=8)
    Visitor().sends(message="Once more")

    assert call(lead) is None
    lead.refresh_from_db()
    assert lead.call_after > timezone.now() + timedelta(hours=20)


# --- through whom the number is called ----------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "there", "through"),
    [
        ("nobody", "free", "there"),
        ("opens later", "free", "there"),
        ("off", "free", "there"),
        ("paused", "free", "there"),
        ("busy", "free", "there"),
        ("never opens", "free", "there"),
        ("nobody", "opens later", "there"),
        ("free", "nobody", "here"),
        ("free", "opens later", "here"),
        ("free", "paused", "here"),
        ("busy", "paused", "here"),
        ("opens later", "nobody", "here"),
        ("free", "free", "here"),
    ],
)
@pytest.mark.parametrize("same", [True, False], ids=["same visitor", "another"])
def test_the_call_goes_through_the_source_that_can(
    here: str, there: str, through: str, same: bool, source: LeadSource, landing: LeadSource
) -> None:
    teams(source, "101", here)
    teams(landing, "102", there)
    first = Visitor()
    lead = first.sends()
    second = first if same else Visitor()
    second.sends("landing", message="From the landing page")

    lead.refresh_from_db()
    assert lead.source == {"here": source, "there": landing}[through]
    assert Lead.objects.filter(status=LeadStatus.WAITING).count() == 1
    for visitor in (first, second):
        assert visitor.reads()  # under its own address


def test_a_later_time_is_never_taken_for_a_lead_that_waits_by_going_to_another_source(
    source: LeadSource, landing: LeadSource, extension: Extension
) -> None:
    teams(landing, "102", "free")
    lead = Visitor().sends()
    Visitor().sends("landing", call_at=in_days(4))
    lead.refresh_from_db()
    assert (lead.source, lead.call_after) == (source, lead.submitted_at)


def test_it_is_called_through_the_other_source_at_once(
    source: LeadSource, landing: LeadSource, simulator: SimulatorProcess
) -> None:
    teams(landing, "102", "free")
    lead = Visitor().sends()
    assert call(lead) is None
    Visitor().sends("landing")
    assert call(lead)
    [dialled] = simulator.ledger()
    assert dialled["phone"] == "102"


# --- what visitors read -------------------------------------------------------------------------


@pytest.mark.parametrize("changed", ["message", "name", "email", "call_at"])
def test_back_corrected_and_sent_again_keeps_the_change(
    changed: str, source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    lead = visitor.sends(message="Hello", email="noa@example.com")
    new = {
        "message": "Hello again", "name": "Noa Cohen", "email": "cohen@example.com",
        "call_at": in_days(2),
    }  # fmt: skip
    values = {"message": "Hello", "email": "noa@example.com"}
    again = visitor.sends(**{**values, changed: new[changed]})

    assert (again.duplicate_of, again.submitter) == (lead, lead.submitter)
    newest = Lead.objects.get(pk=lead.pk).newest_request()
    assert newest == again
    assert getattr(newest, "chosen_at" if changed == "call_at" else changed)
    assert visitor.status() == ("scheduled" if changed == "call_at" else "waiting")
    assert visitor.sends(**{**values, changed: new[changed]}) == again


@pytest.mark.parametrize("status", ["connected", "called", "unreached", "failed", "cancelled"])
@pytest.mark.parametrize("what", ["as it was", "corrected", "from its page"])
def test_a_request_after_a_finished_call_is_a_new_one(
    status: str, what: str, source: LeadSource, extension: Extension
) -> None:
    visitor, now = Visitor(), timezone.now()
    first = visitor.sends()
    connected_at = now if status == "connected" else None
    Lead.objects.update(status=status, closed_at=now, connected_at=connected_at)
    pass_by(121)

    def once_more() -> Lead:
        if what == "from its page":
            return visitor.sends_from_the_page(phone=PHONE)
        return visitor.sends(message="More" if what == "corrected" else "")

    again = once_more()
    assert again != first
    assert (again.status, again.duplicate_of) == (LeadStatus.WAITING, None)
    assert visitor.status() == "waiting"
    if what != "from its page":
        assert once_more() == again  # the same page again joins the new lead while it is open


def test_a_stranger_learns_nothing_but_that_we_have_the_request(
    source: LeadSource, landing: LeadSource, extension: Extension
) -> None:
    owner, wish = Visitor(), in_days(6)
    lead = owner.sends(call_at=in_days(4))
    for source_slug, fields, own in [
        ("website", {}, "waiting"),
        ("landing", {}, "received"),  # nobody answers this source
        ("website", {"call_at": wish}, "scheduled"),
        ("website", {"earlier": str(uuid.uuid4())}, "waiting"),
        ("website", {"earlier": "nonsense"}, "waiting"),
    ]:
        stranger = Visitor()
        second = stranger.sends(source_slug, **fields)
        assert stranger.status() == own
        told = Client().get(f"/api/leads/{second.public_id}/").json()
        assert told["status"] == own
        chosen = told["call_after"] and datetime.fromisoformat(told["call_after"])
        assert chosen == (datetime.fromisoformat(wish) if own == "scheduled" else None)
    assert owner.status() == "waiting"
    lead.refresh_from_db()
    assert lead.name == "Noa Levi"


def test_a_strangers_own_second_request_learns_no_more(
    source: LeadSource, extension: Extension
) -> None:
    Visitor().sends(call_at=in_days(4))
    stranger, wish = Visitor(), in_days(5)
    stranger.sends(call_at=in_days(6))
    stranger.sends(call_at=wish)
    assert stranger.status() == "scheduled"
    day = timezone.localdate(datetime.fromisoformat(wish))  # the day on the office's clock
    assert day.isoformat() in stranger.reads()


def test_through_the_api_a_second_request_learns_nothing_and_brings_the_call_forward(
    source: LeadSource, extension: Extension
) -> None:
    lead = Visitor().sends(call_at=in_days(4))
    body = {"source": "website", "name": "Gal", "phone": PHONE}
    answer = Client().post("/api/leads/", body, content_type="application/json").json()
    assert Client().get(answer["status_url"]).json()["status"] == "waiting"
    lead.refresh_from_db()
    assert lead.call_after <= timezone.now()


# --- while a call is on ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "same", "then"),
    [
        ({}, True, timedelta(seconds=60)),
        ({}, False, timedelta(seconds=60)),
        ({"call_at": 2}, True, timedelta(days=2)),
        ({"call_at": 2}, False, timedelta(minutes=2)),
        (None, True, timedelta(minutes=2)),
    ],
    ids=["now", "now, by another", "a time", "a time, by another", "no request"],
)
def test_a_request_during_a_call_that_is_not_answered(
    wish: dict[str, int] | None,
    same: bool,
    then: timedelta,
    source: LeadSource,
    extension: Extension,
    simulator: SimulatorProcess,
) -> None:
    first = Visitor()
    lead = first.sends()
    attempt = call(lead)
    assert attempt
    if wish is not None:
        visitor = first if same else Visitor()
        visitor.sends(message="Now", **{name: in_days(days) for name, days in wish.items()})
    ends(attempt, "ANSWER", "NOANSWER")
    assert call(lead) is None

    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
    assert abs(lead.call_after - timezone.now() - then) < timedelta(hours=2) * (then.days > 0) + (
        timedelta(seconds=30)
    )


@pytest.mark.parametrize(
    ("when", "is_new"), [("while they talked", False), ("after they talked", True)]
)
def test_a_request_beside_a_conversation(
    when: str,
    is_new: bool,
    source: LeadSource,
    extension: Extension,
    simulator: SimulatorProcess,
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    attempt = call(lead)
    assert attempt
    second = visitor.sends(message="Once more")
    talked_until = timezone.now() + timedelta(seconds=5 if when == "while they talked" else -5)
    Lead.objects.filter(pk=second.pk).update(submitted_at=talked_until + timedelta(seconds=-5))
    if is_new:
        Lead.objects.filter(pk=second.pk).update(submitted_at=timezone.now() + timedelta(seconds=9))
    ends(attempt, "ANSWER", "ANSWER")

    lead.refresh_from_db()
    second.refresh_from_db()
    assert lead.status == LeadStatus.CONNECTED
    assert (second.status == LeadStatus.WAITING) == is_new
    assert (second.duplicate_of is None) == is_new
