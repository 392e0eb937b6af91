"""The check of rates: how many submissions come from an address, for a number, through a source.

Submissions above the usual rate are held while it lasts; an address that sends far more is refused.
A submission held by the rate of its own address or number counts for neither source nor country, so
that one stranger cannot get everybody held. A program with an API key is counted by its key's
client, whatever its address, and is refused above its own rate. Programs without a key share a
separate rate, and use up nothing of the form's. Strangers can use up a source's rate for everybody,
so a solved challenge answers that finding. Redis stores what is counted as keyed hashes, for at
most a day by default.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from leads import countries, one_line
from leads.guard import address, counters
from leads.guard.circumstances import Circumstances
from leads.guard.counters import Away, Counter
from leads.guard.rate import Rate, read
from leads.guard.verdicts import CannotAnswer, Finding, Verdict
from leads.models import Lead
from leads.submission import Submission

NAME = "rate"


@dataclass(frozen=True)
class _Counted:
    """A counter, and the sentence for a manager when a rate is exceeded, with the placeholders
    %(what)s, %(limit)s and %(time)s.
    """

    counter: Counter
    what: str
    sentence: "str | Promise"


def check(submission: Submission, now: datetime) -> Iterator[Finding]:
    """Holds what exceeds a rate, and refuses an address or client that sends far too much."""
    known = submission.circumstances
    if known and known.is_of_ours and not known.client:
        return
    counted = [it for it in _counted(submission) if it.counter.hold or it.counter.refuse]
    if not counted:
        return
    try:
        result = counters.count([it.counter for it in counted], now)
    except Away:
        raise CannotAnswer(
            gettext(
                "Redis, which counts requests, did not answer, so there may have been too many."
            )
        ) from None
    if result.wait is not None:
        far = gettext("Far too many requests came from one address, or from one program.")
        yield Finding(NAME, Verdict.REFUSE, far, result.wait)
        return
    for it, rate in zip(counted, result.exceeded, strict=True):
        if rate:
            words = {"what": it.what, "limit": rate.limit, "time": _in_words(rate)}
            yield Finding(NAME, Verdict.HOLD, str(it.sentence) % words, is_mild=it.counter.is_mild)


def wait_to_list(known: Circumstances, phone: str, now: datetime) -> timedelta | None:
    """How long an address must wait that put too many numbers on the never-call list through
    request pages; None: it need not. It need not while Redis is down either: an unwanted call is
    worse.
    """
    if known.address is None or not settings.RATE_NEVER_CALL or known.is_of_ours:
        return None
    key = hidden("never-call", address.customer(known.address))
    line = hidden("", one_line.identity(phone))
    counter = Counter(key, line, refuse=settings.RATE_NEVER_CALL)
    try:
        return counters.count([counter], now).wait
    except Away:
        return None


def wait_to_change(request: Lead, change: str, now: datetime) -> timedelta | None:
    """How long somebody must wait who changed their request too often on its page; None: they need
    not, also while Redis is down. `change`: the same change counts once.
    """
    if not settings.RATE_CHANGES:
        return None
    key = hidden("changes", str(request.submitter or request.public_id))
    try:
        return counters.count([Counter(key, change, refuse=settings.RATE_CHANGES)], now).wait
    except Away:
        return None


def may_read(known: Circumstances, typed: str, now: datetime) -> bool:
    """Whether to tell this address again how we read a number while it is typed. False while Redis
    is down: the reading is only a convenience.
    """
    if known.address is None or not settings.RATE_READINGS:
        return True
    key = hidden("readings", address.customer(known.address))
    counter = Counter(key, hidden("", typed), refuse=settings.RATE_READINGS)
    try:
        return counters.count([counter], now).wait is None
    except Away:
        return False


def _counted(submission: Submission) -> Iterator[_Counted]:
    key, phone = str(submission.key), one_line.identity(submission.phone)
    known = submission.circumstances
    client = known and known.client
    if client:
        counter = Counter(f"client:{client.pk}", key, refuse=read(client.rate))
        yield _Counted(counter, client.name, "")
    elif known and known.address:
        yield from _of_address(address.customer(known.address), key, phone)
    yield _Counted(
        Counter(hidden("number", phone), key, settings.RATE_NUMBER),
        phone,
        _("The number was asked for more than %(limit)s times within %(time)s."),
    )
    if client:
        shared = f"client:{client.pk}:"
    elif known and known.is_by_api:
        shared = "keyless:"
        yield _Counted(
            _shared(f"keyless:source:{submission.source.pk}", key, settings.RATE_KEYLESS),
            submission.source.name,
            _(
                "More than %(limit)s requests came through the source %(what)s without an API key "
                "within %(time)s."
            ),
        )
    else:
        shared = ""
        yield _Counted(
            _shared(f"source:{submission.source.pk}", key, settings.RATE_SOURCE),
            submission.source.name,
            _("More than %(limit)s requests came through the source %(what)s within %(time)s."),
        )
    country = phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or "ZZ"
    if country != submission.source.default_country:
        yield _Counted(
            Counter(f"{shared}country:{country}", key, settings.RATE_COUNTRY, is_shared=True),
            str(countries.NAMES.get(country, country)),
            _("More than %(limit)s requests for numbers in %(what)s came within %(time)s."),
        )


def _of_address(sender: str, key: str, phone: str) -> Iterator[_Counted]:
    yield _Counted(
        Counter(
            hidden("address", sender),
            key,
            settings.RATE_ADDRESS,
            settings.RATE_ADDRESS_REFUSED,
            is_mild=True,  # people who share an address exceed it too
        ),
        sender,
        _("More than %(limit)s requests came from the address %(what)s within %(time)s."),
    )
    yield _Counted(
        Counter(hidden("numbers", sender), hidden("", phone), settings.RATE_ADDRESS_NUMBERS),
        sender,
        _("The address %(what)s asked for more than %(limit)s numbers within %(time)s."),
    )


def _shared(name: str, key: str, rates: tuple[Rate, ...]) -> Counter:
    """A rate shared by all strangers. Mild: an honest visitor during a flood is not part of it."""
    return Counter(name, key, rates, is_mild=True, is_shared=True)


def hidden(kind: str, value: str) -> str:
    """The key that a value is counted under; the value cannot be read from it."""
    digest = salted_hmac("leads.guard.rates", value, algorithm="sha256").hexdigest()[:24]
    return f"{kind}:{digest}"


def _in_words(rate: Rate) -> str:
    """ "10 minutes", "24 hours"."""
    if rate.per < timedelta(hours=1):
        minutes = -(-rate.seconds // 60)
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    hours = -(-rate.seconds // 3600)
    return ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
