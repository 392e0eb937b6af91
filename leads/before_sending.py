"""What a visitor reads before sending the form if nobody would call them at once."""

from datetime import datetime

from django.utils.translation import gettext

from leads import ports, standings
from leads.models import LeadSource
from leads.ports import Presence
from leads.visitor_status import SOON


def expectation(source: LeadSource, now: datetime, language: str = "") -> str:
    """One sentence, with the time of the call if it is known; "" if somebody is free.

    `language`: the language of the call; "" means the source's.
    """
    language = language or source.language
    hours = ports.hours(source.pk)
    opens_at = hours.next_time(now)
    if opens_at is None or not ports.is_spoken(source.pk, language):
        return gettext(
            "We cannot call you right away. Leave your number, and we will get back to you."
        )
    soonest = ports.soonest(source, now)
    if soonest.at > now + SOON:
        said = standings.FULL if opens_at <= now or soonest.is_full else standings.CLOSED
        return said.text(soonest.at, now, hours.zone)
    match ports.presence(source.pk, now, language=language):
        case Presence.NOBODY:
            return gettext(
                "Nobody from our team can take calls at the moment, so it may take longer than "
                "usual before we call you."
            )
        case Presence.BUSY:
            return gettext(
                "Everyone on our team is busy right now. We will call you as soon as one of us is "
                "free."
            )
    return ""
