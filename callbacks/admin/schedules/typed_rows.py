"""Turns lines typed on a schedule's page into rows of its form, before the form is checked.

The rows are then checked, pictured and stored as if somebody had entered each of them. If any text
cannot be read, all texts stay as they are, and the form (ScheduleForm) says why.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import time
from typing import Any

from django.http import HttpRequest, QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.opening_hours import calendar_file, typed_hours
from callbacks.opening_hours.calendar import Hours
from callbacks.opening_hours.typed_hours import NotHours, TypedDay
from callbacks.reports.date_ranges import parsed_day

WEEK, DAYS, FILE = "week_typed", "days_typed", "holidays_file"
# Bytes. A year's holidays are some kilobytes.
LARGEST_FILE = 1024 * 1024


def expand(request: HttpRequest) -> None:
    """Replaces the lines and the file in the request by rows."""
    posted = request.POST.copy()
    try:
        _expand_week(posted)
        _expand_days(posted, typed_hours.read_days(posted.get(DAYS, "")))
        if posted.get(DAYS):
            posted[DAYS] = ""
        if FILE in request.FILES:
            there = {
                parsed_day(posted.get(f"exceptions-{n}-date", ""))
                for n in _kept(posted, "exceptions")
            }
            found = read_file(request.FILES[FILE])
            _expand_days(posted, [it for it in found if it.day not in there])
    except NotHours:
        return
    request.POST = posted  # type: ignore[assignment]  # Django's own setter


def read_file(file: Any) -> list[TypedDay]:
    """The days of an uploaded calendar file, from today on. Raises NotHours."""
    file.seek(0)
    content: bytes = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise NotHours(
            gettext(
                "This file is larger than %(size)s. Choose a calendar that contains only holidays."
            )
            % {"size": filesizeformat(LARGEST_FILE)}
        )
    return calendar_file.read(content.decode("utf-8-sig", errors="replace"), timezone.localdate())


def week_of(posted: QueryDict) -> dict[int, list[Hours]]:
    """The week in the posted rows; incomplete rows are left out."""
    week: dict[int, list[Hours]] = defaultdict(list)
    for n in _kept(posted, "hours"):
        try:
            opens, closes = (
                time.fromisoformat(posted.get(f"hours-{n}-{name}", ""))
                for name in ("opens_at", "closes_at")
            )
            week[int(posted.get(f"hours-{n}-weekday", ""))].append(Hours(opens, closes))
        except ValueError:
            continue
    return week


def _expand_week(posted: QueryDict) -> None:
    if not posted.get(WEEK):
        return
    typed = typed_hours.read_week(posted.get(WEEK, ""), week_of(posted))
    for n in _kept(posted, "hours"):
        if posted.get(f"hours-{n}-weekday", "") in {str(day) for day in typed}:
            posted[f"hours-{n}-DELETE"] = "on"
    for day, hours in typed.items():
        for each in hours:
            _add(posted, "hours", weekday=str(day), **_times(each))
    posted[WEEK] = ""


def _expand_days(posted: QueryDict, typed: Iterable[TypedDay]) -> None:
    days = {it.day: it for it in typed}
    for n in _kept(posted, "exceptions"):
        if parsed_day(posted.get(f"exceptions-{n}-date", "")) in days:
            posted[f"exceptions-{n}-DELETE"] = "on"
    for day, it in days.items():
        for times in [_times(each) for each in it.hours] or [{"opens_at": "", "closes_at": ""}]:
            _add(posted, "exceptions", date=day.isoformat(), note=it.note, **times)


def _times(hours: Hours) -> dict[str, str]:
    return {"opens_at": f"{hours.opens_at:%H:%M}", "closes_at": f"{hours.closes_at:%H:%M}"}


def _kept(posted: QueryDict, prefix: str) -> list[int]:
    """The numbers of the rows not ticked for deletion."""
    return [n for n in range(_total(posted, prefix)) if not posted.get(f"{prefix}-{n}-DELETE")]


def _total(posted: QueryDict, prefix: str) -> int:
    typed = posted.get(f"{prefix}-TOTAL_FORMS", "0")
    # Not more than a formset takes (Django's absolute maximum).
    return min(int(typed), 2000) if typed.isdecimal() else 0


def _add(posted: QueryDict, prefix: str, **values: str) -> None:
    n = _total(posted, prefix)
    for name, value in values.items():
        posted[f"{prefix}-{n}-{name}"] = value
    posted[f"{prefix}-TOTAL_FORMS"] = str(n + 1)
