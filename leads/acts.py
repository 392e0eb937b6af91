"""What a visitor may do on their request's page, by the request's standing.

One table (docs/architecture.md, "What a visitor can change"). It uses only the standing that the
page shows: somebody who types another person's number is offered the same acts as for a number that
nobody knows.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from leads import callback_times, feedback, ports, visitor_status
from leads.models import Lead, LeadSource
from leads.standings import Standing


class Act(StrEnum):
    """An act on a request's page; the value is also part of the act's address."""

    TIME = "time"
    CANCEL = "cancel"
    NOT_MINE = "not-mine"
    NUMBER = "number"
    NEVER_CALL = "never-call"
    AGAIN = "again"
    FEEDBACK = "feedback"


# Once a call has begun, each of these ends it if it still can be ended, and no other call follows.
_UNTIL_THEY_TALK: Final = (Act.TIME, Act.NUMBER, Act.NOT_MINE, Act.CANCEL)
# By Standing.status.
OFFERED: Final[dict[str, tuple[Act, ...]]] = {
    "waiting": _UNTIL_THEY_TALK,
    "delayed": _UNTIL_THEY_TALK,
    "scheduled": _UNTIL_THEY_TALK,
    "calling": _UNTIL_THEY_TALK,
    "on_the_phone": _UNTIL_THEY_TALK,
    "checking": _UNTIL_THEY_TALK,
    "talking": (Act.NEVER_CALL,),
    "connected": (Act.FEEDBACK, Act.AGAIN, Act.NEVER_CALL),
    "called": (Act.AGAIN, Act.NUMBER),
    "unreached": (Act.AGAIN, Act.NUMBER, Act.NEVER_CALL),
    "received": (Act.NUMBER, Act.NOT_MINE, Act.CANCEL),
    "cancelled": (Act.AGAIN, Act.NUMBER),
}
# A call is on, or may be: whatever the visitor does, a phone can still ring for a moment.
RINGING: Final = ("calling", "on_the_phone", "checking")
# These acts need the source's form or its rules.
_NEEDS_SOURCE: Final = (Act.TIME, Act.NUMBER, Act.AGAIN)


def offered(
    stands: Standing, source: LeadSource | None, lead: Lead, now: datetime
) -> tuple[Act, ...]:
    """The acts that the page of `lead` offers, in display order.

    `source`: the source that the request came through; None if it is switched off.
    """
    return tuple(it for it in OFFERED[stands.status] if _is_possible(it, source, lead, now))


def _is_possible(act: Act, source: LeadSource | None, lead: Lead, now: datetime) -> bool:
    if act is Act.FEEDBACK:
        return feedback.is_open(feedback.given(lead), now)
    if source is None:
        return act not in _NEEDS_SOURCE
    if act is Act.TIME:
        hours = ports.hours(source.pk, lead.phone, visitor_status.version_of(lead))
        return source.offers_times and callback_times.is_any(hours, now)
    return True
