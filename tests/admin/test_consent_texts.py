"""Consent in the admin: texts on the source's page; on leads, in their list and their file."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.models import AuditEntry
from leads import consent
from leads.models import Consent, ConsentText, Lead, LeadSource
from tests.exports.reading import body, csv_rows
from tests.support.admin_posting import confirm, rows, said
from tests.support.admin_setup import a_source

FORM = "/contact/website/"
FILLED = {"name": "Noa Levi", "phone": "050-555 0101"}
LIST = "/admin/leads/lead/"

pytestmark = pytest.mark.django_db


def page_of(source: LeadSource) -> str:
    return f"/admin/leads/leadsource/{source.pk}/change/"


def withdrawing(text: ConsentText) -> str:
    return f"/admin/leads/leadsource/{text.source_id}/consent/{text.version}/withdraw/"


def save(client: Client, source: LeadSource, *texts: dict[str, Any], **values: Any) -> Any:
    """Posts the page with these texts, as a browser would."""
    there = sum("id" in it for it in texts)
    posted = rows("consent_texts", *texts, there=there) | {"consent_texts-MAX_NUM_FORMS": 1000}
    data = a_source(name=source.name, slug=source.slug, allowed_countries="IL", **values)
    return client.post(page_of(source), data | posted, follow=True)


def told() -> list[tuple[int, str, str]]:
    found = ConsentText.objects.order_by("version")
    return list(found.values_list("version", "language", "text"))


@pytest.fixture
def text(source: LeadSource) -> ConsentText:
    return consent.write(source, "en", "You may call me.", None, timezone.now())


def test_a_manager_writes_a_text(managing: Client, source: LeadSource) -> None:
    save(managing, source, {"language": "iw", "text": " Call\r\nme \x00"})
    assert told() == [(1, "he", "Call\nme")]
    written = ConsentText.objects.get()
    assert written.added_by == User.objects.get(pk=managing.session["_auth_user_id"])
    assert "version 1, Hebrew" in managing.get(page_of(source)).text


def test_a_changed_text_is_a_new_version(
    managing: Client, source: LeadSource, text: ConsentText
) -> None:
    save(managing, source, {"id": text.pk, "language": "ru", "text": "You may call me today."})
    assert told() == [(1, "en", "You may call me."), (2, "en", "You may call me today.")]


def test_an_untouched_text_stays(managing: Client, source: LeadSource) -> None:
    two_lines = consent.write(source, "en", "One.\nTwo.", None, timezone.now())
    answer = save(managing, source, {"id": two_lines.pk, "text": "One.\r\nTwo."}, priority=3)
    source.refresh_from_db()
    assert source.priority == 3
    assert len(told()) == 1
    assert "consent" not in " ".join(said(answer)).lower()


def test_a_page_that_lay_open_while_somebody_else_wrote(
    managing: Client, source: LeadSource, text: ConsentText
) -> None:
    """A text that the page left alone undoes nothing; a changed text becomes the newest."""
    consent.write(source, "en", "Of somebody else", None, timezone.now())
    save(managing, source, {"id": text.pk, "text": text.text})
    assert len(told()) == 2
    save(managing, source, {"id": text.pk, "text": "Mine"})
    assert [it[2] for it in told()] == ["You may call me.", "Of somebody else", "Mine"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"language": "hebrew", "text": "A"}, "hebrew is not a language code."),
        ({"language": "en", "text": "x" * 10_001}, "at most 10000 characters (it has 10001)"),
        ({"language": "he", "text": ""}, "This field is required."),
        ({"language": "en", "text": "\u200b \x00"}, "This field is required."),
    ],
)
def test_what_cannot_be_shown_is_refused(
    managing: Client, source: LeadSource, typed: dict[str, str], sentence: str
) -> None:
    assert sentence in save(managing, source, typed).text
    assert told() == []


def test_html_is_escaped(managing: Client, source: LeadSource, text: ConsentText) -> None:
    consent.write(source, "en", "<b>bold</b>", None, timezone.now())
    page = managing.get(page_of(source)).text
    assert "<b>bold" not in page


def test_a_demand_without_a_text_is_told(managing: Client, source: LeadSource) -> None:
    sentence = "Consent is required, but there is no text, so visitors are not asked."
    assert sentence in save(managing, source, demands_consent="on").text
    consent.write(source, "en", "A text", None, timezone.now())
    assert sentence not in managing.get(page_of(source)).text


@pytest.mark.parametrize("typed", ["javascript:alert(1)", "privacy", "ftp://shop.example/x"])
def test_the_notice_is_a_page(managing: Client, source: LeadSource, typed: str) -> None:
    save(managing, source, privacy_url=typed)
    source.refresh_from_db()
    assert source.privacy_url == ""


def test_a_text_is_withdrawn_by_a_question(
    client: Client, managing: Client, source: LeadSource, text: ConsentText
) -> None:
    client.post(FORM, {**FILLED, "consent": "1"})
    second = consent.write(source, "en", "Another", None, timezone.now())
    asked = managing.get(withdrawing(second)).text
    assert "From now on visitors are asked to agree to version 1, English." in asked
    assert "0 requests have agreed to it" in asked
    assert consent.shown(source) == second

    assert said(confirm(managing, withdrawing(second))) == ["Withdrawn: version 2, English."]
    assert consent.shown(source) == text
    asked = managing.get(withdrawing(text)).text
    assert ("There is no other text, so from now on visitors are not asked for consent.") in asked
    assert "1 request has agreed to it" in asked
    at = ConsentText.objects.get(pk=second.pk).withdrawn_at
    confirm(managing, withdrawing(second))
    assert ConsentText.objects.get(pk=second.pk).withdrawn_at == at
    assert managing.get(withdrawing(text).replace("/1/", "/9/")).status_code == 404


def test_the_only_text_of_a_source_that_demands_consent_stays(
    managing: Client, source: LeadSource, text: ConsentText
) -> None:
    LeadSource.objects.update(demands_consent=True)
    refused = "This source requires consent, and this is its only text."
    assert refused in managing.get(withdrawing(text), follow=True).text
    confirm(managing, withdrawing(text))
    assert consent.shown(source) == text
    consent.write(source, "en", "Another", None, timezone.now())
    assert said(confirm(managing, withdrawing(text))) == ["Withdrawn: version 1, English."]


def test_who_may_only_look_changes_nothing(
    staff_with: Callable[..., Client], source: LeadSource, text: ConsentText
) -> None:
    looking = staff_with("leads.view_leadsource")
    page = looking.get(page_of(source)).text
    assert text.text in page
    assert withdrawing(text) not in page
    assert looking.post(withdrawing(text), {"confirmed": "yes"}).status_code == 403
    assert consent.shown(source) == text


def test_the_audit_tells_who_wrote_and_who_withdrew(managing: Client, source: LeadSource) -> None:
    save(managing, source, {"language": "en", "text": "A text"})
    confirm(managing, withdrawing(ConsentText.objects.get()))
    entries = AuditEntry.objects.filter(kind="leads_consenttext").order_by("pk")
    added, withdrawn = entries
    assert (added.act, withdrawn.act) == ("added", "changed")
    assert (added.after["version"], added.after["language"]) == (1, "en")
    assert added.username == withdrawn.username != ""
    assert list(withdrawn.after) == ["withdrawn_at"]


# --- leads --------------------------------------------------------------------------------------


@pytest.fixture
def agreed(client: Client, text: ConsentText) -> Lead:
    client.post(FORM, {**FILLED, "consent": "1"})
    return Lead.objects.get()


@pytest.fixture
def another(client: Client, agreed: Lead) -> Lead:
    client.post(FORM, {"name": "Omer Katz", "phone": "050-555 0102"})
    return Lead.objects.exclude(pk=agreed.pk).get()


def test_the_page_of_a_lead_tells_it(managing: Client, agreed: Lead, another: Lead) -> None:
    page = managing.get(f"{LIST}{agreed.pk}/change/").text
    assert "version 1, English" in page
    assert "http://testserver/contact/website/" in page
    assert "You may call me." in page
    page = managing.get(f"{LIST}{another.pk}/change/").text
    assert "Nothing: this request came without consent." in page


def test_nothing_is_told_where_nobody_is_asked(
    managing: Client, client: Client, source: LeadSource
) -> None:
    client.post(FORM, FILLED)
    assert "came without consent" not in managing.get(f"{LIST}{Lead.objects.get().pk}/change/").text


def test_the_list_is_filtered_by_it(
    managing: Client, agreed: Lead, another: Lead, text: ConsentText
) -> None:
    def listed(asked: object) -> set[int]:
        return {it.pk for it in managing.get(f"{LIST}?consent={asked}").context["cl"].result_list}

    assert listed("yes") == listed(text.pk) == {agreed.pk}
    assert listed("no") == {another.pk}
    assert listed("0") == listed("x") == listed("9" * 30) == {agreed.pk, another.pk}
    assert f"?consent={text.pk}" in managing.get(page_of(text.source)).text


def test_the_file_of_leads_has_it(managing: Client, agreed: Lead, another: Lead) -> None:
    head, *lines = csv_rows(body(managing.post(f"{LIST}export/", {"format": "csv"})))
    found = {row["Name"]: row for row in (dict(zip(head, it, strict=True)) for it in lines)}
    kept = Consent.objects.get()
    local = timezone.localtime(kept.agreed_at)
    names = ("Consent: version", "Consent: language", f"Agreed ({timezone.get_current_timezone()})")
    assert [found["Noa Levi"][it] for it in names] == ["1", "en", f"{local:%Y-%m-%d %H:%M:%S}"]
    assert [found["Omer Katz"][it] for it in names] == ["", "", ""]
