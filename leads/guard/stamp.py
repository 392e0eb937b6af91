"""The stamp of a form: when the page was rendered that it was filled in on.

The page carries it in a hidden field beside its token, and the form sends both back. It is signed
together with the token, so it fits no other page, and it never runs out: a page may stay open for
days, and come out of the browser's own cache.
"""

import uuid
from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, Signer

FIELD = "shown"


def new(token: uuid.UUID, now: datetime) -> str:
    """The stamp of a page with this token that is rendered at `now`."""
    milliseconds = round(now.timestamp() * 1000)
    return f"{milliseconds}:{_signature(token, milliseconds)}"


def age(stamp: str, token: uuid.UUID, now: datetime) -> timedelta | None:
    """How long before `now` the page was rendered; None where the stamp is missing or forged.

    Negative where it was rendered by a server whose clock is ahead of ours.
    """
    written, _, signature = stamp.partition(":")
    if not (written.isascii() and written.isdigit() and len(written) < 15):
        return None
    try:
        _signer().unsign(f"{_signed(token, int(written))}:{signature}")
    except BadSignature:
        return None
    return now - datetime.fromtimestamp(int(written) / 1000, UTC)


def _signer() -> Signer:
    return Signer(salt="leads.guard.stamp")


def _signed(token: uuid.UUID, milliseconds: int) -> str:
    return f"{token}/{milliseconds}"


def _signature(token: uuid.UUID, milliseconds: int) -> str:
    return _signer().signature(_signed(token, milliseconds))
