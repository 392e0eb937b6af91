"""The times at which a lead may be called, from the routing config and the database.

For `next_call`. The three kinds differ in how they treat turns at an opening: `reserving` takes the
lead's turn, under a lock, for the transaction that stores it; `reading` says which turn the lead
would get and takes nothing; `unpaced` returns the opening itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours, pacing
from callbacks.scheduling.opening_turns import Turn


class Pacing(Enum):
    """How turns at an opening are treated."""

    RESERVE = "reserve"
    READ = "read"
    NONE = "none"


@dataclass(frozen=True)
class ConfiguredTimes:
    """The CallTimes of a lead with this source and number ("": any number)."""

    config: RoutingConfig
    source_id: int
    phone: str
    pacing: Pacing
    waits: bool = False  # for its turn, even after the transaction wrote something

    def next_time(self, after: datetime) -> datetime | None:
        """When a team is open and the lead's number may be called; None: never."""
        return calling_hours.next_time(self.config, self.source_id, self.phone, after)

    def next_usual_time(self, after: datetime) -> datetime | None:
        """In the calling window of the source; without one, in the window of new sources."""
        return calling_hours.next_usual_time(self.config, self.source_id, self.phone, after)

    def next_new_opening(self, after: datetime) -> datetime | None:
        """When a team opens anew, by the teams' hours alone."""
        return calling_hours.next_new_opening(self.config, self.source_id, after)

    def turn(self, opening: datetime) -> Turn:
        """The lead's turn. With RESERVE, call it in the transaction that stores the result."""
        if self.pacing is Pacing.NONE:
            return Turn(opening, opening)
        reserve = self.pacing is Pacing.RESERVE
        return pacing.turn(
            self.config, self.source_id, self.phone, opening, reserve=reserve, waits=self.waits
        )


def reserving(
    config: RoutingConfig, source_id: int, phone: str, *, waits: bool = False
) -> ConfiguredTimes:
    """For callers that store the result in this transaction. `waits`: see pacing.turn."""
    return ConfiguredTimes(config, source_id, phone, Pacing.RESERVE, waits)


def reading(config: RoutingConfig, source_id: int, phone: str) -> ConfiguredTimes:
    """For callers that only show the result."""
    return ConfiguredTimes(config, source_id, phone, Pacing.READ)


def unpaced(config: RoutingConfig, source_id: int, phone: str) -> ConfiguredTimes:
    """For a manager's "Call now", and for many leads that get their turns together."""
    return ConfiguredTimes(config, source_id, phone, Pacing.NONE)


@dataclass(frozen=True)
class WindowTimes:
    """The calling window of a number alone: for recorded messages, which need no salesperson."""

    config: RoutingConfig
    source_id: int
    phone: str

    def next_time(self, after: datetime) -> datetime | None:
        """When the number may be called."""
        return calling_hours.next_in_window(self.config, self.source_id, self.phone, after)

    def next_usual_time(self, after: datetime) -> datetime | None:
        """The same as next_time: a message that would be late is not played anyway."""
        return self.next_time(after)

    def next_new_opening(self, after: datetime) -> datetime | None:  # noqa: ARG002
        """None: no team is needed."""
        return None

    def turn(self, opening: datetime) -> Turn:
        """The opening itself: messages take no turns."""
        return Turn(opening, opening)
