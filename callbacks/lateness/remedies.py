"""What would have helped against a cause: the same days replayed with one change.

A replay is believed only if it comes near what was measured; otherwise the page says that it cannot
tell.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from callbacks.lateness.causes import CauseSum, worst_hours
from callbacks.lateness.explained import Cause
from callbacks.replay.changes import Change
from callbacks.replay.history import Period
from callbacks.replay.playing import Progress, Variant, played
from callbacks.reports.filters import Asked
from leads import sla

# Seconds: an unanswered phone is given up after the first; a team opens earlier by the second.
_RING, _EARLIER = 15, 1800
_HALF = 0.5
# The replay's p90 may differ from the measured one by this share of it, or by this many seconds.
_NEAR_SHARE, _NEAR = 0.5, 30.0


@dataclass(frozen=True)
class Remedy:
    """A change tried against a cause. `p90`: the time to ring with it, in seconds; None if no
    lead's phone would have rung.
    """

    cause: str
    change: Change
    p90: float | None = None

    def stored(self) -> dict[str, Any]:
        """For a study's result."""
        return {"cause": self.cause, "p90": self.p90, "change": asdict(self.change)}


def change_for(cause: CauseSum) -> Change | None:
    """The change to try; None if neither people nor hours nor rules would help."""
    if not cause.teams:
        return None
    team = cause.teams.most_common(1)[0][0]
    match cause.cause:
        case Cause.BUSY | Cause.NOBODY | Cause.PAUSED:
            start, end = worst_hours(cause.hours)
            return Change(team, people=1, from_hour=start, to_hour=end)
        case Cause.CLOSED:
            return Change(team, earlier=_EARLIER)
        case Cause.TURN:
            return Change(team, no_turns=True)
        case Cause.RETRY:
            return Change(team, waits=_HALF)
        case Cause.LEG1:
            return Change(team, ring=_RING)
        case Cause.OWNER:
            return Change(team, no_owner=True)
        case Cause.LANGUAGE:
            return Change(team, any_language=True)
    return None


@dataclass(frozen=True)
class Tried:
    """`really` and `simulated`: the p90 as measured, and as replayed unchanged; in seconds."""

    really: float | None
    simulated: float | None
    remedies: tuple[Remedy, ...]

    @property
    def is_near(self) -> bool:
        """Whether the replay can be believed."""
        return is_near(self.really, self.simulated)


def is_near(really: float | None, simulated: float | None) -> bool:
    """Whether a replay is near enough to what was measured to be believed."""
    if really is None or simulated is None:
        return False
    return abs(simulated - really) <= max(_NEAR, really * _NEAR_SHARE)


def tried(
    asked: Asked, largest: tuple[CauseSum, ...], now: datetime, *, most: int, progress: Progress
) -> Tried:
    """Replays the days as they were, and with a change for each of these causes.

    Raises what `played` raises.
    """
    changes = [(it, change) for it in largest if (change := change_for(it))]
    about = set(asked.leads().filter(sla.counted()).values_list("pk", flat=True))
    start, end = asked.bounds
    found = played(
        Period(start, min(end, now)),
        about,
        [Variant(change) for _cause, change in changes],
        now,
        most=most,
        progress=progress,
    )
    return Tried(
        found.really.figures.ring_p90,
        found.simulated.figures.ring_p90,
        tuple(
            Remedy(cause.key, change, times.figures.ring_p90)
            for (cause, change), times in zip(changes, found.changed, strict=True)
        ),
    )
