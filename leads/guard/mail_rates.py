"""Limits how many mails one mailbox gets, whose address anybody may have typed, and all
together.
"""

from datetime import datetime

from django.conf import settings

from leads.guard import counters
from leads.guard.counters import Away, Counter
from leads.guard.rates import hidden

# Google delivers all spellings of a name with dots, at both domains, to one mailbox.
_GOOGLES = frozenset({"gmail.com", "googlemail.com"})


def may_mail(address: str, mail: str, now: datetime) -> bool:
    """Counts a mail to an address. False: the mail is too many, for its mailbox or overall.

    `mail`: the same mail counts once. While Redis is down no mail is sent: a mail is not worth the
    risk of sending somebody hundreds.
    """
    counted = [
        Counter(hidden("mail", mailbox(address)), mail, refuse=settings.RATE_MAIL),
        Counter("mails", mail, refuse=settings.RATE_MAILS),
    ]
    counted = [it for it in counted if it.refuse]
    try:
        return not counted or counters.count(counted, now).wait is None
    except Away:
        return False


def mailbox(address: str) -> str:
    """The mailbox of an address, for counting, not for writing to.

    "Dana+shop@Example.com" becomes "dana@example.com": the part after a plus does not change who
    reads the mail, and otherwise a stranger could use any number of addresses of one person. If a
    provider does treat them as different mailboxes, their owners share one rate.
    """
    name, _at, domain = address.strip().casefold().rpartition("@")
    domain = _in_ascii(domain.rstrip("."))
    name = name.partition("+")[0] or name
    if domain in _GOOGLES:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"


def _in_ascii(domain: str) -> str:
    """The form that mail servers use: "bücher.example" is "xn--bcher-kva.example"."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
