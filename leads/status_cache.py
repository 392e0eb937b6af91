"""Answers about how leads stand, kept for a second: a page with many readers is built once.

One cache for each process. The key is the whole public id, the secret that the page is asked with,
so nobody sees another person's answer.
"""

import threading
import time
import uuid
from collections.abc import Callable

KEPT_FOR = 1.0  # seconds
_MOST = 2_000

Body = dict[str, object]
_kept: dict[tuple[uuid.UUID, str], tuple[float, Body]] = {}
_lock = threading.Lock()


def get(public_id: uuid.UUID, words: str, make: Callable[[], Body | None]) -> Body | None:
    """The answer about this lead, made again if the last one is older than a second.

    `words`: what the language depends on. Equal words mean one language.

    None if there is no such lead. Neither that nor a final answer is kept: pages stop asking after
    a final answer, so it must be true.
    """
    now = time.monotonic()
    with _lock:
        until, body = _kept.get((public_id, words), (0.0, {}))
    if until > now:
        return body
    made = make()
    if made is not None and not made["final"]:
        with _lock:
            if len(_kept) >= _MOST:
                _kept.clear()  # each is at most a second old, and soon made again
            _kept[public_id, words] = (now + KEPT_FOR, made)
    return made
