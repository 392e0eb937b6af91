"""The lead that the present request or task is about, for the log (callbacks.config.logs).

Every log line carries the number of the lead's row, so all lines about one lead can be found. It is
not the `public_id`: that opens the visitor's page, and whoever reads a log is not the visitor.
Code that learns of a lead calls `follow`; the next request or task begins with `forget`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_lead: ContextVar[str] = ContextVar("lead", default="")


def follow(lead: int | str) -> None:
    """Makes the following log lines carry this lead's number. Any other text is ignored."""
    if _NUMBER.fullmatch(str(lead)):
        _lead.set(str(lead))


def forget() -> None:
    """Makes the following log lines carry no lead: a new request or task begins."""
    _lead.set("")


def current() -> str:
    """The number of the present lead's row, or ""."""
    return _lead.get()


@contextmanager
def about(lead: int | str) -> Iterator[None]:
    """`follow` for the time of a block; afterwards the lead of before is current again."""
    before = _lead.get()
    follow(lead)
    try:
        yield
    finally:
        _lead.set(before)
