"""What a manager typed but did not save is shown to no visitor and kept in no memory."""

import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from leads import config_cache, form_fields, intake
from leads.models import FormField, LeadSource, SourceText
from tests.admin.test_form_preview import ROOMS, USUAL, asks
from tests.support.admin_posting import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def forgotten(source: LeadSource) -> None:
    """The process remembers the source as visitors have seen it."""
    assert "Contact us" in Client().get("/contact/website/").text


def from_memory() -> str:
    """The form's words, read from memory while the database is away."""

    def away(*_args: Any) -> Any:
        raise DatabaseError("away")

    with config_cache.from_memory(), connection.execute_wrapper(away):
        source = intake.active_source("website")
        assert source
        fields = " ".join(it.label for it in form_fields.of(source))
        [text] = [*config_cache.source_texts.get().get(source.pk, []), None][:1]
        return f"{source.name} {fields} {text.title if text else ''}"


def test_not_after_it_was_typed(managing: Client, source: LeadSource) -> None:
    before = from_memory()
    text = rows("texts", {"language": "en", "title": "Ring us", "intro": "", "thanks": ""})
    page = asks(managing, source, *USUAL, ROOMS, name="Unsaved", **text).json()["html"]
    assert "How many rooms?" in page
    assert "Ring us" in page
    assert from_memory() == before


def test_nor_while_another_thread_shows_it_to_the_manager(
    source: LeadSource, django_db_blocker: DjangoDbBlocker
) -> None:
    before = from_memory()
    is_loaded, is_read = threading.Event(), threading.Event()
    seen: list[str] = []

    def preview() -> None:
        with config_cache.unsaved(), transaction.atomic():
            FormField.objects.create(source=source, **ROOMS)
            SourceText.objects.create(source=source, language="en", title="Ring us")
            for _ in range(2):  # what was loaded stays in use for the whole preview
                with config_cache.one_version():
                    fields = form_fields.of(source)
                seen.append(" ".join(str(it.label) for it in fields))
                seen.append(config_cache.source_texts.get()[source.pk][0].title)
                is_loaded.set()
                is_read.wait(60)
            transaction.set_rollback(True)
        connection.close()

    with django_db_blocker.unblock():
        thread = threading.Thread(target=preview)
        thread.start()
        assert is_loaded.wait(60)
        remembered = from_memory()
        page = Client().get("/contact/website/").text
        is_read.set()
        thread.join()
    assert seen[0] == seen[2]
    assert "How many rooms?" in seen[0]
    assert seen[1] == seen[3] == "Ring us"
    assert remembered == from_memory() == before
    assert "How many rooms?" not in page
