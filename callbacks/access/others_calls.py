"""Another team's calls to a lead that has moved since, as the lead's new team sees them.

A lead that moves to another source (callbacks.access.others_requests) brings its calls along. Users
who see only some teams learn that the lead was called, when, and how the call ended. The caller,
the length, the price, the CALLID, the recording, the AI's data and the notes stay with the other
team. So do the visitor's feedback, the assignment, and what that team did with the lead by hand.

A call is one's own if a phone of one's own teams made it, so a recorded message is nobody's own. A
request by the same person through a source of one's own changes nothing: the other team's calls
were not made for that request.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Q, QuerySet, Value, When

from callbacks.models import CallAttempt, CallNote, Extension, Team
from leads.models import Lead

if TYPE_CHECKING:
    from callbacks.access.scope import Scope

# Columns that a lead copies from its calls; lists may not be filtered by them.
TOLD = (
    "by_team",
    "by_user",
    "by_extension",
    "call_id",
    "error_code",
    "error_message",
    "call_attempts",
    "call_notes",
    "helped",
    "feedback",
    "assigned_to",
    "disposition",
)


# Replaces, in a report, a team or person that is not shown. No id has 19 digits.
OTHERS = 10**18


def has_not_moved(seen: "Scope", lead: str = "") -> Q:
    """Selects leads, or rows with a lead at `lead` ("lead__"), whose first source is one's own."""
    return Q((f"{lead}first_source__isnull", True)) | Q((f"{lead}first_source__in", seen.sources))


def caller(seen: "Scope", column: str, lead: str = "") -> Any:
    """A lead's `by_team`, `by_user` or `by_extension`, for a report; OTHERS if hidden, NULL if
    nobody called.
    """
    if not seen.is_limited:
        return F(lead + column)
    hidden = When(is_hidden(seen, lead), then=Value(OTHERS))
    return Case(hidden, default=F(lead + column), output_field=BigIntegerField())


def as_told(seen: "Scope", called_by: Q) -> Q:
    """A condition on who called a lead, limited to leads whose caller is shown."""
    return called_by & ~is_hidden(seen) if seen.is_limited else called_by


def is_hidden(seen: "Scope", lead: str = "") -> Q:
    """Selects leads that somebody called whose identity is hidden."""
    if not seen.is_limited:
        return Q(pk__in=())
    is_called = Q((f"{lead}by_extension__isnull", False))
    return is_called & ~_caller_is_told(seen, lead)


def disposition_is_told(seen: "Scope", lead: str = "") -> Q:
    """Selects leads whose disposition is shown."""
    if not seen.is_limited:
        return Q()
    own_notes = _own_notes(seen, OuterRef(f"{lead}disposition"), OuterRef(f"{lead}pk"))
    return has_not_moved(seen, lead) | Q(Exists(own_notes))


def disposition(seen: "Scope", lead: str = "") -> Any:
    """A lead's disposition, for a report; NULL if it is hidden."""
    column = F(f"{lead}disposition_id")
    if not seen.is_limited:
        return column
    told = When(disposition_is_told(seen, lead), then=column)
    return Case(told, output_field=BigIntegerField())


def answer_is_told(seen: "Scope") -> Q:
    """Selects leads whose feedback is shown. It belongs to the person who talked in the call that
    the lead counts for.
    """
    return _caller_is_told(seen) if seen.is_limited else Q()


def assignee_is_told(seen: "Scope") -> Q:
    """Selects leads whose assignee is shown."""
    if not seen.is_limited:
        return Q()
    return has_not_moved(seen) | Q(assigned_to__in=people(seen.teams or ()))


def people(teams: Collection[int]) -> QuerySet[User]:
    """Users who lead one of these teams, or have a phone in one."""
    return User.objects.filter(
        Exists(Extension.objects.filter(user=OuterRef("pk"), team__in=teams))
        | Exists(Team.leaders.through.objects.filter(user_id=OuterRef("pk"), team_id__in=teams))
    )


def own_entries(lead: Lead, entries: QuerySet[LogEntry]) -> QuerySet[LogEntry]:
    """The log entries about this lead, read for a user, that are by people of the user's own
    teams.
    """
    own_teams: frozenset[int] | None = getattr(lead, "_own_teams", None)
    return entries if own_teams is None else entries.filter(user__in=people(own_teams))


def hide(lead: Lead, seen: "Scope") -> None:
    """Hides what a lead copies from other teams' calls. A few queries for each lead that has moved
    here.
    """
    if seen.teams is None or lead.first_source_id is None or lead.first_source_id in seen.sources:
        return
    cast("Any", lead)._own_teams = seen.teams
    if lead.by_team not in seen.teams:
        lead.by_team = lead.by_user = lead.by_extension = lead.helped = None
    if lead.assigned_to_id and not people(seen.teams).filter(pk=lead.assigned_to_id).exists():
        lead.assigned_to = None
    newest = CallAttempt.objects.select_related("extension").filter(lead=lead)
    call = newest.order_by("-claimed_at", "-pk").first()
    if call is None or is_of_others(lead, call):
        lead.call_id, lead.error_code, lead.error_message = "", None, ""
    if lead.assigned_to_id and not seen.has_phone_of(lead.assigned_to_id):
        lead.assigned_to = None
    if lead.disposition_id and not _own_notes(seen, lead.disposition_id, lead.pk).exists():
        lead.disposition = None


def is_of_others(lead: Lead, call: CallAttempt) -> bool:
    """Whether this call to a lead, read for a user, is another team's."""
    own_teams: frozenset[int] | None = getattr(lead, "_own_teams", None)
    if own_teams is None:
        return False
    return call.extension is None or call.extension.team_id not in own_teams


def _caller_is_told(seen: "Scope", lead: str = "") -> Q:
    return has_not_moved(seen, lead) | Q((f"{lead}by_team__in", seen.teams))


def _own_notes(seen: "Scope", disposition: Any, lead: Any) -> Any:
    its = CallNote.objects.filter(lead=lead, disposition=disposition)
    return its.filter(attempt__extension__team__in=seen.teams or ())
