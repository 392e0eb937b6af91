"""Erased numbers: the placeholder that replaces each one, and the keyed hash that remains.

The key is SECRET_KEY. A replaced key must stay in SECRET_KEY_FALLBACKS as long as its hashes have
to be found.
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
    """A new placeholder for one number's leads and calls: nobody can dial it, or tell from it which
    number it replaced.
    """
    return f"+0{secrets.randbelow(_DIGITS):013d}"


def is_placeholder(phone: str) -> bool:
    """Whether this is the placeholder of an erased number."""
    return re.match(NO_NUMBER, phone) is not None


def digest(value: str) -> str:
    """The keyed hash of a number (E.164) or of a mail address in lower case."""
    return _keyed(value, settings.SECRET_KEY)


def digests(values: Iterable[str]) -> set[str]:
    """All hashes that these values may be stored under, with the current key and the earlier
    ones.
    """
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return {_keyed(value, key) for value in values for key in keys}


def note(numbers: Iterable[str], now: datetime) -> None:
    """Stores that these numbers (E.164) were erased."""
    for number in numbers:
        ErasedNumber.objects.update_or_create(digest=digest(number), defaults={"erased_at": now})


def is_gone(number: str) -> bool:
    """Whether this number (E.164) was erased, and nobody has left a request for it since."""
    spellings = one_line.spellings(number)
    if not ErasedNumber.objects.filter(digest__in=digests(spellings)).exists():
        return False
    return not Lead.objects.filter(phone__in=spellings).exists()


def _keyed(value: str, key: str) -> str:
    return salted_hmac(_SALT, value, secret=key, algorithm="sha256").hexdigest()
