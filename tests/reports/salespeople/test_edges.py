"""Edges of the people report, one named row for each: what is stored, and Dana's figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User

from callbacks.models import CallAttempt, Extension, Pause, Team
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.models.pauses import HistoryStart
from callbacks.reports.date_ranges import Days
from callbacks.reports.filters import Asked
from callbacks.reports.people import Person
from callbacks.reports.queries import Row
from callbacks.reports.salespeople.meant import CALL_GROUPINGS
from callbacks.reports.salespeople.table import people
from leads.models import Lead, LeadSource
from tests.reports.salespeople.random_calls import schedule

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Asia/Jerusalem")
DAY = date(2026, 3, 25)  # a Wednesday
ONE_DAY = Days(DAY, DAY)


def at(text: str, day: date = DAY, fold: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day.isoformat()}T{text}").replace(tzinfo=ZONE, fold=fold)


NOW = at("20:00:00")


@dataclass
class World:
    """Dana's phone 101 and Noam's 102, in a team that is open from 9 to 18."""

    source: LeadSource
    team: Team
    dana: User
    noam: User
    phone: Extension
    other: Extension
    now: datetime = NOW
    made: int = 0

    def call(self, outcome: str, claimed: datetime, **values: Any) -> CallAttempt:
        """Stores a call: 5 s until the salesperson picks up, 10 s until the lead does; a talk lasts
        a minute.
        """
        self.made += 1
        lead = values.pop("lead", None) or Lead.objects.create(
            source=self.source, name="Noa", phone=f"+972505550{100 + self.made}",
            submitted_at=claimed, clock_started_at=claimed, due_at=claimed,
        )  # fmt: skip
        phone = values.pop("extension", self.phone)
        state = values.pop(
            "state", {"offline": "refused", "no_record": "ended"}.get(outcome, outcome)
        )
        is_talk = outcome == "bridged"
        up = claimed + timedelta(seconds=5)
        defaults: dict[str, Any] = {
            "provider_time": timedelta(0), "leg1_time": timedelta(seconds=5),
            "leg2_time": timedelta(seconds=10), "unknown_time": timedelta(0),
            "connected_at": up + timedelta(seconds=10) if is_talk else None,
            "talk_time": 60 if is_talk else None,
            "ended_at": None if state in LIVE_STATES else up + timedelta(seconds=80),
            "call_id": f"C-{self.made}",
        }  # fmt: skip
        return CallAttempt.objects.create(
            lead=lead, extension=phone, salesperson=values.pop("salesperson", phone.user),
            phone=lead.phone, state=state, outcome="" if state in LIVE_STATES else outcome,
            claimed_at=claimed, hold_until=claimed, **defaults | values,
        )  # fmt: skip

    def pause(self, began: datetime, ended: datetime | None, **values: Any) -> None:
        phone = values.pop("extension", self.phone)
        defaults = {"kind": "own", "salesperson": phone.user}
        Pause.objects.create(extension=phone, began_at=began, ended_at=ended, **defaults | values)


@pytest.fixture
def world(source: LeadSource, team: Team) -> World:
    HistoryStart.objects.all().delete()
    Team.objects.update(schedule=schedule("Day", 9, 18))
    dana, noam = User.objects.create_user("dana"), User.objects.create_user("noam")
    phones = [
        Extension.objects.create(number=number, team=team, user=user)
        for number, user in (("101", dana), ("102", noam))
    ]
    return World(source, team, dana, noam, *phones)


def row_of(world: World, days: Days = ONE_DAY, person: int | None = None, **asked: Any) -> Row:
    number = world.dana.pk if person is None else person
    found = people(
        replace(Asked(days), salesperson=Person(number), **asked), CALL_GROUPINGS["day"], world.now
    )
    return found.table.total


Story = Callable[[World], None]


def handed_over(world: World) -> None:
    world.call("bridged", at("10:00:00"))
    Extension.objects.filter(pk=world.phone.pk).update(user=world.noam)


def left(world: World) -> None:
    world.call("bridged", at("10:00:00"))
    world.pause(at("12:00:00"), None, kind="login")
    User.objects.filter(pk=world.dana.pk).update(is_active=False)
    Extension.objects.filter(pk=world.phone.pk).update(is_active=False)


def login_off_since_noon(world: World) -> None:
    world.pause(at("12:00:00"), None, kind="login")


def stopped(world: World) -> None:
    world.call("stopped", at("10:00:00"))
    world.call("stopped", at("10:10:00"), picked_up_at=at("10:10:05"))


def no_record(world: World) -> None:
    world.call("no_record", at("10:00:00"))
    world.call("no_record", at("11:00:00"), picked_up_at=at("11:00:05"))


def live(world: World) -> None:
    world.call("", at("19:59:00"), state="accepted", picked_up_at=at("19:59:05"))


def live_ringing(world: World) -> None:
    world.call("", at("19:59:50"), state="accepted")


def network(world: World) -> None:
    for nth in range(3):
        world.call("agent_unreached", at(f"1{nth}:00:00"))


def not_sent(world: World) -> None:
    for nth, outcome in enumerate(("not_sent", "provider_error", "invalid")):
        state = "not_sent" if outcome == "not_sent" else "refused"
        world.call(outcome, at(f"1{nth}:00:00"), state=state)


def rejected(world: World) -> None:
    world.call("agent_no_answer", at("10:00:00"), rejected_leg=1)
    world.call("agent_no_answer", at("11:00:00"))


def twice_the_same_lead(world: World) -> None:
    first = world.call("bridged", at("10:00:00"))
    world.call("bridged", at("11:00:00"), lead=first.lead)


def talk_of_unknown_length(world: World) -> None:
    world.call("bridged", at("10:00:00"), talk_time=None)


def hung_up_live(world: World) -> None:
    world.call("bridged", at("10:00:00"), talk_time=None, hung_up_at=at("10:00:45"))


def message(world: World) -> None:
    lead = Lead.objects.create(
        source=world.source, name="Noa", phone="+972505550199", submitted_at=NOW,
        clock_started_at=NOW, due_at=NOW,
    )  # fmt: skip
    CallAttempt.objects.create(
        lead=lead, kind="message", phone=lead.phone, state="played", claimed_at=at("10:00:00"),
        ended_at=at("10:01:00"), hold_until=NOW,
    )  # fmt: skip


def calls_that_overlap(world: World) -> None:
    world.call("bridged", at("10:00:00"))
    world.call("bridged", at("10:00:30"), extension=world.phone)


def pick_up_not_known(world: World) -> None:
    world.call("bridged", at("10:00:00"), leg1_time=timedelta(seconds=15), leg2_time=timedelta(0))


def still_paused(world: World) -> None:
    world.now = at("17:30:00")
    world.pause(at("17:00:00"), None)


def over_by_itself(world: World) -> None:
    # The sweep has not ended the pause yet.
    world.pause(at("12:00:00"), None, until=at("12:15:00"))


def began_before(world: World) -> None:
    world.pause(at("17:00:00", DAY - timedelta(days=1)), at("09:30:00"))


def after_closing(world: World) -> None:
    world.pause(at("18:30:00"), at("19:00:00"))


def until_midnight(world: World) -> None:
    world.pause(at("17:45:00"), None, until=at("00:00:00", DAY + timedelta(days=1)))


def two_phones(world: World) -> None:
    second = Extension.objects.create(number="103", team=world.team, user=world.dana)
    world.pause(at("12:00:00"), at("12:30:00"))
    world.pause(at("12:20:00"), at("12:40:00"), extension=second, kind="manager")


def nobodys(world: World) -> None:
    world.pause(at("12:00:00"), at("12:15:00"), kind="missed")
    world.pause(at("13:00:00"), at("13:15:00"), kind="")


# What is stored, and Dana's figures that day.
EDGES: dict[str, tuple[Story, dict[str, float | None]]] = {
    "the phone is somebody else's now": (
        handed_over, {"offered": 1, "talks": 1, "on_calls": 70, "shift": None, "shift_share": None},
    ),
    "she has left": (left, {"offered": 1, "talks": 1, "shift": None, "paused": None}),
    "her login is off since noon": (
        login_off_since_noon, {"shift": 3 * 3600, "pauses": 0, "paused": None},
    ),
    "a manager stopped it, before and after she picked up": (
        stopped, {"offered": 2, "answered": 1, "calls_missed": 0, "not_told": 1},
    ),
    "no record came, and a pop-up told that she picked up": (
        no_record, {"offered": 2, "answered": 1, "not_told": 1, "talks": 0},
    ),
    "a call that is on": (
        live, {"offered": 1, "answered": 1, "not_told": 0, "on_calls": None, "talk_time": None},
    ),
    "a call that rings now": (live_ringing, {"offered": 1, "answered": 0, "not_told": 1}),
    "the network, three times": (
        network, {"offered": 3, "calls_missed": 0, "not_put_through": 3, "answered_share": None},
    ),
    "not sent, an error, wrong parameters": (not_sent, {"offered": 0, "not_told": 0}),
    "rejected, and rung in vain": (
        rejected, {"calls_missed": 2, "rejected": 1, "answered_share": 0, "on_calls": None},
    ),
    "two talks with one lead": (twice_the_same_lead, {"talks": 2, "people_reached": 1}),
    "a talk of unknown length": (
        talk_of_unknown_length,
        {"talks": 1, "talk_time": None, "talk_length": None, "on_calls": 80},
    ),
    "its end was told live": (hung_up_live, {"talk_time": None, "on_calls": 40}),
    "a recorded message": (message, {"offered": 0, "talks": 0}),
    "two calls at one time, by a late record": (
        calls_that_overlap, {"talks": 2, "talk_time": 120, "on_calls": 100},
    ),
    "nothing tells when she picked up": (
        pick_up_not_known, {"answered": 1, "pick_up_p50": None, "on_calls": 60},
    ),
    "a pause that is still on": (
        still_paused, {"pauses": 1, "paused": 1800, "shift": 8.5 * 3600},
    ),
    "a pause whose time is over": (over_by_itself, {"pauses": 1, "paused": 900}),
    "a pause since yesterday": (began_before, {"pauses": 1, "paused": 1800}),
    "a pause after closing": (after_closing, {"pauses": 0, "paused": None}),
    "a pause for the rest of the day": (until_midnight, {"paused": 900, "pauses_15": 1}),
    "two phones, paused at one time": (
        two_phones,
        {"pauses": 2, "paused": 2400, "pause_longest": 1800, "pauses_own": 1, "pauses_others": 1},
    ),
    "pauses that nobody made": (nobodys, {"pauses_system": 2, "pauses_own": 0, "paused": 1800}),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_what_follows(world: World, name: str) -> None:
    story, wanted = EDGES[name]
    story(world)
    row = row_of(world)
    assert {key: row[key].value for key in wanted} == wanted


def test_calls_of_a_phone_without_a_login_are_the_phones(world: World) -> None:
    shop = Extension.objects.create(number="110", team=world.team, name="Shop")
    world.call("bridged", at("10:00:00"), extension=shop)
    row = row_of(world, person=-shop.pk)
    assert (row["talks"].value, row["shift"].value) == (1, 9 * 3600)
    # Dana has it now: its earlier calls stay with the phone.
    Extension.objects.filter(pk=shop.pk).update(user=world.dana)
    assert row_of(world, person=-shop.pk)["talks"].value == 1
    assert row_of(world)["talks"].value == 0


def test_a_call_across_midnight_counts_at_its_beginning_and_its_time_on_both_days(
    world: World,
) -> None:
    world.call("bridged", at("23:59:25"))  # picked up at 23:59:30, over at 00:00:40
    tomorrow = Days(DAY + timedelta(days=1), DAY + timedelta(days=1))
    world.now = NOW + timedelta(days=2)
    first, second = row_of(world), row_of(world, tomorrow)
    assert (first["talks"].value, second["talks"].value) == (1, 0)
    assert (first["talk_time"].value, second["talk_time"].value) == (60, None)
    assert (first["on_calls"].value, second["on_calls"].value) == (30, 40)
    both = row_of(world, Days(DAY, DAY + timedelta(days=1)))
    assert (both["on_calls"].value, both["on_calls"].leads) == (70, 1)


# For a team that never closes, a shift is as long as the day.
CLOCKS = {
    "a day of 24 hours": (date(2026, 3, 25), 24),
    "the clocks go forward": (date(2026, 3, 27), 23),
    "the clocks go back": (date(2026, 10, 25), 25),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_shift_and_a_pause_of_a_day_are_as_long_as_it_is(world: World, name: str) -> None:
    day, hours = CLOCKS[name]
    Team.objects.update(schedule=None)
    world.now = datetime(2026, 12, 1, tzinfo=UTC)
    world.pause(at("12:00:00", day - timedelta(days=1)), at("12:00:00", day + timedelta(days=1)))
    row = row_of(world, Days(day, day))
    assert (row["shift"].value, row["paused"].value) == (hours * 3600, hours * 3600)


def test_a_call_in_the_hour_that_is_repeated_is_as_long_as_it_was(world: World) -> None:
    day = date(2026, 10, 25)
    world.now = datetime(2026, 12, 1, tzinfo=UTC)
    # Picked up at 01:59:30, first time round; over at 01:00:40, second time round.
    world.call("bridged", at("01:59:25", day, fold=0))
    row = row_of(world, Days(day, day))
    assert (row["on_calls"].value, row["talks"].value) == (70, 1)


def test_sources_choose_calls_and_shifts_are_of_the_whole_person(world: World) -> None:
    world.call("bridged", at("10:00:00"))
    world.pause(at("12:00:00"), at("12:30:00"))
    elsewhere = LeadSource.objects.create(slug="other", name="Other")
    row = row_of(world, sources=(elsewhere.pk,))
    assert (row["offered"].value, row["shift_share"].value) == (0, 0)
    assert (row["paused"].value, row["shift"].value) == (1800, 9 * 3600)


def test_a_period_before_the_history_knows_of_no_pauses(world: World) -> None:
    HistoryStart.objects.create(what=HistoryStart.PAUSES, since=at("00:00:00", date(2026, 3, 26)))
    row = row_of(world)
    assert (row["pauses"].value, row["paused"].value) == (None, None)
