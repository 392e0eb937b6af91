"""What will happen to a source's old leads, in sentences for the source's page."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from callbacks.privacy import retention
from leads.models import AfterThat, LeadSource


def sentences(source: LeadSource, now: datetime) -> list[str]:
    """How many leads will be erased on which day; empty if leads are kept forever."""
    due = retention.preview(source, now)
    if due is None:
        return []
    begins = max(source.kept_since or now, now)
    days = {timezone.localtime(begins).date(): due.now} if due.now else {}
    for day, count in due.by_day.items():
        days[day] = days.get(day, 0) + count
    if not days:
        return [gettext("No leads of this source will be erased within a week.")]
    return [_on(source, date_format(day, "l, j F"), count) for day, count in sorted(days.items())]


def _on(source: LeadSource, day: str, count: int) -> str:
    if source.after_that == AfterThat.DELETED:
        return ngettext(
            "%(count)d lead will be deleted on %(day)s.",
            "%(count)d leads will be deleted on %(day)s.",
            count,
        ) % {"count": count, "day": day}
    return ngettext(
        "%(count)d lead will be made anonymous on %(day)s.",
        "%(count)d leads will be made anonymous on %(day)s.",
        count,
    ) % {"count": count, "day": day}
