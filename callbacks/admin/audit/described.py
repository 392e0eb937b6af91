"""An audit entry in words: its object and each column that differs, named as on the pages."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db.models import DateTimeField, Field, ForeignKey, Model, OuterRef, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext

from callbacks.admin import html
from callbacks.admin.audit import named
from callbacks.models import AuditEntry


@dataclass(frozen=True)
class Difference:
    """A column's name, and its values before and after as texts; "" for no value."""

    name: str
    before: str
    after: str


def kind(entry: AuditEntry) -> str:
    """The kind of object, such as "Team"; the table's name if it no longer has a model."""
    return kind_name(entry.kind)


def kind_name(table: str) -> str:
    """The name of a table's model."""
    model = _models().get(table)
    return capfirst(str(model._meta.verbose_name)) if model else table


def kinds() -> list[tuple[str, str]]:
    """Tables with the names of their models, sorted by name: the choices of a filter."""
    return sorted(((table, kind_name(table)) for table in _models()), key=lambda it: it[1])


def with_sentences(entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """Adds the sentence of each act as `sentence`, from the history of its object."""
    said = LogEntry.objects.filter(pk=OuterRef("log_entry_id")).values("change_message")
    return entries.annotate(sentence=Subquery(said))


def what(entry: AuditEntry) -> str:
    """What was done, on one line: the sentence of an act, the names of the columns that differ, or,
    for an object without a name, its values.

    `entry` comes from `with_sentences`.
    """
    if entry.log_entry_id:
        return str(LogEntry(change_message=entry.sentence or "").get_change_message())  # type: ignore[attr-defined]
    if entry.act == "changed":
        return ", ".join(it.name for it in differences(entry))
    if entry.thing_name:
        return ""
    said = gettext("%(field)s: %(value)s")
    return ", ".join(
        said % {"field": it.name, "value": it.after or it.before} for it in differences(entry)
    )


def differences(entry: AuditEntry) -> list[Difference]:
    """The columns that differ, by name; for an added or deleted object, those with a value."""
    model = _models().get(entry.kind)
    fields = {it.column: it for it in model._meta.concrete_fields} if model else {}
    found = [
        Difference(
            capfirst(str(fields[column].verbose_name)) if column in fields else column,
            _said(fields.get(column), entry.before.get(column)),
            _said(fields.get(column), entry.after.get(column)),
        )
        for column in sorted({*entry.before, *entry.after})
    ]
    return sorted((it for it in found if it.before or it.after), key=lambda it: it.name)


def _said(field: "Field[Any, Any] | None", value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, dict) and value.get("hidden"):
        return gettext("(not kept)")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(field, ForeignKey):
        return _named(field, value)
    if field is not None and (choices := dict(field.flatchoices)):
        return str(choices.get(value, value))
    if isinstance(field, DateTimeField) and isinstance(value, str):
        return _moment(value)
    if isinstance(value, list) and all(isinstance(it, str) for it in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moment(text: str) -> str:
    """A moment in the database's notation, as pages show it."""
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    return html.written(at) if at else text


def _named(field: "ForeignKey[Any, Any]", key: Any) -> str:
    """The object's name, now or last, with its number."""
    name = named.name_of(field, key)
    return name if name == named.number(key) else f"{name} ({key})"


def add_names(entries: Sequence[AuditEntry], user: Any) -> None:
    """Sets the `name` of each entry's object, if this user may read it."""
    named.add_names(entries, user, _models())


@cache
def _models() -> dict[str, type[Model]]:
    return dict(_all_models())


def _all_models() -> Iterator[tuple[str, type[Model]]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model._meta.db_table, model
