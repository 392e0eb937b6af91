"""Pauses end by themselves, and of several people who change an extension one wins."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks import tasks
from callbacks.extensions import pauses
from callbacks.extensions.pauses import PauseLength
from callbacks.models import Extension
from leads.models import Lead
from tests.support.queue import queued
from tests.support.together import at_once

pytestmark = pytest.mark.django_db(transaction=True)
JERUSALEM = ZoneInfo("Asia/Jerusalem")
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)


@pytest.fixture
def dana(db: None) -> User:
    return User.objects.create_user("dana")


def paused(until: timedelta | None) -> dict[str, object]:
    return {
        "is_paused": True,
        "pause_reason": "lunch",
        "paused_until": timezone.now() + until if until is not None else None,
    }


def test_a_pause_whose_time_is_over_ends_by_itself_and_who_waits_is_called(
    make_lead: Callable[..., Lead], extension: Extension
) -> None:
    lead = make_lead()
    Extension.objects.update(**paused(timedelta(seconds=-1)), missed_in_a_row=2)
    queued(empty=True)
    tasks.sweep()
    extension.refresh_from_db()
    assert (extension.is_paused, extension.paused_until) == (False, None)
    # Nobody has said that the salesperson is back.
    assert (extension.pause_reason, extension.missed_in_a_row) == ("", 2)
    assert queued() == [("callbacks.call_lead", lead.pk)]


@pytest.mark.parametrize("until", [timedelta(minutes=1), None], ids=["later", "open"])
def test_a_pause_that_is_not_over_stays(
    until: timedelta | None, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    make_lead()
    Extension.objects.update(**paused(until))
    queued(empty=True)
    tasks.sweep()
    extension.refresh_from_db()
    assert (extension.is_paused, extension.pause_reason) == (True, "lunch")
    assert queued() == []


def test_of_two_sweeps_at_once_one_ends_a_pause(extension: Extension) -> None:
    Extension.objects.update(**paused(timedelta(seconds=-1)))
    now = timezone.now()
    assert sorted(at_once(4, lambda: pauses.end_pauses(now))) == [0, 0, 0, 1]


def test_two_clicks_at_once_are_one_pause_and_one_entry_in_the_log(
    extension: Extension, dana: User
) -> None:
    change = pauses.pause(None, "lunch", timezone.now(), UTC)
    done = at_once(4, lambda: pauses.carry_out(change, extension, dana))
    assert sorted(done) == [False, False, False, True]
    assert LogEntry.objects.get().change_message == "Paused until un-paused: lunch"


@pytest.mark.parametrize(
    ("lasts", "zone", "ends"),
    [
        (PauseLength.QUARTER, JERUSALEM, datetime(2026, 3, 25, 10, 15, tzinfo=UTC)),
        (PauseLength.DAY, JERUSALEM, datetime(2026, 3, 25, 22, 0, tzinfo=UTC)),
        (PauseLength.DAY, UTC, datetime(2026, 3, 26, 0, 0, tzinfo=UTC)),
        (PauseLength.OPEN, UTC, None),
    ],
)
def test_when_a_pause_ends(lasts: PauseLength, zone: ZoneInfo, ends: datetime | None) -> None:
    assert pauses.pause_ends(lasts, NOON + timedelta(seconds=20), zone) == ends
