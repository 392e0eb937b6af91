"""Calls, pauses and shifts of all kinds, random by a seed, for checking figures."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from callbacks.models import CallAttempt, Extension, OpeningHours, Pause, Schedule, Team
from callbacks.models.pauses import HistoryStart
from callbacks.policy.rules import Outcome
from leads.models import Lead, LeadSource

ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
# Across midnights, the month's end and the repeated hour.
AT_THE_EDGE = (
    datetime(2026, 11, 30, 23, 59, 30, tzinfo=ZONE),
    datetime(2026, 11, 29, 23, 58, 0, tzinfo=ZONE),
    datetime(2026, 10, 25, 1, 30, fold=0, tzinfo=ZONE),
    datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=ZONE),
    datetime(2026, 10, 24, 23, 59, 0, tzinfo=ZONE),
    datetime(2026, 10, 19, 23, 59, 0, tzinfo=ZONE),
    datetime(2026, 11, 15, 17, 59, 0, tzinfo=ZONE),
    datetime(2026, 11, 15, 8, 59, 0, tzinfo=ZONE),
)
# State and outcome of ended attempts, as the product stores them.
ENDS = [
    ("bridged", "bridged"), ("bridged", "bridged"), ("lead_no_answer", "lead_no_answer"),
    ("lead_busy", "lead_busy"), ("short_talk", "short_talk"), ("lead_not_rung", "lead_not_rung"),
    ("agent_no_answer", "agent_no_answer"), ("agent_unreached", "agent_unreached"),
    ("refused", "offline"), ("refused", "blocked"), ("refused", "invalid"),
    ("refused", "provider_error"), ("not_sent", "not_sent"), ("stopped", "stopped"),
    ("ended", "no_record"), ("ended", "never_known"),
]  # fmt: skip
TALKED = ("bridged", "short_talk")
ANSWERED = {it.value for it in Outcome if it.value.startswith("lead_") or it.value in (
    "bridged", "bad_number", "short_talk",
)}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """All rows that were stored."""

    calls: tuple[CallAttempt, ...]
    pauses: tuple[Pause, ...]
    phones: tuple[Extension, ...]


def schedule(name: str, first: int, last: int) -> Schedule:
    """A schedule from Sunday to Thursday, from one hour to another."""
    found = Schedule.objects.create(name=name, time_zone="Asia/Jerusalem")
    for weekday in (6, 0, 1, 2, 3):
        OpeningHours.objects.create(
            schedule=found, weekday=weekday, opens_at=time(first), closes_at=time(last)
        )
    return found


def phones() -> list[Extension]:
    """Phones of two teams, one with hours. Dana has a phone in each; one phone has no login,
    another is off.
    """
    dana = User.objects.create_user("dana", first_name="Dana", last_name="Levi")
    noam, gone = User.objects.create_user("noam"), User.objects.create_user("gone")
    day, late = schedule("Day", 9, 18), schedule("Late", 12, 23)
    sales = Team.objects.create(name="Sales", schedule=day)
    round_the_clock = Team.objects.create(name="מכירות")
    rows = [
        (sales, dana, None, True), (round_the_clock, dana, late, True), (sales, noam, late, True),
        (round_the_clock, None, None, True), (sales, gone, None, False),
    ]  # fmt: skip
    return [
        Extension.objects.create(
            number=str(101 + nth), team=team, user=user, schedule=its, is_active=active
        )
        for nth, (team, user, its, active) in enumerate(rows)
    ]


def rows(seed: int, count: int = 90) -> Drawn:
    """Stores the rows."""
    chance = random.Random(seed)
    HistoryStart.objects.all().delete()
    its_phones = phones()
    sources = [LeadSource.objects.create(slug=f"s{nth}", name=f"Source {nth}") for nth in range(2)]
    leads = [
        Lead.objects.create(
            source=chance.choice(sources), name="Noa", phone=f"+97250{5_000_000 + nth}",
            status="unreached", submitted_at=NOW - timedelta(days=40), due_at=NOW,
            clock_started_at=NOW, closed_at=NOW, language=chance.choice(["he", ""]),
        )
        for nth in range(30)
    ]  # fmt: skip
    calls = [_call(chance, chance.choice(leads), chance.choice(its_phones), nth)
             for nth in range(count)]  # fmt: skip
    pauses = [_pause(chance, it) for it in its_phones for _ in range(7)]
    return Drawn(tuple(calls), tuple(pauses), tuple(its_phones))


def _call(chance: random.Random, lead: Lead, phone: Extension, nth: int) -> CallAttempt:
    state, outcome = chance.choice(ENDS)
    claimed = NOW - timedelta(seconds=chance.uniform(0, 45 * 86400))
    if nth < len(AT_THE_EDGE):
        claimed, (state, outcome) = AT_THE_EDGE[nth].astimezone(UTC), ("bridged", "bridged")
    provider = timedelta(seconds=chance.uniform(0.1, 1))
    rings = timedelta(seconds=chance.choice([0, 3, 5.5, 12, 25]))
    further = timedelta(seconds=chance.choice([0, 8, 20]))
    up = claimed + provider + rings
    connected = up + further if outcome in TALKED else None
    talk = chance.choice([None, 3, 60, 185, 900]) if connected else None
    over = (connected or up + further) + timedelta(seconds=talk or 30)
    told = chance.random() < 0.5
    return CallAttempt.objects.create(
        lead=lead, extension=phone,
        # Sometimes the phone has since been handed to another login.
        salesperson=chance.choice([phone.user, phone.user, phone.user, None]),
        phone=lead.phone, state=state, outcome=outcome, claimed_at=claimed,
        provider_time=provider, leg1_time=rings, leg2_time=further,
        unknown_time=timedelta(seconds=chance.choice([0, 4])),
        picked_up_at=up if told and outcome not in ("agent_no_answer", "offline") else None,
        rejected_leg=chance.choice([None, 1]) if outcome == "agent_no_answer" else None,
        hung_up_at=over if told else None, connected_at=connected, talk_time=talk,
        ended_at=over + timedelta(seconds=2), hold_until=claimed,
    )  # fmt: skip


def _pause(chance: random.Random, phone: Extension) -> Pause:
    began = NOW - timedelta(seconds=chance.uniform(0, 45 * 86400))
    length = timedelta(minutes=chance.choice([2, 15, 30, 55, 60, 300, 2000]))
    kind = chance.choice(["own", "own", "manager", "missed", "fault", "login", ""])
    user = phone.user_id
    return Pause.objects.create(
        extension=phone, salesperson_id=user, kind=kind, made_by_id=user if kind == "own" else None,
        reason=chance.choice(["lunch", "Break", "meeting, with Gal", "", "dentist"]),
        began_at=began, until=began + length if chance.random() < 0.5 else None,
        ended_at=began + length,
    )  # fmt: skip
