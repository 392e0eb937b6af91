"""What reports cost: fills a database, asks each report and a bare percentile in turn.

    python -m tests.benchmarks.reporting '{"leads": 1000000, "days": 110, "rounds": 3}'

prints one JSON object: for each period the number of its leads, and the milliseconds of each report
and of one `percentile_cont` over the same rows. A report's time is that of its whole function,
including the work in Python.
"""

# Django has to be set up before the product is imported.

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

_BARE = """
    SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM time_to_ring))
    FROM leads_lead WHERE submitted_at >= %s AND submitted_at < %s
"""


def main() -> None:
    """Fills the database, asks each report, and prints the result."""
    options = json.loads(sys.argv[1])

    import django

    django.setup()
    began = time.monotonic()
    now = _fill(options)
    filled = time.monotonic() - began
    found = {
        name: _measured(name, days, now, options["rounds"])
        for name, days in (("a month", 30), ("a year", 365))
        if days < options["days"]
    }
    print(json.dumps({"leads": options["leads"], "fill_s": filled, "periods": found}))


def _fill(options: dict[str, Any]) -> datetime:
    import psycopg
    from django.conf import settings

    from tests.benchmarks.many_leads import Many, fill

    now = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
    with psycopg.connect(settings.DATABASE_URL) as connection:
        fill(connection, Many(options["leads"], now, options["days"]))
    return now


def _measured(name: str, count: int, now: datetime, rounds: int) -> dict[str, Any]:
    from callbacks.reports.date_ranges import last_days
    from callbacks.reports.filters import Asked

    asked = Asked(last_days(count, now.date()))
    reports = {"a bare percentile": lambda: _bare(asked), **_reports(asked, now)}
    times: dict[str, list[float]] = {report: [] for report in reports}
    for _ in range(rounds + 1):
        for report, ask in reports.items():
            began = time.perf_counter()
            ask()
            times[report].append((time.perf_counter() - began) * 1000)
    # The first round only warms the server's memory.
    milliseconds = {report: median(those[1:]) for report, those in times.items()}
    bare = milliseconds.pop("a bare percentile")
    return {"leads": asked.leads().count(), "bare_ms": bare, "reports_ms": milliseconds}


def _bare(asked: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_BARE, asked.bounds)
        cursor.fetchall()


def _reports(asked: Any, now: datetime) -> dict[str, Callable[[], object]]:
    from callbacks.reports import pictures
    from callbacks.reports.groupings import GROUPINGS, WEEKDAY_HOUR
    from callbacks.reports.measures import MEASURES
    from callbacks.reports.queries import figures
    from callbacks.reports.selection import COLUMNS
    from callbacks.reports.stages import stage_times

    def table(keys: Any, grouping: Any = None) -> Callable[[], object]:
        measures = [MEASURES[key] for key in keys]
        return lambda: figures(asked, measures, grouping, now=now)

    main = COLUMNS["main"].measures
    found = {f"by {key}": table(main, grouping) for key, grouping in GROUPINGS.items()}
    found |= {
        f"{key}, by source": table(columns.measures, GROUPINGS["source"])
        for key, columns in COLUMNS.items()
        if key != "main"
    }
    found["all together"] = table(main)
    found["how soon"] = table((*pictures.SPREAD, "judged"))
    found["trend by day"] = table(pictures.TREND, GROUPINGS["day"])
    found["hours of the week"] = table(pictures.HEAT, WEEKDAY_HOUR)
    found["where the time goes, by day"] = lambda: stage_times(asked, GROUPINGS["day"], now)
    return found


if __name__ == "__main__":
    main()
