"""The lead that the current request or task is about, for the log (callbacks.config.logs).

Every log line carries the lead's row id, so that all lines about one lead can be found. The id is
not the `public_id`, which opens the visitor's page: the reader of a log is not the visitor. Code
that learns of a lead calls `follow`; the next request or task begins with `forget`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_lead: ContextVar[str] = ContextVar("lead", default="")


def follow(lead: int | str) -> None:
    """Adds this lead's row id to the following log lines. Ignores any other text."""
    if _NUMBER.fullmatch(str(lead)):
        _lead.set(str(lead))


def forget() -> None:
    """Removes the lead from the following log lines: a new request or task begins."""
    _lead.set("")


def current() -> str:
    """The current lead's row id, or ""."""
    return _lead.get()


@contextmanager
def about(lead: int | str) -> Iterator[None]:
    """`follow` for the duration of a block; then restores the previous lead."""
    before = _lead.get()
    follow(lead)
    try:
        yield
    finally:
        _lead.set(before)
