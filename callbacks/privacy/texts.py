"""Removes a person from texts outside their leads: mail, logs of changes, saved filters.

A table is searched in steps of its keys, and only rows with a match are written.
"""

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CharField, Max, Q, TextField
from django.db.models.functions import Cast

from callbacks.privacy.marks import ERASED, Marks
from callbacks.privacy.place import Fate, Place

# Rows of a table in one transaction.
STEP = 5_000
_SESSIONS = "sessions.Session"
# The session key of messages that wait to be shown, which may name a lead.
_UNREAD = "_messages"


def take_out(place: Place, after: int, marks: Marks) -> tuple[int, int | None]:
    """Cleans the rows after the key `after`. Returns how many were changed, and the last key that
    was searched, or None at the end of the table. In the caller's transaction, or its own.
    """
    if place.model == _SESSIONS:
        return _sessions(marks), None
    keys = place.rows().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    last = list(keys[:STEP])[-1:]
    if not last:
        return 0, None
    with transaction.atomic():
        changed = sum(
            _clean(place, key, marks) for key in _with_marks(place, after, last[0], marks)
        )
    return changed, last[0]


def found(place: Place, marks: Marks) -> list[Any]:
    """The rows of a table whose texts name a person."""
    if place.model == _SESSIONS or not marks:
        return []
    highest = place.rows().aggregate(highest=Max("pk"))["highest"] or 0
    keys = _with_marks(place, 0, highest, marks)
    return list(place.rows().filter(pk__in=keys).order_by("pk"))


def _with_marks(place: Place, after: int, until: int, marks: Marks) -> list[int]:
    if not marks:
        return []
    written = {f"{name}_written": Cast(name, TextField()) for name in place.texts}
    found = reduce(or_, (Q(**{f"{name}__iregex": marks.pattern}) for name in written))
    rows = place.rows().filter(pk__gt=after, pk__lte=until).alias(**written).filter(found)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _clean(place: Place, key: int, marks: Marks) -> bool:
    rows = place.rows().filter(pk=key)
    row = rows.select_for_update().first()
    if row is None:
        return False
    if place.fate is Fate.DELETED:
        return bool(rows.delete()[0])
    values = {}
    for name in place.texts:
        was = getattr(row, name)
        # The column may be unique, so the key makes the value different in each row.
        longest = _longest(place, name)
        now = marks.taken_out(was, f"{ERASED} {key}" if longest else ERASED)
        if now != was:
            values[name] = now[:longest] if longest else now
    return bool(values and rows.update(**values))


def _longest(place: Place, name: str) -> int | None:
    """The field's maximum of characters; None if it has none, or is not text."""
    field = place.table()._meta.get_field(name)
    return field.max_length if isinstance(field, CharField) else None


def _sessions(marks: Marks) -> int:
    """Sessions are encoded: each is decoded, and waiting messages are dropped if one names them."""
    changed = 0
    for session in Session.objects.all():
        if _UNREAD not in (data := session.get_decoded()) or not marks.found_in(str(data)):
            continue
        store = SessionStore(session.session_key)
        del store[_UNREAD]
        store.save()
        changed += 1
    return changed
