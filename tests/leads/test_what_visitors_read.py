"""What the form says before sending and the page afterwards: only what is true."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.models.attempt_states import AttemptState
from leads import standings
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import Visitor, call, ends, in_days

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

# Monday 23 November 2026, 10:30 in Jerusalem (UTC+2).
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
NOTICE = 'class="notice-line"'


def set_up(source: LeadSource, how: str) -> None:
    """Sets up who answers the source."""
    if how == "no team":
        return
    team = Team.objects.create(name="Sales", is_active=how != "team off")
    team.sources.add(source)
    if how == "nobody in the team":
        return
    values: dict[str, Any] = {
        "paused": {"is_paused": True},
        "blocked": {"is_blocked": True},
        "off": {"is_active": False},
        "out": {"unavailable_until": NOW + timedelta(hours=1)},
        "resting": {"wrap_up_until": NOW + timedelta(minutes=1)},
        "away, by the provider": {
            "provider_busy_until": NOW + timedelta(minutes=1),
            "provider_busy_as": "Lunch",
        },
        "had its calls": {"capped_until": NOW + timedelta(hours=9)},
    }.get(how, {})
    extension = Extension.objects.create(number="101", team=team, **values)
    if how in ("opens today", "opens on Friday", "never opens"):
        team.schedule = Schedule.objects.create(name="Office", time_zone="Asia/Jerusalem")
        team.save()
    if how == "opens today":
        hours(team, weekday=0, at=15)
    if how == "opens on Friday":
        hours(team, weekday=4, at=9)
    if how == "on a call":
        lead = Lead.objects.create(
            source=source, name="Gal", phone="+972505550190", due_at=NOW, status="calling"
        )
        CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, extension_number="101",
            state=AttemptState.ACCEPTED, claimed_at=NOW, hold_until=NOW + timedelta(hours=2),
            call_id="C-1",
        )  # fmt: skip


def hours(team: Team, weekday: int, at: int) -> None:
    OpeningHours.objects.create(
        schedule=team.schedule, weekday=weekday, opens_at=time(at), closes_at=time(18)
    )


NOBODY = "Nobody from our team can take calls at the moment"
ON_CALLS = "Everyone on our team is busy right now."
GET_BACK = "We cannot call you right away. Leave your number, and we will get back to you."
FINDING = "We are finding someone who can talk to you now."
FOR_A_PERSON = str(standings.FOR_A_PERSON.message)
TODAY = "We will call you today at 15:00 (Jerusalem time)."
FRIDAY = "We will call you on Friday, 27 November, at 09:00 (Jerusalem time)."


@pytest.mark.parametrize(
    ("how", "before", "status", "after"),
    [
        ("free", "", "waiting", FINDING),
        ("on a call", ON_CALLS, "waiting", ON_CALLS),
        ("resting", ON_CALLS, "waiting", ON_CALLS),
        ("away, by the provider", NOBODY, "waiting", NOBODY),
        ("paused", NOBODY, "waiting", NOBODY),
        ("blocked", NOBODY, "waiting", NOBODY),
        ("off", NOBODY, "waiting", NOBODY),
        ("out", NOBODY, "waiting", NOBODY),
        ("had its calls", NOBODY, "waiting", NOBODY),
        ("nobody in the team", NOBODY, "waiting", NOBODY),
        ("no team", GET_BACK, "received", FOR_A_PERSON),
        ("team off", GET_BACK, "received", FOR_A_PERSON),
        ("never opens", GET_BACK, "received", FOR_A_PERSON),
        ("opens today", f"We are closed now. {TODAY}", "scheduled", TODAY),
        ("opens on Friday", f"We are closed now. {FRIDAY}", "scheduled", FRIDAY),
    ],
)
def test_what_is_said_before_and_after_sending(
    how: str, before: str, status: str, after: str, source: LeadSource, client: Client
) -> None:
    with time_machine.travel(NOW, tick=False):
        set_up(source, how)
        form = client.get("/contact/website/").text
        sent = client.post(
            "/contact/website/", {"name": "Noa Levi", "phone": "050-555 0101"}, follow=True
        ).text
    assert before in form
    assert (NOTICE in form) == bool(before)
    assert f'data-status="{status}"' in sent
    assert after in sent


SPEAKS_HE, SPEAKS_FR = {"languages": ["he"]}, {"languages": ["fr-CA"]}
# How long a team waits for a speaker of French (None: forever), and its phones.
LANGUAGES: dict[str, tuple[int | None, list[dict[str, Any]], str, str, str]] = {
    "nobody speaks it": (None, [SPEAKS_HE], GET_BACK, "received", FOR_A_PERSON),
    "others are rung after a while": (20, [SPEAKS_HE], "", "waiting", FINDING),
    "somebody speaks it": (None, [SPEAKS_HE, SPEAKS_FR], "", "waiting", FINDING),
    "somebody speaks all": (None, [SPEAKS_HE, {}], "", "waiting", FINDING),
    "nobody's languages are named": (None, [{}], "", "waiting", FINDING),
    "who speaks it is off": (
        None, [SPEAKS_HE, {**SPEAKS_FR, "is_active": False}], GET_BACK, "received", FOR_A_PERSON,
    ),
    "who speaks it is paused": (
        None, [SPEAKS_HE, {**SPEAKS_FR, "is_paused": True}], NOBODY, "waiting", NOBODY,
    ),
    "who speaks it rests": (
        None, [SPEAKS_HE, {**SPEAKS_FR, "wrap_up_until": NOW + timedelta(minutes=1)}],
        ON_CALLS, "waiting", ON_CALLS,
    ),
    "who speaks it is paused, others are rung after a while": (
        20, [SPEAKS_HE, {**SPEAKS_FR, "is_paused": True}], "", "waiting", FINDING,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", LANGUAGES.values(), ids=LANGUAGES)
def test_what_is_said_of_a_language(
    row: tuple[int | None, list[dict[str, Any]], str, str, str], source: LeadSource, client: Client
) -> None:
    wait, phones, before, status, after = row
    LeadSource.objects.update(language="fr")
    team = Team.objects.create(name="Sales", language_wait=wait)
    team.sources.add(source)
    for n, values in enumerate(phones):
        Extension.objects.create(number=str(101 + n), team=team, **values)
    with time_machine.travel(NOW, tick=False):
        form = client.get("/contact/website/").text
        sent = client.post(
            "/contact/website/", {"name": "Noa Levi", "phone": "050-555 0101"}, follow=True
        ).text
    assert before in form
    assert (NOTICE in form) == bool(before)
    assert f'data-status="{status}"' in sent
    assert after in sent


@pytest.mark.parametrize(
    ("waited", "how", "status"),
    [
        (timedelta(seconds=170), "free", "waiting"),
        (timedelta(seconds=190), "free", "delayed"),
        (timedelta(seconds=190), "paused", "delayed"),
        (timedelta(hours=2), "on a call", "delayed"),
        (timedelta(hours=2), "opens on Friday", "scheduled"),
        (timedelta(hours=2), "no team", "received"),
    ],
)
@pytest.mark.parametrize("offers", [True, False])
def test_after_a_while_it_says_so_and_offers_times(
    waited: timedelta, how: str, status: str, offers: bool, source: LeadSource, client: Client
) -> None:
    LeadSource.objects.update(offers_times=offers)
    with time_machine.travel(NOW - waited, tick=False):
        answer = client.post("/contact/website/", {"name": "Noa", "phone": "050-555 0101"})
    with time_machine.travel(NOW, tick=False):
        set_up(source, how)
        if status == "scheduled":
            Lead.objects.update(call_after=NOW + timedelta(days=4))
        page = client.get(answer["Location"]).text
    assert f'data-status="{status}"' in page
    assert ("This is taking longer than usual" in page) == (status == "delayed")
    assert ('<li data-act="time"><a' in page) == (offers and status != "received")


def test_nobody_is_said_to_be_on_the_line_before_they_have_picked_up(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, client: Client
) -> None:
    simulator.control(answer_after=600)
    lead = make_lead()
    assert dispatch.call_lead(lead.pk)

    def page() -> str:
        return client.get(f"/contact/website/{lead.public_id}/").text

    assert "Your phone will ring" not in page()
    assert "is on the line" not in page()
    assert "When they pick up, yours will ring" in page()
    CallAttempt.objects.update(picked_up_at=timezone.now())
    assert "Our colleague has picked up" in page()


# Seconds since the call was sent, the salesperson picked up, the visitor picked up, the hang-up.
STAGES: dict[str, tuple[tuple[int | None, ...], str]] = {
    "our phone rings": ((5, None, None, None), "calling"),
    "it has rung as long as a phone does": ((110, None, None, None), "calling"),
    "longer than a phone rings": ((130, None, None, None), "checking"),
    "an hour, and nothing is heard of it": ((3600, None, None, None), "checking"),
    "the visitor's phone rings": ((40, 5, None, None), "on_the_phone"),
    "picked up late": ((150, 60, None, None), "on_the_phone"),
    "picked up longer ago than a phone rings": ((200, 130, None, None), "checking"),
    "they talk": ((60, 40, 20, None), "talking"),
    "they talk for an hour": ((3700, 3660, 3600, None), "talking"),
    "hung up": ((60, 40, 20, 1), "checking"),
    "hung up before the visitor picked up": ((60, 40, None, 1), "checking"),
}


@pytest.mark.parametrize(("ago", "status"), STAGES.values(), ids=STAGES)
def test_how_far_a_call_is_said_to_have_come(
    ago: tuple[int | None, ...], status: str, make_lead: MakeLead, extension: Extension,
    client: Client,
) -> None:  # fmt: skip
    now = timezone.now()
    called, ours, theirs, ended = (
        None if seconds is None else now - timedelta(seconds=seconds) for seconds in ago
    )
    lead = make_lead(status="calling")
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101", call_id="C-1",
        state=AttemptState.ACCEPTED, claimed_at=called, hold_until=now + timedelta(hours=2),
        picked_up_at=ours, lead_answered_at=theirs, hung_up_at=ended,
    )  # fmt: skip
    with time_machine.travel(now, tick=False):
        assert client.get(f"/api/leads/{lead.public_id}/").json()["status"] == status


@pytest.mark.parametrize(
    ("legs", "title"),
    [
        (("NOANSWER",), "Your call is planned"),
        (("CONGESTION",), "Your call is planned"),
        (("ANSWER", "NOANSWER"), "We will try again"),
        (("ANSWER", "BUSY"), "We will try again"),
    ],
    ids=["nobody picked up", "our line", "no answer", "busy"],
)
def test_it_is_called_again_only_if_its_phone_has_rung(
    legs: tuple[str, ...], title: str, extension: Extension, simulator: SimulatorProcess
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    attempt = call(lead)
    assert attempt
    ends(attempt, *legs)
    Lead.objects.filter(pk=lead.pk).update(call_after=timezone.now() + timedelta(days=1))
    assert visitor.status() == "scheduled"
    assert title in visitor.reads()
    stranger = Visitor()
    stranger.sends(call_at=in_days(1))
    assert "Your call is planned" in stranger.reads()


@pytest.mark.parametrize("state", [AttemptState.DIALING, AttemptState.ACCEPTED])
def test_an_unknown_outcome_promises_no_ringing_phone(
    state: str, make_lead: MakeLead, extension: Extension, client: Client
) -> None:
    lead = make_lead(status="calling")
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101", state=state,
        claimed_at=timezone.now(), hold_until=timezone.now(),
        call_id="C-1" if state == AttemptState.ACCEPTED else "",
    )  # fmt: skip

    def told() -> dict[str, object]:
        return dict(client.get(f"/api/leads/{lead.public_id}/").json())

    assert told()["status"] == "calling"
    CallAttempt.objects.filter(pk=attempt.pk).update(state=AttemptState.UNKNOWN)
    assert (told()["status"], told()["final"]) == ("checking", False)
    assert "We are checking whether our call to you went through." in str(told()["message"])


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Asia/Jerusalem", "09:00 (Jerusalem time)"),
        ("America/New_York", "09:00 (New York time)"),
        ("America/Argentina/Buenos_Aires", "09:00 (Buenos Aires time)"),
        ("Israel", "09:00 (Israel time)"),
        ("UTC", "09:00 (UTC)"),
        ("Etc/GMT", "09:00 (UTC)"),
        ("Etc/GMT-2", "09:00 (UTC+2)"),
        ("Etc/GMT+5", "09:00 (UTC-5)"),
        ("EST", "09:00 (UTC-5)"),
        ("CST6CDT", "09:00 (UTC-6)"),
    ],
)
def test_times_name_their_zone(zone: str, written: str, source: LeadSource, client: Client) -> None:
    set_up(source, "opens on Friday")
    Schedule.objects.update(time_zone=zone)
    with time_machine.travel(NOW, tick=False):
        answer = client.post("/contact/website/", {"name": "Noa", "phone": "050-555 0101"})
        assert f"at {written}." in client.get(answer["Location"]).text
        again = {"name": "Noa", "phone": "050-555 0102", "call_at": NOW.isoformat()}
        assert f"at {written}." in client.post("/contact/website/", again).text


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("+44 7781 123456", "Guernsey"),
        ("+44 7797 712345", "Jersey"),
        ("+44 7624 123456", "Isle of Man"),
        ("+1 246 250 1234", "Barbados"),
        ("+1 204 234 5678", "Canada"),
        ("+7 771 000 9998", "Kazakhstan"),
    ],
)
def test_a_message_about_a_country_names_the_country(
    typed: str, country: str, source: LeadSource, client: Client
) -> None:
    LeadSource.objects.update(default_country="GB", allowed_countries=["GB", "US", "RU"])
    answer = client.post("/contact/website/", {"name": "Noa", "phone": typed})
    assert answer.status_code == 422
    assert f"We cannot call numbers in this country: {country}." in answer.text


def test_a_source_that_is_off_leads_to_no_form(
    make_lead: MakeLead, team: Team, client: Client
) -> None:
    lead = make_lead()
    LeadSource.objects.update(is_active=False)
    page = client.get(f"/contact/website/{lead.public_id}/").text
    for act in ("again", "time", "number"):
        assert f'<li data-act="{act}" hidden>' in page
