"""What a scenario found, and what it had to find. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """Something that must hold, and what was found."""

    what: str
    found: object
    ok: bool

    def line(self) -> str:
        """For a person."""
        return f"{'ok ' if self.ok else 'NOT'}  {self.what}: {self.found}"


@dataclass
class Result:
    """One scenario's checks and figures."""

    scenario: str
    checks: list[Check] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything held, and there was anything that could hold."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def none(self, what: str, found: Mapping[str, Any] | list[Any], of: int) -> None:
        """Checks that `found` is empty, among `of` of them; shows a few of those found."""
        words = f"{len(found)} of {of:,}"
        if found:
            words += f", such as {list(found)[:3]}"
        self.checks.append(Check(what, words, not found and of > 0))

    def at_most(self, what: str, value: float | None, limit: float, unit: str = "s") -> None:
        """Checks that there is a `value`, and that it is not above `limit`."""
        found = "nothing to measure" if value is None else f"{value:.2f} {unit}"
        ok = value is not None and value <= limit
        self.checks.append(Check(f"{what} (at most {limit:g} {unit})", found, ok))

    def must(self, what: str, ok: bool, found: object) -> None:
        """Any other check."""
        self.checks.append(Check(what, found, ok))


def bound(of: int) -> float | None:
    """The rule of three: after 0 of `of`, the true share is below this at 95 %. None for 0 of 0."""
    return 3 / of if of else None


def percentile(values: list[float], share: float) -> float | None:
    """The nearest rank; None when there are no values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-round(share * 1000) * len(ordered) // 1000) - 1)]
