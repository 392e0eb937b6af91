"""The names of the audit's objects and people: as they are now, or as they last were.

A deleted object has the last name that the audit kept. Names of leads, and other names that the
audit does not keep, are read from the objects themselves, for users who may see these. An erased
person has no name.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_permission_codename
from django.db.models import ForeignKey, Model
from django.utils.translation import gettext

from callbacks.access import scope
from callbacks.models import AuditEntry
from leads.models import Lead


def add_names(entries: Sequence[AuditEntry], user: Any, models: dict[str, type[Model]]) -> None:
    """Sets `name` on each entry; "" if there is none to show. A few queries for each kind."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        entry.name = entry.thing_name  # type: ignore[attr-defined]
        if not entry.thing_name and entry.thing_id:
            wanted[entry.kind].add(entry.thing_id)
    for kind, ids in wanted.items():
        found = _of_kind(kind, ids, user, models.get(kind))
        for entry in entries:
            if entry.kind == kind and not entry.thing_name:
                entry.name = found.get(entry.thing_id, "")  # type: ignore[attr-defined]


def last_name(kind: str, key: Any) -> str:
    """The last name of a deleted object; "" if the audit never had one."""
    return _last_names(kind, [str(key)]).get(str(key), "")


def _of_kind(kind: str, ids: Iterable[str], user: Any, model: type[Model] | None) -> dict[str, str]:
    found = _last_names(kind, ids)
    if model is None:
        return found
    numbers = [int(it) for it in ids if it.isascii() and it.isdigit()]
    there = model._default_manager.in_bulk(numbers)
    if _has_no_name(model):
        return found | _of_links(kind, ids, model, {str(pk): it for pk, it in there.items()})
    if not _may_see(user, model):
        return found
    if model is Lead:
        seen = scope.rows(user, Lead.objects.filter(pk__in=numbers))
        return {str(it.pk): gettext("erased") if it.erased_at else it.name for it in seen}
    return found | {str(pk): str(it) for pk, it in there.items()}


def _may_see(user: Any, model: type[Model]) -> bool:
    if model is Lead:
        return scope.sees_leads(user)
    meta = model._meta
    return any(
        user.has_perm(f"{meta.app_label}.{get_permission_codename(act, meta)}")
        for act in ("view", "change")
    )


def _has_no_name(model: type[Model]) -> bool:
    """Whether it is named by what it links, such as a user in a group or a source of a team."""
    return model.__str__ is Model.__str__


def _of_links(
    kind: str, ids: Iterable[str], model: type[Model], there: dict[str, Model]
) -> dict[str, str]:
    """ "anna · Night shift": what each row links; a deleted row's links as the audit kept them."""
    links: list[ForeignKey[Any, Any]] = [
        it for it in model._meta.concrete_fields if isinstance(it, ForeignKey)
    ]
    rows = {
        key: {it.column: getattr(thing, it.attname) for it in links} for key, thing in there.items()
    }
    for entry in AuditEntry.objects.filter(kind=kind, thing_id__in=ids).order_by("pk"):
        rows.setdefault(entry.thing_id, {**entry.before, **entry.after})
    found = {}
    for key, row in rows.items():
        names = [name_of(it, row[it.column]) for it in links if row.get(it.column) is not None]
        found[key] = " · ".join(names)
    return found


def name_of(field: "ForeignKey[Any, Any]", key: Any) -> str:
    """The object that a column points to, or the last name of a deleted one."""
    target: type[Model] = field.remote_field.model
    thing = target._default_manager.filter(**{field.target_field.attname: key}).first()
    if thing is not None:
        return str(thing)
    if name := last_name(target._meta.db_table, key):
        return gettext("%(name)s, deleted") % {"name": name}
    return number(key)


def number(key: Any) -> str:
    """Stands for a name that nobody knows any more."""
    return gettext("number %(number)s") % {"number": key}


def _last_names(kind: str, ids: Iterable[str]) -> dict[str, str]:
    named = AuditEntry.objects.filter(kind=kind, thing_id__in=list(ids)).exclude(thing_name="")
    return dict(named.order_by("pk").values_list("thing_id", "thing_name"))
