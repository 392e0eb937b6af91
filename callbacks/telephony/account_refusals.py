"""Refusals that concern the account and not a single call: one table.

The vendor's page (1.6) has no error number for them. A wrong code is ERRORCODE 1, "Code is
invalid", like any other parameter that is not accepted; an address that is not on the account's
list is HTTP 401 or 403. So where the number is ambiguous, the words decide. Only the words about
the code are certain. The others may be about one call, so two leads have to get them
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
# Words for something that belongs to one call: they refuse that call, not the account.
_OF_ONE_CALL = re.compile(
    r"\b(?:destination|number|phone|target|extension|line|caller|callee|recipient|prefix|country"
    r"|international)s?\b",
    re.IGNORECASE,
)
# "Code is invalid" and similar. A parameter whose name only ends in "code" does not match.
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
    """The current refusal; None: as far as is known, the account is accepted."""
    return AccountRefusal.objects.first()


def kind_of(error: Refused) -> RefusedFor | None:
    """What the provider refuses about the account; None: the refusal is about the call."""
    if isinstance(error, WrongCode):
        return RefusedFor.CODE
    if isinstance(error, Forbidden):
        return RefusedFor.ADDRESS
    if isinstance(error, _OF_THE_EXTENSION):
        return None
    return _by_words(error.error_message)


def kind_told_to(attempt: CallAttempt) -> RefusedFor | None:
    """The same for an ended attempt, from what it stored of the answer."""
    if attempt.failure_reason in RefusedFor.values:
        return RefusedFor(attempt.failure_reason)
    if attempt.state != AttemptState.REFUSED or attempt.error_code in _CODES_OF_THE_EXTENSION:
        return None
    if attempt.failure_reason in _FORBIDDEN:
        return RefusedFor.ADDRESS
    return _by_words(attempt.error_message)


def is_certain(kind: RefusedFor) -> bool:
    """Whether a refusal of this kind cannot be about one call only."""
    return kind is RefusedFor.CODE


def _by_words(said: str) -> RefusedFor | None:
    kind = next((kind for kind, words in _TABLE if words.search(said)), None)
    if kind and not is_certain(kind) and _OF_ONE_CALL.search(said):
        return None
    return kind


def shows_that_it_works(error: Refused) -> bool:
    """Whether the refusal proves that the account is accepted: the extension was checked."""
    return isinstance(error, _OF_THE_EXTENSION)


def mark() -> str:
    """A fingerprint of the settings that choose the account; the code cannot be read from it."""
    said = f"{settings.VOICENTER_URL}\n{settings.VOICENTER_CODE}\n{settings.VOICENTER_METHOD}"
    key = hashlib.sha256(f"callbacks.account:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:16]
