"""A form's fields as a manager sets them: which ones, in which order, and which are mandatory."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from callbacks.models import Extension, Team
from leads.models import Answers, FormField, FormFieldText, Lead, LeadSource, LeadStatus
from tests.support.visitors import PHONE, Visitor, hidden

FORM = "/contact/website/"
NAMES = ["name", "phone", "email", "call_at", "message"]
HEBREW = """Small = קטן
Large = גדול"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(source: LeadSource) -> dict[str, FormField]:
    """Three fields of the manager's own, with Hebrew words for the choice."""

    def make(key: str, kind: str, place: int, **values: Any) -> FormField:
        return FormField.objects.create(source=source, key=key, kind=kind, place=place, **values)

    made = {
        "rooms": make("rooms", "text", 15, label="How many rooms?"),
        "size": make("size", "choice", 16, label="Size", choices="Small\nLarge", need="mandatory"),
        "garden": make("garden", "box", 70, label="With a garden"),
    }
    FormFieldText.objects.create(
        source=source, field=made["size"], language="he", label="גודל", choices=HEBREW
    )
    return made


def page(client: Client, query: str = "") -> str:
    answer = client.get(FORM + query)
    assert answer.status_code == 200
    return answer.text


def inputs(text: str) -> list[str]:
    """The names of the fields that can be filled in, in their order."""
    found = re.findall(r'<(?:input|select|textarea)[^>]*name="(\w+)"[^>]*>', text)
    unseen = {*hidden(text), "reference"}
    return [name for name in found if name not in unseen]


def post(client: Client, text: str, **fields: str):  # type: ignore[no-untyped-def]
    return client.post(FORM, {"name": "Noa", "phone": PHONE, **hidden(text), **fields})


def given(lead: Lead | None = None) -> dict[str, object]:
    row = Answers.objects.get(lead=lead or Lead.objects.get())
    return {it["key"]: it["value"] for it in row.given}


def api(client: Client, **fields: object):  # type: ignore[no-untyped-def]
    body = {"source": "website", "name": "Noa Levi", "phone": PHONE, **fields}
    return client.post("/api/leads/", json.dumps(body), "application/json")


def test_a_source_without_any_has_the_usual_ones(
    client: Client, source: LeadSource, extension: Extension
) -> None:
    assert inputs(page(client)) == NAMES


def test_order_and_own_fields(
    client: Client, own: dict[str, FormField], extension: Extension
) -> None:
    assert inputs(page(client)) == [
        "name", "field_rooms", "field_size", "phone", "email", "call_at", "message", "field_garden"
    ]  # fmt: skip


def test_one_that_is_not_shown(client: Client, source: LeadSource, extension: Extension) -> None:
    FormField.objects.create(source=source, key="email", kind="email", place=5, need="hidden")
    assert inputs(page(client)) == ["name", "phone", "call_at", "message"]


def test_what_is_filled_in_is_kept_with_its_question(
    client: Client, own: dict[str, FormField]
) -> None:
    answer = post(client, page(client), field_rooms=" 3\x00 ", field_size="Large", field_garden="1")
    assert answer.status_code == 303
    assert Answers.objects.get().given == [
        {"key": "rooms", "label": "How many rooms?", "value": "3"},
        {"key": "size", "label": "Size", "value": "Large"},
        {"key": "garden", "label": "With a garden", "value": True},
    ]
    own["size"].delete()
    assert given()["size"] == "Large"


def test_what_is_mandatory_is_asked_for_and_what_was_typed_stays(
    client: Client, own: dict[str, FormField]
) -> None:
    answer = post(client, page(client), field_rooms="three", field_garden="1")
    assert answer.status_code == 422
    assert "Choose one of these." in answer.text
    assert 'value="three"' in answer.text
    assert re.search(r'name="field_garden"[^>]*checked', answer.text)
    assert not Lead.objects.exists()
    assert post(client, answer.text, field_size="Small").status_code == 303


def test_what_is_wrong_with_an_own_field_names_it(
    client: Client, own: dict[str, FormField]
) -> None:
    FormField.objects.filter(key="garden").update(need="mandatory")
    text = post(client, page(client), name="").text
    summary = text[text.index('class="summary"') : text.index("</ul>")]
    assert re.findall(r'">(.+)</a>', summary) == [
        "Enter your name.",
        "<bdi>Size</bdi> \u2013 Choose one of these.",
        "<bdi>With a garden</bdi> \u2013 Tick this box.",
    ]


def test_a_choice_that_is_none_of_them(client: Client, own: dict[str, FormField]) -> None:
    answer = post(client, page(client), field_size="Huge")
    assert answer.status_code == 422
    assert "Choose one of these: “Large”, “Small”." in answer.text


QUOTED = {
    "en": "Choose one of these: “Large, &quot;dear&quot;”, “Small, cheap”.",
    "he": "״Large, &quot;dear&quot;״, ״Small, cheap״.",
    "ar": "«Large, &quot;dear&quot;»، «Small, cheap».",
    "ru": "«Large, &quot;dear&quot;», «Small, cheap».",
}


@pytest.mark.parametrize("language", QUOTED)
def test_choices_with_a_comma_are_told_apart(
    client: Client, own: dict[str, FormField], language: str
) -> None:
    FormField.objects.filter(key="size").update(choices='Small, cheap\nLarge, "dear"')
    FormFieldText.objects.all().delete()
    text = page(client, query := f"?lang={language}")
    sent = {"name": "Noa", "phone": PHONE, **hidden(text), "field_size": "Huge"}
    assert QUOTED[language] in client.post(FORM + query, sent).text


@pytest.mark.parametrize(
    "change",
    [
        lambda source: FormField.objects.create(
            source=source, key="new", kind="text", label="New", need="mandatory"
        ),
        lambda source: FormField.objects.filter(key="rooms").update(need="mandatory"),
        lambda source: FormField.objects.filter(key="size").update(choices="Red\nBlue"),
        lambda source: FormField.objects.filter(key="size").update(need="hidden"),
        lambda source: FormField.objects.filter(key="size").delete(),
        lambda source: FormField.objects.create(
            source=source, key="email", kind="email", need="mandatory"
        ),
        lambda source: FormField.objects.create(
            source=source, key="message", kind="message", need="hidden"
        ),
    ],
    ids=[
        "a new one",
        "mandatory now",
        "other choices",
        "hidden",
        "gone",
        "e-mail too",
        "no message now",
    ],
)
def test_a_page_that_was_open_while_the_fields_were_changed_is_stored(
    client: Client, source: LeadSource, own: dict[str, FormField], change: Any
) -> None:
    open_page = page(client)
    change(source)
    answer = post(client, open_page, field_size="Large", message="Hello")
    assert answer.status_code == 303
    assert Lead.objects.get().message == "Hello"
    row = Answers.objects.filter(lead=Lead.objects.get()).first()
    if FormField.objects.filter(key="size").exists():
        assert row is not None
        assert given()["size"] == "Large"


def test_what_was_filled_into_a_field_that_is_hidden_since_stays_on_the_page_too(
    client: Client, own: dict[str, FormField]
) -> None:
    open_page = page(client)
    FormField.objects.filter(key="rooms").update(need="hidden")
    again = post(client, open_page, field_rooms="three", field_size="Large", phone="050")
    assert again.status_code == 422
    assert 'name="field_rooms" value="three"' in again.text
    assert post(client, again.text, field_rooms="three", field_size="Large").status_code == 303
    assert given()["rooms"] == "three"
    # A newly loaded page does not have the field.
    assert "field_rooms" not in page(client)


@pytest.mark.parametrize("kind", ["text", "email"])
def test_an_open_page_that_is_shown_again_is_asked_for_no_more_than_before(
    client: Client, source: LeadSource, own: dict[str, FormField], kind: str
) -> None:
    open_page = page(client)
    FormField.objects.create(source=source, key=kind, kind=kind, label="New", need="mandatory")
    again = post(client, open_page, field_size="Large", phone="050")
    assert again.status_code == 422
    assert post(client, again.text, field_size="Large").status_code == 303


def test_a_page_of_an_older_release_is_stored(client: Client, own: dict[str, FormField]) -> None:
    assert client.post(FORM, {"name": "Noa", "phone": PHONE}).status_code == 303


def test_a_name_and_a_number_are_asked_for_by_an_older_page_too(
    client: Client, source: LeadSource
) -> None:
    answer = client.post(FORM, {"phone": PHONE})
    assert "Enter your name." in answer.text


@pytest.mark.parametrize("need", ["hidden", "optional"])
def test_without_a_name_it_is_the_number(client: Client, source: LeadSource, need: str) -> None:
    FormField.objects.create(source=source, key="name", kind="name", place=10, need=need)
    text = page(client)
    assert ("name" in inputs(text)) == (need == "optional")
    assert post(client, text, name="").status_code == 303
    assert Lead.objects.get().name == "+972 50-555-0101"


def test_mandatory_e_mail_and_message(client: Client, source: LeadSource) -> None:
    for kind in ("email", "message"):
        FormField.objects.create(source=source, key=kind, kind=kind, need="mandatory")
    answer = post(client, page(client))
    assert answer.status_code == 422
    assert "Enter your email address." in answer.text
    assert "Write a message." in answer.text
    again = post(client, answer.text, email="noa", message="Hi")
    assert "Enter an email address like name@example.com." in again.text


def test_the_language_of_the_call(client: Client, source: LeadSource, extension: Extension) -> None:
    extension.languages = ["he", "ru"]
    extension.save()
    FormField.objects.create(source=source, key="language", kind="language", need="optional")
    text = page(client)
    assert "Русский" in text
    assert post(client, text, language="ru").status_code == 303
    assert Lead.objects.get().language == "ru"


LANGUAGES = {
    "one that they speak": ("ru", "ru"),
    "with a country": ("ru_RU", "ru-RU"),
    "one that nobody speaks": ("fr", ""),
    "no language": ("zz", ""),
    "too long for a code": ("a" * 12, ""),
    "a script": ("<script>", ""),
    "none": ("", ""),
}


@pytest.mark.parametrize("need", ["hidden", "optional", "mandatory"])
@pytest.mark.parametrize(("sent", "kept"), LANGUAGES.values(), ids=LANGUAGES)
def test_only_a_language_that_somebody_speaks_is_kept(
    client: Client, source: LeadSource, extension: Extension, need: str, sent: str, kept: str
) -> None:
    extension.languages = ["he", "ru"]
    extension.save()
    Team.objects.update(language_wait=None)
    FormField.objects.create(source=source, key="language", kind="language", need=need)
    answer = post(client, page(client), language=sent)
    if need == "mandatory" and not sent:
        assert answer.status_code == 422
        assert "Choose a language." in answer.text
    else:
        assert answer.status_code == 303
        assert Lead.objects.get().language == (kept or source.language)


def test_a_language_is_not_demanded_where_there_is_none_to_choose(
    client: Client, source: LeadSource
) -> None:
    """Nobody there speaks any of our languages; the form still works."""
    FormField.objects.create(source=source, key="language", kind="language", need="mandatory")
    assert post(client, page(client)).status_code == 303
    assert api(client).status_code == 201


@pytest.mark.parametrize("need", ["optional", "mandatory"])
def test_any_language_is_offered_where_none_has_to_be_chosen(
    client: Client, source: LeadSource, extension: Extension, need: str
) -> None:
    extension.languages = ["he", "ru"]
    extension.save()
    FormField.objects.create(source=source, key="language", kind="language", need=need)
    text = page(client)
    assert ('<option value="">Any</option>' in text) == (need == "optional")
    assert ('<option value="">Please choose</option>' in text) == (need == "mandatory")


def test_words_in_the_visitor_s_language(client: Client, own: dict[str, FormField]) -> None:
    text = page(client, "?lang=he")
    assert "גודל" in text
    assert '<option value="Large">גדול</option>' in text
    assert "How many rooms?" in text  # the field has no Hebrew label
    post(client, text, field_size="Large")
    assert Answers.objects.get().given == [{"key": "size", "label": "Size", "value": "Large"}]


def test_nothing_typed_is_taken_for_html(client: Client, source: LeadSource) -> None:
    FormField.objects.create(source=source, key="x", kind="text", label="<b>Bold</b>")
    text = page(client)
    assert "<b>Bold</b>" not in text
    again = post(client, text, name="", field_x='"><script>')
    assert "<script>" not in again.text.partition("<main")[2]


API = {
    "in full": ({"field_rooms": "3", "field_size": "Large", "field_garden": True}, 201, {}),
    "a box in words": ({"field_size": "Large", "field_garden": "no"}, 201, {}),
    "a missing one": ({}, 400, {"field_size": ["Choose one of these."]}),
    "a wrong choice": (
        {"field_size": "Huge"}, 400, {"field_size": ["Choose one of these: “Large”, “Small”."]},
    ),
    "one that there is not": (
        {"field_size": "Large", "field_colour": "red"},
        400,
        {"field_colour": [
            "This source has no such field. It has: field_garden, field_rooms, field_size."
        ]},
    ),
    "a number": (
        {"field_size": "Large", "field_rooms": 3},
        400,
        {"field_rooms": ["This must be a string, in quotation marks."]},
    ),
    "too long": (
        {"field_size": "Large", "field_rooms": "x" * 501},
        400,
        {"field_rooms": ["Use at most 500 characters; you have used 501."]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "status", "errors"), API.values(), ids=API)
def test_by_the_api(
    client: Client, own: dict[str, FormField], fields: dict[str, object], status: int,
    errors: dict[str, list[str]],
) -> None:  # fmt: skip
    answer = api(client, **fields)
    assert answer.status_code == status, answer.text
    assert answer.json().get("errors", {}) == errors
    if status == 201:
        assert given()["size"] == "Large"
        assert given().get("garden", False) is (fields["field_garden"] is True)


def test_the_api_of_a_source_without_any(client: Client, source: LeadSource) -> None:
    answer = api(client, field_x="1")
    assert answer.json() == {"errors": {"field_x": ["This source has no field with this name."]}}


def test_a_request_that_changes_another_keeps_its_answers(own: dict[str, FormField]) -> None:
    visitor = Visitor()
    visitor.sends(field_size="Large")
    visitor.does("number", phone="050-555 0107")
    corrected = Lead.objects.get(phone="+972505550107")
    assert corrected.status == LeadStatus.WAITING
    assert given(corrected) == {"size": "Large"}


def test_who_goes_back_and_answers_otherwise_sends_another_request(
    client: Client, own: dict[str, FormField]
) -> None:
    text = page(client)
    places = {post(client, text, field_size=it)["Location"] for it in ("Large", "Large", "Small")}
    assert len(places) == 2
