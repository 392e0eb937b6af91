"""The stamp of a form: when its page was rendered.

The page carries the stamp in a hidden field beside its token, and the form sends both back. The
stamp is signed together with the token, so it fits no other page. It never expires: a page may stay
open for days, or come out of the browser's cache.
"""

import uuid
from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, Signer

FIELD = "shown"


def new(token: uuid.UUID, now: datetime) -> str:
    """The stamp of a page with this token, rendered at `now`."""
    milliseconds = round(now.timestamp() * 1000)
    return f"{milliseconds}:{_signature(token, milliseconds)}"


def age(stamp: str, token: uuid.UUID, now: datetime) -> timedelta | None:
    """How long before `now` the page was rendered; None if the stamp is missing or forged.

    Negative if a server whose clock is ahead of ours rendered the page.
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
