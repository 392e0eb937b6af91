"""What the migration leads.0054 does with the translations of a field's choices."""

import importlib

import pytest
from django.apps import apps

from leads.models import FormField, FormFieldText, LeadSource

pytestmark = pytest.mark.django_db
MIGRATION = importlib.import_module("leads.migrations.0054_choices_with_their_words")
ROWS = {
    # the field's choices, their translations before, and after
    "a line each": ("S\nL", "\u05e7\n\u05d2", "S = \u05e7\nL = \u05d2"),
    "one too few": ("S\nL", "\u05e7", ""),
    "one too many": ("S", "\u05e7\n\u05d2", ""),
    "none": ("S\nL", "", ""),
}


@pytest.mark.parametrize(("choices", "before", "after"), ROWS.values(), ids=ROWS)
def test_words_are_put_beside_their_choices(
    source: LeadSource, choices: str, before: str, after: str
) -> None:
    field = FormField.objects.create(
        source=source, key="size", kind="choice", label="Size", choices=choices
    )
    text = FormFieldText.objects.create(
        source=source, field=field, language="he", label="x", choices=before
    )
    MIGRATION.pair(apps, None)
    text.refresh_from_db()
    assert text.choices == after
    MIGRATION.part(apps, None)
    text.refresh_from_db()
    assert text.choices == (before if after else "")
