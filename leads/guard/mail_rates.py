"""How many mails a mailbox gets that anybody may have typed, and how many all visitors get."""

from datetime import datetime

from django.conf import settings

from leads.guard import counters
from leads.guard.counters import Away, Counter
from leads.guard.rates import hidden

# Google gives one mailbox all spellings of its name with dots, under both of its domains.
_GOOGLES = frozenset({"gmail.com", "googlemail.com"})


def may_mail(address: str, mail: str, now: datetime) -> bool:
    """Counts a mail to an address; False: one more is too many, for its mailbox or in all.

    `mail`: the same one once more counts once. While Redis is away, nothing is mailed: a mail is
    not worth the risk of sending somebody hundreds.
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
    """The mailbox of an address, to be counted by, and not to be written to.

    "Dana+shop@Example.com" is "dana@example.com": what is behind a plus tells nobody apart who
    reads the mail, and a stranger would have as many addresses of one person as they like. Where
    a provider tells such addresses apart after all, their owners share one rate.
    """
    name, _at, domain = address.strip().casefold().rpartition("@")
    domain = _in_ascii(domain.rstrip("."))
    name = name.partition("+")[0] or name
    if domain in _GOOGLES:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"


def _in_ascii(domain: str) -> str:
    """As mail servers ask for it: "bücher.example" is "xn--bcher-kva.example"."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
