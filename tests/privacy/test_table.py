"""The table of personal data names every model, and every field that can hold a text."""

from collections import defaultdict

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from callbacks.privacy.place import Fate, Found, Place
from callbacks.privacy.places import OF_LEADS, PLACES, searched

HOLDS_TEXT = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.GenericIPAddressField,
    models.UUIDField,
    models.FileField,
    ArrayField,
)
WAY_OUT = "Say in callbacks/privacy/places.py what an erasure does with it."


def by_model() -> dict[str, list[Place]]:
    found = defaultdict(list)
    for place in PLACES:
        found[place.model].append(place)
    return found


def test_every_model_is_in_the_table() -> None:
    stored = {it._meta.label for it in apps.get_models() if not it._meta.proxy}
    assert stored - by_model().keys() == set(), WAY_OUT
    assert by_model().keys() - stored == set()


@pytest.mark.parametrize(
    "model", [it for it in apps.get_models() if not it._meta.proxy], ids=lambda it: it._meta.label
)
def test_every_field_that_can_hold_a_text_is_in_the_table(model: type[models.Model]) -> None:
    named = {name for place in by_model()[model._meta.label] for name in place.named}
    held = {it.name for it in model._meta.concrete_fields if isinstance(it, HOLDS_TEXT)}
    held -= {it.name for it in model._meta.concrete_fields if it.is_relation}
    assert held - named == set(), WAY_OUT
    assert named - {it.name for it in model._meta.concrete_fields} == set()


@pytest.mark.parametrize("place", PLACES, ids=lambda it: it.model)
def test_each_row_of_the_table_is_whole(place: Place) -> None:
    assert place.what
    assert place.until
    assert place.seen_by
    assert bool(place.path) == (place.found is Found.BY_LEAD)
    assert (place in searched()) == (place.found is Found.BY_TEXT)
    assert bool(place.blank) == (place.fate is Fate.BLANKED)
    assert not place.blank.keys() & place.kept_fields
    assert (place in OF_LEADS) or place.found is not Found.BY_LEAD
