"""A moment as a person types it, in a time zone, with a note if it is odd. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class NotAMoment(ValueError):  # noqa: N818  # shown to a person
    """The typed text is not a moment; the message shows what one looks like."""


@dataclass(frozen=True)
class Typed:
    """The moment that was meant. `note`: what a person should know about it, or ""."""

    at: datetime
    note: str = ""


def read(text: str, zone: ZoneInfo) -> Typed:
    """ "2026-03-27 01:55", local in `zone`, or with an offset like +02:00. Raises NotAMoment.

    For a time that exists twice, the first is meant; a time that does not exist is moved forward by
    the missing hour.
    """
    try:
        given = datetime.fromisoformat(text.strip())
        at = given if given.tzinfo else given.replace(tzinfo=zone)
        if not _FIRST <= at < _LAST:
            raise ValueError
    except (ValueError, OverflowError):
        raise NotAMoment(
            f'"{text}" is no time. Use one like "2026-03-27 01:55", from the years 2000 to 2099.'
        ) from None
    if given.tzinfo:
        return Typed(at.astimezone(zone))
    shown = at.astimezone(UTC).astimezone(zone)
    day = f"{given:%H:%M} on {given:%a %d %b %Y}"
    if shown.replace(tzinfo=None) != given:
        note = (
            f"{day} does not exist in {zone.key}, as the clocks go forward: {shown:%H:%M} is meant."
        )
        return Typed(shown, note)
    later = given.replace(tzinfo=zone, fold=1)
    if later.utcoffset() != at.utcoffset():
        note = (
            f"{day} exists twice in {zone.key}, as the clocks go back: the first is meant. The "
            f"second is {later.isoformat(sep=' ', timespec='minutes')}."
        )
        return Typed(shown, note)
    return Typed(shown)
