"""The example of docs/reports.md, computed by the product."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callbacks.models import Extension, Team
from callbacks.reports.date_ranges import Days
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS
from callbacks.reports.measures import MEASURES
from callbacks.reports.queries import Figure, figures
from leads.models import OPEN_STATUSES, Lead, LeadSource

DAY = date(2026, 3, 26)
ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime.combine(DAY, time(12), ZONE)
DOC = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()


def table(head: str) -> list[list[str]]:
    """The cells of the table with this head in the document."""
    rows = DOC.split(f"| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def in_seconds(text: str) -> timedelta | None:
    return timedelta(seconds=float(text)) if text else None


def store(source: LeadSource, team: Team) -> None:
    phones = {
        name: Extension.objects.create(number=number, name=name, team=team)
        for name, number in (("Dana", "101"), ("Noam", "102"))
    }
    first = None
    rows = table("lead | submitted | status | rang | talked | calls | by")
    for number, (_name, submitted, status, rang, talked, calls, by) in enumerate(rows):
        at = datetime.combine(DAY, time.fromisoformat(submitted), ZONE)
        to_ring, to_talk = in_seconds(rang), in_seconds(talked)
        lead = Lead.objects.create(
            source=source, name="Noa", phone=f"+97250555010{number}", status=status,
            duplicate_of=first if status == "duplicate" else None,
            submitted_at=at, clock_started_at=at, due_at=at + timedelta(seconds=60),
            closed_at=None if status in OPEN_STATUSES else NOW,
            rang_at=None if to_ring is None else at + to_ring, time_to_ring=to_ring,
            connected_at=None if to_talk is None else at + to_talk, time_to_talk=to_talk,
            attempts=int(calls), by_extension=phones[by].pk if by else None,
            by_team=team.pk if by else None,
        )  # fmt: skip
        first = first or lead


def said(figure: Figure) -> str:
    """A figure as the document writes it."""
    assert figure.value is not None
    match figure.measure.unit.name:
        case "SHARE":
            return f"{round(figure.value * 100, 1):g} %"
        case "SECONDS":
            return f"{round(figure.value, 6):g} s"
        case _:
            return f"{round(figure.value, 1):g}"


@pytest.mark.django_db
def test_the_example_of_the_docs_is_computed_as_by_hand(source: LeadSource, team: Team) -> None:
    store(source, team)
    found = figures(Asked(Days(DAY, DAY)), MEASURES.values(), GROUPINGS["salesperson"], now=NOW)
    by_hand = {key: value for key, _how, value in table("figure | by hand | value")}
    assert len(by_hand) == 19
    assert {key: said(found.total[key]) for key in by_hand} == by_hand
    by_person = [(row.label, row["leads"].leads) for row in found.rows]
    assert by_person == [("Dana (101)", 3), ("Noam (102)", 2), ("Not called", 2)]
