"""Numbers that were erased: what stands in their place, and the keyed hash that is left of them.

The key is SECRET_KEY, or one of SECRET_KEY_FALLBACKS: a key that has been replaced has to stay
there for as long as its hashes are to be found.
"""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.crypto import salted_hmac

from leads import one_line
from leads.models import NO_NUMBER, ErasedNumber, Lead

_SALT = "leads.erased"
_DIGITS = 10**13


def placeholder() -> str:
    """What stands in place of one number, on its leads and calls: nobody can dial it, and nobody
    can tell from it which number it was.
    """
    return f"+0{secrets.randbelow(_DIGITS):013d}"


def is_placeholder(phone: str) -> bool:
    """Whether it stands in place of a number that was erased."""
    return re.match(NO_NUMBER, phone) is not None


def digest(value: str) -> str:
    """The keyed hash under which a number (E.164) or an address in small letters is kept."""
    return _keyed(value, settings.SECRET_KEY)


def digests(values: Iterable[str]) -> set[str]:
    """All under which these may have been kept."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return {_keyed(value, key) for value in values for key in keys}


def note(numbers: Iterable[str], now: datetime) -> None:
    """Keeps that these numbers (E.164) were erased."""
    for number in numbers:
        ErasedNumber.objects.update_or_create(digest=digest(number), defaults={"erased_at": now})


def is_gone(number: str) -> bool:
    """Whether this number (E.164) was erased, and nobody has asked for it since."""
    spellings = one_line.spellings(number)
    if not ErasedNumber.objects.filter(digest__in=digests(spellings)).exists():
        return False
    return not Lead.objects.filter(phone__in=spellings).exists()


def _keyed(value: str, key: str) -> str:
    return salted_hmac(_SALT, value, secret=key, algorithm="sha256").hexdigest()
