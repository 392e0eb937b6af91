"""Whether a request that is sent again asks for anything new."""

from datetime import datetime, timedelta

from leads import ports
from leads.models import Lead, LeadStatus

# How long the same request sent again is a repetition, however its call ended.
_SAME, _SAME_IF_TALKED = timedelta(seconds=30), timedelta(minutes=2)


def still_stands(request: Lead, now: datetime) -> bool:
    """Whether the same request sent again asks for nothing new.

    It asks for something new if another request for the number has come since, or a call for it has
    begun: a person who sends it then is waiting at the phone. But within half a minute, or two
    minutes if they talked, it is a second click, or a browser that lost the first answer: nobody is
    called twice for that, however quick the call was. A request that is held back does not depend
    on the lead that it joined.
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
