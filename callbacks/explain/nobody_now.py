"""Sources whose leads nobody can be rung for right now, although a team is open.

Somebody who is on a call, or resting after one, can be rung soon and counts as there. Closed teams
and shifts are as planned, so they are no reason; `explain.unroutable` covers teams without any
extension.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, ngettext

from callbacks.common.formatting import all_of
from callbacks.models import TeamSource
from callbacks.routing import availability, config, queue, rules
from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours
from leads.ports import Presence


@dataclass(frozen=True)
class SilentSource:
    """A source for which nobody can be rung, and why, as a clause: "2 phones are paused"."""

    source_id: int
    name: str
    why: str


def sources(now: datetime) -> list[SilentSource]:
    """All such sources, by name. Three queries, however many there are.

    A source that is switched off counts while one of its leads is due, because earlier leads are
    still called.
    """
    current = config.current()
    due = set(queue.sources_with_due_leads(now))
    asked_for = [it for it in current.sources.values() if it.is_active or it.pk in due]
    open_teams = {
        source.pk: calling_hours.open_teams(current, source.pk, "", now) for source in asked_for
    }
    asked = {team.pk for teams in open_teams.values() for team in teams}
    states: dict[int, Counter[str | None]] = defaultdict(Counter)
    for team_id, reason, count in availability.states(
        asked, current.closed_shifts(asked, now), now
    ):
        states[team_id][reason] += count
    has_teams = set(TeamSource.objects.order_by().values_list("source", flat=True).distinct())
    found = []
    for source in asked_for:
        together: Counter[str | None] = sum(
            (states[team.pk] for team in open_teams[source.pk]), Counter()
        )
        why = ""
        if together and not any(reason in _THERE for reason in together):
            why = _in_words(together)
        elif source.pk in has_teams and not current.teams_for(source.pk):
            why = gettext("all of its teams are switched off")
        if why:
            found.append(SilentSource(source.pk, source.name, why))
    return sorted(found, key=lambda it: it.name)


def presence(current: RoutingConfig, source_id: int, now: datetime, language: str = "") -> Presence:
    """Whether somebody can be rung now for the source's leads in this language. One query.

    `language`: "" if unknown. Teams that never ring others count only those who speak it.
    """
    teams = {team.pk for team in current.teams_for(source_id) if current.is_open(team, now)}
    strict = [it.id for it in current.rules_by_source.get(source_id, []) if it.only_speakers]
    closed = current.closed_shifts(teams, now)
    seen = availability.states(teams, closed, now, language=language, strict=strict)
    reasons = {reason for _team, reason, _count in seen}
    if None in reasons:
        return Presence.FREE
    return Presence.BUSY if reasons & _THERE else Presence.NOBODY


def words(silent: Iterable[SilentSource]) -> str:
    """One sentence for each source."""
    return " ".join(
        gettext("Nobody can take calls now for %(source)s: %(why)s.")
        % {"source": it.name, "why": it.why}
        for it in silent
    )


# Free now or soon.
_THERE = {None, rules.ON_CALL, rules.RESTING, rules.SEEN_BUSY}

_COUNTED: dict[str, Callable[[int], str]] = {
    rules.PAUSED: lambda n: ngettext("%(n)s phone is paused", "%(n)s phones are paused", n),
    rules.BLOCKED: lambda n: ngettext(
        "%(n)s phone is blocked by the provider", "%(n)s phones are blocked by the provider", n
    ),
    rules.OUT: lambda n: ngettext(
        "%(n)s phone is temporarily out", "%(n)s phones are temporarily out", n
    ),
    rules.CAPPED: lambda n: ngettext(
        "%(n)s phone is at the daily limit",
        "%(n)s phones are at the daily limit",
        n,
    ),
    availability.AWAY: lambda n: ngettext("%(n)s person is away", "%(n)s people are away", n),
    rules.OFF: lambda n: ngettext(
        "%(n)s phone is switched off", "%(n)s phones are switched off", n
    ),
}


def _in_words(together: "Counter[str | None]") -> str:
    return all_of(
        counted(together[reason]) % {"n": together[reason]}
        for reason, counted in _COUNTED.items()
        if together[reason]
    )
