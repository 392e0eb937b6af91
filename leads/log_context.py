"""Which lead this thread is busy with: the one word that joins the log lines of its whole way.

The lead's `public_id`: the visitor's page, the provider's records and our own tables know it too.
Set by whoever finds out, forgotten when the next request or task begins; each log line carries it
(callbacks.config.logs).
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_lead: ContextVar[str] = ContextVar("lead", default="")


def follow(public_id: uuid.UUID | str) -> None:
    """From now on this is about that lead; anything but a UUID is no lead's."""
    try:
        _lead.set(str(uuid.UUID(str(public_id))))
    except ValueError:
        return


def forget() -> None:
    """A new request or task: about no lead yet."""
    _lead.set("")


def current() -> str:
    """The lead's public_id, or ""."""
    return _lead.get()


@contextmanager
def about(public_id: uuid.UUID | str) -> Iterator[None]:
    """For the time of a block: one lead after the other."""
    before = _lead.get()
    follow(public_id)
    try:
        yield
    finally:
        _lead.set(before)
