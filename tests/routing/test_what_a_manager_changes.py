"""A manager's change takes effect at once, in both directions, however it is stored."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from callbacks.calling.apply_outcome import apply
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.routing import claim as claims
from callbacks.routing import config, queue
from leads.models import Lead

MakeLead = Callable[..., Lead]
HOLD = timedelta(hours=1)

pytestmark = pytest.mark.django_db(transaction=True)


def rung(lead: Lead) -> str | None:
    now, current = timezone.now(), config.current()
    asked = current.asked(lead.source_id, timedelta(0), now)
    closed = current.closed_shifts((turn.team_id for turn in asked), now)
    claim = claims.claim(lead.pk, asked, now, HOLD, closed)
    return claim.attempt.extension_number if claim else None


def a_call(make_lead: MakeLead, extension: Extension, ago: timedelta = timedelta(0)) -> None:
    """A call that the lead did not answer and that ended `ago`."""
    at = timezone.now() - ago
    lead = make_lead(status="calling")
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, extension_number=extension.number, phone=lead.phone,
        state=AttemptState.LEAD_NO_ANSWER, outcome="lead_no_answer", claimed_at=at, ended_at=at,
        hold_until=at,
    )  # fmt: skip
    apply(attempt, timezone.now())


def by_saving(model: Any, **values: Any) -> None:
    for row in model.objects.all():
        for name, value in values.items():
            setattr(row, name, value)
        row.save()


def by_update(model: Any, **values: Any) -> None:
    model.objects.update(**values)


def by_sql(model: Any, **values: Any) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(f"UPDATE {model._meta.db_table} SET {name} = %s", [value])


WAYS = [by_saving, by_update, by_sql]
CHANGES = {
    # The value before, the change, and whether the extension is rung after it.
    "the team's cap is raised": (Team, {"daily_cap": 1}, Team, {"daily_cap": 50}, True),
    "the team's cap is removed": (Team, {"daily_cap": 1}, Team, {"daily_cap": None}, True),
    "the team's cap is lowered": (Team, {"daily_cap": 50}, Team, {"daily_cap": 1}, False),
    "the team gets a cap": (Team, {}, Team, {"daily_cap": 1}, False),
    "its own cap is raised": (Extension, {"daily_cap": 1}, Extension, {"daily_cap": 2}, True),
    "its own cap is removed": (Extension, {"daily_cap": 1}, Extension, {"daily_cap": None}, True),
    "its own cap lifts its team's": (Team, {"daily_cap": 1}, Extension, {"daily_cap": 9}, True),
    "its own cap is lowered": (Extension, {"daily_cap": 2}, Extension, {"daily_cap": 1}, False),
    "the team's wrap-up is shortened": (Team, {"wrap_up": 900}, Team, {"wrap_up": 0}, True),
    "the team's wrap-up is lengthened": (Team, {"wrap_up": 0}, Team, {"wrap_up": 900}, False),
    "its own wrap-up is shortened": (Extension, {"wrap_up": 900}, Extension, {"wrap_up": 1}, True),
    "its own wrap-up is removed": (Extension, {"wrap_up": 900}, Extension, {"wrap_up": None}, True),
    "it gets a wrap-up": (Team, {}, Extension, {"wrap_up": 900}, False),
}  # fmt: skip


def open_all_day(zone: str) -> Schedule:
    schedule = Schedule.objects.create(name="Office", time_zone=zone)
    for day in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at="00:00", closes_at="23:59:59"
        )
    return schedule


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("way", WAYS, ids=["saved", "update()", "SQL"])
def test_caps_and_rest(
    make_lead: MakeLead,
    extension: Extension,
    way: Callable[..., None],
    change: tuple[Any, dict[str, Any], Any, dict[str, Any], bool],
) -> None:
    before_of, before, of, after, is_rung = change
    # Otherwise, just after midnight, a call of 2 s ago would be yesterday's.
    Team.objects.update(schedule=open_all_day(_zone_of(12, timezone.now())))
    before_of.objects.update(**before)
    a_call(make_lead, extension, timedelta(seconds=2))
    lead = make_lead()
    way(of, **after)
    assert (len(queue.next_leads(extension.team_id, timezone.now())) == 1) is is_rung
    assert (rung(lead) is not None) is is_rung


def _zone_of(hour: int, now: datetime) -> str:
    """A zone in which it is this hour of the day; the signs in Etc/GMT names are reversed."""
    ahead = (hour - now.hour) % 24
    ahead = ahead - 24 if ahead > 14 else ahead
    return f"Etc/GMT-{ahead}" if ahead >= 0 else f"Etc/GMT+{-ahead}"


@pytest.mark.parametrize("way", WAYS, ids=["saved", "update()", "SQL"])
@pytest.mark.parametrize(("hour_before", "hour", "is_rung"), [(12, 0, True), (0, 12, False)])
def test_the_zone_in_which_the_day_of_a_cap_begins(
    make_lead: MakeLead,
    extension: Extension,
    way: Callable[..., None],
    hour_before: int,
    hour: int,
    is_rung: bool,
) -> None:
    """Where it is a quarter past midnight, a call an hour and a half ago was yesterday."""
    now = timezone.now()
    Team.objects.update(schedule=open_all_day(_zone_of(hour_before, now)), daily_cap=1)
    a_call(make_lead, extension, timedelta(minutes=90))
    lead = make_lead()
    way(Schedule, time_zone=_zone_of(hour, now))
    assert (rung(lead) is not None) is is_rung


def test_a_phone_that_goes_to_another_team_goes_by_its_limits(
    make_lead: MakeLead, source: Any, extension: Extension
) -> None:
    Team.objects.update(daily_cap=1)
    other = Team.objects.create(name="Support", daily_cap=2)
    other.sources.add(source)
    a_call(make_lead, extension)
    lead = make_lead()
    assert rung(lead) is None
    Extension.objects.update(team=other)
    assert rung(lead) == "101"


# --- places in the queue --------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS, ids=["saved", "update()", "SQL"])
@pytest.mark.parametrize(
    ("before", "after", "is_time"),
    [("longest_idle", "fair", False), ("weighted", "round_robin", True)],
)
def test_another_strategy_begins_with_new_places(
    extension: Extension, way: Callable[..., None], before: str, after: str, is_time: bool
) -> None:
    Team.objects.update(strategy=before)
    called_at = timezone.now() - timedelta(days=1)
    Extension.objects.update(queue_position=7, last_called_at=called_at)
    Extension.objects.create(number="102", team=extension.team, queue_position=9)
    way(Team, strategy=after)
    found = dict(Extension.objects.values_list("number", "queue_position"))
    first = called_at.timestamp() if is_time else 0
    assert found == {"101": pytest.approx(first), "102": 0}


def test_a_phone_that_joins_a_team_by_turns_has_no_time_among_them(
    make_lead: MakeLead, source: Any, extension: Extension
) -> None:
    Extension.objects.update(queue_position=1_800_000_000, last_called_at=timezone.now())
    other = Team.objects.create(name="Support", strategy="fair")
    other.sources.add(source)
    there = Extension.objects.create(number="201", team=other, queue_position=40)
    Extension.objects.filter(pk=extension.pk).update(team=other)
    found = dict(Extension.objects.values_list("number", "queue_position"))
    assert found == {"101": 0, "201": there.queue_position}
