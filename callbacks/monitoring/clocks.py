"""Machines whose clock differs from the database's (callbacks.common.clock), in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from callbacks.common.clock import SAID_FROM
from callbacks.common.formatting import in_words


@dataclass(frozen=True)
class WrongClock:
    """The clock of `machine` is `ahead` seconds ahead of the database's; negative: behind."""

    machine: str
    ahead: float

    def sentence(self) -> str:
        """What is wrong, and what to do."""
        told = {"machine": self.machine, "by": in_words(abs(self.ahead))}
        if self.ahead > 0:
            return (
                gettext(
                    "The clock of %(machine)s is %(by)s ahead of the database's. Leads are "
                    "called by the database's clock. Set up time synchronisation on both "
                    "machines."
                )
                % told
            )
        return (
            gettext(
                "The clock of %(machine)s is %(by)s behind the database's. Leads are called by "
                "the database's clock. Set up time synchronisation on both machines."
            )
            % told
        )


def wrong(clocks: Mapping[str, float]) -> list[WrongClock]:
    """The machines with wrong clocks, from what their processes (`worker@machine`) reported."""
    found: dict[str, float] = {}
    for process, ahead in clocks.items():
        machine = process.rpartition("@")[2]
        if abs(ahead) > max(SAID_FROM, abs(found.get(machine, 0.0))):
            found[machine] = ahead
    return [WrongClock(machine, ahead) for machine, ahead in sorted(found.items())]
