"""Sentences for visitors and managers that name a day, a time, and the time zone."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from babel.dates import format_date, get_timezone_location
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, to_locale

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class DatedSentence:
    """One sentence in three forms, chosen by its day.

    Placeholders: %(time)s in each, %(weekday)s in `tomorrow`, %(date)s in `later`.
    """

    today: "StrOrPromise"
    tomorrow: "StrOrPromise"
    later: "StrOrPromise"

    def text(self, at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
        """The form for `at`, as read at `now`. Days and times are in `zone`, and the time names the
        zone.

        `zone` None: the current time zone.
        """
        local = timezone.localtime(at, zone)
        values = {"time": _clock_of(local, zone or timezone.get_current_timezone())}
        match (local.date() - timezone.localtime(now, zone).date()).days:
            case 0:
                return str(self.today) % values
            case 1:
                return str(self.tomorrow) % {"weekday": _weekday(local.date()), **values}
        return str(self.later) % {"date": weekday_and_date(local.date()), **values}


def _clock_of(local: datetime, zone: tzinfo) -> str:
    """ "14:30 (Jerusalem time)" or "14:30 (UTC+2)": the visitor may be in another zone than we
    are.
    """
    values = {"time": f"{local:%H:%M}", "zone": zone_name(zone, local)}
    return gettext("%(time)s (%(zone)s)") % values


def zone_name(zone: tzinfo, at: datetime) -> str:
    """ "America/New_York" -> "New York time"; for a zone that names no place, its offset at `at`.

    "Etc/GMT-2" is two hours ahead of Greenwich: the sign in its name is inverted.
    """
    area, _slash, place = str(zone).rpartition("/")
    if area not in ("", "Etc") or (not area and place[1:].islower()):
        return gettext("%(city)s time") % {"city": _city(str(zone), _locale())}
    offset = timezone.localtime(at, zone).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    return f"UTC{minutes // 60:+d}" if minutes else "UTC"


@lru_cache(maxsize=1_000)
def _city(zone: str, locale: str) -> str:
    """ "Asia/Jerusalem" -> "Jerusalem", "ירושלים"; in English spelled as in the setting."""
    if not locale.startswith("en"):
        with suppress(LookupError):  # a zone that CLDR does not know
            return get_timezone_location(zone, locale=locale, return_city=True)
    return zone.rpartition("/")[2].replace("_", " ")


def day_heading(day: date, today: date) -> str:
    """ "Today", "Tomorrow, Sunday", "Sunday, 29 November"."""
    match (day - today).days:
        case 0:
            return gettext("Today")
        case 1:
            return gettext("Tomorrow, %(weekday)s") % {"weekday": _weekday(day)}
    return capfirst(weekday_and_date(day))


def weekday_and_date(day: date) -> str:
    """ "Sunday, 29 November"."""
    # Translators: a pattern of Unicode's CLDR, as in "Sunday, 29 November".
    return format_date(day, gettext("EEEE, d MMMM"), locale=_locale())


def _weekday(day: date) -> str:
    return format_date(day, "EEEE", locale=_locale())


def _locale() -> str:
    """The CLDR locale of the page's language, for names of days, months and places."""
    return to_locale(get_language() or "en")
