"""When a salesperson may plan a follow-up call: offered times, and checks of a chosen one.

Like any lead, a follow-up is called in the opening hours of its source's teams and in the calling
window of its number. Times are read and written in the salesperson's zone. Reads no table.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common import typed_time
from callbacks.common.formatting import when
from callbacks.models import Extension
from callbacks.opening_hours import calendar as opening_hours
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# How far ahead a follow-up may be planned. Owners are found by talks over a longer period
# (routing.rules.FOLLOW_UP_OWNED_FOR).
LATEST = timedelta(days=90)
_MORNING = time(9)
_FIVE_MINUTES = timedelta(minutes=5)


class Wish(Enum):
    """The choices of one tap."""

    HOUR = "hour"
    TOMORROW = "tomorrow"
    WEEK = "week"


_SAID: "dict[Wish, StrOrPromise]" = {
    Wish.HOUR: _("In an hour"),
    Wish.TOMORROW: _("Tomorrow morning"),
    Wish.WEEK: _("Next week"),
}


@dataclass(frozen=True)
class OfferedTime:
    """A time that fits. `moved`: the intended time did not fit, and this is the next that does."""

    at: datetime
    title: str
    when: str
    moved: bool

    @property
    def value(self) -> str:
        """The time as a form sends it."""
        return self.at.isoformat(timespec="minutes")


class TimeRefused(Exception):  # noqa: N818  # about the time, for a salesperson
    """Nobody is called at this time; the message says why. `instead`: the next time that fits."""

    def __init__(self, words: str, instead: datetime | None = None) -> None:
        super().__init__(words)
        self.instead = instead


def zone_of(config: RoutingConfig, extension: Extension | None) -> ZoneInfo:
    """A salesperson's zone: that of the phone's own hours, else of its team's, else the site's."""
    for schedule_id in (extension.schedule_id, extension.team.schedule_id) if extension else ():
        calendar = config.calendars.get(schedule_id) if schedule_id else None
        if calendar and not opening_hours.problem(calendar):
            return ZoneInfo(calendar.time_zone)
    return ZoneInfo(settings.TIME_ZONE)


def offered(
    config: RoutingConfig, source_id: int, phone: str, now: datetime, zone: ZoneInfo
) -> list[OfferedTime]:
    """The times offered for one tap, each moved to when the lead may be called."""
    found: list[OfferedTime] = []
    for wish, title in _SAID.items():
        wanted = _wanted(wish, now, zone)
        at = calling_hours.next_time(config, source_id, phone, wanted)
        if at and at <= now + LATEST and all(it.at != at for it in found):
            at = at.astimezone(zone)
            found.append(OfferedTime(at, str(title), when(at, now, zone), moved=at != wanted))
    return found


def instead(at: datetime, now: datetime, zone: ZoneInfo) -> OfferedTime:
    """A time that is offered in place of another."""
    at = at.astimezone(zone)
    return OfferedTime(at, gettext("Call then"), when(at, now, zone), moved=True)


def chosen(
    typed: str,
    config: RoutingConfig,
    source_id: int,
    phone: str,
    now: datetime,
    zone: ZoneInfo,
) -> datetime:
    """The typed time, local in `zone` or with an offset. Raises TimeRefused."""
    try:
        at = typed_time.read(typed, zone).at
    except typed_time.NotAMoment:
        raise TimeRefused(gettext("This is not a valid time. Example: 2026-11-29 14:00.")) from None
    if at <= now:
        raise TimeRefused(gettext("This time has passed."))
    if at > now + LATEST:
        sentence = gettext("This is more than %(days)d days ahead.") % {"days": LATEST.days}
        raise TimeRefused(sentence)
    instead = _next(config, source_id, phone, at, now)
    if instead == at:
        return at
    if instead is None:
        raise TimeRefused(gettext("There is no time when this lead can be called."))
    sentence = (
        gettext("We are closed then. The next possible time is %(time)s.")
        if calling_hours.in_window(config, source_id, phone, at)
        else gettext(
            "This number may not be called at that hour. The next possible time is %(time)s."
        )
    )
    raise TimeRefused(sentence % {"time": when(instead, now, zone)}, instead)


def _next(
    config: RoutingConfig, source_id: int, phone: str, after: datetime, now: datetime
) -> datetime | None:
    found = calling_hours.next_time(config, source_id, phone, after)
    return found if found and found <= now + LATEST else None


def _wanted(wish: Wish, now: datetime, zone: ZoneInfo) -> datetime:
    if wish is Wish.HOUR:
        later = now + timedelta(hours=1)
        # Rounded up to five minutes, as people agree on times.
        over = timedelta(minutes=later.minute % 5, seconds=later.second) + timedelta(
            microseconds=later.microsecond
        )
        return later + (_FIVE_MINUTES - over if over else timedelta(0))
    days = 1 if wish is Wish.TOMORROW else 7
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, _MORNING, zone)
