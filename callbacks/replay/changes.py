"""What is changed for a simulation: people, rests, waits, hours, the strategy. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callbacks.policy.rules import OPENING, Outcome, Policy, Wait
from callbacks.replay.leads import HistoricLead
from callbacks.replay.open_intervals import OpenIntervals
from callbacks.replay.scenario import Scenario, ScenarioTeam, changed

# Until when a wait is shortened to: no wait is negative, and the policy keeps to its own bounds.
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Change:
    """What one team would have had, or done. Whatever is not said stays as it is.

    `people`: extensions more, or fewer. `from_hour` and `to_hour`: the added ones are there from
    one full hour to another, each day. `wrap_up`: seconds of rest after a call. `waits`: the gaps
    between two tries are so many times as long. `earlier`: seconds by which it opens sooner.
    `no_turns`: all leads are called at an opening at once. `ring`: a salesperson's phone is given
    up after so many seconds. `no_owner`, `any_language`: nobody is waited for.
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
    """The firm with the change, for leads that were submitted in [start, end).

    `spans`: other hours of the team. Raises ValueError when there are not so many people.
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
    """The leads as they came; a phone that nobody picked up is given up after `change.ring`."""
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
    """The same hours, each opening so much sooner."""
    return OpenIntervals.joined((opens - seconds, closes) for opens, closes in spans.pairs())


def daily(
    start: datetime, end: datetime, from_hour: int, to_hour: int, zone: ZoneInfo
) -> OpenIntervals:
    """From one hour to another of each day between two instants, by the clocks of `zone`."""
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    found = []
    while day <= last:
        found.append((_at(day, from_hour, zone), _at(day, to_hour, zone)))
        day += _DAY
    return OpenIntervals.joined((opens, closes) for opens, closes in found if closes > opens)


def _at(day: date, hour: int, zone: ZoneInfo) -> float:
    """24 is midnight at its end."""
    day, hour = (day + _DAY, 0) if hour >= 24 else (day, hour)
    return datetime.combine(day, time(hour), zone).astimezone(UTC).timestamp()
