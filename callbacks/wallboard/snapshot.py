"""The board as of a moment ago, read once for all screens that this process serves."""

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from callbacks.common.shared_reading import SharedReading
from callbacks.models import Wallboard
from callbacks.wallboard import figures

# Seconds for which a reading is shown, from its beginning. While the database is slow it takes
# longer; a withdrawn link shows nothing after the reading that follows.
FRESH_FOR = 5
# Seconds that a screen waits for the screen that reads. It asks again by itself.
_PATIENCE = 1.0
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class _Snapshot:
    bodies: dict[bool, bytes]  # by whether first names are shown
    boards: dict[uuid.UUID, Wallboard]


_shared = SharedReading[None, _Snapshot](_PATIENCE)
# The boards that were shown since the last reading, which the next one notes.
_shown: set[int] = set()


def body_for(link_id: uuid.UUID) -> bytes | None:
    """The JSON for one board; None if no board has this link, or it was withdrawn.

    Raises StillReading and Django's database errors.
    """
    snapshot = _shared.get(None, FRESH_FOR, _read)
    board = snapshot.boards.get(link_id)
    if board is None:
        return None
    _shown.add(board.pk)
    return snapshot.bodies[board.shows_first_names]


def forget() -> None:
    """Makes the next call read from the database."""
    _shared.forget()


def _read() -> _Snapshot:
    now = timezone.now()
    shown = _shown.copy()
    long_ago = Q(last_shown_at=None) | Q(last_shown_at__lt=now - _NOTED_EVERY)
    if shown:
        Wallboard.objects.filter(long_ago, pk__in=shown).update(last_shown_at=now)
        _shown.difference_update(shown)
    boards = {it.link_id: it for it in Wallboard.objects.filter(withdrawn_at=None)}
    board = figures.read(now)
    bodies = {
        names: json.dumps(board.public(first_names=names)).encode() for names in (False, True)
    }
    return _Snapshot(bodies, boards)
