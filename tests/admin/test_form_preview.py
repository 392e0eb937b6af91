"""The preview of a source's form on its page shows what a save would do, and stores nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client

from callbacks.models import AuditEntry
from leads import config_cache
from leads.models import ConsentText, FormField, Lead, LeadSource, Logo, SourceText, Widget
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_source
from tests.support.failing_database import storing_ends_in
from tests.support.pictures import file_of, lettered

pytestmark = pytest.mark.django_db

USUAL = [
    {"kind": "name", "place": 10, "need": "mandatory"},
    {"kind": "phone", "place": 20, "need": "mandatory"},
]
ROOMS = {"kind": "text", "place": 15, "need": "mandatory", "label": "How many rooms?"}


def posted(source: LeadSource, *fields: dict[str, Any], **values: Any) -> dict[str, Any]:
    data = a_source(name=source.name, slug=source.slug, allowed_countries="IL")
    data |= rows("form_fields", *fields) | {"form_fields-MAX_NUM_FORMS": 1000}
    return data | values


def asks(client: Client, source: LeadSource, *fields: dict[str, Any], **values: Any) -> Any:
    address = f"/admin/leads/leadsource/{source.pk}/preview/"
    return client.post(address, posted(source, *fields, **values))


def test_what_is_typed_is_shown_and_nothing_is_stored(
    managing: Client,
    source: LeadSource,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    version, entries = config_cache.version(), AuditEntry.objects.count()
    with django_capture_on_commit_callbacks() as later:
        answer = asks(
            managing,
            source,
            *USUAL,
            ROOMS,
            privacy_url="https://www.example.com/privacy",
            **rows(
                "texts",
                {
                    "language": "en",
                    "title": "Ring us",
                    "intro": "",
                    "thanks": "",
                    "privacy_url": "shop.example/en",
                },
            ),
            **rows("widget", {"colour": "#7a1fa2", "side": "end", "appears": "at once"}),
            **rows(
                "logo",
                {"name": "Galil", "picture": SimpleUploadedFile("a.png", file_of(lettered()))},
            ),
            **rows("consent_texts", {"language": "en", "text": "You may call me."}),
        )
    page = answer.json()["html"]
    assert answer.status_code == 200
    assert page.index('name="name"') < page.index("How many rooms?") < page.index('name="phone"')
    for shown in (
        "Ring us", "/colours/7a1fa2.css", 'alt="Galil"', "You may call me.", "https://shop.example/en",
    ):  # fmt: skip
        assert shown in page
    assert "<script" not in page
    assert not later
    assert config_cache.version() == version
    assert AuditEntry.objects.count() == entries
    for model in (FormField, SourceText, Widget, Logo, ConsentText, Lead):
        assert not model._default_manager.exists(), model
    source.refresh_from_db()
    assert source.privacy_url == ""
    # Visitors still see the form as it was.
    form = Client().get("/contact/website/").text
    assert "How many rooms?" not in form
    assert "Ring us" not in form


def test_a_picture_that_is_not_stored_is_inside_the_page(
    managing: Client, source: LeadSource
) -> None:
    picture = SimpleUploadedFile("a.png", file_of(lettered()))
    answer = asks(managing, source, **rows("logo", {"name": "Galil", "picture": picture}))
    assert 'src="data:image/png;base64,' in answer.json()["html"]


def test_in_each_language_that_visitors_may_choose(managing: Client, source: LeadSource) -> None:
    found = asks(managing, source, languages_offered=["he", "ar"]).json()
    assert found["language"] == "en"
    assert [code for code, _name in found["languages"]] == ["en", "he", "ar"]
    assert 'lang="he" hreflang="he"' in found["html"]  # the visitor's own list
    hebrew = asks(managing, source, languages_offered=["he"], preview_language="he").json()
    assert hebrew["language"] == "he"
    assert '<html lang="he" dir="rtl">' in hebrew["html"]
    none = asks(managing, source, languages_offered=["he"], preview_language="xx<b>").json()
    assert none["language"] == "en"


def test_of_a_source_that_is_switched_off(managing: Client, source: LeadSource) -> None:
    LeadSource.objects.update(is_active=False)
    assert asks(managing, source, is_active="").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "not a slug"},
        rows("form_fields", {**ROOMS, "label": ""}),
        {"form_fields-TOTAL_FORMS": "many"},
        rows("widget", {"colour": "red", "side": "end", "appears": "at once"}),
    ],
    ids=["the source", "a field", "no page of ours", "the colour"],
)
def test_what_is_not_complete_yet_is_said(
    managing: Client, source: LeadSource, wrong: dict[str, Any]
) -> None:
    answer = asks(managing, source, **wrong)
    assert answer.status_code == 200
    found = answer.json()
    assert "incomplete or not valid yet" in found["error"]
    # As the error says, this is the form as it is stored.
    assert 'name="phone"' in found["html"]
    assert "How many rooms?" not in found["html"]
    assert (found["language"], [code for code, _name in found["languages"]]) == ("en", ["en"])
    assert not FormField.objects.exists()


def test_a_part_of_the_page_that_the_form_does_not_show_need_not_be_right(
    managing: Client, source: LeadSource
) -> None:
    assert asks(managing, source, **{"recorded_messages-TOTAL_FORMS": "x"}).status_code == 200


def test_who_may_not_change_the_source_gets_none(
    staff_with: Callable[..., Client], source: LeadSource
) -> None:
    assert asks(staff_with("leads.view_leadsource"), source).status_code == 403
    assert asks(staff_with(), source).status_code == 403
    assert asks(Client(), source).status_code == 302
    page = staff_with("leads.view_leadsource").get(f"/admin/leads/leadsource/{source.pk}/change/")
    assert "data-form-preview" not in page.text


def test_no_other_website_can_ask_for_one(managing: Client, source: LeadSource) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = managing.cookies
    assert asks(strict, source).status_code == 403


def test_of_nothing_there_is_none(managing: Client, source: LeadSource) -> None:
    for wrong in ("0", "x", "9" * 30):
        answer = managing.post(f"/admin/leads/leadsource/{wrong}/preview/", posted(source))
        assert answer.status_code == 404
    assert managing.get(f"/admin/leads/leadsource/{source.pk}/preview/").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_while_somebody_saves_it_does_not_wait_for_long(
    managing: Client, source: LeadSource
) -> None:
    LeadSource.objects.update(name="Website")  # so that there is a version
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM leads_setupversion FOR UPDATE")
            answer = asks(managing, source, *USUAL, ROOMS)
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert answer.status_code == 503
    assert "Try again in a moment" in answer.json()["error"]
    assert not connection.in_atomic_block


@pytest.mark.parametrize(
    ("sqlstate", "somebody_saves"),
    [("55P03", True), ("40P01", True), ("53100", False), ("57014", False), ("57P01", False)],
)
@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_is_not_somebody_who_saves(
    managing: Client, source: LeadSource, sqlstate: str, somebody_saves: bool
) -> None:
    managing.raise_request_exception = False
    with storing_ends_in(sqlstate, "leads_formfield"):
        answer = asks(managing, source, *USUAL, ROOMS)
    assert answer.status_code == 503
    assert ("Somebody is saving" in answer.content.decode()) is somebody_saves
