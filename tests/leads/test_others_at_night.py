"""Somebody else asks for a call at night: the daytime call that the owner chose stands."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.models import Extension, Team
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.visitors import PHONE, Visitor, waits_for_a_retry

pytestmark = pytest.mark.django_db(transaction=True)

# A Saturday: in Israel 22:40 and 14:00. In New York it is seven hours earlier.
NIGHT, DAY = datetime(2026, 11, 28, 20, 40, tzinfo=UTC), datetime(2026, 11, 28, 12, tzinfo=UTC)
TONIGHT = datetime(2026, 11, 28, 21, 30, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 29, 9, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
IN_NEW_YORK = "+1 212 555 0199"
Hours = tuple[int, int] | None


@dataclass(frozen=True)
class Row:
    """The owner of a number has chosen MONDAY; somebody else asks for a call at `at`.

    `called_at`: when the number is called. `wish`: None for as soon as possible. `hours`: those of
    the owner's source. `other_hours`: those of the other request's source, if it is another one.
    """

    called_at: datetime
    at: datetime = NIGHT
    wish: datetime | None = None
    same: bool = False
    phone: str = PHONE
    hours: Hours = None
    other_hours: Hours | str = "the same source"


ROWS = {
    "now, at night": Row(MONDAY),
    "a time of tonight": Row(MONDAY, wish=TONIGHT),
    "a time of tonight, asked for by day": Row(MONDAY, at=DAY, wish=TONIGHT),
    "now, by day": Row(DAY, at=DAY),
    "a time of the next day, asked for at night": Row(SUNDAY, wish=SUNDAY),
    "a later time": Row(MONDAY, wish=MONDAY + timedelta(days=1)),
    "now, at night, by the owner": Row(NIGHT, same=True),
    "a time of tonight, by the owner": Row(TONIGHT, wish=TONIGHT, same=True),
    "night here, and day where the number is": Row(NIGHT, phone=IN_NEW_YORK),
    "day here, and night where the number is": Row(
        MONDAY, at=SUNDAY.replace(hour=8), phone=IN_NEW_YORK
    ),
    "hours of its own that reach into the night": Row(NIGHT, hours=(6, 23)),
    "through another source, which calls at any hour": Row(MONDAY, other_hours=None),
    "through another source, which calls at any hour, and the owner's has hours": Row(
        MONDAY, hours=(9, 18), other_hours=None
    ),
    "through another source, whose hours reach into the night": Row(
        MONDAY, hours=(9, 18), other_hours=(6, 23)
    ),
    "through another source, by day": Row(DAY, at=DAY, hours=(9, 18), other_hours=(8, 21)),
}


@pytest.fixture(autouse=True)
def _as_it_is_where_nothing_is_set(
    settings: SettingsWrapper, source: LeadSource, extension: Extension
) -> None:
    source.allowed_countries = ["IL", "US"]
    source.save()
    settings.NEW_CALLING_HOURS = time(8), time(21)


def keeps(source: LeadSource, hours: Hours) -> None:
    source.call_from, source.call_until = (time(it) for it in hours) if hours else (None, None)
    source.save()


def asked_through(row: Row, team: Team) -> str:
    if row.other_hours == "the same source":
        return "website"
    other = LeadSource.objects.create(slug="landing", name="Landing page")
    keeps(other, row.other_hours)  # type: ignore[arg-type]
    team.sources.add(other)
    return other.slug


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_when_the_number_is_called(row: Row, source: LeadSource, team: Team) -> None:
    keeps(source, row.hours)
    through = asked_through(row, team)
    owner = Visitor()
    with time_machine.travel(row.at - timedelta(hours=1), tick=False):
        lead = owner.sends(phone=row.phone, call_at=MONDAY.isoformat())
    with time_machine.travel(row.at, tick=False):
        asks = owner if row.same else Visitor()
        wish = row.wish.isoformat() if row.wish else ""
        asks.sends(through, phone=row.phone, call_at=wish, message="Another wish")
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
    assert max(lead.call_after, row.at) == row.called_at


def test_nobody_reads_that_somebody_is_found_who_does_not_call(source: LeadSource) -> None:
    """Nothing shows that the number's owner has chosen a time."""
    with time_machine.travel(NIGHT - timedelta(hours=1), tick=False):
        Visitor().sends(call_at=MONDAY.isoformat())
    strangers = Visitor(), Visitor()
    with time_machine.travel(NIGHT, tick=False) as clock:
        for stranger, phone in zip(strangers, (PHONE, "050-555 0172"), strict=True):
            stranger.sends(phone=phone)
        for waited, asks_after in ((0, 1), (90, 5), (200, 60), (3600, 60)):
            clock.move_to(NIGHT + timedelta(seconds=waited))
            known, unknown = (told(it) for it in strangers)
            assert known == unknown
            assert known["ask_after"] == asks_after
            assert "finding someone" not in str(known["message"])
            assert "Otherwise we will call you later." in str(known["message"])


def test_a_source_that_could_call_by_day_promises_nobody_after_a_while(
    source: LeadSource, team: Team
) -> None:
    """The owner's source has closed by then; the other one calls on."""
    keeps(source, (9, 13))
    other = LeadSource.objects.create(slug="landing", name="Landing page")
    team.sources.add(other)
    with time_machine.travel(DAY - timedelta(hours=5), tick=False):
        Visitor().sends(call_at=MONDAY.isoformat())
    strangers = Visitor(), Visitor()
    with time_machine.travel(DAY, tick=False) as clock:
        for stranger, phone in zip(strangers, (PHONE, "050-555 0172"), strict=True):
            stranger.sends("landing", phone=phone)
        clock.shift(200)
        known, unknown = (told(it) for it in strangers)
        assert known == unknown
        assert known["message"] == "We will call you as soon as we can."


def told(visitor: Visitor) -> dict[str, object]:
    public_id = visitor.page.split("/")[-2]
    return dict(visitor.client.get(f"/api/leads/{public_id}/").json())


def waits(_source: LeadSource) -> Lead:
    return Visitor().sends()


def waits_for_its_next_try(_source: LeadSource) -> Lead:
    lead, _ended_at = waits_for_a_retry()
    return lead


def has_chosen_a_time_that_is_over(_source: LeadSource) -> Lead:
    with time_machine.travel(NIGHT - timedelta(days=1), tick=False):
        return Visitor().sends(call_at=(NIGHT - timedelta(minutes=40)).isoformat())


@pytest.mark.parametrize("how", [waits, waits_for_its_next_try, has_chosen_a_time_that_is_over])
def test_a_lead_of_which_nobody_has_chosen_a_time_ahead_is_brought_forward_at_night_too(
    how: Callable[[LeadSource], Lead], source: LeadSource
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        lead = how(source)
        Visitor().sends(message="Now, please")
        lead.refresh_from_db()
        assert lead.call_after <= NIGHT


def test_somebody_who_has_chosen_beside_the_owner_moves_no_more_than_their_own(
    source: LeadSource,
) -> None:
    owner, other = Visitor(), Visitor()
    with time_machine.travel(DAY, tick=False):
        lead = owner.sends(call_at=MONDAY.isoformat())
        other.sends(call_at=SUNDAY.isoformat(), message="On Sunday")
    with time_machine.travel(NIGHT, tick=False):
        other.sends(message="Now, please")
    lead.refresh_from_db()
    assert lead.call_after == SUNDAY
