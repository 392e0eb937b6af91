"""The times at which a lead may be called, from the routing config and the database.

For `next_call`. Three kinds, by what they do about the turns at an opening:
`reserving` takes the lead's turn, under a lock, for the transaction that stores it; `reading` says
which turn the lead would get and takes nothing; `unpaced` gives the opening itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from callbacks.routing.config import RoutingConfig
from callbacks.scheduling import calling_hours, pacing
from callbacks.scheduling.opening_turns import Turn


class Pacing(Enum):
    """What is done about the turns at an opening."""

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
    waits: bool = False  # for its turn, though the transaction has written something

    def next_time(self, after: datetime) -> datetime | None:
        """A team is open, and its number may be called."""
        return calling_hours.next_time(self.config, self.source_id, self.phone, after)

    def next_usual_time(self, after: datetime) -> datetime | None:
        """In the calling window of the source, or of new sources where it has none."""
        return calling_hours.next_usual_time(self.config, self.source_id, self.phone, after)

    def next_new_opening(self, after: datetime) -> datetime | None:
        """By the teams' hours alone."""
        return calling_hours.next_new_opening(self.config, self.source_id, after)

    def turn(self, opening: datetime) -> Turn:
        """With RESERVE, call it in the transaction that stores the result."""
        if self.pacing is Pacing.NONE:
            return Turn(opening, opening)
        reserve = self.pacing is Pacing.RESERVE
        return pacing.turn(
            self.config, self.source_id, self.phone, opening, reserve=reserve, waits=self.waits
        )


def reserving(
    config: RoutingConfig, source_id: int, phone: str, *, waits: bool = False
) -> ConfiguredTimes:
    """For callers that store the result, in this transaction. `waits`: as of pacing.turn."""
    return ConfiguredTimes(config, source_id, phone, Pacing.RESERVE, waits)


def reading(config: RoutingConfig, source_id: int, phone: str) -> ConfiguredTimes:
    """For callers that only show the result."""
    return ConfiguredTimes(config, source_id, phone, Pacing.READ)


def unpaced(config: RoutingConfig, source_id: int, phone: str) -> ConfiguredTimes:
    """For a manager's wish, and for many leads that are given turns together."""
    return ConfiguredTimes(config, source_id, phone, Pacing.NONE)


@dataclass(frozen=True)
class WindowTimes:
    """The calling window of a number alone: for recorded messages, which need nobody."""

    config: RoutingConfig
    source_id: int
    phone: str

    def next_time(self, after: datetime) -> datetime | None:
        """The number may be called."""
        return calling_hours.next_in_window(self.config, self.source_id, self.phone, after)

    def next_usual_time(self, after: datetime) -> datetime | None:
        """A message that is late is not played at all."""
        return self.next_time(after)

    def next_new_opening(self, after: datetime) -> datetime | None:  # noqa: ARG002
        """No team is needed."""
        return None

    def turn(self, opening: datetime) -> Turn:
        """Messages take no turns."""
        return Turn(opening, opening)
