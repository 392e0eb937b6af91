"""How many requests each entry of the block lists refuses, by day.

Refused requests are not stored: without these counts, nobody would notice an entry that turns away
honest visitors. Days are in the site's time zone and are kept for KEPT_FOR.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from leads.models import BlockDay

KEPT_FOR = timedelta(days=30)

_NOTE = """
    WITH old AS (
        DELETE FROM leads_blockday WHERE entry_id = ANY(%(entries)s) AND day < %(oldest)s
    )
    INSERT INTO leads_blockday AS its (entry_id, day, refused)
    SELECT entry.id, %(day)s, 1 FROM leads_blockentry entry WHERE entry.id = ANY(%(entries)s)
    ORDER BY entry.id
    ON CONFLICT (entry_id, day) DO UPDATE SET refused = its.refused + 1
"""


def note(entries: Collection[int], now: datetime) -> None:
    """Counts one more request refused by these entries. One statement."""
    today = _day(now)
    given: dict[str, Any] = {
        "entries": list(entries), "day": today, "oldest": today - KEPT_FOR,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, given)


def refused(entries: Collection[int], now: datetime, *, days: int) -> dict[int, int]:
    """How many requests each of these entries refused in the last `days` days, including today."""
    found = BlockDay.objects.filter(
        entry__in=entries, day__gt=_day(now) - timedelta(days=days)
    ).values_list("entry")
    return dict(found.annotate(number=Sum("refused")))


def refusing_most(now: datetime, *, least: int, most: int) -> list[BlockDay]:
    """The entries that refused at least `least` requests today, highest counts first."""
    found = BlockDay.objects.filter(day=_day(now), refused__gte=least).select_related("entry")
    return list(found.order_by("-refused", "pk")[:most])


def _day(now: datetime) -> date:
    return timezone.localdate(now)
