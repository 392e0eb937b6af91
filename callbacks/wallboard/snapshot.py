"""The board as of a moment ago, read once for all screens that this process serves."""

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from callbacks.models import Wallboard
from callbacks.wallboard import figures

# Seconds. What is shown is never older, and a withdrawn link shows nothing after this time.
FRESH_FOR = 5
_NOTED_EVERY = timedelta(minutes=1)


@dataclass
class _Snapshot:
    read_at: float  # on the monotonic clock
    bodies: dict[bool, bytes]  # by whether first names are shown
    boards: dict[uuid.UUID, Wallboard]
    asked: set[int] = field(default_factory=set)


_lock = threading.Lock()
_kept: _Snapshot | None = None


def body_for(link_id: uuid.UUID) -> bytes | None:
    """The JSON for one board; None if no board has this link, or it was withdrawn.

    Raises Django's database errors; the next call then reads from the database again.
    """
    global _kept  # this module keeps one for the process
    with _lock:
        if _kept is None or time.monotonic() - _kept.read_at >= FRESH_FOR:
            last, _kept = _kept, None
            _kept = _read(last.asked if last else set(), timezone.now())
        board = _kept.boards.get(link_id)
        if board is None:
            return None
        _kept.asked.add(board.pk)
        return _kept.bodies[board.shows_first_names]


def forget() -> None:
    """Makes the next call read from the database."""
    global _kept
    with _lock:
        _kept = None


def _read(asked: set[int], now: datetime) -> _Snapshot:
    read_at = time.monotonic()
    if asked:
        long_ago = Q(last_shown_at=None) | Q(last_shown_at__lt=now - _NOTED_EVERY)
        Wallboard.objects.filter(long_ago, pk__in=asked).update(last_shown_at=now)
    boards = {it.link_id: it for it in Wallboard.objects.filter(withdrawn_at=None)}
    board = figures.read(now)
    bodies = {
        names: json.dumps(board.public(first_names=names)).encode() for names in (False, True)
    }
    return _Snapshot(read_at, bodies, boards)
