"""What the signs in Redis say about beat, workers and sweeps, and what an empty Redis cannot say.

A Redis that restarted without its data, or was emptied, holds no signs; a Redis whose memory is
full accepts none; a Redis that was away holds old signs until the processes reconnect. All three
look as if everything were silent, but prove nothing.
"""

from collections.abc import Iterator

from django.conf import settings

from callbacks.common import heartbeats
from callbacks.common.heartbeats import Heartbeats

# Seconds. Signs come every few seconds (Pulse, the sweep); a few may be missed, for example in a
# restart.
BEAT_MISSED_AFTER = 30.0
SWEEP_MISSED_AFTER = 60.0
# After an outage of Redis. Celery tries every 30 s at least to reach its broker again.
_RECONNECTS_WITHIN = 60.0

NOT_KNOWN = "Unknown while Redis is unavailable."
_AWAY = (
    "Redis does not answer, or refuses the password. Check that it is running and that REDIS_URL "
    "is correct. Requests are stored meanwhile and called once it is back."
)
_TAKES_NOTHING = (
    "Redis answers but accepts no writes: its memory is full (maxmemory), it cannot save to its "
    "disk, or it is a replica. See its log and `redis-cli INFO`. Requests are stored meanwhile "
    "and called once it accepts writes again."
)
# Name, whether it is well, and advice.
Found = tuple[str, bool, str]


def verdict(signs: Heartbeats | None, now: float) -> tuple[bool, str]:
    """Whether Redis's signs can be trusted at `now` (seconds since the epoch), and what to do if
    they cannot.
    """
    if signs is None:
        return False, _AWAY
    if not signs.takes_writes:
        return False, _TAKES_NOTHING
    if not any(_is_too_soon(signs, name, now) for name in ("beat", "worker", "sweep")):
        return True, ""
    if not any(_may_be_lost(signs, name, now) for name in ("beat", "worker", "sweep")):
        ago = max(0, now - signs.back)
        return False, (
            f"Redis was away until {ago:.0f} s ago. No request is lost: the next sweep calls those "
            "that wait. beat, workers and sweeps that run are seen again within a minute."
        )
    return False, (
        f"Redis was empty {now - signs.since:.0f} s ago: it is new, or has lost its data "
        "(FLUSHALL, a restart without persistence). No request is lost: PostgreSQL has them all, "
        "and the next sweep calls those that are waiting. Running beat, workers and sweeps show "
        "up again within a minute. If this recurs, make Redis keep its data: docs/deploy.md, "
        "“When Redis has lost its data”."
    )


def processes(signs: Heartbeats | None, now: float) -> Iterator[Found]:
    """beat, the workers and the sweep at `now` (seconds since the epoch)."""
    silent = {
        "beat": (
            f"beat has sent nothing for {_after('beat'):.0f} s. Start it, and check its log and "
            "the broker."
        ),
        "worker": (
            f"No worker has been seen for {_after('worker'):.0f} s. Start one, and check its log "
            "and the broker."
        ),
        "sweep": (
            f"No sweep has finished for {_after('sweep'):.0f} s. If beat and a worker are "
            "running, all worker threads are busy or stuck, or sweeps fail. See the worker's log."
        ),
    }
    for name, advice in silent.items():
        if signs is None:
            yield name, False, NOT_KNOWN
        elif _is_there(signs, name, now):
            yield name, True, ""
        elif not signs.takes_writes:
            yield name, False, "Unknown while Redis accepts no writes."
        elif _is_too_soon(signs, name, now):
            yield name, False, "Not known yet: Redis was away or empty a moment ago."
        else:
            yield name, False, advice


def _is_there(signs: Heartbeats, name: str, now: float) -> bool:
    if name == "worker":
        return signs.workers > 0
    # A sign from the future was left before the clock was set back: it says nothing about now.
    return abs(now - signs.seen.get(name, 0)) < _after(name)


def _is_too_soon(signs: Heartbeats, name: str, now: float) -> bool:
    """Whether a sign is missing that may have been lost, and has not had time to come again."""
    if _is_there(signs, name, now):
        return False
    is_reconnecting = abs(now - signs.back) < max(_RECONNECTS_WITHIN, _after(name))
    return is_reconnecting or _may_be_lost(signs, name, now)


def _may_be_lost(signs: Heartbeats, name: str, now: float) -> bool:
    """Whether there is no sign at all, and Redis was empty a moment ago."""
    known = signs.worker_seen if name == "worker" else signs.seen.get(name)
    return known is None and abs(now - signs.since) < _after(name)


def _after(name: str) -> float:
    """After how many seconds without a sign it counts as missing."""
    every: float = settings.SWEEP_EVERY
    if name == "worker":
        return heartbeats.WORKER_IS_THERE_FOR
    if name == "beat":
        return max(BEAT_MISSED_AFTER, 3 * every)
    return max(SWEEP_MISSED_AFTER, 5 * every)
