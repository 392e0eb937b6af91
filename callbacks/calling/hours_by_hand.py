"""At which hours a person may have a number called: inside the calling window of the phone's zone.

If no hour fits all zones in which the phone may be, the number is not called automatically. A
person may still call at an hour of their choice, but not while it is night in all of the zones. If
it is night in some of them, the person has to confirm first.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext

from callbacks.calling.manual_requests import CannotCall
from callbacks.routing import config
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from leads.dated_sentences import weekday_and_date
from leads.models import Lead


def keep_to_the_window(lead: Lead, now: datetime, *, whatever_hour: bool = False) -> None:
    """Raises CannotCall if this number may not be called now, from any extension.

    `whatever_hour`: the person was asked by `question` and confirmed.
    """
    opening = calling_hours.next_by_hand(config.current(), lead.source_id, lead.phone, now)
    if opening is None:
        raise CannotCall(
            gettext(
                "The calling windows of its source and its teams never overlap, so this number "
                "may not be called. Nothing was changed."
            )
        )
    if opening > now:
        sentence = gettext(
            "This is outside the number's calling hours. It may not be called before %(date)s "
            "at %(time)s. Nothing was changed."
        )
        local = timezone.localtime(opening)
        moment = {"date": weekday_and_date(local.date()), "time": f"{local:%H:%M}"}
        raise CannotCall(sentence % moment)
    if not whatever_hour and (asked := question(lead, now)):
        raise CannotCall(" ".join([asked, gettext("Nothing was changed.")]))


def question(lead: Lead, now: datetime) -> str:
    """What to ask a person who wants to call this number now: it may be night there.

    "" if there is nothing to ask, or the number may not be called at all.
    """
    current = config.current()
    opening = calling_hours.next_by_hand(current, lead.source_id, lead.phone, now)
    is_open = calling_hours.in_window(current, lead.source_id, lead.phone, now)
    window = current.calling_window(lead.source_id)
    if window is None or is_open or opening is None or opening > now:
        return ""
    first, last = _clocks(current, lead, now)
    begins, ends = window
    return gettext(
        "No hour suits all time zones the number may be in: it is %(first)s to %(last)s there "
        "now, and numbers are called from %(begins)s to %(ends)s."
    ) % {
        "first": f"{first:%H:%M}", "last": f"{last:%H:%M}",
        "begins": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}",
    }  # fmt: skip


def _clocks(current: RoutingConfig, lead: Lead, now: datetime) -> tuple[datetime, datetime]:
    """The earliest and the latest local time among the zones of the number."""
    windows = calling_hours.windows_of(current, lead.source_id, lead.phone)
    local = [now.astimezone(ZoneInfo(it.time_zone)) for it in windows]
    local.sort(key=lambda it: it.replace(tzinfo=None))
    return local[0], local[-1]
