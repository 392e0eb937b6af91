"""The Call Log's limit of requests, kept in Redis for all processes and machines together."""

import hashlib
import logging
import time
import uuid

import redis
from django.conf import settings

from callbacks.common.made_once import MadeOnce
from callbacks.common.redis_client import bounded_client
from callbacks.voicenter import LocalRateLimiter
from callbacks.voicenter.http.limiter import LIMIT, PER, limit_reached

log = logging.getLogger(__name__)

# Seconds. The limiter is asked before a request that may take seconds itself.
TIMEOUT = 0.5

# Gives out the time of the next request, by Redis's clock: at once while fewer than `limit` were
# given out in the last `per` seconds, else `per` after the one `limit` places back. A wait longer
# than `max_wait` is returned but not given out. Returns the wait in seconds. Turns further ahead
# than anybody waits for were given out before the clock was set back: they are forgotten.
_NEXT_TURN = """
    local limit, per, max_wait = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local clock = redis.call('TIME')
    local now = clock[1] + clock[2] / 1000000
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - per)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], now + 10 * per, '+inf')
    local at = now
    local before = redis.call('ZRANGE', KEYS[1], -limit, -limit, 'WITHSCORES')
    if before[2] then at = math.max(now, before[2] + per) end
    if at - now <= max_wait then
        redis.call('ZADD', KEYS[1], string.format('%.6f', at), ARGV[4])
        redis.call('PEXPIRE', KEYS[1], math.ceil((at - now + per) * 1000))
    end
    return string.format('%.6f', at - now)
"""


class RedisRateLimiter:
    """Allows `limit` requests in any `per` seconds to the service at `url`, for all senders.

    A wait of more than `max_wait` seconds is refused; None: no limit. While Redis is unreachable,
    each process keeps to the limit on its own: requests go on, no faster than that per process, and
    the provider's own refusal applies to all processes together.
    """

    def __init__(
        self, url: str, *, limit: int = LIMIT, per: float = PER, max_wait: float | None = None
    ) -> None:
        self._key = f"callbacks:requests:{hashlib.sha256(url.encode()).hexdigest()[:16]}"
        self._limit = limit
        self._per = per
        self._max_wait = float("inf") if max_wait is None else max_wait
        self._alone = LocalRateLimiter(limit=limit, per=per, max_wait=max_wait)

    def acquire(self) -> None:
        """Waits for this request's turn. Raises TooManyRequests if that takes over `max_wait`."""
        try:
            wait = self._next_turn()
        except redis.RedisError as error:
            log.warning(
                "the Call Log's limit is kept by this process alone error=%s", type(error).__name__
            )
            self._alone.acquire()
            return
        if wait > self._max_wait:
            raise limit_reached(wait)
        time.sleep(wait)

    def _next_turn(self) -> float:
        turn = _client().eval(
            _NEXT_TURN, 1, self._key, self._limit, self._per, self._max_wait, uuid.uuid4().hex
        )
        return float(turn)


@MadeOnce
def _client() -> redis.Redis:
    return bounded_client(settings.REDIS_URL, TIMEOUT)
