"""Whether a request that is sent once more asks for anything new."""

from datetime import datetime, timedelta

from leads import ports
from leads.models import Lead, LeadStatus

# How long the same request sent again is a repetition, whatever its call has come to.
_SAME, _SAME_IF_TALKED = timedelta(seconds=30), timedelta(minutes=2)


def still_stands(request: Lead, now: datetime) -> bool:
    """Whether the same request sent once more asks for nothing new.

    Not if another request of the number has come since, or if a call of it has begun: whoever sends
    it again then is at the phone. But within half a minute, or two minutes if they have talked, it
    is a second click, or a browser whose first answer was lost: nobody is called twice for that,
    however quick the call was. One that is held back has nothing to do with the lead it has joined.
    """
    first = request if request.is_held_back else request.duplicate_of or request
    if request.status == LeadStatus.CANCELLED or first.newest_request() != request:
        return False
    talked = first.status == LeadStatus.CONNECTED
    if now - request.submitted_at < (_SAME_IF_TALKED if talked else _SAME):
        return True
    if not first.is_open:
        return False
    since = None if first == request else request.submitted_at
    return not ports.was_called(first.pk, since)
