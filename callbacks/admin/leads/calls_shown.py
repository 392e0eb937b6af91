"""Calls in the list of leads: who talked with each lead, and how its last call ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.access import others_calls
from callbacks.admin import html, labels
from callbacks.common.formatting import in_words
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptKind, AttemptState
from callbacks.models.people import shown_name
from leads.models import Lead


@dataclass(frozen=True)
class Calls:
    """One lead's newest call in which they talked, its newest ended call, and how many have ended.
    `talk` leaves out other teams' calls (callbacks.access.others_calls).
    """

    talk: CallAttempt | None
    last: CallAttempt
    count: int


class ShowsCalls:
    """Columns of the list; its rows have `calls` (see add_calls)."""

    @display(description=_("salesperson"))  # type: ignore[untyped-decorator]
    def talked_with(self, obj: Lead) -> SafeString | str:
        """Who talked with the lead and how long, and whom the lead is assigned to."""
        calls: Calls | None = getattr(obj, "calls", None)
        talk = calls.talk if calls else None
        assigned = shown_name(obj.assigned_to)
        if talk is None:
            if not assigned:
                return ""
            return html.below(format_html("<bdi>{}</bdi>", assigned), gettext("assigned"))
        lasted = "" if talk.talk_time is None else html.on_one_line(in_words(talk.talk_time))
        is_theirs = obj.assigned_to_id and obj.assigned_to_id == talk.salesperson_id
        if assigned and not is_theirs:
            whose = gettext("assigned to %(name)s") % {"name": assigned}
        else:
            whose = gettext("assigned") if assigned else ""
        return html.below(
            format_html("<bdi>{}</bdi>", who(talk)),
            html.dotted([gettext("talked %(time)s") % {"time": lasted} if lasted else "", whose]),
        )

    @display(description=_("last call"))  # type: ignore[untyped-decorator]
    def last_outcome(self, obj: Lead) -> SafeString | str:
        """How the last call ended, and how many calls there were."""
        calls: Calls | None = getattr(obj, "calls", None)
        if calls is None:
            return ""
        said = calls.last.get_outcome_display() or calls.last.get_state_display()
        count = ngettext("%(count)d call", "%(count)d calls", calls.count) % {"count": calls.count}
        return html.label(said, labels.ATTEMPT_COLOURS.get(calls.last.state, ""), count)


def add_calls(leads: Iterable[Any]) -> None:
    """Sets `calls` on each lead; None if none of its calls has ended. One query."""
    found: dict[int, list[CallAttempt]] = {}
    for attempt in ended([lead.pk for lead in leads]):
        found.setdefault(attempt.lead_id, []).append(attempt)
    for lead in leads:
        calls = found.get(lead.pk)
        own = [it for it in calls or () if not others_calls.is_of_others(lead, it)]
        lead.calls = calls and Calls(
            talk=next((it for it in own if it.state == AttemptState.BRIDGED), None),
            last=calls[0],
            count=len(calls),
        )


def ended(lead_ids: Iterable[int]) -> QuerySet[CallAttempt]:
    """The ended calls for these leads, each lead's newest first."""
    over = CallAttempt.objects.filter(
        lead__in=lead_ids, kind=AttemptKind.CALL, ended_at__isnull=False
    )
    return over.select_related("extension", "salesperson").order_by("lead_id", "-claimed_at", "-pk")


def who(attempt: CallAttempt) -> str:
    """The salesperson's name, else the phone's name or number; for a message, its record's name."""
    if attempt.salesperson is not None:
        return shown_name(attempt.salesperson)
    if attempt.kind == AttemptKind.MESSAGE:
        return gettext("message %(record_name)s") % {"record_name": attempt.record_name}
    name = attempt.extension.name if attempt.extension else ""
    return name or attempt.extension_number
