"""Erases one lead and everything that belongs to it, in one transaction.

Figures, stages and times stay, so reports count the same before and after. Erasing again changes
nothing. A lead that is open, has a live call, or is under a legal hold is not touched.
"""

import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from callbacks.models import CallAttempt
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.privacy.place import Anew, Fate, Place
from callbacks.privacy.places import OF_LEADS
from leads import erased
from leads.models import OPEN_STATUSES, Lead


class Numbers:
    """The placeholder of each number in one erasure: leads with the same number still share one
    afterwards, which replays need. `made`: the placeholders so far.
    """

    def __init__(self, made: dict[str, str] | None = None) -> None:
        self.made = {} if made is None else made

    def __getitem__(self, phone: str) -> str:
        return self.made.setdefault(phone, erased.placeholder())


def erase_lead(lead_id: int, numbers: Numbers, now: datetime) -> Mapping[str, int] | None:
    """Returns how many rows were erased, by table; None if the lead may not be touched now."""
    with transaction.atomic():
        # In the usual order of locks: a record that arrives meanwhile waits, and then finds an
        # erased call.
        attempts = CallAttempt.objects.select_for_update().filter(lead=lead_id).order_by("pk")
        if any(attempt.state in LIVE_STATES for attempt in attempts):
            return None
        lead = Lead.objects.select_for_update(of=("self",)).filter(pk=lead_id).first()
        if lead is None or lead.status in OPEN_STATUSES or hasattr(lead, "legal_hold"):
            return None
        done: Counter[str] = Counter()
        for place in OF_LEADS:
            if place.fate is Fate.DELETED:
                done[place.model] += _rows(place, lead_id).delete()[0]
        for place in OF_LEADS:
            if place.fate is Fate.BLANKED:
                done[place.model] += _blank(place, lead_id, numbers, now)
    return +done


def recordings_of(lead_id: int) -> list[str]:
    """The CALLIDs of the lead's recorded calls."""
    attempts = CallAttempt.objects.filter(lead=lead_id).exclude(recording_url="")
    return sorted(set(attempts.exclude(call_id="").values_list("call_id", flat=True)))


def _rows(place: Place, lead_id: int) -> QuerySet[Any]:
    return place.rows().filter(**{place.path: lead_id})


def _blank(place: Place, lead_id: int, numbers: Numbers, now: datetime) -> int:
    """Empties rows that still contain data, and returns how many."""
    changed = 0
    fields = {name: place.table()._meta.get_field(name) for name in place.blank}
    for row in _rows(place, lead_id).only(*fields).order_by("pk"):
        values = {
            name: _emptied(row, name, place.blank[name], numbers, now)
            for name, field in fields.items()
            if not _is_blank(row, field, place.blank[name])
        }
        if values:
            place.table()._default_manager.filter(pk=row.pk).update(**values)
            changed += 1
    return changed


def _emptied(row: Model, name: str, blank: Any, numbers: Numbers, now: datetime) -> Any:
    match blank:
        case Anew.NUMBER:
            return numbers[getattr(row, name)]
        case Anew.UUID:
            return uuid.uuid4()
        case Anew.NOW:
            return now
        case Anew.UNSHARED:
            return ""
    return blank


def _is_blank(row: Model, field: Any, blank: Any) -> bool:
    value = getattr(row, field.name)
    match blank:
        case Anew.NUMBER:
            return erased.is_placeholder(value)
        case Anew.UUID:
            # Replaced when the row is first erased, and not again.
            return bool(getattr(row, "erased_at", None))
        case Anew.NOW:
            return value is not None
        case Anew.UNSHARED:
            return not value or _is_shared(row, field.name, value)
    return bool(value == blank)


def _is_shared(row: Any, name: str, value: str) -> bool:
    """Whether a lead with another number has the same value, so that it identifies nobody."""
    rows = type(row)._default_manager.filter(**{name: value})
    return bool(rows.exclude(lead__phone=row.lead.phone).exists())
