"""Today's leads against what is usual, and hour by hour."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, ngettext

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.common.shared_reading import StillReading
from callbacks.reports import cells, pictures, selection, usual
from callbacks.reports.cells import Cell
from callbacks.reports.date_ranges import last_days
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import MEASURES, Measure
from callbacks.reports.periods import TODAY
from callbacks.reports.pictures import Picture
from callbacks.reports.queries import Figure, Table, figures
from callbacks.routing import config

SHOWN = (
    "leads", "in_time", "reached_share", "ring_p50", "ring_p90", "talk_p50", "talk_p90",
)  # fmt: skip


@dataclass(frozen=True)
class Against:
    """A figure of today, and the usual figure for this time of day in words."""

    cell: Cell
    usual: str
    is_known: bool


@dataclass(frozen=True)
class Today:
    """`said`: a sentence that explains "usual". `picture`: None before the first lead."""

    figures: tuple[Against, ...]
    said: str
    picture: Picture | None


def read(now: datetime, seen: Scope = EVERYTHING) -> Today:
    """Today in the site's time zone. One query; one more when the usual figures are read again."""
    asked = Asked(last_days(1, timezone.localdate(now)), TODAY, seen=seen)
    measures = [MEASURES[key] for key in SHOWN]
    table = figures(asked, measures, GROUPINGS["hour"], now=now)
    past: usual.Usual | None
    try:
        past = usual.usual(measures, now)
    except StillReading:  # another page has been reading for a second
        past = None
    against = tuple(_against(table, it, past.values[it.key] if past else None) for it in measures)
    picture = None
    if table.total["leads"].leads:
        hours = range(timezone.localtime(now).hour + 1)
        sources = config.current().sources.values()
        target = selection.common_target(it.sla_target for it in sources if it.is_active)
        picture = pictures.by_hour(table, hours, target)
    return Today(against, _said(past, timezone.localdate(now).weekday()), picture)


def _against(table: Table, measure: Measure, usually: float | None) -> Against:
    return Against(
        cells.cell(table, table.total, measure.key),
        cells.words(Figure(measure, usually, 0)),
        usually is not None,
    )


def _said(past: usual.Usual | None, weekday: int) -> str:
    if past is None:
        return gettext("The usual figures are not ready yet. They will appear here by themselves.")
    if not past.days:
        return gettext("No earlier %(weekday)s to compare with.") % {"weekday": WEEKDAYS[weekday]}
    return ngettext(
        "Usual: leads submitted by %(until)s on %(weekday)s last week, with their final results.",
        "Usual: the median of the last %(days)s %(weekday)ss, for leads "
        "submitted by %(until)s, with their final results.",
        past.days,
    ) % {"days": past.days, "weekday": WEEKDAYS[weekday], "until": f"{past.until:%H:%M}"}
