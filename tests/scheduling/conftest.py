"""Leads that arrive at night at an office that opens at nine."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from callbacks.models import OpeningHours, Schedule, Team
from leads import intake
from leads.models import Lead, LeadSource

# A Monday; the office opens at nine.
NIGHT = datetime(2026, 11, 23, 2, tzinfo=UTC)
OPENING = NIGHT.replace(hour=9)
SECOND = timedelta(seconds=1)


def workdays(name: str, opens: int = 9, closes: int = 17) -> Schedule:
    schedule = Schedule.objects.create(name=name, time_zone="UTC")
    for weekday in range(5):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(opens), closes_at=time(closes)
        )
    return schedule


@pytest.fixture
def office(team: Team) -> Team:
    """A team that is open from nine to five and takes ten leads a minute at the opening."""
    team.schedule = workdays("Office")
    team.opening_rate = 10
    team.save()
    return team


def submit(source: LeadSource, n: int, **values: datetime) -> Lead:
    submission = intake.Submission(
        source=source, key=intake.key_from("spread", str(n)), name="Noa",
        phone=f"+97250{5_000_000 + n}", **values,
    )  # fmt: skip
    return intake.store(submission, now=timezone.now())


def times() -> list[datetime]:
    return list(Lead.objects.order_by("pk").values_list("call_after", flat=True))


def due_since(source: LeadSource, at: datetime, how_many: int) -> None:
    """Creates leads that became due before `at`, one second apart; the last has waited longest."""
    Lead.objects.bulk_create(
        Lead(
            source=source,
            name="Noa",
            phone=f"+97250{5_000_000 + n}",
            submitted_at=at - n * SECOND,
            waiting_since=at - n * SECOND,
            clock_started_at=at - n * SECOND,
            due_at=at - n * SECOND,
            call_after=at - n * SECOND,
        )
        for n in range(1, how_many + 1)
    )
