"""Whose rows a user sees: all, or only those of the teams that they lead; and whether with names.

A team has the leads of the sources that it answers, and those that it called (`Lead.by_team`).
Calls, records and notes belong to their lead; phones and pauses to their team. Every list, page and
action of the admin asks this (`rows`, through leads.visible_rows), and so does every report
(`Asked.seen`). What was written to another team is hidden (callbacks.access.others_requests), and
so are that team's calls (callbacks.access.others_calls).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, Q, QuerySet

from callbacks.access import others_calls
from callbacks.access.others_requests import hiding
from callbacks.access.roles import ONLY_OWN_TEAMS
from callbacks.models import (
    CallAttempt,
    CallRecord,
    Extension,
    Pause,
    ReportSubscription,
    SavedList,
    SavedView,
    Team,
    TeamSource,
    UnknownOutcome,
)
from leads.models import Disposition, HeldLead, Lead, LeadSource


@dataclass(frozen=True)
class Scope:
    """`teams`, and the `sources` that they answer; None: all. `names`: whether people's names,
    numbers and messages are shown.
    """

    teams: frozenset[int] | None = None
    sources: frozenset[int] = frozenset()
    names: bool = True

    @property
    def is_limited(self) -> bool:
        """Whether some teams are not shown."""
        return self.teams is not None

    def leads(self, path: str = "") -> Q:
        """Selects leads, or rows with a lead at `path` ("lead__")."""
        if self.teams is None:
            return Q()
        its_source = Q((f"{path}source__in", self.sources))
        return its_source | Q((f"{path}by_team__in", self.teams))

    def calls(self, path: str = "") -> Q:
        """Selects calls, or rows with a call at `path` ("attempt__"). For leads that came from
        other teams, leaves out those teams' calls (callbacks.access.others_calls).
        """
        if self.teams is None:
            return Q()
        own = others_calls.has_not_moved(self, f"{path}lead__")
        return self.leads(f"{path}lead__") & (own | Q((f"{path}extension__team__in", self.teams)))

    def of_teams(self, path: str) -> Q:
        """Selects rows with a team at `path`."""
        return Q() if self.teams is None else Q((f"{path}__in", self.teams))

    def has_phone_of(self, user: int) -> bool:
        """Whether the user has a phone in one of the teams. One query."""
        return Extension.objects.filter(self.of_teams("team"), user=user).exists()


EVERYTHING = Scope()


def of(user: User | AnonymousUser | None) -> Scope:
    """What a user sees. Two queries for team leaders, none for others."""
    if user is None:
        return EVERYTHING
    known: Scope | None = getattr(user, "_scope", None)
    if known is None:
        known = user._scope = _of(user)  # type: ignore[union-attr]  # cached like permissions
    return known


def sees_leads(user: User | AnonymousUser) -> bool:
    """Whether the user may see leads, with names and numbers."""
    return user.has_perm("leads.view_lead") or user.has_perm("leads.change_lead")


def sees_figures(user: User | AnonymousUser) -> bool:
    """Whether the user may see counts, with or without the leads behind them."""
    return sees_leads(user) or user.has_perm("callbacks.view_figures")


def sees_all_teams(user: User | AnonymousUser) -> bool:
    """Whether the user is shown what is calculated over all teams at once."""
    return not of(user).is_limited


def rows(user: Any, found: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that the user may see, act on and choose from; none of a model without a rule."""
    scope = of(user)
    if not scope.is_limited:
        return found
    rule = _RULES.get(found.model)
    if rule is None:
        return found.none()
    found = found.filter(rule(scope, user))
    lead_of = next((its for model, its in _LEAD_OF.items() if issubclass(found.model, model)), None)
    return hiding(found, scope, lead_of) if lead_of else found


def _of(user: User | AnonymousUser) -> Scope:
    names = sees_leads(user)
    if user.is_superuser or not user.has_perm(ONLY_OWN_TEAMS):
        return Scope(names=names)
    teams = frozenset(Team.objects.filter(leaders=user.pk).values_list("pk", flat=True))
    answered = TeamSource.objects.filter(team__in=teams).values_list("source", flat=True)
    return Scope(teams, frozenset(answered), names)


def _loaded(row: Any, name: str) -> Any:
    """The related row, if it was read together with the row."""
    return row._state.fields_cache.get(name) if row else None


_LEAD_OF: dict[type[Model], Callable[[Any], Lead | None]] = {
    Lead: lambda row: row,
    CallAttempt: lambda row: _loaded(row, "lead"),
    CallRecord: lambda row: _loaded(_loaded(row, "attempt"), "lead"),
}

_Rule = Callable[[Scope, Any], Q]
_calls: _Rule = lambda scope, _user: scope.calls()  # noqa: E731
_their_own: _Rule = lambda _scope, user: Q(owner=user.pk)  # noqa: E731

_RULES: dict[type[Model], _Rule] = {
    Lead: lambda scope, _user: scope.leads(),
    HeldLead: lambda scope, _user: scope.leads(),
    LeadSource: lambda scope, _user: Q(pk__in=scope.sources),
    Disposition: lambda _scope, _user: Q(),
    Team: lambda scope, _user: scope.of_teams("pk"),
    Extension: lambda scope, _user: scope.of_teams("team"),
    Pause: lambda scope, _user: scope.of_teams("extension__team"),
    CallAttempt: _calls,
    UnknownOutcome: _calls,
    CallRecord: lambda scope, _user: scope.calls("attempt__"),
    SavedList: _their_own,
    SavedView: _their_own,
    ReportSubscription: lambda _scope, user: Q(user=user.pk),
}
