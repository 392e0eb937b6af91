"""The people to whom leads can be assigned: those with a phone that may ring for leads."""

from collections import defaultdict
from dataclasses import dataclass

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.models import Extension, TeamSource
from callbacks.models.people import shown_name


@dataclass(frozen=True)
class Assignee:
    """A salesperson with a login. `sources`: those whose leads ring the person's phones."""

    pk: int
    name: str
    teams: tuple[str, ...]
    sources: frozenset[int]


def assignees(seen: Scope = EVERYTHING) -> list[Assignee]:
    """People with an active login and an active phone in active teams that `seen` covers, by name.

    A phone without a login belongs to nobody, so nothing is assigned to it.
    """
    phones = (
        Extension.objects.filter(
            seen.of_teams("team"), is_active=True, team__is_active=True, user__is_active=True
        )
        .select_related("user", "team")
        .order_by("team__name")
    )
    answered = defaultdict(set)
    for team_id, source_id in TeamSource.objects.values_list("team", "source"):
        answered[team_id].add(source_id)
    theirs: dict[int, list[Extension]] = defaultdict(list)
    for phone in phones:
        if phone.user_id is not None:
            theirs[phone.user_id].append(phone)
    found = [
        Assignee(
            pk=pk,
            name=shown_name(its[0].user),
            teams=tuple(dict.fromkeys(it.team.name for it in its)),
            sources=frozenset().union(*(answered[it.team_id] for it in its)),
        )
        for pk, its in theirs.items()
    ]
    return sorted(found, key=lambda it: (it.name.casefold(), it.pk))


def assignee(pk: int, seen: Scope = EVERYTHING) -> Assignee | None:
    """The person with this id, if a lead may be assigned to them."""
    return next((it for it in assignees(seen) if it.pk == pk), None)
