"""What a source's form says in each language, written on its page."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from callbacks.access.groups import ensure_roles
from callbacks.access.roles import DEFINITIONS, Role
from callbacks.models import AuditEntry
from leads import consent
from leads.models import LeadSource, SourceText
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_source

pytestmark = pytest.mark.django_db
HEBREW = {"language": "iw", "title": "  גגות  ", "intro": "נחזור אליכם", "thanks": "תודה"}
NOTICE = {
    "language": "he", "title": "", "intro": "", "thanks": "", "privacy_url": "shop.example/he",
}  # fmt: skip


def page_of(source: LeadSource) -> str:
    return f"/admin/leads/leadsource/{source.pk}/change/"


def save(client: Client, source: LeadSource, *texts: dict[str, Any], **values: Any) -> Any:
    data = a_source(name=source.name, slug=source.slug, allowed_countries="IL", **values)
    data |= rows("texts", *texts, there=sum("id" in it for it in texts))
    return client.post(page_of(source), data, follow=True)


def test_they_are_stored_and_kept_in_the_audit(managing: Client, source: LeadSource) -> None:
    assert "errornote" not in save(managing, source, HEBREW).text
    text = SourceText.objects.get()
    assert (text.language, text.title, text.thanks) == ("he", "גגות", "תודה")
    changed = {**HEBREW, "id": text.pk, "language": "he", "title": "קירות"}
    save(managing, source, changed)
    text.refresh_from_db()
    assert text.title == "קירות"
    save(managing, source, {**changed, "DELETE": "on"})
    assert not SourceText.objects.exists()
    entries = AuditEntry.objects.filter(kind="leads_sourcetext").order_by("pk")
    assert [it.act for it in entries] == ["added", "changed", "deleted"]


def test_a_privacy_notice_alone_is_enough(managing: Client, source: LeadSource) -> None:
    assert "errornote" not in save(managing, source, NOTICE).text
    assert SourceText.objects.get().privacy_url == "https://shop.example/he"


WRONG = {
    "no language": ({"language": "Klingon", "title": "x"}, "is not a language code"),
    "no text": ({"language": "he", "title": " ", "intro": "", "thanks": ""}, "Enter at least one"),
    "too long": ({"language": "he", "title": "x" * 81}, "at most 80 characters"),
    "a script": (NOTICE | {"privacy_url": "javascript:alert(1)"}, "Enter a valid URL"),
    "a file's address": (NOTICE | {"privacy_url": "ftp://shop.example/x"}, "Enter a valid URL"),
    "no address": (NOTICE | {"privacy_url": "privacy"}, "Enter a valid URL"),
}


@pytest.mark.parametrize(("typed", "said"), WRONG.values(), ids=WRONG)
def test_what_is_no_text_is_refused(
    managing: Client, source: LeadSource, typed: dict[str, str], said: str
) -> None:
    page = save(managing, source, typed)
    assert said in page.text
    assert not SourceText.objects.exists()


def test_a_language_has_its_texts_once(managing: Client, source: LeadSource) -> None:
    source.texts.create(language="he", title="גגות")
    there = {"id": source.texts.get().pk, "language": "he", "title": "גגות"}
    page = save(managing, source, there, HEBREW)
    assert "This language already has texts." in page.text
    twice = save(managing, source, there, *2 * [{"language": "ru", "title": "Крыши"}])
    assert "Please correct the duplicate" in twice.text
    assert SourceText.objects.count() == 1


def test_languages_are_chosen_from_those_that_pages_are_in(
    managing: Client, source: LeadSource
) -> None:
    save(managing, source, languages_offered=["he", "ru"])
    source.refresh_from_db()
    assert source.languages_offered == ["he", "ru"]
    assert "Select a valid choice" in save(managing, source, languages_offered=["xx"]).text
    save(managing, source)
    source.refresh_from_db()
    assert source.languages_offered == []


def test_the_page_says_what_is_missing(managing: Client, source: LeadSource) -> None:
    source.languages_offered = ["he", "ar"]
    source.save()
    source.texts.create(language="he", privacy_url="https://shop.example/he")
    assert "are missing in" not in managing.get(page_of(source)).text
    source.texts.create(language="en", title="Roofs")
    source.widget_texts.create(language="he", button="גגות", title="גגות")
    consent.write(source, "en", "You may call me.", None, timezone.now())
    page = managing.get(page_of(source)).text
    assert "Your texts for the form are missing in Hebrew and Arabic" in page
    assert "A consent text is missing in Hebrew and Arabic" in page
    assert "Your texts for the button on other websites are missing in English and Arabic" in page


def test_who_may_only_look_writes_nothing(source: LeadSource) -> None:
    source.texts.create(language="en", title="Roofs")
    ensure_roles()
    looking, user = Client(), User.objects.create_user("ida", is_staff=True)
    user.groups.add(Group.objects.get(name=DEFINITIONS[Role.INTEGRATOR].group))
    looking.force_login(user)
    assert "Roofs" in looking.get(page_of(source)).text
    assert save(looking, source, HEBREW).status_code == 403
