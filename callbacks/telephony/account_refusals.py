"""Refusals that concern the account and no single call: one table.

The vendor's page (1.6) has no number of its own for them. A wrong code is ERRORCODE 1, "Code is
invalid", as any other parameter is that it does not take; an address that is not on the account's
list is HTTP 401 or 403. So the words decide, where the number leaves it open. Only those of the
code are beyond doubt; the others may be about one call, and two leads have to meet them
(callbacks.calling.account_gate).
"""

import hashlib
import hmac
import re

from django.conf import settings

from callbacks.models import CallAttempt
from callbacks.models.account_refusals import AccountRefusal, RefusedFor
from callbacks.models.attempt_states import AttemptState
from callbacks.voicenter import ExtensionBlocked, ExtensionOffline, Forbidden, Refused, WrongCode

# These two are about the extension, whatever their text says.
_OF_THE_EXTENSION = (ExtensionOffline, ExtensionBlocked)
_CODES_OF_THE_EXTENSION = (3, 4)
_FORBIDDEN = ("http_401", "http_403")
# Words that name what one call is made with, or to: they refuse that call, not the account.
_OF_ONE_CALL = re.compile(
    r"\b(?:destination|number|phone|target|extension|line|caller|callee|recipient|prefix|country"
    r"|international)s?\b",
    re.IGNORECASE,
)
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
    return _by_words(error.error_message)


def kind_told_to(attempt: CallAttempt) -> RefusedFor | None:
    """The same of an attempt that has ended, by what it has kept of the answer."""
    if attempt.failure_reason in RefusedFor.values:
        return RefusedFor(attempt.failure_reason)
    if attempt.state != AttemptState.REFUSED or attempt.error_code in _CODES_OF_THE_EXTENSION:
        return None
    if attempt.failure_reason in _FORBIDDEN:
        return RefusedFor.ADDRESS
    return _by_words(attempt.error_message)


def is_certain(kind: RefusedFor) -> bool:
    """Whether such words cannot be about one call alone."""
    return kind is RefusedFor.CODE


def _by_words(said: str) -> RefusedFor | None:
    kind = next((kind for kind, words in _TABLE if words.search(said)), None)
    if kind and not is_certain(kind) and _OF_ONE_CALL.search(said):
        return None
    return kind


def shows_that_it_works(error: Refused) -> bool:
    """Whether a provider that answers so has taken the account: it has looked at the extension."""
    return isinstance(error, _OF_THE_EXTENSION)


def mark() -> str:
    """A mark of the settings that say which account is used; nobody reads the code from it."""
    said = f"{settings.VOICENTER_URL}\n{settings.VOICENTER_CODE}\n{settings.VOICENTER_METHOD}"
    key = hashlib.sha256(f"callbacks.account:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:16]
