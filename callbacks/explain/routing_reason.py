"""Who was rung and why, and why not the others: in a sentence. Pure.

What `CallAttempt.why` holds was written by whatever version made the call, so it is read as if it
came from outside: what cannot be understood is left out, and nothing here raises.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from callbacks.routing import rules

# Extensions that are named; of a team of hundreds the others are counted.
NAMED = 6
# Times closer than this are told to the second.
_SOON = timedelta(minutes=2)
_LONGEST_NUMBER = 64
_FAR_OFF = 32_503_680_000  # the year 3000, in epoch seconds

CHOSEN = "chosen"

_REASONS = {
    rules.OFF: "off",
    rules.BLOCKED: "blocked by the provider",
    rules.PAUSED: "paused",
    rules.ON_CALL: "on a call",
    rules.OFF_SHIFT: "off shift",
    rules.OUT: "out",
    rules.CAPPED: "at the daily limit",
    rules.RESTING: "resting",
    rules.SEEN_BUSY: "seen busy by the provider",
    rules.REFUSED: "refused with this lead before",
}
# "%s free" follows, of how many.
_STRATEGIES = {
    rules.LONGEST_IDLE: "idle longest",
    rules.ROUND_ROBIN: "next in turn",
    rules.WEIGHTED: "next by weight",
    rules.FAIR: "next by conversations",
}


@dataclass(frozen=True)
class LookedAt:
    """An extension that was looked at and not rung. `until` None: it is not known."""

    number: str
    reason: str
    until: datetime | None = None


def sentence(why: object, number: str, at: datetime, zone: tzinfo, language: str = "") -> str:
    """ "101, idle longest of 3 free; 102 on a call, 104 off shift until 14:00".

    `why`: CallAttempt.why, whatever is in it. `number`: whose phone was rung, at `at`. `language`:
    the lead's. Times are in `zone`. "" where nothing, or nothing that is understood, was kept.
    """
    kept = why if isinstance(why, dict) else {}
    rule = said_rule(kept.get("rule"), kept.get("free"), language)
    if not rule:
        return ""
    # One that was refused before is rung where there is nobody else.
    looked = [it for it in _looked(kept.get("looked")) if it.number != number]
    others = said_others(looked, at, zone, language)
    return "; ".join(part for part in (f"{number}, {rule}", others) if part)


def said_rule(rule: object, free: object, language: str = "") -> str:
    """Why this one: "idle longest of 3 free", "speaks ru"; "" for a rule that is not known."""
    if rule == rules.OWNER:
        return "who talked with this number before"
    if rule == rules.LANGUAGE:
        return f"speaks {language}" if language else "speaks the lead's language"
    if rule == CHOSEN:
        return "chosen by a manager"
    if not isinstance(rule, str) or rule not in _STRATEGIES:
        return ""
    if isinstance(free, bool) or not isinstance(free, int) or free < 1:
        return _STRATEGIES[rule]
    return "the only one free" if free == 1 else f"{_STRATEGIES[rule]} of {free} free"


def said_others(
    others: Iterable[LookedAt], at: datetime, zone: tzinfo, language: str = "", named: int = NAMED
) -> str:
    """ "102 on a call, 104 off shift until 14:00, and 40 more on a call"; the first are named."""
    those = list(others)
    said = [
        f"{it.number} {said_reason(it.reason, it.until, at, zone, language)}"
        for it in those[:named]
    ]
    counted = Counter(said_reason(it.reason, None, at, zone, language) for it in those[named:])
    more = [f"{count} more {reason}" for reason, count in counted.most_common()]
    if more:
        more[0] = f"and {more[0]}"
    return ", ".join(said + more)


def said_reason(
    reason: str, until: datetime | None, at: datetime, zone: tzinfo, language: str = ""
) -> str:
    """ "off shift until 14:00" """
    if reason == rules.LANGUAGE:
        return f"not speaking {language or 'its language'}"
    words = _REASONS.get(reason, reason)
    return f"{words} until {when(until, at, zone)}" if until else words


def when(instant: datetime, at: datetime, zone: tzinfo) -> str:
    """ "14:00", "14:00:30" when it is close, "Sun 29 Nov 09:00" on another day than `at`."""
    local, here = instant.astimezone(zone), at.astimezone(zone)
    if abs(instant - at) < _SOON and local.date() == here.date():
        return f"{local:%H:%M:%S}"
    if local.date() == here.date():
        return f"{local:%H:%M}"
    year = "" if local.year == here.year else f" {local:%Y}"
    return f"{local:%a %d %b}{year} {local:%H:%M}"


def _looked(rows: Any) -> Sequence[LookedAt]:
    """The rows that can be read, without those that were free."""
    if not isinstance(rows, list):
        return []
    return [row for row in map(_row, rows) if row]


def _row(row: Any) -> LookedAt | None:
    if not isinstance(row, list) or len(row) < 2:
        return None
    number, reason = row[0], row[1]
    if not isinstance(number, str) or not isinstance(reason, str) or reason not in _KNOWN:
        return None
    return LookedAt(number[:_LONGEST_NUMBER], reason, _instant(row[2] if len(row) > 2 else None))


_KNOWN = {*_REASONS, rules.LANGUAGE}


def _instant(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    if not 0 < seconds < _FAR_OFF:
        return None
    return datetime.fromtimestamp(seconds, UTC)
