"""For how long the page of a request is shown: its address is a secret that lies about in histories
and mails.
"""

from datetime import datetime, timedelta

from django.conf import settings

from leads import visitor_status
from leads.models import Lead, LeadStatus

LEAST, LONGEST = 1, 3650  # days

# Of these there is still something to come, however long ago it was asked for.
_STILL = (LeadStatus.WAITING, LeadStatus.CALLING)


def has_expired(lead: Lead, now: datetime) -> bool:
    """Whether the page of a request shows nothing any more: STATUS_PAGE_DAYS after it was closed;
    one that is with a colleague, after it was sent, or after its time.

    By what its own submitter knows of it, so that a page tells nothing of others' requests.
    """
    about = visitor_status.shown(lead)
    if about.status in _STILL:
        return False
    known = (lead.submitted_at, lead.call_after, about.closed_at, about.call_after)
    last = max(it for it in known if it is not None)
    return now >= last + timedelta(days=settings.STATUS_PAGE_DAYS)
