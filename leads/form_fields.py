"""The fields of a source's form: which there are, in which order, and which have to be filled in.

Programs and pages name the manager's own fields "field_" and their key. A page says with which
fields it was made (`mark`): where they have changed since, its visitor is asked for nothing that
their page did not have, and what they filled in is kept.
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
# The hidden field of the form that says with which fields it was made.
MARK = "fields"
# As they are where a manager has said nothing: place and need.
USUAL: Mapping[FieldKind, tuple[int, Need]] = {
    FieldKind.NAME: (10, Need.MANDATORY),
    FieldKind.PHONE: (20, Need.MANDATORY),
    FieldKind.EMAIL: (30, Need.OPTIONAL),
    FieldKind.CALL_AT: (40, Need.OPTIONAL),
    FieldKind.LANGUAGE: (50, Need.HIDDEN),
    FieldKind.MESSAGE: (60, Need.OPTIONAL),
}

# What was given: {"key", "label", "value"} of each own field.
Given = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Field:
    """A field as a form has it. `name`: of its input. `choices`: (value, words) of a choice; the
    values are the choices in the source's language, as are `label` and `named`; `named` is what is
    stored, `label` what the visitor reads.
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
        """Whether a manager has made it up."""
        return self.kind in OWN_KINDS

    @property
    def key(self) -> str:
        """Its name without the prefix."""
        return self.name.removeprefix(PREFIX)


def of(source: LeadSource, language: str = "") -> list[Field]:
    """All fields of a source in their order, also those that are not shown; words in `language`,
    "" is the source's.
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
    """The same for the same fields: names, what they are, and which have to be filled in."""
    said = [
        f"{it.name}\x1f{it.kind}\x1f{it.need}\x1f{it.choices}"
        for it in fields
        if it.need is not Need.HIDDEN
    ]
    return hashlib.sha256("\x1e".join(said).encode()).hexdigest()[:16]


def keep(lead: Lead, submission: Submission) -> None:
    """Stores the answers of a lead that is stored in this transaction."""
    given = list(submission.answers)
    if submission.continues and not given:
        before = Answers.objects.filter(lead=submission.continues).first()
        given = before.given if before else []
    if given:
        Answers.objects.create(lead=lead, given=given)


def given_by(lead: Lead) -> list[tuple[str, str]]:
    """Labels and answers for people; of a box, "Yes". Reads the lead's `answers`."""
    row = getattr(lead, "answers", None)
    return [(it["label"], in_words(it["value"])) for it in row.given] if row else []


def asked_of(leads: QuerySet[Lead]) -> dict[str, str]:
    """The own fields that any of these leads has answered, as they were then: labels by key, in
    the order of the keys; of several labels of one key, one.
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
