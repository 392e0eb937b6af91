"""Refusals that concern the account and no single call: one table.

The vendor's page (1.6) has no number of its own for them. A wrong code is ERRORCODE 1, "Code is
invalid", as any other parameter is that it does not take; an address that is not on the account's
list is HTTP 401 or 403. So the words decide, where the number leaves it open.
"""

import hashlib
import hmac
import re

from django.conf import settings

from callbacks.models.account_refusals import AccountRefusal, RefusedFor
from callbacks.voicenter import ExtensionBlocked, ExtensionOffline, Forbidden, Refused, WrongCode

# These two are about the extension, whatever their text says.
_OF_THE_EXTENSION = (ExtensionOffline, ExtensionBlocked)
# "Code is invalid" and the like: a parameter whose name ends in "code" is another matter.
_WRONG = "invalid|missing|wrong|unknown|incorrect|not valid|not found|expired"
_SHUT = "blocked|suspended|disabled|inactive|locked|closed|expired|not active|not found"
_NO_RIGHT = "no permissions?|permission denied|access denied|not permitted|(?:un|not )authori[sz]ed"
_WORDS = (
    (RefusedFor.CODE, rf"^(?:the |your |account |api )?code (?:is )?(?:{_WRONG})\b"),
    (RefusedFor.CODE, rf"^(?:{_WRONG}) (?:account |api )?code\W*$"),
    (RefusedFor.ADDRESS, r"\bip\b.*\b(?:not (?:allowed|permitted)|forbidden|denied|blocked)\b"),
    (RefusedFor.ADDRESS, r"\bip\b.*\b(?:un|not )authori[sz]ed\b"),
    (RefusedFor.ACCOUNT, rf"\b(?:account|customer)\b.*\b(?:{_SHUT})\b"),
    (RefusedFor.ACCOUNT, r"\b(?:insufficient|no|not enough) (?:credit|balance|funds)\b"),
    (RefusedFor.RIGHT, rf"\b(?:{_NO_RIGHT})\b"),
)
_TABLE = [(kind, re.compile(words, re.IGNORECASE)) for kind, words in _WORDS]


def current() -> AccountRefusal | None:
    """The refusal that holds now; None: the account is taken, as far as anybody knows."""
    return AccountRefusal.objects.first()


def kind_of(error: Refused) -> RefusedFor | None:
    """What of the account it is that the provider refuses; None: it is about the call."""
    if isinstance(error, WrongCode):
        return RefusedFor.CODE
    if isinstance(error, Forbidden):
        return RefusedFor.ADDRESS
    if isinstance(error, _OF_THE_EXTENSION):
        return None
    return next((kind for kind, words in _TABLE if words.search(error.error_message)), None)


def shows_that_it_works(error: Refused) -> bool:
    """Whether a provider that answers so has taken the account: it has looked at the extension."""
    return isinstance(error, _OF_THE_EXTENSION)


def mark() -> str:
    """A mark of the settings that say which account is used; nobody reads the code from it."""
    said = f"{settings.VOICENTER_URL}\n{settings.VOICENTER_CODE}\n{settings.VOICENTER_METHOD}"
    key = hashlib.sha256(f"callbacks.account:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:16]
