"""What a simulation changes: people, wrap-up, waits, hours, the strategy. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callbacks.policy.rules import OPENING, Outcome, Policy, Wait
from callbacks.replay.leads import HistoricLead
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import Scenario, ScenarioTeam, changed

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Change:
    """A change of one team. Fields left at their defaults change nothing.

    `people`: so many extensions more, or fewer. `from_hour`, `to_hour`: full hours between which
    the added ones are there each day. `wrap_up`: seconds of rest after a call. `waits`: factor for
    the gaps between two tries. `earlier`: seconds by which it opens earlier. `no_turns`: all leads
    are called at once at an opening. `ring`: seconds after which a salesperson's unanswered phone
    is given up. `no_owner`, `any_language`: leads do not wait for the owner, or for somebody who
    speaks their language.
    """

    team: int
    people: int = 0
    from_hour: int | None = None
    to_hour: int | None = None
    wrap_up: int | None = None
    waits: float = 1
    earlier: int = 0
    strategy: str = ""
    no_turns: bool = False
    ring: int | None = None
    no_owner: bool = False
    any_language: bool = False


def applied(
    firm: Scenario,
    change: Change,
    start: datetime,
    end: datetime,
    *,
    spans: OpenIntervals | None = None,
) -> Scenario:
    """The firm with the change, for leads submitted in [start, end).

    `spans`: other hours of the team. Raises ValueError if the team has too few people to remove.
    """
    team = firm.teams[change.team]
    there = {phone.id for phone in firm.phones}
    if spans is None and change.earlier:
        spans = opened_earlier(team.spans, change.earlier)
    found = changed(firm, team.id, extensions=change.people, spans=spans, strategy=change.strategy)
    if change.from_hour is not None and change.to_hour is not None:
        shift = daily(start, end, change.from_hour, change.to_hour, ZoneInfo(team.time_zone))
        phones = [it if it.id in there else replace(it, spans=shift) for it in found.phones]
        found = replace(found, phones=tuple(phones))
    if change.wrap_up is not None:
        phones = [
            replace(it, wrap_up=change.wrap_up) if it.team_id == team.id else it
            for it in found.phones
        ]
        found = replace(found, phones=tuple(phones))
    if change.no_turns:
        teams: dict[int, ScenarioTeam] = dict(found.teams)
        teams[team.id] = replace(teams[team.id], opening_rate=None)
        found = replace(found, teams=teams)
    if change.waits != 1:
        found = replace(found, policy=_with_waits(found.policy, change.waits))
    return _without_waiting(found, change)


def _without_waiting(firm: Scenario, change: Change) -> Scenario:
    other: dict[str, int] = {"sticky_agent_wait": 0} if change.no_owner else {}
    other |= {"language_wait": 0} if change.any_language else {}
    if not other:
        return firm
    sources = {
        key: replace(
            source,
            teams=tuple(
                replace(it, **other) if it.id == change.team else it  # type: ignore[arg-type]
                for it in source.teams
            ),
        )
        for key, source in firm.sources.items()
    }
    return replace(firm, sources=sources)


def _with_waits(policy: Policy, factor: float) -> Policy:
    def times(wait: Wait) -> Wait:
        return wait if wait == OPENING else wait * factor

    return replace(
        policy,
        offline_for=policy.offline_for * factor,
        missed_for=policy.missed_for * factor,
        unreached_for=policy.unreached_for * factor,
        after_error=[it * factor for it in policy.after_error],
        after_no_answer=[times(it) for it in policy.after_no_answer],
        after_busy=[times(it) for it in policy.after_busy],
    )


def given_up_sooner(leads: Iterable[HistoricLead], change: Change) -> list[HistoricLead]:
    """The leads as they came, but unanswered phones are given up after `change.ring` seconds."""
    if change.ring is None:
        return list(leads)
    most = float(change.ring)
    return [
        replace(
            lead,
            tries=tuple(
                replace(it, held=min(it.held, most))
                if it.outcome is Outcome.AGENT_NO_ANSWER
                else it
                for it in lead.tries
            ),
        )
        for lead in leads
    ]


def opened_earlier(spans: OpenIntervals, seconds: float) -> OpenIntervals:
    """The same hours, with each opening earlier by `seconds`."""
    return OpenIntervals.joined((opens - seconds, closes) for opens, closes in spans.pairs())


def daily(
    start: datetime, end: datetime, from_hour: int, to_hour: int, zone: ZoneInfo
) -> OpenIntervals:
    """From one hour to another, each day between two instants, by the clocks of `zone`."""
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    found = []
    while day <= last:
        found.append((_at(day, from_hour, zone), _at(day, to_hour, zone)))
        day += _DAY
    return OpenIntervals.joined((opens, closes) for opens, closes in found if closes > opens)


def _at(day: date, hour: int, zone: ZoneInfo) -> float:
    """Hour 24 is the midnight at the day's end."""
    day, hour = (day + _DAY, 0) if hour >= 24 else (day, hour)
    return datetime.combine(day, time(hour), zone).astimezone(UTC).timestamp()
