"""How many mails an address gets that anybody may have typed, and how many all visitors get."""

from datetime import datetime

from django.conf import settings

from leads.guard import counters
from leads.guard.counters import Away, Counter
from leads.guard.rates import hidden


def may_mail(address: str, mail: str, now: datetime) -> bool:
    """Counts a mail to an address; False: one more is too many, for the address or in all.

    `mail`: the same one once more counts once. While Redis is away, nothing is mailed: a mail is
    not worth the risk of sending somebody hundreds.
    """
    counted = [
        Counter(hidden("mail", address.strip().lower()), mail, refuse=settings.RATE_MAIL),
        Counter("mails", mail, refuse=settings.RATE_MAILS),
    ]
    counted = [it for it in counted if it.refuse]
    try:
        return not counted or counters.count(counted, now).wait is None
    except Away:
        return False
