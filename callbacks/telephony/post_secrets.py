"""The secrets in the address that the provider posts to, and when each was last used.

CDR_SECRET, and while it is being changed also CDR_SECRET_PREVIOUS: posts with either are accepted
until the provider has the new address. `manage.py voicenter check` says which are in use.
"""

import secrets
import threading
import time

from django.conf import settings

from callbacks.common import heartbeats

CURRENT, PREVIOUS = "CDR_SECRET", "CDR_SECRET_PREVIOUS"
# Seconds between two notes of a secret's use by the same process.
_NOTED_EVERY = 60.0
_SIGN = "posts_with_"
_noted: dict[str, float] = {}
_lock = threading.Lock()


def named(given: bytes) -> str:
    """The setting with this secret; "" if there is none. Takes the same time for a wrong one."""
    found = ""
    for name in (PREVIOUS, CURRENT):
        expected = str(getattr(settings, name)).encode()
        is_it = secrets.compare_digest(given, expected)
        found = name if is_it and expected else found
    return found


def was_used(name: str) -> None:
    """Notes that the provider has posted with the secret of this setting. Never waits.

    Only for posts that could be read: `check --site` posts something else to look at the address.
    """
    now = time.monotonic()
    with _lock:
        if now - _noted.get(name, -_NOTED_EVERY) < _NOTED_EVERY:
            return
        _noted[name] = now
    heartbeats.seen(f"{_SIGN}{name}")


def last_used() -> dict[str, float]:
    """When a post with each setting's secret last arrived: seconds since the epoch, to a minute.

    Leaves out settings that are not known to be used. Raises redis.RedisError.
    """
    seen = heartbeats.read().seen
    return {
        name: seen[f"{_SIGN}{name}"] for name in (CURRENT, PREVIOUS) if f"{_SIGN}{name}" in seen
    }
