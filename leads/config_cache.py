"""Keeps the configuration (sources, teams, hours, ...) in memory until somebody changes it.

Every call needs the configuration, which changes a few times a week. Database triggers write a new
`SetupVersion` in the transaction of each change. A reader asks for the version, which is one short
query, and loads the configuration again only if the version is new. So no process ever uses an
outdated configuration, whichever process changed it.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from django.db import connection

from leads.models import ConsentText, FormField, LeadSource, Logo, SourceText, Widget, WidgetText

T = TypeVar("T")

# A subquery for statements that also read something else.
VERSION_SQL = "SELECT version FROM leads_setupversion"


def version() -> uuid.UUID | None:
    """The current version of the configuration; None if there is none yet."""
    with connection.cursor() as cursor:
        cursor.execute(VERSION_SQL)
        row = cursor.fetchone()
    return row[0] if row else None


# The version for the whole request, once one_version has read it.
_gone_by: ContextVar[uuid.UUID | None] = ContextVar("setup_version", default=None)


@contextmanager
def one_version(known: uuid.UUID | None = None) -> Iterator[None]:
    """Reads the version once, or takes `known`; everything inside the block uses that version."""
    token = _gone_by.set(known or version())
    try:
        yield
    finally:
        _gone_by.reset(token)


# Whether the database is not asked, because it is down.
_from_memory: ContextVar[bool] = ContextVar("setup_from_memory", default=False)


@contextmanager
def from_memory() -> Iterator[None]:
    """Inside the block, caches return what this process knows without asking the database, to show
    a page again while the database is down. Values that were never loaded are still loaded.
    """
    token = _from_memory.set(True)
    try:
        yield
    finally:
        _from_memory.reset(token)


# What was loaded in a transaction that will be rolled back, by cache.
_unsaved: ContextVar["dict[VersionedCache[Any], tuple[uuid.UUID, Any]] | None"] = ContextVar(
    "setup_unsaved", default=None
)


@contextmanager
def unsaved() -> Iterator[None]:
    """Inside the block, caches load values for this block alone and keep their earlier values for
    afterwards: for a transaction that changes the configuration and is rolled back.
    """
    token = _unsaved.set({})
    try:
        yield
    finally:
        _unsaved.reset(token)


class VersionedCache(Generic[T]):
    """Calls `load` once per version and process. Callers must not change the returned value."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._kept: tuple[uuid.UUID, T] | None = None

    def get(self, as_of: uuid.UUID | None = None) -> T:
        """Returns the value for version `as_of`, which the caller has just read.

        Without `as_of`, uses the version of `one_version`, or reads the version now.
        """
        own = _unsaved.get()
        kept = self._kept if own is None else own.get(self, self._kept)
        if kept and _from_memory.get():
            return kept[1]
        as_of = as_of or _gone_by.get() or version()
        if kept and kept[0] == as_of:
            return kept[1]
        # The value is loaded after its version was read, so it may be newer than that version. Then
        # it is loaded once more than necessary, which does no harm.
        value = self._load()
        if as_of and own is not None:
            own[self] = (as_of, value)
        elif as_of:
            self._kept = (as_of, value)
        return value


def _active_sources() -> dict[str, LeadSource]:
    return {source.slug: source for source in LeadSource.objects.filter(is_active=True)}


# The sources that accept submissions, by slug.
active_sources = VersionedCache(_active_sources)


def _consent_texts() -> dict[int, list[ConsentText]]:
    found: dict[int, list[ConsentText]] = {}
    for text in ConsentText.objects.filter(withdrawn_at=None).order_by("-version"):
        found.setdefault(text.source_id, []).append(text)
    return found


# The texts that visitors may agree to, newest first, by source id.
consent_texts = VersionedCache(_consent_texts)


def _source_texts() -> dict[int, list[SourceText]]:
    found: dict[int, list[SourceText]] = {}
    for text in SourceText.objects.order_by("pk"):
        found.setdefault(text.source_id, []).append(text)
    return found


# What the pages say in the manager's own words, by source id.
source_texts = VersionedCache(_source_texts)


def _widgets() -> dict[int, Widget]:
    return {it.source_id: it for it in Widget.objects.all()}


# The look of the website buttons, by source id.
widgets = VersionedCache(_widgets)


def _logos() -> dict[int, Logo]:
    return {it.source_id: it for it in Logo.objects.defer("image")}


# The logos without their pictures, by source id.
logos = VersionedCache(_logos)


def _widget_texts() -> dict[int, list[WidgetText]]:
    found: dict[int, list[WidgetText]] = {}
    for text in WidgetText.objects.order_by("language"):
        found.setdefault(text.source_id, []).append(text)
    return found


# What the website buttons say, by source id.
widget_texts = VersionedCache(_widget_texts)


def _form_fields() -> dict[int, list[FormField]]:
    found: dict[int, list[FormField]] = {}
    for it in FormField.objects.prefetch_related("texts").order_by("place", "pk"):
        found.setdefault(it.source_id, []).append(it)
    return found


# The managers' settings of form fields, by source id.
form_fields = VersionedCache(_form_fields)
