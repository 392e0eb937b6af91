"""Signs of life of the processes, and what only they can count. Kept in Redis, for a while.

Written in the background by whoever has something to say, and never waited for; read by `/readyz`
and `/metrics`, in whichever web process they are asked. Redis and not PostgreSQL, since a sign
every few seconds is worth nothing a minute later and should cost no commit; and not a file, since
processes of several machines are counted together. What an emptied Redis loses is there again
with the next sign, and counters may start from 0 at any time.

While Redis is away, counts wait in their process; a count whose acknowledgement was lost is
written twice. They are there to be looked at, nothing depends on them.
"""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

import redis
from django.conf import settings

from callbacks.common.redis_client import bounded_client

# Seconds. A process that says something says it about every five seconds.
TIMEOUT = 0.5
WORKER_IS_THERE_FOR = 30.0
_KEPT = 24 * 3600

# Counters with names of this beginning: visitors' numbers that were refused, by reason.
REFUSED = "numbers_refused_"
_SEEN, _WORKERS, _COUNTS = "callbacks:seen", "callbacks:workers", "callbacks:counts"
_BEATS = "callbacks:beats"


@dataclass(frozen=True)
class Heartbeats:
    """What the processes have told. Times in seconds since the epoch."""

    seen: Mapping[str, float]
    workers: int
    worker_seen: float | None
    counts: Mapping[str, float]


@dataclass
class _Unsaid:
    """What this process has to say and has not said yet."""

    seen: dict[str, float] = field(default_factory=dict)
    workers: dict[str, float] = field(default_factory=dict)
    beats: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)

    def add(self, earlier: "_Unsaid") -> None:
        """Takes back what could not be said."""
        self.seen = earlier.seen | self.seen
        self.workers = earlier.workers | self.workers
        self.beats = earlier.beats | self.beats
        for name, amount in earlier.counts.items():
            self.counts[name] = self.counts.get(name, 0) + amount

    def __bool__(self) -> bool:
        return bool(self.seen or self.workers or self.beats or self.counts)


_unsaid = _Unsaid()
_lock = threading.Lock()
_writing = False


def seen(what: str) -> None:
    """`what` (beat, sweep) has just been at work."""
    with _lock:
        _unsaid.seen[what] = time.time()
    say()


def worker_seen(name: str) -> None:
    """The worker process `name` is connected and takes tasks."""
    with _lock:
        _unsaid.workers[name] = time.time()
    say()


def beat_seen(name: str) -> None:
    """The beat process `name` looks at what is due, whether or not the broker takes it."""
    with _lock:
        _unsaid.beats[name] = time.time()
    say()


def count(**amounts: float) -> None:
    """Adds to counters that all processes share."""
    with _lock:
        for name, amount in amounts.items():
            _unsaid.counts[name] = _unsaid.counts.get(name, 0) + amount
    say()


def say() -> None:
    """Has what is unsaid written by a thread of its own; returns at once."""
    global _writing
    with _lock:
        if _writing or not _unsaid:
            return
        _writing = True
    _writer().submit(_write)


def read() -> Heartbeats:
    """What all processes have told. Raises redis.RedisError."""
    now = time.time()
    with _client().pipeline() as asked:
        asked.hgetall(_SEEN)
        # A sign from the future was left before the clock was put back: it says nothing of now.
        latest = now + WORKER_IS_THERE_FOR
        asked.zcount(_WORKERS, now - WORKER_IS_THERE_FOR, latest)
        asked.zrevrangebyscore(_WORKERS, latest, "-inf", start=0, num=1, withscores=True)
        asked.hgetall(_COUNTS)
        seen_at, workers, last_worker, counts = asked.execute()
    return Heartbeats(
        seen={name.decode(): float(at) for name, at in seen_at.items()},
        workers=workers,
        worker_seen=float(last_worker[0][1]) if last_worker else None,
        counts={name.decode(): float(amount) for name, amount in counts.items()},
    )


def process_seen(hostname: str) -> float | None:
    """When a worker or a beat of this name (`worker-1@host`) was last seen, in seconds since the
    epoch, whatever its process number. Raises redis.RedisError.
    """
    with _client().pipeline() as asked:
        asked.zrange(_WORKERS, 0, -1, withscores=True)
        asked.zrange(_BEATS, 0, -1, withscores=True)
        everybody = [each for known in asked.execute() for each in known]
    times = [at for name, at in everybody if name.decode().rpartition(":")[0] == hostname]
    return max(times, default=None)


def _write() -> None:
    global _unsaid, _writing
    try:
        while True:
            with _lock:
                said, _unsaid = _unsaid, _Unsaid()
            if not said:
                return
            try:
                _send(said)
            except redis.RedisError:
                with _lock:
                    _unsaid.add(said)
                return
    finally:
        with _lock:
            _writing = False


def _send(said: _Unsaid) -> None:
    with _client().pipeline() as written:
        for name, at in said.seen.items():
            written.hset(_SEEN, name, str(at))
        for key, processes in ((_WORKERS, said.workers), (_BEATS, said.beats)):
            if processes:
                written.zadd(key, processes)
                written.zremrangebyscore(key, "-inf", time.time() - _KEPT)
                written.expire(key, _KEPT)
        for name, amount in said.counts.items():
            written.hincrbyfloat(_COUNTS, name, amount)
        written.expire(_SEEN, _KEPT)
        written.execute()


@cache
def _client() -> redis.Redis:
    return bounded_client(settings.REDIS_URL, TIMEOUT)


# Made by the first one to say something, which is after the web server's fork.
@cache
def _writer() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="pulse")
