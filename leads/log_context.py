"""The lead that the present request or task is about, for the log (callbacks.config.logs).

Every log line carries the lead's `public_id`, so all lines about one lead can be found. The
visitor's page, the provider's records and our tables hold the same id. Code that learns of a lead
calls `follow`; the next request or task begins with `forget`.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_lead: ContextVar[str] = ContextVar("lead", default="")


def follow(public_id: uuid.UUID | str) -> None:
    """Makes the following log lines carry this lead's id. A text that is not a UUID is ignored."""
    try:
        _lead.set(str(uuid.UUID(str(public_id))))
    except ValueError:
        return


def forget() -> None:
    """Makes the following log lines carry no lead: a new request or task begins."""
    _lead.set("")


def current() -> str:
    """The public_id of the present lead, or ""."""
    return _lead.get()


@contextmanager
def about(public_id: uuid.UUID | str) -> Iterator[None]:
    """`follow` for the time of a block; afterwards the lead of before is current again."""
    before = _lead.get()
    follow(public_id)
    try:
        yield
    finally:
        _lead.set(before)
