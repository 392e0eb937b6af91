"""A team with opening hours."""

from datetime import time

import pytest

from callbacks.models import OpeningHours, Schedule, Team


@pytest.fixture
def office(team: Team) -> Schedule:
    """Open on workdays from nine to five."""
    schedule = Schedule.objects.create(name="Office", time_zone="UTC")
    for weekday in range(5):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(9), closes_at=time(17)
        )
    Team.objects.update(schedule=schedule)
    return schedule
