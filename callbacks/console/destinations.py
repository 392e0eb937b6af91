"""Whom a command may ring: the allow-list of the leads, asked about the engineer's numbers too."""

from collections.abc import Collection
from dataclasses import dataclass

from callbacks.console.exits import Exit, Stop
from callbacks.models import Extension
from callbacks.voicenter import to_e164, to_provider
from callbacks.voicenter.values.parameters import LOGIN_CODE, SIP_TRUNK
from leads import phones
from leads.models import LeadSource
from leads.phones import PhoneRefused

# As far as a telephone's own short codes go: what is longer is a number.
_SHORT = 6


@dataclass(frozen=True)
class Allowed:
    """What may be rung without further words: countries of the sources, and our own extensions."""

    countries: Collection[str]
    extensions: Collection[str]


def allowed() -> Allowed:
    """As the database has it now."""
    rows = LeadSource.objects.values_list("allowed_countries", flat=True)
    return Allowed(
        countries={country for row in rows for country in row},
        extensions=set(Extension.objects.values_list("number", flat=True)),
    )


def provider_spelling(typed: str | None) -> str | None:
    """+972…, 050-555 0101 -> as the provider takes it; anything else is left as it is.

    A SIP code is never touched: its case and its dots count.
    """
    if typed and (typed.startswith("+") or set(typed) & set(" ()-./")) and (e164 := to_e164(typed)):
        return to_provider(e164)
    return typed


def refuse_unless_allowed(number: str, allowed: Allowed, *, first: bool) -> None:
    """Raises Stop unless `number` is an extension, or a number that a lead could have too.

    `first` is the leg that is rung first: there a short code is an extension of the account. As
    a target it may be one of the telephone network's own (emergency, star and paid codes), unless
    it is known here.
    """
    if number in allowed.extensions or number in (SIP_TRUNK, LOGIN_CODE):
        return
    if any(character.isalpha() for character in number):
        return
    if len(number) <= _SHORT:
        if first:
            return
        raise _refusal(f"{number} is a short code and no extension that is known here.")
    e164 = to_e164(number)
    if e164 is None:
        raise _refusal(f"{number} is not rung: it is no full phone number.")
    try:
        phones.check(e164, allowed.countries)
    except PhoneRefused as refusal:
        why = {
            "country": "its country is in no lead source's list",
            "type": "it is of a kind that leads are never called on (premium, shared cost, ...)",
        }.get(refusal.code, "it is no number of the numbering plan")
        raise _refusal(f"{number} is not rung: {why}.") from None


def readable(number: str) -> str:
    """A destination as people read it."""
    if number == SIP_TRUNK:
        return "the extension behind the SIP trunk"
    if number == LOGIN_CODE:
        return "whoever is logged in with that login code"
    e164 = to_e164(number)
    return phones.readable(e164) if e164 else number


def _refusal(words: str) -> Stop:
    return Stop(Exit.USAGE, f"{words} --any-number rings it all the same.", "number_not_allowed")
