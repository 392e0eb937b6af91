"""Whom a command may ring: the allow-list of leads also applies to numbers that engineers type."""

from collections.abc import Collection
from dataclasses import dataclass

from callbacks.console.exits import Exit, Stop
from callbacks.models import Extension
from callbacks.voicenter import to_e164, to_provider
from callbacks.voicenter.values.parameters import LOGIN_CODE, SIP_TRUNK
from leads import number_guard, phones
from leads.models import LeadSource
from leads.phones import PhoneRefused

# A code of up to so many digits is a short code; anything longer is a number.
_SHORT = 6

_REFUSED = {
    "country": "{number} was not rung: no lead source allows its country.",
    "type": (
        "{number} was not rung: numbers of this kind (premium, shared cost, ...) are never "
        "dialled for leads."
    ),
}
_NO_NUMBER = "{number} was not rung: no such number exists in the numbering plan."


@dataclass(frozen=True)
class Allowed:
    """What may be rung without --any-number: the sources' countries, and our extensions' codes."""

    countries: Collection[str]
    extensions: Collection[str]


def allowed() -> Allowed:
    """Reads from the database what may be rung now."""
    rows = LeadSource.objects.values_list("allowed_countries", flat=True)
    return Allowed(
        countries={country for row in rows for country in row},
        extensions=set(Extension.objects.values_list("number", flat=True)),
    )


def provider_spelling(typed: str | None) -> str | None:
    """A phone number as the provider spells it; anything else stays as it is.

    A SIP code is never changed: its case and its dots matter.
    """
    if typed and (typed.startswith("+") or set(typed) & set(" ()-./")) and (e164 := to_e164(typed)):
        return to_provider(e164)
    return typed


def refuse_if_listed(number: str) -> None:
    """Raises Stop for a number on the never-call list or a block list. No option overrides this."""
    e164 = to_e164(number)
    try:
        if e164:
            number_guard.check_lists(e164)
    except PhoneRefused as refused:
        words = {
            "never_call": "it is on the never-call list and is not rung until a manager takes "
            "it off.",
            "blocked": "it is on the block list and is not rung until a manager deletes the entry.",
        }
        said = f"{number} was not rung: {words[refused.code]}"
        raise Stop(Exit.USAGE, said, f"number_{refused.code}") from None


def refuse_unless_allowed(number: str, allowed: Allowed, *, first: bool) -> None:
    """Raises Stop unless `number` is an extension's code, or a number that a lead may have.

    The rules also apply to an extension's telephone number, which may be older than the rules.

    `first`: the number is the leg that is rung first, where a short code is an extension of the
    account. As a target, a short code may be one of the telephone network's own (emergency, star
    and paid codes), so it must be an extension that we know.
    """
    if number in (SIP_TRUNK, LOGIN_CODE) or any(character.isalpha() for character in number):
        return
    if len(number) <= _SHORT:
        if first or number in allowed.extensions:
            return
        raise _refusal(f"{number} is a short code but not one of our extensions.")
    e164 = to_e164(number)
    if e164 is None:
        raise _refusal(f"{number} was not rung: it is not a full phone number.")
    try:
        phones.check(e164, allowed.countries)
    except PhoneRefused as refusal:
        raise _refusal(_REFUSED.get(refusal.code, _NO_NUMBER).format(number=number)) from None


def readable(number: str) -> str:
    """A destination in words for people."""
    if number == SIP_TRUNK:
        return "the extension behind the SIP trunk"
    if number == LOGIN_CODE:
        return "the person logged in with that login code"
    e164 = to_e164(number)
    return phones.readable(e164) if e164 else number


def _refusal(words: str) -> Stop:
    return Stop(Exit.USAGE, f"{words} Use --any-number to ring it anyway.", "number_not_allowed")
