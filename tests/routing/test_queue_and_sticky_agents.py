"""The queue passes over leads that are kept for a sticky agent, and over no others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from callbacks.models import CallAttempt, Extension, Team
from callbacks.routing import queue
from leads.models import Lead, LeadStatus

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PHONE = "+972505550190"


@dataclass(frozen=True)
class Row:
    """A lead, who talked with its number, and whether the team could call it now.

    `talks`: which agent, how many days ago. "busy" is on a call, "free" is not, "elsewhere" is on a
    call in another team, "gone" is on a call and paused.
    """

    name: str
    talks: tuple[tuple[str, float], ...]
    is_next: bool
    waited: int = 0
    days: int = 30
    wait: int = 20


TABLE = [
    Row("nobody has talked", (), True),
    Row("on a call", (("busy", 3),), False),
    Row("on a call, a second before", (("busy", 3),), False, waited=19),
    Row("on a call, and waited for long enough", (("busy", 3),), True, waited=20),
    Row("on a call in another team", (("elsewhere", 3),), True),
    Row("on a call, and will not come back", (("gone", 3),), True),
    Row("free", (("free", 3),), True),
    Row("somebody else has talked since", (("busy", 3), ("free", 2)), True),
    Row("has talked since somebody else", (("free", 3), ("busy", 2)), False),
    Row("talked too long ago", (("busy", 31),), True),
    Row("talked just long enough ago", (("busy", 29.99),), False),
    Row("nobody is sticky", (("busy", 3),), True, days=0),
    Row("nobody is waited for", (("busy", 3),), True, wait=0),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_which_lead_is_next(make_lead: MakeLead, team: Team, row: Row) -> None:
    Team.objects.update(sticky_agent_days=row.days, sticky_agent_wait=row.wait)
    other = Team.objects.create(name="Support")
    agents = {
        name: Extension.objects.create(number=number, team=of, is_paused=name == "gone")
        for name, number, of in (
            ("free", "101", team), ("busy", "102", team), ("gone", "103", team),
            ("elsewhere", "104", other),
        )
    }  # fmt: skip
    for name in ("busy", "gone", "elsewhere"):
        on = make_lead(status=LeadStatus.CALLING)
        attempt(on, agents[name], "accepted", NOW, call_id=f"on-{name}")
    for name, days in row.talks:
        earlier = make_lead(PHONE, status=LeadStatus.UNREACHED, closed_at=NOW)
        at = NOW - timedelta(days=days)
        attempt(earlier, agents[name], "bridged", at, connected_at=at, ended_at=at)
    due = {
        "call_after": NOW - timedelta(seconds=row.waited),
        "clock_started_at": NOW,
        "due_at": NOW,
    }
    lead = make_lead(PHONE, **due)
    assert queue.next_leads(team.pk, NOW) == ([lead.pk] if row.is_next else [])


def attempt(lead: Lead, extension: Extension, state: str, at: datetime, **values: object) -> None:
    CallAttempt.objects.create(
        lead=lead, phone=lead.phone, extension=extension, extension_number=extension.number,
        state=state, claimed_at=at, hold_until=NOW, **values,
    )  # fmt: skip
