"""Keeps the configuration (sources, teams, hours, ...) in memory until somebody changes it.

Every call needs the configuration, which changes a few times a week. Triggers give the database a
new `SetupVersion` in the transaction of each change. A reader asks for the version, which is one
short query, and loads the configuration again only if the version is a new one. So no process ever
acts on an outdated configuration, whichever process changed it.
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
    """The present version of the configuration; None if there has never been any."""
    with connection.cursor() as cursor:
        cursor.execute(VERSION_SQL)
        row = cursor.fetchone()
    return row[0] if row else None


# The version that the whole of a request uses, once one_version has read it.
_gone_by: ContextVar[uuid.UUID | None] = ContextVar("setup_version", default=None)


@contextmanager
def one_version(known: uuid.UUID | None = None) -> Iterator[None]:
    """Reads the version once; everything inside the block uses that version, or the one that is
    `known` already.
    """
    token = _gone_by.set(known or version())
    try:
        yield
    finally:
        _gone_by.reset(token)


# Whether the database is not asked, since it is away.
_from_memory: ContextVar[bool] = ContextVar("setup_from_memory", default=False)


@contextmanager
def from_memory() -> Iterator[None]:
    """Inside the block, caches give what this process knows, without asking the database: to show
    a page again while it is away. What was never loaded is asked for all the same.
    """
    token = _from_memory.set(True)
    try:
        yield
    finally:
        _from_memory.reset(token)


# What was loaded in a transaction that will be rolled back, by its cache.
_unsaved: ContextVar["dict[VersionedCache[Any], tuple[uuid.UUID, Any]] | None"] = ContextVar(
    "setup_unsaved", default=None
)


@contextmanager
def unsaved() -> Iterator[None]:
    """Inside the block, what caches load is for this block alone, and what they know stays as it
    is: for a transaction that changes the configuration and is rolled back.
    """
    token = _unsaved.set({})
    try:
        yield
    finally:
        _unsaved.reset(token)


class VersionedCache(Generic[T]):
    """Calls `load` once per version and process. Users must not change what it returns."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._kept: tuple[uuid.UUID, T] | None = None

    def get(self, as_of: uuid.UUID | None = None) -> T:
        """Returns the value for version `as_of`, which the caller has just read.

        Without it, the version is that of `one_version`, or else is read now.
        """
        own = _unsaved.get()
        kept = self._kept if own is None else own.get(self, self._kept)
        if kept and _from_memory.get():
            return kept[1]
        as_of = as_of or _gone_by.get() or version()
        if kept and kept[0] == as_of:
            return kept[1]
        # Loaded after its version was read, the value may be newer than that version. Then it is
        # loaded once more than necessary, which does no harm.
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


# The texts that visitors may agree to, the newest first, by the id of their source.
consent_texts = VersionedCache(_consent_texts)


def _source_texts() -> dict[int, list[SourceText]]:
    found: dict[int, list[SourceText]] = {}
    for text in SourceText.objects.order_by("pk"):
        found.setdefault(text.source_id, []).append(text)
    return found


# What their pages say in the manager's own words, by the id of the source.
source_texts = VersionedCache(_source_texts)


def _widgets() -> dict[int, Widget]:
    return {it.source_id: it for it in Widget.objects.all()}


# How the buttons of websites look, by the id of the source.
widgets = VersionedCache(_widgets)


def _logos() -> dict[int, Logo]:
    return {it.source_id: it for it in Logo.objects.defer("image")}


# Without their pictures, by the id of the source.
logos = VersionedCache(_logos)


def _widget_texts() -> dict[int, list[WidgetText]]:
    found: dict[int, list[WidgetText]] = {}
    for text in WidgetText.objects.order_by("language"):
        found.setdefault(text.source_id, []).append(text)
    return found


# What they say, by the id of the source.
widget_texts = VersionedCache(_widget_texts)


def _form_fields() -> dict[int, list[FormField]]:
    found: dict[int, list[FormField]] = {}
    for it in FormField.objects.prefetch_related("texts").order_by("place", "pk"):
        found.setdefault(it.source_id, []).append(it)
    return found


# What managers have said of the fields of their forms, by the id of the source.
form_fields = VersionedCache(_form_fields)
