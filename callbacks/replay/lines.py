"""The extensions during a simulation, and whether they are free. Pure.

Instants are epoch seconds.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from callbacks.replay.scenario import ScenarioExtension
from callbacks.routing import rules as routing_rules


@dataclass
class Line:
    """An extension's state during the simulation."""

    phone: ScenarioExtension
    queue_position: float = 0.0
    on_call: bool = False
    unavailable_until: float = 0
    wrap_up_until: float = 0
    capped_until: float = 0
    calls: Counter[date] = field(default_factory=Counter)
    # The same person's other phones.
    others: list["Line"] = field(default_factory=list, repr=False, compare=False)

    def reason(self, at: float) -> tuple[str | None, float | None]:
        """Why it is not rung, and until when; None if it is free."""
        if self.is_on_call:
            return routing_rules.ON_CALL, None
        if not self.phone.spans.is_open(at):
            return routing_rules.OFF_SHIFT, self.phone.spans.next_opening(at)
        for reason, until in (
            (routing_rules.OUT, self.unavailable_until),
            (routing_rules.CAPPED, self.capped_until),
            (routing_rules.RESTING, max(it.wrap_up_until for it in (self, *self.others))),
        ):
            if until > at:
                return reason, until
        return None, None

    @property
    def is_on_call(self) -> bool:
        """Whether its person is on a call, on any of their phones."""
        return any(it.on_call for it in (self, *self.others))

    def comes_back(self, at: float, day: date) -> bool:
        """Whether it can be rung after the present call, which counts as one of its `day`."""
        calls = self.calls[day] + self.on_call
        return (
            self.phone.spans.is_open(at)
            and max(self.unavailable_until, self.capped_until) <= at
            and (self.phone.daily_cap is None or calls < self.phone.daily_cap)
        )


def lines_of(phones: Iterable[ScenarioExtension]) -> dict[int, Line]:
    """One for each phone, by id. Lines of the same person refer to each other."""
    lines = {phone.id: Line(phone) for phone in phones}
    of_person: dict[int, list[Line]] = defaultdict(list)
    for line in lines.values():
        if line.phone.salesperson is not None:
            of_person[line.phone.salesperson].append(line)
    for theirs in of_person.values():
        for line in theirs:
            line.others = [it for it in theirs if it is not line]
    return lines
