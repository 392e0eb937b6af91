"""Everything that is stored about a person, as plain values: for JSON, and for a page."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from callbacks.privacy import marks, persons, texts
from callbacks.privacy.marks import Marks
from callbacks.privacy.persons import Person
from callbacks.privacy.place import Anew, Found, Place
from callbacks.privacy.places import PLACES
from leads import never_call

# Characters shown around the person in a text that may also name others.
_AROUND = 80
# Random ids and hashes of ours, which tell a person nothing.
_NOT_TOLD = frozenset({"public_id", "submitter", "submission_fingerprint", "number_hash"})


@dataclass(frozen=True)
class Held:
    """What one table contains about the person. `rows`: values by column name."""

    place: Place
    rows: tuple[Mapping[str, Any], ...]

    @property
    def title(self) -> str:
        """What the table holds, in a sentence."""
        return str(self.place.what)

    def readable(self) -> Iterator[list[tuple[str, str]]]:
        """The rows for people: the label and text of each value that is not empty."""
        for row in self.rows:
            yield [
                (_label(self.place, name), _shown(value))
                for name, value in row.items()
                if value not in (None, "", [], {})
            ]


def everything(person: Person) -> list[Held]:
    """All tables with data about the person, in the order of the table of personal data."""
    found = person.leads()
    leads = list(found.values_list("pk", flat=True))
    names = persons.only_theirs(persons.names(found.only("name")), found)
    own = person.marks()
    sought = marks.of(own.numbers, own.emails, names)
    held = (Held(place, tuple(_rows(place, own, leads, sought))) for place in PLACES)
    return [it for it in held if it.rows]


def as_json(person: Person, held: Iterable[Held], now: datetime) -> str:
    """All of it as one JSON document."""
    document = {
        "numbers": sorted(person.numbers),
        "emails": sorted(person.emails),
        "made_at": now,
        "held": [{"table": it.place.model, "what": it.title, "rows": list(it.rows)} for it in held],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, default=_written)


def _rows(
    place: Place, person: Person, leads: Iterable[int], sought: Marks
) -> Iterator[Mapping[str, Any]]:
    match place.found:
        case Found.BY_LEAD:
            names = (*place.told, *_own(place))
            rows = place.rows().filter(**{f"{place.path}__in": leads}).order_by("pk")
            yield from rows.values(*dict.fromkeys(names))
        case Found.BY_NUMBER:
            for number in sorted(person.numbers):
                for entry in place.rows().filter(never_call.of_number(number)):
                    yield {name: getattr(entry, name) for name in (*place.told, *_own(place))}
        case Found.BY_TEXT:
            for row in texts.found(place, sought):
                told = {name: getattr(row, name) for name in place.told}
                yield told | _excerpts(place, row, sought)


def _own(place: Place) -> list[str]:
    return [
        name
        for name, blank in place.blank.items()
        if name not in _NOT_TOLD and blank is not Anew.NOW
    ]


def _excerpts(place: Place, row: Any, sought: Marks) -> dict[str, str]:
    written = {name: _text(getattr(row, name)) for name in place.texts}
    return {name: sought.around(it, _AROUND) for name, it in written.items() if sought.found_in(it)}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _label(place: Place, name: str) -> str:
    """The name of a column for people."""
    if name == "id":
        return gettext("number")
    fields = {it.name: it for it in place.table()._meta.concrete_fields}
    path, _there, beyond = name.partition("__")
    field = fields[path if path in fields else path.removesuffix("_id")]
    if beyond in {"", "name"}:
        return str(field.verbose_name)
    its: Any = field.related_model
    return f"{field.verbose_name}: {its._meta.get_field(beyond).verbose_name}"


def _shown(value: Any) -> str:
    """A value for people; times are in the site's time zone."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S %Z}"
    return _written(value)


def _written(value: Any) -> str:
    match value:
        case datetime():
            return value.isoformat(timespec="seconds")
        case timedelta():
            return str(value)
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
