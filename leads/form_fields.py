"""The fields of a source's form: which fields exist, in which order, and which are mandatory.

In pages and API requests, a manager's own field is named "field_" plus its key. A page carries a
mark of the fields that it was made with (`mark`). If the fields have changed since, the visitor
need not fill in fields that their page did not have, and what they filled in is kept.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Func, JSONField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext

from leads import config_cache, languages
from leads.models import Answers, FieldKind, FormField, Lead, LeadSource, Need
from leads.models.form_fields import OWN_KINDS, paired
from leads.submission import Submission

PREFIX = "field_"
# The form's hidden field with the mark of the fields that it was made with.
MARK = "fields"
# Place and need of a field without settings by a manager.
USUAL: Mapping[FieldKind, tuple[int, Need]] = {
    FieldKind.NAME: (10, Need.MANDATORY),
    FieldKind.PHONE: (20, Need.MANDATORY),
    FieldKind.EMAIL: (30, Need.OPTIONAL),
    FieldKind.CALL_AT: (40, Need.OPTIONAL),
    FieldKind.LANGUAGE: (50, Need.HIDDEN),
    FieldKind.MESSAGE: (60, Need.OPTIONAL),
}

# The answers: {"key", "label", "value"} for each own field.
Given = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Field:
    """A field as a form shows it.

    `name`: the input's name. `choices`: (value, words) pairs; the value is the choice in the
    source's language. `label`: what the visitor reads. `named`: the label in the source's language,
    which is stored.
    """

    name: str
    kind: FieldKind
    need: Need
    place: int
    label: str = ""
    named: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether a manager added the field."""
        return self.kind in OWN_KINDS

    @property
    def key(self) -> str:
        """The name without the prefix."""
        return self.name.removeprefix(PREFIX)


def of(source: LeadSource, language: str = "") -> list[Field]:
    """All fields of a source in order, including hidden ones; words in `language`, "" means the
    source's.
    """
    rows = config_cache.form_fields.get().get(source.pk, [])
    known = {it.kind for it in rows}
    missing = (
        Field(kind.value, kind, need, place)
        for kind, (place, need) in USUAL.items()
        if kind not in known
    )
    found = [*missing, *(_field(it, language) for it in rows)]
    return sorted(found, key=lambda it: it.place)


def mark(fields: Sequence[Field]) -> str:
    """Equal for equal fields: same names, kinds, choices, and mandatory fields."""
    said = [
        f"{it.name}\x1f{it.kind}\x1f{it.need}\x1f{it.choices}"
        for it in fields
        if it.need is not Need.HIDDEN
    ]
    return hashlib.sha256("\x1e".join(said).encode()).hexdigest()[:16]


def keep(lead: Lead, submission: Submission) -> None:
    """Stores the answers of a lead, in the transaction that stores the lead."""
    given = list(submission.answers)
    if submission.continues and not given:
        before = Answers.objects.filter(lead=submission.continues).first()
        given = before.given if before else []
    if given:
        Answers.objects.create(lead=lead, given=given)


def given_by(lead: Lead) -> list[tuple[str, str]]:
    """Labels and answers for people; "Yes" for a ticked box. Reads the lead's `answers`."""
    row = getattr(lead, "answers", None)
    return [(it["label"], in_words(it["value"])) for it in row.given] if row else []


def asked_of(leads: QuerySet[Lead]) -> dict[str, str]:
    """The own fields that any of these leads answered: labels by key, sorted by key. If a key had
    several labels, one of them.
    """
    each = Func("given", function="jsonb_array_elements", output_field=JSONField())
    answers = Answers.objects.filter(lead__in=leads.order_by().values("pk"))
    rows = answers.values_list(
        KeyTextTransform("key", each), KeyTextTransform("label", each)
    ).distinct()
    return dict(sorted(rows, reverse=True)[::-1])


def in_words(value: object) -> str:
    """An answer for people."""
    return gettext("Yes") if value is True else str(value)


def _field(row: FormField, language: str) -> Field:
    kind, need = FieldKind(row.kind), Need(row.need)
    if not row.is_own:
        return Field(kind.value, kind, need, row.place)
    text = languages.nearest(list(row.texts.all()), language)
    known = paired(text.choices, row.listed_choices) if text else {}
    return Field(
        name=f"{PREFIX}{row.key}",
        kind=kind,
        need=need,
        place=row.place,
        label=text.label if text else row.label,
        named=row.label,
        choices=tuple((it, known.get(it, it)) for it in row.listed_choices),
    )
