"""What assigning leads, or taking them back, would do: counted, in sentences. Reads only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext, ngettext

from callbacks.explain.waiting import has_waited
from callbacks.routing import config
from callbacks.routing.assignable import Assignee
from leads.models import Lead, LeadStatus


class _Becomes(StrEnum):
    """What assigning does to a lead, in the order of the sentences."""

    KEPT = "kept"
    RUNG_FIRST = "rung_first"
    CALLING = "calling"
    HELD = "held"
    CLOSED = "closed"
    THEIRS = "theirs"
    NOT_ANSWERED = "not_answered"
    NEVER = "never"


def assigned(leads: Sequence[Lead], to: Assignee, now: datetime) -> list[str]:
    """What assigning these leads to `to` would do, the more usual effects first."""
    found = Counter(_becomes(lead, to, now) for lead in leads)
    said = [_words(it, found[it], len(leads), to.name) for it in _Becomes if found[it]]
    others = sum(lead.assigned_to_id not in (None, to.pk) for lead in leads)
    if others:
        said.append(
            ngettext(
                "%(count)d is currently assigned to somebody else.",
                "%(count)d are currently assigned to somebody else.",
                others,
            )
            % {"count": others}
        )
    return said


def taken_back(leads: Iterable[Lead]) -> list[str]:
    """What taking these leads back would do."""
    theirs = [lead for lead in leads if lead.assigned_to_id is not None]
    open_ = sum(lead.is_open for lead in theirs)
    said = []
    if open_:
        said.append(
            ngettext(
                "%(count)d is open and will go to anyone who is free.",
                "%(count)d are open and will go to anyone who is free.",
                open_,
            )
            % {"count": open_}
        )
    if closed := len(theirs) - open_:
        said.append(
            ngettext(
                "%(count)d is closed and only loses its assignment.",
                "%(count)d are closed and only lose their assignment.",
                closed,
            )
            % {"count": closed}
        )
    return said or [gettext("None of these leads is assigned to anybody.")]


def _becomes(lead: Lead, to: Assignee, now: datetime) -> _Becomes:
    if lead.erased_at or lead.status == LeadStatus.DUPLICATE:
        return _Becomes.NEVER
    if lead.source_id not in to.sources:
        return _Becomes.NOT_ANSWERED
    if lead.assigned_to_id == to.pk:
        return _Becomes.THEIRS
    if lead.status == LeadStatus.CALLING:
        return _Becomes.CALLING
    if lead.status == LeadStatus.HELD:
        return _Becomes.HELD
    if lead.status != LeadStatus.WAITING:
        return _Becomes.CLOSED
    asked = config.current().asked(lead.source_id, has_waited(lead, now), now, is_owned=True)
    # While all teams are closed, none is asked: the lead is kept when one opens.
    is_kept = not asked or any(turn.holds_for_owner for turn in asked)
    return _Becomes.KEPT if is_kept else _Becomes.RUNG_FIRST


def _words(becomes: _Becomes, count: int, of: int, name: str) -> str:
    sentence = {
        _Becomes.KEPT: ngettext(
            "%(count)d of %(of)d waits and will be kept for %(name)s.",
            "%(count)d of %(of)d wait and will be kept for %(name)s.",
            count,
        ),
        _Becomes.RUNG_FIRST: ngettext(
            "%(count)d of %(of)d has waited too long to be kept: %(name)s is "
            "called first if free, otherwise anyone who is.",
            "%(count)d of %(of)d have waited too long to be kept: %(name)s is "
            "called first if free, otherwise anyone who is.",
            count,
        ),
        _Becomes.CALLING: ngettext(
            "%(count)d of %(of)d is being called: that call continues, and "
            "%(name)s gets the next one.",
            "%(count)d of %(of)d are being called: those calls continue, and "
            "%(name)s gets the next ones.",
            count,
        ),
        _Becomes.HELD: ngettext(
            "%(count)d of %(of)d is held and will be kept for %(name)s once it is released.",
            "%(count)d of %(of)d are held and will be kept for %(name)s once they are released.",
            count,
        ),
        _Becomes.CLOSED: ngettext(
            "%(count)d of %(of)d is closed: only the assignment changes.",
            "%(count)d of %(of)d are closed: only the assignment changes.",
            count,
        ),
        _Becomes.THEIRS: ngettext(
            "%(count)d of %(of)d is already assigned to %(name)s.",
            "%(count)d of %(of)d are already assigned to %(name)s.",
            count,
        ),
        _Becomes.NOT_ANSWERED: ngettext(
            "%(count)d of %(of)d stays as it is: %(name)s has no phone in a team that answers its "
            "source.",
            "%(count)d of %(of)d stay as they are: %(name)s has no phone in a team that answers "
            "their sources.",
            count,
        ),
        _Becomes.NEVER: ngettext(
            "%(count)d of %(of)d stays as it is because it is a duplicate or was erased.",
            "%(count)d of %(of)d stay as they are because they are duplicates or were erased.",
            count,
        ),
    }[becomes]
    return sentence % {"count": count, "of": of, "name": name}
