"""The time of day of the tests of spending."""

from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone


@pytest.fixture(autouse=True)
def _no_hour_ends() -> Iterator[None]:
    """Counts start from 0 when an hour or a day ends, which must not happen during a test."""
    now = timezone.now()
    with time_machine.travel(now.replace(minute=20, second=0, microsecond=0), tick=True):
        yield
