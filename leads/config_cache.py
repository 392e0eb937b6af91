"""What managers set up, kept in memory for as long as nobody changes it.

Every call needs it (sources, teams, hours, ...), and it changes a few times a week. A change gives
the database another `SetupVersion`, by triggers and in the change's own transaction. A reader asks
for the version, which is one short question, and reads the rest again only when it is another one:
nobody ever acts on what is no longer true, in whichever process it was changed.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

from django.db import connection

from leads.models import LeadSource

T = TypeVar("T")

# For statements that read something else at the same time.
VERSION_SQL = "SELECT version FROM leads_setupversion"


def version() -> uuid.UUID | None:
    """Of what is set up now; None when nothing ever was."""
    with connection.cursor() as cursor:
        cursor.execute(VERSION_SQL)
        row = cursor.fetchone()
    return row[0] if row else None


# The version that a request goes by, once it has asked for it.
_gone_by: ContextVar[uuid.UUID | None] = ContextVar("setup_version", default=None)


@contextmanager
def one_version() -> Iterator[None]:
    """Whatever is done inside goes by the version of its beginning, and asks for it once."""
    token = _gone_by.set(version())
    try:
        yield
    finally:
        _gone_by.reset(token)


class VersionedCache(Generic[T]):
    """What `load` returns, for each version once in a process. Not to be changed by its users."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._kept: tuple[uuid.UUID, T] | None = None

    def get(self, as_of: uuid.UUID | None = None) -> T:
        """As of version `as_of`, which the caller has just read; None: it is read here.

        Or it was read for all of a request (one_version).
        """
        as_of = as_of or _gone_by.get() or version()
        kept = self._kept
        if kept and kept[0] == as_of:
            return kept[1]
        # Read after its version: it may be newer than that, and is then read once more than needed.
        value = self._load()
        if as_of:
            self._kept = (as_of, value)
        return value


def _active_sources() -> dict[str, LeadSource]:
    return {source.slug: source for source in LeadSource.objects.filter(is_active=True)}


# By slug; those that take submissions.
active_sources = VersionedCache(_active_sources)
