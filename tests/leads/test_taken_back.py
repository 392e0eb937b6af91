"""Taking a request back leaves other people's calls as they were, and its page says so."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callbacks import tasks
from callbacks.models import (
    CallAttempt,
    Extension,
    OpeningHours,
    Schedule,
    ScheduleException,
    Team,
)
from leads.models import Lead, LeadSource, LeadStatus, SetupVersion
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import E164, Visitor, call, ends, in_days, waits_for_a_retry

pytestmark = pytest.mark.django_db(transaction=True)

RIGHT = "050-555 0102"
PLAN = (
    "source_id", "language", "chosen_at", "call_after", "clock_started_at", "due_at", "gap_until",
    "closed_until", "status",
)  # fmt: skip


def planned(lead: Lead) -> dict[str, object]:
    return dict(Lead.objects.values(*PLAN).get(pk=lead.pk))


def at(days: int) -> dict[str, str]:
    return {"call_at": in_days(days)}


def days_until(moment: datetime) -> int:
    return round((moment - timezone.now()) / timedelta(days=1))


@pytest.fixture
def landing(db: None) -> LeadSource:
    """Another source with a free phone, and another language."""
    landing = LeadSource.objects.create(slug="landing", name="Landing page", language="he")
    team = Team.objects.create(name="Landing team")
    team.sources.add(landing)
    Extension.objects.create(number="102", team=team, languages=["he"])
    return landing


@pytest.fixture
def closed(source: LeadSource) -> Schedule:
    """The website's own team opens in two days."""
    schedule = Schedule.objects.create(name="later", time_zone="UTC")
    weekday = (timezone.now() + timedelta(days=2)).weekday()
    OpeningHours.objects.create(
        schedule=schedule, weekday=weekday, opens_at=time(8), closes_at=time(17)
    )
    team = Team.objects.create(name="Sales", schedule=schedule)
    team.sources.add(source)
    Extension.objects.create(number="101", team=team)
    return schedule


@pytest.mark.parametrize(
    ("appointment", "mistaken"),
    [
        (at(3), [("landing", {})]),
        (at(3), [("website", {})]),
        (at(5), [("website", at(3))]),
        (at(5), [("website", at(3)), ("website", {})]),
        (at(5), [("landing", {}), ("landing", {"message": "Hello?"})]),
        (at(3), [("website", at(5))]),
    ],
    ids=[
        "now, elsewhere", "now", "sooner", "sooner, then now", "elsewhere, twice",
        "later, which changed nothing",
    ],
)  # fmt: skip
def test_an_appointment_that_a_stranger_brought_forward_is_as_it_was(
    appointment: dict[str, str],
    mistaken: list[tuple[str, dict[str, str]]],
    source: LeadSource,
    landing: LeadSource,
    extension: Extension,
    simulator: SimulatorProcess,
) -> None:
    owner, stranger = Visitor(), Visitor()
    lead = owner.sends(**appointment)
    as_it_was = planned(lead)
    for slug, wish in mistaken:
        stranger.sends(slug, **wish)
    stranger.sends_from_the_page(phone=RIGHT)

    assert planned(lead) == as_it_was
    assert call(lead) is None
    assert owner.status() == "scheduled"


def test_a_lead_that_waits_for_its_opening_goes_back_to_its_source(
    source: LeadSource, landing: LeadSource, closed: Schedule
) -> None:
    lead = Visitor().sends()
    as_it_was = planned(lead)
    stranger = Visitor()
    stranger.sends("landing")
    lead.refresh_from_db()
    assert lead.source == landing
    stranger.sends_from_the_page(phone=RIGHT)
    assert planned(lead) == as_it_was


def test_a_wait_for_a_retry_is_as_it_was(source: LeadSource, extension: Extension) -> None:
    lead, _ended_at = waits_for_a_retry()
    as_it_was = planned(lead)
    stranger = Visitor()
    stranger.sends()
    assert planned(lead) != as_it_was
    stranger.sends_from_the_page(phone=RIGHT)
    assert planned(lead) == as_it_was


@pytest.mark.parametrize(
    ("third", "called_in"), [({}, 0), (at(4), 4), (at(12), 10)], ids=["now", "sooner", "later"]
)
def test_what_a_third_person_has_wished_for_since_holds(
    third: dict[str, str], called_in: int, source: LeadSource, extension: Extension
) -> None:
    lead = Visitor().sends(**at(10))
    stranger = Visitor()
    stranger.sends(**at(2))
    Visitor().sends(message="I am the third", **third)
    stranger.sends_from_the_page(phone=RIGHT)

    lead.refresh_from_db()
    assert days_until(lead.call_after) == called_in
    assert Lead.objects.get(pk=lead.pk).newest_request().message == "I am the third"


def test_the_owners_own_second_wish_holds(source: LeadSource, extension: Extension) -> None:
    owner, stranger = Visitor(), Visitor()
    lead = owner.sends(**at(10))
    stranger.sends()
    owner.sends(**at(6))
    stranger.sends_from_the_page(phone=RIGHT)
    lead.refresh_from_db()
    assert days_until(lead.call_after) == 6


@pytest.mark.parametrize(
    ("theirs", "called_in"), [({}, 0), (at(3), 3)], ids=["now", "a time of their own"]
)
def test_the_owner_who_came_second_is_called_by_their_own_wish(
    theirs: dict[str, str], called_in: int, source: LeadSource, extension: Extension
) -> None:
    """The mistaken request was the open lead, which the owner's request had joined."""
    mistaken, owner = Visitor(), Visitor()
    lead = mistaken.sends()
    page = mistaken.page
    own = owner.sends(message="Mine", **theirs)
    mistaken.sends_from_the_page(phone=RIGHT)

    [waiting] = Lead.objects.filter(phone=E164, status=LeadStatus.WAITING)
    assert waiting == own
    assert days_until(waiting.call_after) == called_in
    assert owner.status() == ("scheduled" if called_in else "waiting")
    lead.refresh_from_db()
    assert lead.status == LeadStatus.CANCELLED
    mistaken.page = page
    assert mistaken.status() == "cancelled"  # and nothing of the owner's call


def test_of_several_others_none_pushes_anothers_call_back(
    source: LeadSource, extension: Extension
) -> None:
    mistaken, owner, stranger = Visitor(), Visitor(), Visitor()
    mistaken.sends()
    own = owner.sends()
    stranger.sends(**at(9))
    mistaken.sends_from_the_page(phone=RIGHT)
    [waiting] = Lead.objects.filter(phone=E164, status=LeadStatus.WAITING)
    assert (waiting, days_until(waiting.call_after)) == (own, 0)


def test_after_a_call_that_reached_nobody_a_strangers_later_time_does_not_count_either(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    """Both requests came during the last call of a lead: the first becomes the new lead."""
    lead = Visitor().sends()
    attempt = call(lead)
    assert attempt
    own = Visitor().sends(message="Now")
    Visitor().sends(**at(9))
    Lead.objects.filter(pk=lead.pk).update(attempts=20)
    CallAttempt.objects.bulk_create(_earlier_calls(attempt, 9))
    ends(attempt, "ANSWER", "NOANSWER")
    lead.refresh_from_db()
    assert lead.status == LeadStatus.UNREACHED
    own.refresh_from_db()
    assert (own.status, days_until(own.call_after)) == (LeadStatus.WAITING, 0)


def _earlier_calls(attempt: CallAttempt, count: int) -> list[CallAttempt]:
    ended = timezone.now()
    return [
        CallAttempt(
            lead_id=attempt.lead_id,
            extension_id=attempt.extension_id,
            phone=attempt.phone,
            extension_number="101",
            state="lead_no_answer",
            outcome="lead_no_answer",
            claimed_at=ended,
            sent_at=ended,
            ended_at=ended,
            hold_until=ended,
        )
        for _ in range(count)
    ]


def test_taken_back_while_the_owner_is_being_called(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    owner, stranger = Visitor(), Visitor()
    lead = owner.sends(**at(3))
    as_it_was = planned(lead)
    stranger.sends()
    attempt = call(lead)
    assert attempt
    stranger.sends_from_the_page(phone=RIGHT)
    assert planned(lead)["status"] == LeadStatus.CALLING
    ends(attempt, "ANSWER", "NOANSWER")
    now_planned = planned(lead)
    for column in ("source_id", "chosen_at", "call_after", "due_at", "status"):
        assert now_planned[column] == as_it_was[column], column


@pytest.mark.parametrize("how", ["connected", "unreached"])
def test_a_second_request_of_a_call_that_is_over_stays_as_it_was(
    how: str, source: LeadSource, extension: Extension
) -> None:
    """A visitor who was already called asks for another number: nothing was wrong before."""
    visitor, now = Visitor(), timezone.now()
    lead = visitor.sends()
    second = visitor.sends(message="Again")
    connected_at = now if how == "connected" else None
    Lead.objects.filter(pk=lead.pk).update(status=how, closed_at=now, connected_at=connected_at)
    page = visitor.page
    visitor.sends_from_the_page(phone=RIGHT)
    second.refresh_from_db()
    assert (second.status, second.duplicate_of) == (LeadStatus.DUPLICATE, lead)
    visitor.page = page
    assert visitor.status() == how


def test_a_language_that_a_stranger_named_is_forgotten(
    source: LeadSource, extension: Extension
) -> None:
    lead = Visitor().sends()
    as_it_was = planned(lead)
    stranger = Visitor()
    stranger.sends()
    Lead.objects.exclude(pk=lead.pk).update(language="he")
    stranger.sends(message="Now in Hebrew")
    stranger.sends_from_the_page(phone=RIGHT)
    assert planned(lead) == as_it_was


def test_two_strangers_who_both_take_it_back(source: LeadSource, extension: Extension) -> None:
    lead = Visitor().sends(**at(9))
    as_it_was = planned(lead)
    strangers = [Visitor(), Visitor()]
    strangers[0].sends(**at(5))
    strangers[1].sends()
    for stranger in strangers:
        stranger.sends_from_the_page(phone=RIGHT)
    assert planned(lead) == as_it_was


def test_two_strangers_the_later_one_takes_it_back(
    source: LeadSource, extension: Extension
) -> None:
    lead = Visitor().sends(**at(9))
    strangers = [Visitor(), Visitor()]
    strangers[0].sends(**at(5))
    strangers[1].sends()
    strangers[1].sends_from_the_page(phone=RIGHT)
    lead.refresh_from_db()
    assert days_until(lead.call_after) == 5


def test_a_stranger_who_changes_their_mind_about_the_right_number_too(
    source: LeadSource, extension: Extension
) -> None:
    """A, B, A, C: only C counts for the stranger; A's owner is called as they wished."""
    lead = Visitor().sends(**at(3))
    as_it_was = planned(lead)
    stranger = Visitor()
    for phone in ("050-555 0101", RIGHT, "050-555 0101", "050-555 0103"):
        stranger.sends(phone=phone)
    assert planned(lead) == as_it_was
    open_now = Lead.objects.filter(status=LeadStatus.WAITING)
    assert sorted(it.phone for it in open_now) == [E164, "+972505550103"]


def test_the_owner_who_came_second_while_the_wrong_persons_call_is_on(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    mistaken = Visitor()
    lead = mistaken.sends()
    attempt = call(lead)
    assert attempt
    Visitor().sends(message="Mine")
    mistaken.sends_from_the_page(phone=RIGHT)
    ends(attempt, "ANSWER", "NOANSWER")
    [waiting] = Lead.objects.filter(phone=E164, status=LeadStatus.WAITING)
    assert waiting.newest_request().message == "Mine"


# --- what the request's page says -----------------------------------------------------------------


@pytest.mark.parametrize("mine", ["the open lead", "a request that had joined"])
def test_the_page_of_a_request_that_was_taken_back(
    mine: str, source: LeadSource, extension: Extension
) -> None:
    if mine != "the open lead":
        Visitor().sends(**at(3))
    visitor = Visitor()
    taken = visitor.sends()
    page = visitor.page
    visitor.sends_from_the_page(phone=RIGHT)
    visitor.page = page
    text = visitor.reads()
    assert "You sent another number" in text
    assert "get back to you" not in text
    assert '<li data-act="again"><a' in text
    told = Client().get(f"/api/leads/{taken.public_id}/").json()
    assert (told["status"], told["final"], told["call_after"]) == ("cancelled", True, None)


@pytest.mark.parametrize("joined", [False, True], ids=["the lead", "a second request"])
def test_the_page_of_a_request_that_a_manager_has_cancelled(
    joined: bool, source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    visitor.sends()
    if joined:
        visitor.sends(message="Again")
    Lead.objects.filter(status=LeadStatus.WAITING).update(
        status=LeadStatus.CANCELLED, closed_at=timezone.now()
    )
    text = visitor.reads()
    assert "This request is closed" in text
    assert "get back to you" not in text
    again = visitor.sends_from_the_page()
    assert again.status == LeadStatus.WAITING


@pytest.mark.parametrize("weekday", ["that of the appointment", "another"])
def test_hours_that_have_changed_meanwhile_hold(
    weekday: str, source: LeadSource, extension: Extension
) -> None:
    """The owner's time is on a day that a manager closed after the stranger's request."""
    schedule = Schedule.objects.create(name="office", time_zone="UTC")
    for day in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at=time(0), closes_at=time(0)
        )
    Team.objects.update(schedule=schedule)
    LeadSource.objects.update(sla_clock="open")
    tasks.follow_changed_hours()
    chosen = in_days(5)
    lead = Visitor().sends(call_at=chosen)
    stranger = Visitor()
    stranger.sends(**at(3))
    day = datetime.fromisoformat(chosen).date() + timedelta(days=1 if weekday == "another" else 0)
    ScheduleException.objects.create(schedule=schedule, date=day)
    tasks.follow_changed_hours()
    SetupVersion.objects.update(followed_since=None)  # makes the sweep follow all changes
    stranger.does("cancel")
    tasks.sweep()
    lead.refresh_from_db()
    midnight = datetime.combine(day + timedelta(days=1), time(0), UTC)
    told = datetime.fromisoformat(chosen) if weekday == "another" else midnight
    assert lead.call_after == told
    assert lead.due_at == told + timedelta(seconds=source.sla_target)
