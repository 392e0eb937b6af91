"""Leads of all kinds with their calls, random by a seed, for checking figures."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from callbacks.calling import visitor_clock
from callbacks.models import CallAttempt, Extension, Team
from leads.models import OPEN_STATUSES, Attribution, Disposition, Lead, LeadSource, LeadStatus
from tests.reports.plainly import Known

ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
# The last half hour of a month, the repeated hour, and other edges of days.
AT_THE_EDGE = (
    datetime(2026, 11, 30, 23, 30, tzinfo=ZONE),
    datetime(2026, 12, 1, 0, 10, tzinfo=ZONE),
    datetime(2026, 10, 25, 1, 30, fold=0, tzinfo=ZONE),
    datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=ZONE),
    datetime(2026, 10, 24, 23, 59, 59, tzinfo=ZONE),
    datetime(2026, 3, 27, 3, 0, tzinfo=ZONE),
    datetime(2026, 3, 27, 1, 59, 59, tzinfo=ZONE),
)
_OUTCOMES = (
    ("bridged", "bridged"),
    ("lead_no_answer", "lead_no_answer"),
    ("agent_no_answer", "agent_no_answer"),
    ("refused", "offline"),
)


def sources() -> list[LeadSource]:
    """Three sources; the clock of one runs only in opening hours."""
    return [
        LeadSource.objects.create(slug=f"s{number}", name=name, sla_target=target, sla_clock=clock)
        for number, (name, target, clock) in enumerate(
            [("Website", 60, "always"), ("דף נחיתה", 120, "open"), ("API", 5, "always")]
        )
    ]


def phones() -> list[Extension]:
    """Phones of two teams: one person has a phone in each team; one phone has no login."""
    dana = User.objects.create_user("dana", first_name="Dana", last_name="Levi")
    noam = User.objects.create_user("noam")
    teams = [Team.objects.create(name=name) for name in ("Sales", "מכירות")]
    return [
        Extension.objects.create(number=str(101 + number), team=team, user=user, name=name)
        for number, (team, user, name) in enumerate(
            [
                (teams[0], dana, "Dana"),
                (teams[1], dana, "Dana at home"),
                (teams[1], noam, "Noam"),
                (teams[0], None, "Shop floor"),
            ]
        )
    ]


def rows(seed: int, count: int = 120) -> list[Known]:
    """Stores the rows, and updates the leads from their calls, as the product does."""
    chance = random.Random(seed)
    its_sources, its_phones = sources(), phones()
    said = [None, *Disposition.objects.order_by("pk")]
    found = []
    first = None
    for number in range(count):
        lead = _lead(chance, chance.choice(its_sources), number, first)
        first = first or lead
        calls = [_call(chance, lead, its_phones) for _ in range(chance.choice([0, 1, 1, 2, 3]))]
        talks = [it.connected_at for it in calls if it.connected_at]
        if talks or lead.status == LeadStatus.CONNECTED:
            lead.connected_at = min(talks, default=lead.submitted_at)
        lead.attempts = len(calls)
        lead.disposition = said[number % len(said)] if talks else None
        lead.helped = number % 6 if talks and number % 6 else None
        lead.save()
        visitor_clock.tell(lead.pk)
        if number % 3:
            _came_by(lead, random.Random(f"{seed} {number}"))
        lead.refresh_from_db()
        found.append(Known(lead, tuple(calls)))
    return found


def _lead(chance: random.Random, source: LeadSource, number: int, first: Lead | None) -> Lead:
    if number < len(AT_THE_EDGE):
        submitted = AT_THE_EDGE[number].astimezone(UTC)
    else:
        submitted = NOW - timedelta(seconds=chance.uniform(-3600, 45 * 86400))
    clock = submitted + timedelta(seconds=chance.choice([0, 0, 0, 3600]))
    status = chance.choice(LeadStatus.values)
    if first is None and status == LeadStatus.DUPLICATE:
        status = LeadStatus.WAITING
    dialed = chance.random() < 0.7
    return Lead.objects.create(
        source=source,
        name="Noa",
        phone=f"+97250{5_000_000 + number}",
        status=status,
        language=chance.choice(["he", "en", ""]),
        duplicate_of=first if status == LeadStatus.DUPLICATE else None,
        submitted_at=submitted,
        clock_started_at=clock,
        chosen_at=chance.choice([None, None, clock]),
        follow_up_of=None
        if status == LeadStatus.DUPLICATE
        else chance.choice([None] * 9 + [first]),
        first_source=chance.choice([None, None, None, source]),
        due_at=clock + timedelta(seconds=source.sla_target),
        closed_at=None if status in OPEN_STATUSES else chance.choice([NOW, clock]),
        cancelled_while_held=status == LeadStatus.CANCELLED and chance.random() < 0.5,
        connected_at=clock if status == LeadStatus.CONNECTED else None,
        first_dialed_at=clock + timedelta(seconds=chance.uniform(-9, 99)) if dialed else None,
    )


def _came_by(lead: Lead, chance: random.Random) -> None:
    Attribution.objects.create(
        lead=lead,
        utm_campaign=chance.choice(["", "Spring sale", "מבצע"]),
        utm_medium=chance.choice(["", "cpc"]),
        utm_source=chance.choice(["", "google"]),
    )


def _call(chance: random.Random, lead: Lead, its_phones: list[Extension]) -> CallAttempt:
    state, outcome = chance.choice(_OUTCOMES)
    claimed = lead.clock_started_at + timedelta(seconds=chance.choice([2, 40, 300, 900, 5000]))
    claimed += timedelta(seconds=chance.random() * 60)
    rang = claimed + timedelta(seconds=6) if outcome in ("bridged", "lead_no_answer") else None
    phone = chance.choice(its_phones)
    return CallAttempt.objects.create(
        lead=lead,
        extension=phone,
        salesperson=phone.user,
        phone=lead.phone,
        state=state,
        outcome=outcome,
        claimed_at=claimed,
        rang_at=rang,
        connected_at=claimed + timedelta(seconds=15) if outcome == "bridged" else None,
        ended_at=claimed + timedelta(seconds=60),
        hold_until=claimed,
    )
