"""The form at /contact/<source>/, by HTTP."""

import re
import uuid
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client

from callbacks.models import Extension, Team
from leads.models import Lead, LeadSource, LeadStatus

FORM = "/contact/website/"
FILLED = {
    "name": "Noa Levi",
    "phone": "050-555 0101",
    "email": "noa@example.com",
    "message": "Hello\r\nsecond line",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict_client() -> Iterator[Client]:
    """A browser without cookies, on a server that checks everything it normally checks."""
    return Client(enforce_csrf_checks=True)


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f-]{36})"', page)
    assert found
    return found[1]


def test_the_home_page_leads_to_the_form(client: Client, source: LeadSource) -> None:
    assert client.get("/", follow=True).redirect_chain == [(FORM, 302)]


def test_it_stores_the_lead_and_leads_on_to_its_page(client: Client, source: LeadSource) -> None:
    answer = client.post(FORM, FILLED)

    lead = Lead.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/contact/website/{lead.public_id}/"
    assert (lead.name, lead.phone, lead.email) == ("Noa Levi", "+972505550101", "noa@example.com")
    assert lead.message == "Hello\nsecond line"
    assert lead.status == LeadStatus.WAITING
    assert client.get(answer["Location"]).status_code == 200


def test_it_needs_no_more_than_name_and_phone(client: Client, source: LeadSource) -> None:
    assert client.post(FORM, {"name": "Noa", "phone": "0505550101"}).status_code == 303


def test_it_works_without_cookies(strict_client: Client, source: LeadSource) -> None:
    assert strict_client.post(FORM, FILLED).status_code == 303
    assert not strict_client.cookies


def test_every_visit_has_a_token_of_its_own(client: Client, source: LeadSource) -> None:
    tokens = {token_of(client.get(FORM).text) for _ in range(3)}
    assert len(tokens) == 3


def test_the_same_page_sent_twice_is_one_lead(client: Client, source: LeadSource) -> None:
    """A double click, a reload, or "back" and once more."""
    filled = {**FILLED, "token": token_of(client.get(FORM).text)}

    places = {client.post(FORM, filled)["Location"] for _ in range(3)}

    assert places == {f"/contact/website/{Lead.objects.get().public_id}/"}


def test_a_number_corrected_after_going_back_takes_the_place_of_the_first(
    client: Client, source: LeadSource
) -> None:
    token = token_of(client.get(FORM).text)
    client.post(FORM, {**FILLED, "token": token})
    client.post(FORM, {**FILLED, "token": token, "phone": "050-555 0102"})

    assert set(Lead.objects.values_list("phone", "status")) == {
        ("+972505550101", "cancelled"),
        ("+972505550102", "waiting"),
    }


def test_the_number_in_another_spelling_is_the_same_submission(
    client: Client, source: LeadSource
) -> None:
    token = token_of(client.get(FORM).text)
    for phone in ["050-555 0101", "+972 50 555 0101", "00972505550101"]:
        client.post(FORM, {**FILLED, "token": token, "phone": phone})
    assert Lead.objects.count() == 1


def test_a_number_that_is_waiting_is_linked_and_not_called_twice(
    client: Client, source: LeadSource
) -> None:
    for _ in range(2):
        assert client.post(FORM, {**FILLED, "token": str(uuid.uuid4())}).status_code == 303
    first, second = Lead.objects.order_by("pk")
    assert (second.status, second.duplicate_of) == (LeadStatus.DUPLICATE, first)


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "a" * 5000, None])
def test_a_submission_without_a_usable_token_is_not_lost(
    token: str | None, client: Client, source: LeadSource
) -> None:
    filled = FILLED if token is None else {**FILLED, "token": token}
    assert client.post(FORM, filled).status_code == 303
    assert Lead.objects.count() == 1


def test_the_same_token_at_another_source_is_another_submission(
    client: Client, source: LeadSource
) -> None:
    LeadSource.objects.create(slug="landing", name="Landing page")
    filled = {**FILLED, "token": str(uuid.uuid4())}
    client.post(FORM, filled)
    client.post("/contact/landing/", filled)
    assert Lead.objects.count() == 2


# --- errors ---------------------------------------------------------------------------------------


def test_an_error_stands_beside_its_field_and_what_was_typed_is_kept(
    client: Client, source: LeadSource
) -> None:
    typed = {**FILLED, "phone": "1-900-555-010", "token": str(uuid.uuid4())}
    answer = client.post(FORM, typed)
    page = unescape(answer.text)

    assert answer.status_code == 422
    assert not Lead.objects.exists()
    assert '<a href="#id_phone">We cannot call this kind of number.' in page
    assert re.search(r'<p class="error" id="id_phone_error">.*We cannot call this kind', page)
    phone = re.search(r'<input[^>]*name="phone"[^>]*>', page)
    assert phone
    for attribute in [
        'value="1-900-555-010"',
        'aria-invalid="true"',
        'aria-describedby="id_phone_error"',
    ]:
        assert attribute in phone[0]
    for kept in ["Noa Levi", "noa@example.com", "Hello\nsecond line", typed["token"]]:
        assert kept in page
    assert page.count('aria-invalid="true"') == 1
    assert "<title>Error: " in page


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("name", "", "Enter your name."),
        ("name", " \t ", "Enter your name."),
        ("name", "\u200d\u202e\x07", "Enter your name."),
        ("name", "n" * 121, "Use at most 120 characters; you have used 121."),
        ("phone", "", "Enter your phone number."),
        ("phone", "call me", "Enter only the phone number, in digits: for example 050-234-5678."),
        ("phone", "+44 7400 123456", "We cannot call numbers in this country: United"),
        ("email", "noa@", "Enter an email address like name@example.com"),
        ("email", f"{'n' * 64}@{'e' * 60}.{'e' * 60}.{'e' * 60}.{'e' * 60}.com", "Use at most 254"),
        ("message", "m" * 2001, "Use at most 2000 characters; you have used 2001."),
    ],
)
def test_it_asks_for(
    field: str, typed: str, error: str, client: Client, source: LeadSource
) -> None:
    answer = client.post(FORM, {**FILLED, field: typed})
    assert answer.status_code == 422
    read = re.sub(r'<span class="whole">(.*?)</span>', r"\1", answer.text)
    assert f'<a href="#id_{field}">{error}' in unescape(read)
    assert not Lead.objects.exists()


def test_our_own_numbers_are_refused(client: Client, source: LeadSource, team: Team) -> None:
    Extension.objects.create(kind=Extension.Kind.PHONE, number="972505550101", team=team)
    answer = client.post(FORM, FILLED)
    assert answer.status_code == 422
    assert "This is one of our own numbers." in answer.text


def test_the_longest_texts_fit(client: Client, source: LeadSource) -> None:
    longest = {**FILLED, "name": "\U0001f600" * 120, "message": "\u05d0\r\n" * 999 + "\u05d0\u05d0"}
    assert client.post(FORM, longest).status_code == 303
    assert len(Lead.objects.get().message) == 2000


# --- the page -------------------------------------------------------------------------------------


def test_every_control_has_a_label_and_says_what_it_takes(
    client: Client, source: LeadSource
) -> None:
    page = client.get(FORM).text
    for name in ["name", "phone", "email", "message"]:
        assert f'<label for="id_{name}">' in page
        assert f'id="id_{name}"' in page
    for attribute in [
        'autocomplete="name"',
        'autocomplete="tel"',
        'inputmode="tel"',
        'autocomplete="email"',
    ]:
        assert attribute in page
    assert page.count("(optional)") == 2


def test_what_always_has_a_value_is_not_called_optional(client: Client, source: LeadSource) -> None:
    LeadSource.objects.update(allowed_countries=["IL", "US"])
    page = client.get(FORM).text
    assert '<label for="id_country">Country of your number</label>' in page
    assert page.count("(optional)") == 2


def test_nothing_on_the_page_needs_a_weaker_policy(client: Client, source: LeadSource) -> None:
    answer = client.get(FORM)
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text)


def test_shared_caches_keep_no_form(client: Client, source: LeadSource) -> None:
    assert client.get(FORM)["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_source_is_a_friendly_404(
    method: str, client: Client, source: LeadSource
) -> None:
    answer = getattr(client, method)("/contact/nobody/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_source_that_is_off_answers_like_an_unknown_one(
    client: Client, source: LeadSource
) -> None:
    LeadSource.objects.update(is_active=False)
    assert client.get(FORM).status_code == 404
    assert client.post(FORM, FILLED).status_code == 404
    assert not Lead.objects.exists()


def test_other_methods_are_not_allowed(client: Client, source: LeadSource) -> None:
    answer = client.put(FORM)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")
    assert "<h1>That does not work here</h1>" in answer.text
    assert client.head(FORM).status_code == 200
    home = client.put("/")
    assert (home.status_code, home["Allow"]) == (405, "GET, HEAD")
    assert "<h1>That does not work here</h1>" in home.text
