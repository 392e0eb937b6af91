"""Signs of life of the processes, and counts that only they can make. Kept in Redis for a while.

Written in the background, so no caller waits; read by `/readyz` and `/metrics` in any web process.
In Redis and not in PostgreSQL, because a sign every few seconds is worthless a minute later and
should cost no commit; and not in a file, because processes of several machines are counted
together. After Redis was emptied, signs are back when each process writes its next one; counters
may start from 0 at any time. Redis also stores since when it has kept signs, so that an emptied
Redis is not mistaken for silence.

While Redis is unreachable, counts wait in their process; a count whose acknowledgement was lost is
written twice. Counts are for information only: nothing depends on them.
"""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import redis
from django.conf import settings
from django.utils import timezone

from callbacks.common.made_once import MadeOnce
from callbacks.common.redis_client import bounded_client

# Seconds. A beat sends a sign at least every SWEEP_EVERY.
TIMEOUT = 0.5
WORKER_SIGNS_EVERY = 5.0
WORKER_IS_THERE_FOR = 30.0
_KEPT = 24 * 3600

# Prefix of counters: refused visitors' numbers, by reason.
REFUSED = "numbers_refused_"
# Prefix of counters: submissions that could not be stored, by `way.reason`.
NOT_STORED = "submissions_failed_"
_SEEN, _WORKERS, _COUNTS = "callbacks:seen", "callbacks:workers", "callbacks:counts"
_BEATS = "callbacks:beats"
# Since when Redis has kept signs without losing them; set by the first process to find it empty.
_SINCE = "callbacks:signs_since"
# When Redis last came back after an outage; set by each process that had noticed the outage.
_BACK = "callbacks:signs_back"
# Seconds from the first failed exchange to the last. A single failure is no outage: no sign that
# comes every few seconds looks old after it.
LEAST_OUTAGE = 4.0
_CLOCKS = "callbacks:clocks"
# A process measures its clock about every half minute (callbacks.common.clock).
_CLOCK_IS_KNOWN_FOR = 100.0


@dataclass(frozen=True)
class Heartbeats:
    """What the processes have reported. Times in seconds since the epoch.

    `clocks`: by how many seconds the clock of each process is ahead of the database's. `since`:
    when Redis was last found empty; a missing sign says nothing about the time before. `back`: when
    Redis last came back after an outage, 0 if there was none in the last day; an old sign says
    nothing until the processes have had time to reconnect. `takes_writes`: False if Redis is out of
    memory, cannot save or is read-only; an old sign says nothing then.
    """

    seen: Mapping[str, float]
    workers: int
    worker_seen: float | None
    counts: Mapping[str, float]
    clocks: Mapping[str, float] = field(default_factory=dict)
    since: float = 0.0
    back: float = 0.0
    takes_writes: bool = True


@dataclass
class _Unsaid:
    """What this process has not written yet."""

    seen: dict[str, float] = field(default_factory=dict)
    workers: dict[str, float] = field(default_factory=dict)
    beats: dict[str, float] = field(default_factory=dict)
    clocks: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)

    def add(self, earlier: "_Unsaid") -> None:
        """Takes back what could not be written."""
        self.seen = earlier.seen | self.seen
        self.workers = earlier.workers | self.workers
        self.beats = earlier.beats | self.beats
        self.clocks = earlier.clocks | self.clocks
        for name, amount in earlier.counts.items():
            self.counts[name] = self.counts.get(name, 0) + amount

    def __bool__(self) -> bool:
        return bool(self.seen or self.workers or self.beats or self.clocks or self.counts)


_unsaid = _Unsaid()
_lock = threading.Lock()
_writing = False
# By time.monotonic(): when the first and the last exchange of an outage failed.
_missed: tuple[float, float] | None = None


def _begin_anew() -> None:
    """In a forked process, which has no writer yet: what its parent noted, the parent writes."""
    global _lock, _unsaid, _writing
    _lock, _unsaid, _writing = threading.Lock(), _Unsaid(), False


os.register_at_fork(after_in_child=_begin_anew)


def seen(what: str) -> None:
    """Notes that `what` (beat, sweep) has just run."""
    with _lock:
        _unsaid.seen[what] = _now()
    say()


def worker_seen(name: str) -> None:
    """Notes that the worker process `name` is connected and takes tasks."""
    with _lock:
        _unsaid.workers[name] = _now()
    say()


def beat_seen(name: str) -> None:
    """Notes that the beat process `name` checks what is due, even if the broker is away."""
    with _lock:
        _unsaid.beats[name] = _now()
    say()


def clock_seen(process: str, ahead: float) -> None:
    """Notes how many seconds the clock of `process` is `ahead` of the database's."""
    with _lock:
        _unsaid.clocks[process] = ahead
    say()


def count(**amounts: float) -> None:
    """Adds to counters that all processes share."""
    with _lock:
        for name, amount in amounts.items():
            _unsaid.counts[name] = _unsaid.counts.get(name, 0) + amount
    say()


def say() -> None:
    """Makes a separate thread write waiting signs; returns at once. Never raises."""
    global _writing
    with _lock:
        if _writing or not _unsaid:
            return
        _writing = True
    try:
        _writer().submit(_write)
    except RuntimeError:  # this process is ending, or no thread can be started now
        with _lock:
            _writing = False  # the next sign tries again


@contextmanager
def _noting_outages() -> Iterator[None]:
    """Wraps each exchange with Redis. The first exchange after an outage records its end."""
    global _missed
    missed = _missed  # as it is now: another thread's exchange may end the outage meanwhile
    try:
        if missed and missed[1] - missed[0] >= LEAST_OUTAGE:
            with suppress(redis.ResponseError):  # it accepts no writes
                _client().set(_BACK, _now(), ex=_KEPT)
        yield
    except redis.RedisError:
        failed_at, missed = time.monotonic(), _missed
        _missed = (missed[0] if missed else failed_at, failed_at)
        raise
    _missed = None


@_noting_outages()
def read() -> Heartbeats:
    """What all processes have reported. Raises redis.RedisError."""
    now = _now()
    with _client().pipeline(transaction=False) as asked:
        asked.set(_SINCE, now, nx=True)
        asked.get(_SINCE)
        asked.get(_BACK)
        asked.hgetall(_SEEN)
        # A sign from the future was left before the clock was set back: it says nothing about now.
        latest = now + WORKER_IS_THERE_FOR
        asked.zcount(_WORKERS, now - WORKER_IS_THERE_FOR, latest)
        asked.zrevrangebyscore(_WORKERS, latest, "-inf", start=0, num=1, withscores=True)
        asked.hgetall(_COUNTS)
        asked.zrangebyscore(_CLOCKS, now - _CLOCK_IS_KNOWN_FOR, now + _CLOCK_IS_KNOWN_FOR)
        written, *answers = asked.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    since, back, seen_at, workers, last_worker, counts, clocks = answers
    return Heartbeats(
        seen={name.decode(): float(at) for name, at in seen_at.items()},
        workers=workers,
        worker_seen=float(last_worker[0][1]) if last_worker else None,
        counts={name.decode(): float(amount) for name, amount in counts.items()},
        clocks=_newest_of_each(it.decode() for it in clocks),
        since=float(since or 0),
        back=float(back or 0),
        takes_writes=not isinstance(written, Exception),
    )


@_noting_outages()
def kept() -> tuple[float, float, bool]:
    """`since`, `back` and `takes_writes` of Heartbeats. Raises redis.RedisError."""
    with _client().pipeline(transaction=False) as asked:
        asked.set(_SINCE, _now(), nx=True)
        asked.mget(_SINCE, _BACK)
        written, times = asked.execute(raise_on_error=False)
    if isinstance(times, Exception):
        raise times
    since, back = (float(it or 0) for it in times)
    return since, back, not isinstance(written, Exception)


def _newest_of_each(told: Iterable[str]) -> dict[str, float]:
    """The last value that each process reported of its clock; `told` begins with the oldest."""
    newest = {}
    for process, _, ahead in (it.rpartition("=") for it in told):  # "worker@host=1.25"
        newest[process] = float(ahead)
    return dict(sorted(newest.items()))


def process_seen(hostname: str) -> float | None:
    """When a worker or a beat of this name (`worker-1@host`) was last seen; None: never.

    Seconds since the epoch, for any process number. Raises redis.RedisError.
    """
    with _client().pipeline() as asked:
        asked.zrange(_WORKERS, 0, -1, withscores=True)
        asked.zrange(_BEATS, 0, -1, withscores=True)
        everybody = [each for known in asked.execute() for each in known]
    times = [at for name, at in everybody if name.decode().rpartition(":")[0] == hostname]
    return max(times, default=None)


def _write() -> None:
    global _unsaid, _writing
    while True:
        with _lock:
            said, _unsaid = _unsaid, _Unsaid()
            if not said:
                # Under the same lock: whoever adds a sign from now on makes a thread write it.
                _writing = False
                return
        try:
            _send(said)
        except BaseException as error:
            with _lock:
                _writing = False
                if isinstance(error, redis.RedisError):
                    _unsaid.add(said)
                    return
            raise


@_noting_outages()
def _send(said: _Unsaid) -> None:
    now = _now()
    with _client().pipeline() as written:
        written.set(_SINCE, now, nx=True)
        for name, at in said.seen.items():
            written.hset(_SEEN, name, str(at))
        for key, processes in ((_WORKERS, said.workers), (_BEATS, said.beats)):
            if processes:
                written.zadd(key, processes)
                written.zremrangebyscore(key, "-inf", now - _KEPT)
                written.expire(key, _KEPT)
        if said.clocks:
            written.zadd(_CLOCKS, {f"{it}={ahead:.3f}": now for it, ahead in said.clocks.items()})
            written.zremrangebyscore(_CLOCKS, "-inf", now - _CLOCK_IS_KNOWN_FOR)
            written.expire(_CLOCKS, _KEPT)
        for name, amount in said.counts.items():
            written.hincrbyfloat(_COUNTS, name, amount)
        written.expire(_SEEN, _KEPT)
        written.execute()


def _now() -> float:
    """Seconds since the epoch, by the clock that all processes share (callbacks.common.clock)."""
    return timezone.now().timestamp()


@MadeOnce
def _client() -> redis.Redis:
    return bounded_client(settings.REDIS_URL, TIMEOUT)


@MadeOnce
def _writer() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="pulse")
