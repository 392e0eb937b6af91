"""Answers about how leads stand, kept for a second: a page that many look at is worked out once.

Of one process. What is kept is found by the whole public id, the secret that the page is asked
with, so nobody is shown another's.
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
    """The answer about this lead, made anew when there is none of the last second.

    `words`: what its language depends on. Equal words are one language.

    None when there is no such lead. That is not kept, nor is a final answer: pages ask no more
    after one, so it has to be true.
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
                _kept.clear()  # each is a second old at most, and soon made again
            _kept[public_id, words] = (now + KEPT_FOR, made)
    return made
