"""The secrets in the address that the provider posts to, and when each was used last.

CDR_SECRET, and while it is changed CDR_SECRET_PREVIOUS beside it: posts with either are taken until
the provider has the new address. `manage.py voicenter check` says which are in use.
"""

import secrets
import threading
import time

from django.conf import settings

from callbacks.common import heartbeats

CURRENT, PREVIOUS = "CDR_SECRET", "CDR_SECRET_PREVIOUS"
# Seconds from one note of a secret's use to the next one of the same process.
_NOTED_EVERY = 60.0
_SIGN = "posts_with_"
_noted: dict[str, float] = {}
_lock = threading.Lock()


def named(given: bytes) -> str:
    """The setting whose secret it is; "" for none of them. Takes as long for a wrong one."""
    found = ""
    for name in (PREVIOUS, CURRENT):
        expected = str(getattr(settings, name)).encode()
        is_it = secrets.compare_digest(given, expected)
        found = name if is_it and expected else found
    return found


def was_used(name: str) -> None:
    """Notes that a post has come with this secret. Waits for nothing."""
    now = time.monotonic()
    with _lock:
        if now - _noted.get(name, -_NOTED_EVERY) < _NOTED_EVERY:
            return
        _noted[name] = now
    heartbeats.seen(f"{_SIGN}{name}")


def last_used() -> dict[str, float]:
    """By setting, when a post came with its secret last: seconds since the epoch, to a minute.

    Without those that are not known to be used. Raises redis.RedisError.
    """
    seen = heartbeats.read().seen
    return {
        name: seen[f"{_SIGN}{name}"] for name in (CURRENT, PREVIOUS) if f"{_SIGN}{name}" in seen
    }
