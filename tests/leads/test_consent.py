"""Consent: which text is shown, which agreements count, what is kept of them."""

import json
import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.utils import timezone

from leads import consent
from leads.models import Consent, ConsentText, Lead, LeadSource

FORM, API = "/contact/website/", "/api/leads/"
FILLED = {"name": "Noa Levi", "phone": "050-555 0101", "message": "About the offer"}
NEEDED = "We need your consent before we can call you."
ANEW = "This text has changed in the meantime. Please read and agree to the new version."
NOT_IN_USE = "This version is not in use. State which version of the text was agreed to."

pytestmark = pytest.mark.django_db


def write(source: LeadSource, text: str, language: str = "en") -> ConsentText:
    return consent.write(source, language, text, None, timezone.now())


def demand(source: LeadSource) -> None:
    source.demands_consent = True
    source.save()


@pytest.fixture
def first(source: LeadSource) -> ConsentText:
    return write(source, "You may call me about my request.")


@pytest.fixture
def demanded(source: LeadSource, first: ConsentText) -> ConsentText:
    demand(source)
    return first


def api(client: Client, **fields: object) -> Any:
    body = {"source": "website", **FILLED, **fields}
    return client.post(API, json.dumps(body), "application/json")


def withdraw(text: ConsentText) -> None:
    assert consent.withdraw(text, timezone.now())


# --- which text is shown ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "asked", "of_source", "shown"),
    [
        pytest.param(["en"], "en", "en", 1, id="the one there is"),
        pytest.param(["en", "en"], "en", "en", 2, id="the newest"),
        pytest.param(["he", "en"], "he", "en", 1, id="the visitor's language"),
        pytest.param(["he", "en"], "", "he", 1, id="the source's, where none is asked for"),
        pytest.param(["he", "en"], "fr", "he", 1, id="the source's, where it is in no such one"),
        pytest.param(["pt-BR", "en"], "pt", "en", 1, id="the same language of another country"),
        pytest.param(["pt", "en"], "pt-BR", "en", 1, id="the same language of any country"),
        pytest.param(["pt-BR", "pt"], "pt-BR", "en", 1, id="the same country before a newer one"),
        pytest.param(["he", "ru"], "fr", "en", 2, id="the newest, where none fits"),
        pytest.param([], "en", "en", None, id="none"),
    ],
)
def test_which_text_is_shown(
    source: LeadSource, written: list[str], asked: str, of_source: str, shown: int | None
) -> None:
    source.language = of_source
    for number, language in enumerate(written, start=1):
        write(source, f"Text {number}", language)

    found = consent.shown(source, asked)

    assert (found and found.version) == shown


def test_another_sources_texts_are_its_own(source: LeadSource, first: ConsentText) -> None:
    other = LeadSource.objects.create(slug="other", name="Other")
    assert consent.shown(other) is None
    assert write(other, "Another").version == 1


def test_what_is_withdrawn_is_not_shown_and_the_one_before_is(
    source: LeadSource, first: ConsentText
) -> None:
    second = write(source, "A mistake")
    withdraw(second)
    assert consent.shown(source) == first
    assert not consent.withdraw(second, timezone.now())


def test_no_way_of_changing_a_text(first: ConsentText) -> None:
    for change in ({"text": "Another"}, {"version": 7}, {"language": "he"}):
        with pytest.raises(DatabaseError, match="consent_text_never_changes"), transaction.atomic():
            ConsentText.objects.filter(pk=first.pk).update(**change)
    withdraw(first)
    with pytest.raises(DatabaseError, match="consent_text_never_changes"), transaction.atomic():
        ConsentText.objects.filter(pk=first.pk).update(withdrawn_at=None)


def test_a_text_that_somebody_agreed_to_stays(client: Client, first: ConsentText) -> None:
    client.post(FORM, {**FILLED, "consent": "1"})
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentText.objects.filter(pk=first.pk).delete()


# --- the form -----------------------------------------------------------------------------------


def test_nothing_is_asked_without_a_text(client: Client, source: LeadSource) -> None:
    demand(source)
    page = client.get(FORM).text
    assert "checkbox" not in page
    assert client.post(FORM, {**FILLED, "consent": "1"}).status_code == 303
    assert not Consent.objects.exists()


def test_the_box_is_there_and_not_ticked(client: Client, first: ConsentText) -> None:
    page = client.get(FORM).text
    assert '<input type="checkbox" name="consent" value="1" id="id_consent">' in page
    assert first.text in page


def test_what_was_agreed_to_is_kept(client: Client, demanded: ConsentText) -> None:
    assert client.post(FORM, {**FILLED, "consent": "1"}).status_code == 303

    lead = Lead.objects.get()
    kept = lead.consent
    assert (kept.text, lead.came_by, kept.agreed_at) == (demanded, "form", lead.submitted_at)
    assert kept.page == "http://testserver/contact/website/"


def test_without_consent_the_form_asks_and_keeps_what_was_typed(
    client: Client, demanded: ConsentText
) -> None:
    answer = client.post(FORM, FILLED)

    assert answer.status_code == 422
    assert not Lead.objects.exists()
    page = answer.text
    assert page.count(NEEDED) == 2  # in the list of errors, and beside the box
    assert '<a href="#id_consent">' in page
    assert 'aria-describedby="id_consent_error"' in page
    assert 'id="id_consent_error"' in page
    assert 'value="Noa Levi"' in page
    assert "About the offer" in page


def test_consent_may_be_left_out_where_it_is_not_demanded(
    client: Client, first: ConsentText
) -> None:
    assert client.post(FORM, FILLED).status_code == 303
    assert not Consent.objects.exists()


def test_the_box_stays_ticked_beside_another_error(client: Client, demanded: ConsentText) -> None:
    page = client.post(FORM, {**FILLED, "phone": "1", "consent": "1"}).text
    assert re.search(r'<input type="checkbox" name="consent" value="1"[^>]* checked>', page)


def test_a_page_that_lay_open_while_the_text_was_replaced(
    client: Client, source: LeadSource, demanded: ConsentText
) -> None:
    """The visitor agreed to the text that they were shown."""
    write(source, "Another text")
    assert client.post(FORM, {**FILLED, "consent": "1"}).status_code == 303
    assert Lead.objects.get().consent.text == demanded


def test_such_a_page_with_another_error_shows_what_they_agreed_to(
    client: Client, source: LeadSource, demanded: ConsentText
) -> None:
    write(source, "Another text")
    page = client.post(FORM, {**FILLED, "phone": "1", "consent": "1"}).text
    assert demanded.text in page
    assert "Another text" not in page
    page = client.post(FORM, {**FILLED, "phone": "1"}).text
    assert "Another text" in page


def test_a_page_from_before_there_was_a_text(client: Client, source: LeadSource) -> None:
    token = "0b0e7a52-7f5b-4e9e-9a0c-3f1f6f3f0a11"
    write(source, "A text")
    demand(source)
    answer = client.post(FORM, {**FILLED, "token": token})
    assert answer.status_code == 422
    assert "A text" in answer.text
    assert token in answer.text


@pytest.mark.parametrize("is_demanded", [True, False])
def test_a_text_that_was_withdrawn_is_asked_about_anew(
    client: Client, source: LeadSource, first: ConsentText, is_demanded: bool
) -> None:
    source.demands_consent = is_demanded
    source.save()
    write(source, "The new text")
    withdraw(first)

    answer = client.post(FORM, {**FILLED, "consent": "1"})

    assert answer.status_code == 422
    assert ANEW in answer.text
    assert "The new text" in answer.text
    assert 'name="consent" value="2"' in answer.text
    assert "checked" not in answer.text
    assert client.post(FORM, {**FILLED, "consent": "2"}).status_code == 303
    assert Lead.objects.get().consent.text.version == 2


@pytest.mark.parametrize("sent", ["99", "0", "-1", "1.0", "on", "true", "<b>", "1 2", "9" * 5000])
def test_what_is_no_version_is_none(client: Client, demanded: ConsentText, sent: str) -> None:
    answer = client.post(FORM, {**FILLED, "consent": sent})
    assert answer.status_code == 422
    assert not Lead.objects.exists()


def test_html_in_a_text_is_text(client: Client, source: LeadSource) -> None:
    write(source, '<script>alert("x")</script> & <a href="https://x.example">here</a>')
    page = client.get(FORM).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &lt;a href" in page


def test_a_long_text_stands_above_the_box(client: Client, source: LeadSource) -> None:
    write(source, "First line.\n" + "word " * 1_990 + "end.")
    page = client.get(FORM)
    assert "end.</div>" in page.text
    assert "I have read this text and agree to it." in page.text


def test_the_notice_is_linked_once(client: Client, source: LeadSource) -> None:
    source.privacy_url = "https://shop.example/privacy?a=1&b=2"
    source.save()
    link = 'href="https://shop.example/privacy?a=1&amp;b=2" target="_blank" rel="noopener'
    assert client.get(FORM).text.count(link) == 1
    write(source, "A text")
    assert client.get(FORM).text.count(link) == 1


def test_a_request_that_joins_keeps_its_own(
    client: Client, source: LeadSource, first: ConsentText
) -> None:
    client.post(FORM, {**FILLED, "consent": "1"})
    write(source, "Another text")
    client.post(FORM, {**FILLED, "message": "once more", "consent": "2"})
    client.post(FORM, {**FILLED, "message": "and again"})

    one, two, three = Lead.objects.order_by("pk")
    assert two.duplicate_of == three.duplicate_of == one
    assert (one.consent.text.version, two.consent.text.version) == (1, 2)
    assert not Consent.objects.filter(lead=three).exists()


def test_a_page_sent_again_with_the_box_ticked_is_another_request(
    client: Client, first: ConsentText
) -> None:
    page = {**FILLED, "token": "0b0e7a52-7f5b-4e9e-9a0c-3f1f6f3f0a11"}
    client.post(FORM, page)
    client.post(FORM, {**page, "consent": "1"})
    client.post(FORM, {**page, "consent": "1"})
    assert Lead.objects.count() == 2
    assert Consent.objects.get().lead == Lead.objects.order_by("pk").last()


# --- the API ------------------------------------------------------------------------------------


def test_the_api_asks_for_the_version(client: Client, demanded: ConsentText) -> None:
    answer = api(client)
    assert answer.status_code == 400
    assert answer.json() == {
        "errors": {"consent": [NEEDED]},
        "consent": {
            "version": "1", "language": "en", "text": demanded.text, "privacy_url": "",
        },
    }  # fmt: skip
    assert not Lead.objects.exists()


def test_the_api_links_the_notice_in_the_language_of_the_text(
    client: Client, source: LeadSource, demanded: ConsentText
) -> None:
    source.texts.create(language="he", privacy_url="https://shop.example/he")
    source.privacy_url = "https://shop.example/own"
    source.save()
    assert api(client).json()["consent"]["privacy_url"] == "https://shop.example/own"
    write(source, "מותר להתקשר אליי", "he")
    shown = api(client, language="he").json()["consent"]
    assert (shown["language"], shown["privacy_url"]) == ("he", "https://shop.example/he")


@pytest.mark.parametrize("sent", ["1", 1, " 1 "])
def test_the_api_keeps_what_was_agreed_to(
    client: Client, demanded: ConsentText, sent: object
) -> None:
    answer = api(client, consent=sent, page="https://u:p@shop.example/offer?email=noa@x.example#a")
    assert answer.status_code == 201
    lead = Lead.objects.get()
    kept = lead.consent
    assert (kept.text, lead.came_by) == (demanded, "api")
    assert kept.page == "https://shop.example/offer"


@pytest.mark.parametrize(
    "page", ["", "javascript:alert(1)", "not a page", "http://[", 7, None, "x" * 9_000]
)
def test_a_page_that_is_none_refuses_nobody(
    client: Client, demanded: ConsentText, page: object
) -> None:
    assert api(client, consent="1", page=page).status_code == 201
    assert Lead.objects.get().consent.page == ""


def test_a_long_address_is_cut(client: Client, demanded: ConsentText) -> None:
    api(client, consent="1", page="https://shop.example/" + "x-y/" * 1_000)
    assert len(Lead.objects.get().consent.page) == 300


@pytest.mark.parametrize("sent", ["2", 2, "on", "yes"])
def test_the_api_refuses_a_version_that_is_not_in_use(
    client: Client, first: ConsentText, sent: object
) -> None:
    answer = api(client, consent=sent)
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"consent": [NOT_IN_USE]}
    assert answer.json()["consent"]["version"] == "1"


@pytest.mark.parametrize("sent", [True, False, ["1"], {"version": 1}, 1.0])
def test_the_api_takes_no_truth_value_for_a_version(
    client: Client, demanded: ConsentText, sent: object
) -> None:
    answer = api(client, consent=sent)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["consent"]


def test_a_program_that_was_not_changed_goes_on(
    client: Client, source: LeadSource, demanded: ConsentText
) -> None:
    write(source, "Another text")
    assert api(client, consent="1").status_code == 201


def test_the_api_is_asked_in_the_visitors_language(
    client: Client, source: LeadSource, demanded: ConsentText
) -> None:
    write(source, "מותר להתקשר אליי", "he")
    asked = api(client, language="iw-IL").json()["consent"]
    assert (asked["version"], asked["language"], asked["text"]) == ("2", "he", "מותר להתקשר אליי")


def test_the_same_key_with_another_consent_is_another_body(
    client: Client, source: LeadSource, first: ConsentText
) -> None:
    write(source, "Another text")
    body = {"source": "website", **FILLED, "consent": "1"}
    answers = [
        client.post(
            API, json.dumps(it), "application/json", headers={"Idempotency-Key": "one"}
        ).status_code
        for it in (body, body, {**body, "consent": "2"})
    ]
    assert answers == [201, 201, 422]
    assert Consent.objects.get().text == first
