"""stages.waited as expressions, for the one UPDATE that ends a wait (leads.transitions).

The database reads the row it changes, so nobody has to read it before, and who loses a conditional
UPDATE adds nothing. tests/leads/test_stages.py holds both against each other.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Coalesce, Greatest, Least

from leads.models import LeadStatus
from leads.stages import Wait

_NOTHING = Value(timedelta(0), output_field=DurationField())
# These wait for nothing of ours: for a manager, or not at all.
_AT_REST = tuple(it for it in LeadStatus if it not in (LeadStatus.WAITING, LeadStatus.CALLING))


def divided(at: Any) -> dict[Wait, Any]:
    """What a lead has waited until `at` (an instant, or an expression) for each, this time."""
    since = F("waiting_since")
    until = not_before(at, since)
    # GREATEST and LEAST pass over NULL.
    gap_ends = Least(Greatest(F("gap_until"), since), until)
    opens = Least(Greatest(F("closed_until"), gap_ends), until)
    gap, is_chosen = _between(since, gap_ends), {"gap_until": F("chosen_at")}
    return {
        Wait.CLOSED: _between(gap_ends, opens),
        Wait.CHOSEN: Case(When(**is_chosen, then=gap), default=_NOTHING),
        Wait.RETRY: Case(When(**is_chosen, then=_NOTHING), default=gap),
        Wait.EXTENSION: _between(opens, until),
    }


def waiting_until(at: datetime) -> dict[str, Any]:
    """The columns of a lead that waits or is being called: with what it has waited until `at`."""
    return {f"waited_{what}": F(f"waited_{what}") + more for what, more in divided(at).items()}


def anything_until(at: datetime) -> dict[str, Any]:
    """The same of a lead in any status; one that is held or closed was between two tries."""
    at_rest = {Wait.RETRY: _between(_began(), not_before(at, _began()))}
    return {
        f"waited_{what}": F(f"waited_{what}")
        + Case(When(status__in=_AT_REST, then=at_rest.get(what, _NOTHING)), default=more)
        for what, more in divided(at).items()
    }


def end_of_anything(at: datetime) -> Any:
    """`at`, or the beginning of what ends there, where a clock is behind."""
    return not_before(at, _began())


def not_before(at: Any, earliest: Any) -> Any:
    """The later one of the two, as an expression."""
    if isinstance(at, datetime):
        at = Value(at, output_field=DateTimeField())
    return Greatest(at, earliest)


def _began() -> Any:
    """Since when nothing of a lead's time is accounted for. A conversation is none of its wait."""
    return Case(
        When(status=LeadStatus.CONNECTED, then=F("connected_at")),
        When(status__in=_AT_REST, then=Coalesce("closed_at", "waiting_since")),
        default=F("waiting_since"),
    )


def _between(start: Any, end: Any) -> Any:
    return ExpressionWrapper(end - start, output_field=DurationField())
