"""What visitors read when nobody can call them: before they type, and after they send.

For each state: what the form says, on its page and in the widget's frame, and what the request's
page and the API say. The form works in all of them.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.test import Client

from callbacks.models import (
    AccountRefusal,
    CallPrice,
    Extension,
    OpeningHours,
    Schedule,
    ScheduleException,
    SpendLimit,
    Team,
)
from callbacks.models.account_refusals import RefusedFor
from callbacks.models.spending import SpendScope
from callbacks.telephony import account_refusals
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import Visitor, call

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 12, 2, 10, 0, tzinfo=UTC)  # a Wednesday
NONE = ""
CLOSED, FULL = "We are closed now. ", "We cannot make any more calls right now. "
BUSY = "Everyone on our team is busy right now. We will call you as soon as one of us is free."
NOBODY = (
    "Nobody from our team can take calls at the moment, so it may take longer than usual before "
    "we call you."
)
NO_TEAM = "We cannot call you right away. Leave your number, and we will get back to you."
AT_ONCE = "We are finding someone who can talk to you now."
ALL_BUSY = "Everyone on our team is busy right now."
SOMEBODY = "Nobody from our team can take calls at the moment."
A_PERSON = "A colleague will read your request and get back to you."


def hours(opens: int = 8, closes: int = 18, days: tuple[int, ...] = (0, 1, 2, 3, 4)) -> Schedule:
    """Sets the team's hours, in UTC."""
    schedule = Schedule.objects.create(name="ours", time_zone="UTC")
    for weekday in days:
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(opens), closes_at=time(closes)
        )
    Team.objects.update(schedule=schedule)
    return schedule


def open_now() -> None:
    hours()


def all_on_calls() -> None:
    hours()
    assert call(Visitor().sends(phone="050-555 0190"))


def all_paused() -> None:
    hours()
    Extension.objects.update(is_paused=True)


def refused_by_the_provider() -> None:
    hours()
    Extension.objects.update(is_blocked=True)


def the_account_is_refused() -> None:
    hours()
    AccountRefusal.objects.create(
        refused_for=RefusedFor.CODE,
        since=NOW,
        next_try_at=NOW + timedelta(minutes=1),
        marks=[account_refusals.mark()],
    )


def out_for_a_while() -> None:
    hours()
    Extension.objects.update(unavailable_until=NOW + timedelta(hours=1))


def opens_later_today() -> None:
    hours(opens=12)


def closed_until_tomorrow() -> None:
    hours(closes=9)


def closed_for_days() -> None:
    hours(days=(0,))


def holiday() -> None:
    schedule = hours()
    for day in (2, 3):
        ScheduleException.objects.create(schedule=schedule, date=date(2026, 12, day))


def the_hour_is_spent() -> None:
    hours()
    SpendLimit.objects.create(calls_an_hour=0, time_zone="UTC")


def the_day_is_spent() -> None:
    hours()
    source = LeadSource.objects.get()
    SpendLimit.objects.create(
        scope=SpendScope.SOURCE, source=source, calls_a_day=0, time_zone="UTC"
    )


def the_only_country_is_spent() -> None:
    hours()
    CallPrice.objects.get_or_create(prefix="+972", defaults={"country": "IL"})
    SpendLimit.objects.create(
        scope=SpendScope.COUNTRY, country="IL", calls_an_hour=0, time_zone="UTC"
    )


def another_source_is_spent() -> None:
    hours()
    other = LeadSource.objects.create(slug="landing", name="Landing page")
    SpendLimit.objects.create(
        scope=SpendScope.SOURCE, source=other, calls_an_hour=0, time_zone="UTC"
    )


def spent_until_it_closes() -> None:
    hours(closes=11)
    SpendLimit.objects.create(calls_an_hour=0, time_zone="UTC")


def many_wait_for_the_opening() -> None:
    hours(opens=12)
    Team.objects.update(opening_rate=1)
    for number in range(10, 15):
        Visitor().sends(phone=f"050-555 01{number}")


def they_fill_the_day() -> None:
    schedule = hours(opens=12, closes=13)
    OpeningHours.objects.filter(schedule=schedule).update(closes_at=time(12, 5))
    Team.objects.update(opening_rate=1)
    for number in range(10, 20):
        Visitor().sends(phone=f"050-555 01{number}")


def no_team() -> None:
    Team.objects.get().sources.clear()


def the_team_is_off() -> None:
    Team.objects.update(is_active=False)


def never_open() -> None:
    Team.objects.update(schedule=Schedule.objects.create(name="never", time_zone="UTC"))


# How the state is reached, what the form says, and what the request's page says.
STATES: dict[str, tuple[Callable[[], None], str, str]] = {
    "open": (open_now, NONE, AT_ONCE),
    "all on calls": (all_on_calls, BUSY, ALL_BUSY),
    "all paused": (all_paused, NOBODY, SOMEBODY),
    "refused by the provider": (refused_by_the_provider, NOBODY, SOMEBODY),
    "the account is refused": (the_account_is_refused, NOBODY, SOMEBODY),
    "out for a while": (out_for_a_while, NOBODY, SOMEBODY),
    "opens later today": (
        opens_later_today,
        CLOSED + "We will call you today at 12:00 (UTC).",
        "We will call you today at 12:00 (UTC).",
    ),
    "closed until tomorrow": (
        closed_until_tomorrow,
        CLOSED + "We will call you tomorrow, Thursday, at 08:00 (UTC).",
        "We will call you tomorrow, Thursday, at 08:00 (UTC).",
    ),
    "closed for days": (
        closed_for_days,
        CLOSED + "We will call you on Monday, 7 December, at 08:00 (UTC).",
        "We will call you on Monday, 7 December, at 08:00 (UTC).",
    ),
    "a holiday": (
        holiday,
        CLOSED + "We will call you on Friday, 4 December, at 08:00 (UTC).",
        "We will call you on Friday, 4 December, at 08:00 (UTC).",
    ),
    "many wait for the opening": (
        many_wait_for_the_opening,
        CLOSED + "We will call you today at 12:05 (UTC).",
        "We will call you today at 12:05 (UTC).",
    ),
    "they fill the day": (
        they_fill_the_day,
        FULL + "We will call you on Friday, 4 December, at 12:00 (UTC).",
        "We will call you on Friday, 4 December, at 12:00 (UTC).",
    ),
    "the hour is spent": (
        the_hour_is_spent,
        FULL + "We will call you today at 11:00 (UTC).",
        "We will call you today at 11:00 (UTC).",
    ),
    "the day is spent": (
        the_day_is_spent,
        FULL + "We will call you tomorrow, Thursday, at 08:00 (UTC).",
        "We will call you tomorrow, Thursday, at 08:00 (UTC).",
    ),
    "the only country is spent": (
        the_only_country_is_spent,
        FULL + "We will call you today at 11:00 (UTC).",
        "We will call you today at 11:00 (UTC).",
    ),
    "spent until it closes": (
        spent_until_it_closes,
        FULL + "We will call you tomorrow, Thursday, at 08:00 (UTC).",
        "We will call you tomorrow, Thursday, at 08:00 (UTC).",
    ),
    "another source is spent": (another_source_is_spent, NONE, AT_ONCE),
    "no team": (no_team, NO_TEAM, A_PERSON),
    "the team is off": (the_team_is_off, NO_TEAM, A_PERSON),
    "never open": (never_open, NO_TEAM, A_PERSON),
}


@pytest.fixture(autouse=True)
def _at_ten(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> Iterator[None]:
    simulator.control(answer_after=600)
    LeadSource.objects.update(call_from=None, call_until=None)
    with time_machine.travel(NOW, tick=False):
        yield


def told(page: str) -> str:
    """What the form says above its fields."""
    found = re.search(r'<p class="notice-line">(.*?)</p>', page, re.DOTALL)
    return re.sub(r" ?<a .*?</a>", "", found[1]).strip() if found else NONE


@pytest.mark.parametrize("state", STATES)
def test_what_a_visitor_reads(state: str, client: Client) -> None:
    reach, before, after = STATES[state]
    reach()
    for place in ("contact", "widget"):
        form = client.get(f"/{place}/website/").text
        assert told(form) == before
        # If we ever open, another time can be chosen, and the notice links to the times.
        assert ('<a href="#id_call_at">' in form) == ("<optgroup" in form and before != NONE)
        assert ("<optgroup" in form) == (before != NO_TEAM)
    visitor = Visitor()
    lead = visitor.sends()
    if lead.call_after <= NOW and before != NO_TEAM:
        call(lead)  # the worker's first look: a spending limit puts it off
    api = client.get(f"/api/leads/{lead.public_id}/").json()
    if before == NONE:
        assert api["status"] == "calling"
        return
    assert after in api["message"]
    assert after in visitor.reads()


@pytest.mark.parametrize("place", ["contact", "widget"])
def test_a_chosen_time_that_has_passed_is_said_with_the_next_one_and_nothing_is_lost(
    place: str, client: Client
) -> None:
    opens_later_today()
    page = client.get(f"/{place}/website/").text
    first = re.findall(r'<option value="(2026[^"]+)"', page)[0]
    sent = {"name": "Noa Levi", "phone": "050-555 0101", "call_at": first, "message": "My bill"}
    with time_machine.travel(datetime.fromisoformat(first) + timedelta(minutes=1), tick=False):
        answer = client.post(f"/{place}/website/", sent)
    assert answer.status_code == 422
    assert "This time has passed. The next possible time is now" in answer.text
    assert "My bill" in answer.text
    assert first not in re.findall(r'<option value="([^"]+)"', answer.text)
    assert not Lead.objects.exists()
    api = client.post("/api/leads/", {**sent, "source": "website", "call_at": "2026-12-02T09:00Z"})
    assert api.status_code == 400
    assert api.json()["errors"]["call_at"] == [
        "This time has passed. The next possible time is today at 12:00 (UTC)."
    ]


def test_a_source_that_is_switched_off(client: Client) -> None:
    LeadSource.objects.update(is_active=False)
    sent = {"name": "Noa Levi", "phone": "050-555 0101", "source": "website"}
    for method in (client.get, client.post):
        plain, framed = method("/contact/website/"), method("/widget/website/")
        assert (plain.status_code, framed.status_code) == (404, 404)
        assert "There is no such page" in plain.text
        assert "This form is closed" in framed.text
    api = client.post("/api/leads/", sent)
    assert api.status_code == 404
    assert "source" in api.json()["errors"]
    assert not Lead.objects.exists()
