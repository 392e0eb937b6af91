"""A source's logo, uploaded on its page."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from callbacks.models import AuditEntry
from leads.models import LeadSource, Logo
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_source
from tests.support.pictures import LIGHT, file_of, lettered

pytestmark = pytest.mark.django_db


def upload(data: bytes | None = None, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, file_of(lettered()) if data is None else data)


def save(client: Client, source: LeadSource, **typed: Any) -> Any:
    there = {"id": Logo.objects.get().pk} if Logo.objects.exists() else {}
    data = a_source(name=source.name, slug=source.slug, allowed_countries="IL")
    data |= rows("logo", {**there, "name": "Galil Kitchens", **typed}, there=len(there))
    return client.post(f"/admin/leads/leadsource/{source.pk}/change/", data, follow=True)


def test_a_logo_is_stored_shown_replaced_and_removed(managing: Client, source: LeadSource) -> None:
    assert "was changed successfully" in save(managing, source, picture=upload()).text
    first = Logo.objects.get()
    assert (first.name, first.width, first.height) == ("Galil Kitchens", 240, 64)
    page = managing.get(f"/admin/leads/leadsource/{source.pk}/change/").text
    assert f'src="/logos/{first.digest}/"' in page
    assert first.digest in Client().get("/contact/website/").text

    save(managing, source, name="Galil")
    assert Logo.objects.get().digest == first.digest  # a new name does not need a new picture
    assert bytes(Logo.objects.get().image) == bytes(first.image)
    save(managing, source, picture=upload(file_of(lettered(ink=LIGHT))))
    assert Logo.objects.get().digest != first.digest
    assert first.digest not in Client().get("/contact/website/").text
    save(managing, source, DELETE="on")
    assert not Logo.objects.exists()

    entries = AuditEntry.objects.filter(kind="leads_logo").order_by("pk")
    assert [it.act for it in entries] == ["added", "changed", "changed", "deleted"]
    assert all("image" not in {**(it.before or {}), **(it.after or {})} for it in entries)
    assert entries[2].after.keys() >= {"digest"}


def test_who_uploads_nothing_stores_nothing(managing: Client, source: LeadSource) -> None:
    assert "was changed successfully" in save(managing, source, name="").text
    assert not Logo.objects.exists()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "words without a picture": ({}, "Choose a picture."),
    "a picture without words": ({"name": "", "picture": True}, "This field is required."),
    "a script by the name of a picture": (
        {"picture": b"<svg><script>alert(1)</script></svg>"},
        "This cannot be read as a picture. Choose a PNG, JPEG or WebP file.",
    ),
    "an empty file": ({"picture": b""}, "The submitted file is empty."),
    "too large": ({"picture": b"x" * 1_100_000}, "The file has more than 1 MB."),
}


@pytest.mark.parametrize(("typed", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(
    managing: Client, source: LeadSource, typed: dict[str, Any], sentence: str
) -> None:
    picture = typed.get("picture")
    if picture is not None:
        typed = {**typed, "picture": upload(None if picture is True else picture)}
    answer = save(managing, source, **typed)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert not Logo.objects.exists()


def test_who_may_only_see_the_source_changes_no_logo(staff_with: Any, source: LeadSource) -> None:
    client = staff_with("leads.view_leadsource")
    assert save(client, source, picture=upload()).status_code == 403
    assert not Logo.objects.exists()
