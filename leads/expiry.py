"""How long a request's page is shown: its address is a secret that stays in histories and mails."""

from datetime import datetime, timedelta

from django.conf import settings

from leads import visitor_status
from leads.models import Lead, LeadStatus

LEAST, LONGEST = 1, 3650  # days

# Something will still happen to these, however old the request is.
_STILL = (LeadStatus.WAITING, LeadStatus.CALLING)


def has_expired(lead: Lead, now: datetime) -> bool:
    """Whether a request's page no longer shows anything: STATUS_PAGE_DAYS after the request was
    closed, sent, or due, whichever is last.

    Uses what the submitter knows about the request, so that the page says nothing about other
    people's requests.
    """
    about = visitor_status.shown(lead)
    if about.status in _STILL:
        return False
    known = (lead.submitted_at, lead.call_after, about.closed_at, about.call_after)
    last = max(it for it in known if it is not None)
    return now >= last + timedelta(days=settings.STATUS_PAGE_DAYS)
