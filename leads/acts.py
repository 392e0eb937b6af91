"""What a visitor may do on the page of their request, by how it stands.

One table (docs/architecture.md, "What a visitor can change"). It goes by nothing but the standing
that the page shows: whoever types somebody else's number is offered what they would be offered if
that number were known to nobody.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from leads import callback_times, feedback, ports, visitor_status
from leads.models import Lead, LeadSource
from leads.standings import Standing


class Act(StrEnum):
    """Something that is done on the page of a request; also a part of its address."""

    TIME = "time"
    CANCEL = "cancel"
    NOT_MINE = "not-mine"
    NUMBER = "number"
    NEVER_CALL = "never-call"
    AGAIN = "again"
    FEEDBACK = "feedback"


# Once a call has begun, it is ended if it still can be, and none follows.
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
# A call is on, or may be: a phone can still ring for a moment, whatever is done.
RINGING: Final = ("calling", "on_the_phone", "checking")
# For these the visitor needs the source's form, or its rules.
_NEEDS_SOURCE: Final = (Act.TIME, Act.NUMBER, Act.AGAIN)


def offered(
    stands: Standing, source: LeadSource | None, lead: Lead, now: datetime
) -> tuple[Act, ...]:
    """The acts that the page of `lead` offers, in the order in which it shows them.

    `source`: the one through which the request came in; None: it is switched off.
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
