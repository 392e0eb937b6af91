"""The fields of a source's form on its page, and what was filled in on a lead's."""

from typing import Any

import pytest
from django.test import Client

from callbacks.models import AuditEntry
from callbacks.privacy import held, persons
from leads import form_fields
from leads.models import FormField, FormFieldText, Lead, LeadSource
from tests.exports.reading import Book, body, csv_rows
from tests.support.admin_posting import rows
from tests.support.admin_setup import a_source

pytestmark = pytest.mark.django_db

USUAL = [
    {"kind": "name", "place": 10, "need": "mandatory"},
    {"kind": "phone", "place": 20, "need": "mandatory"},
    {"kind": "email", "place": 30, "need": "optional"},
    {"kind": "call_at", "place": 40, "need": "optional"},
    {"kind": "language", "place": 50, "need": "hidden"},
    {"kind": "message", "place": 60, "need": "optional"},
]
ROOMS = {"kind": "text", "place": 15, "need": "mandatory", "label": "How many rooms?"}
SIZE = {
    "kind": "choice",
    "place": 16,
    "need": "optional",
    "label": "Size",
    "choices": "S\r\n L \r\n",
}


def address(source: LeadSource) -> str:
    return f"/admin/leads/leadsource/{source.pk}/change/"


def saves(
    client: Client,
    source: LeadSource,
    fields: Any,
    texts: Any = (),
    there: int = 0,
    texts_there: int = 0,
) -> Any:
    data = a_source(name=source.name, slug=source.slug, allowed_countries="IL")
    data |= rows("form_fields", *fields, there=there)
    data |= rows("form_field_texts", *texts, there=texts_there)
    data |= {f"{name}-MAX_NUM_FORMS": 1000 for name in ("form_fields", "form_field_texts")}
    return client.post(address(source), data, follow=True)


def test_the_page_shows_the_usual_ones_and_an_empty_one(
    managing: Client, source: LeadSource
) -> None:
    formsets = managing.get(address(source)).context["inline_admin_formsets"]
    formset = next(it.formset for it in formsets if it.formset.prefix == "form_fields")
    shown = [{name: it[name].value() for name in ("kind", "place", "need")} for it in formset.forms]
    assert shown[:-1] == USUAL
    assert len(shown) == 7


def test_who_changes_nothing_stores_nothing(managing: Client, source: LeadSource) -> None:
    assert "was changed successfully" in saves(managing, source, USUAL).text
    assert not FormField.objects.exists()


def test_fields_of_their_own_and_another_order(managing: Client, source: LeadSource) -> None:
    changed = [{**USUAL[0], "need": "optional"}, *USUAL[1:], ROOMS, SIZE]
    saves(managing, source, changed)
    stored = {it.key: it for it in FormField.objects.all()}
    own = ["how_many_rooms", "size"]
    assert sorted(stored) == sorted([*own, *(it["kind"] for it in USUAL)])
    assert stored["size"].choices == "S\nL"
    assert stored["name"].need == "optional"
    entries = AuditEntry.objects.filter(kind="leads_formfield")
    assert entries.count() == 8
    form = managing.get("/contact/website/").text
    assert form.index("How many rooms?") < form.index('name="phone"')


def stored_fields() -> list[dict[str, Any]]:
    """The stored fields, as their page posts them."""
    names = ("kind", "place", "need", "label", "choices", "key")
    return [
        {"id": it.pk, **{name: getattr(it, name) for name in names}}
        for it in FormField.objects.all()
    ]


def sized(choices: str) -> list[dict[str, Any]]:
    """The stored fields, with other choices in the field "size"."""
    return [{**it, "choices": choices} if it["key"] == "size" else it for it in stored_fields()]


def test_words_in_another_language(managing: Client, source: LeadSource) -> None:
    saves(managing, source, [*USUAL, SIZE])
    field = FormField.objects.get(key="size")
    text = {"field": field.pk, "language": "iw", "label": "גודל", "choices": "S = ק\r\nL=ג"}
    saves(managing, source, stored_fields(), [text], there=7)
    stored = FormFieldText.objects.get()
    assert (stored.language, stored.source, stored.field) == ("he", source, field)
    assert choices_of(source, "he") == [("S", "ק"), ("L", "ג")]


def choices_of(source: LeadSource, language: str) -> list[tuple[str, str]]:
    """What visitors may choose, and the words that they read."""
    [size] = [it for it in form_fields.of(source, language) if it.key == "size"]
    return list(size.choices)


WRONG_WORDS = {
    "words alone": ("ק\nג", "“ק” does not start with one of the choices followed by “=”."),
    "no such choice": ("XL = ענק", "The choices are: S, L."),
    "long words": ("S = " + "x" * 121, "Use at most 120 characters per line."),
}


@pytest.mark.parametrize(("choices", "sentence"), WRONG_WORDS.values(), ids=WRONG_WORDS)
def test_words_of_no_choice_are_refused(
    managing: Client, source: LeadSource, choices: str, sentence: str
) -> None:
    saves(managing, source, [*USUAL, SIZE])
    field = FormField.objects.get(key="size")
    text = {"field": field.pk, "language": "he", "label": "גודל", "choices": choices}
    assert sentence in saves(managing, source, stored_fields(), [text], there=7).text
    assert not FormFieldText.objects.exists()


@pytest.fixture
def worded(managing: Client, source: LeadSource) -> dict[str, Any]:
    """Words for two choices, as their page posts them."""
    saves(managing, source, [*USUAL, SIZE])
    field = FormField.objects.get(key="size")
    text = {"field": field.pk, "language": "he", "label": "גודל", "choices": "S = ק\nL = ג"}
    saves(managing, source, stored_fields(), [text], there=7)
    return {**text, "id": FormFieldText.objects.get().pk}


CHANGED = {
    # the choices, their words as posted, and what a page in Hebrew shows
    "one more, and its words": (
        "S\nM\nL", "S = ק\nM = ב\nL = ג", [("S", "ק"), ("M", "ב"), ("L", "ג")]
    ),
    "one more, its words later": ("S\nM\nL", None, [("S", "ק"), ("M", "M"), ("L", "ג")]),
    "one for another": ("L\nXL", None, [("L", "ג"), ("XL", "XL")]),
    "another order": ("L\nS", None, [("L", "ג"), ("S", "ק")]),
    "one has the other's beginning": (
        "S\nS = short\nL", "S = ק\nS = short = קצר\nL = ג",
        [("S", "ק"), ("S = short", "קצר"), ("L", "ג")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("choices", "words", "shown"), CHANGED.values(), ids=CHANGED)
def test_choices_and_their_words_are_saved_together_and_no_meaning_shifts(
    managing: Client,
    source: LeadSource,
    worded: dict[str, Any],
    choices: str,
    words: str | None,
    shown: list[tuple[str, str]],
) -> None:
    posted = {**worded, "choices": words} if words else worded
    answer = saves(managing, source, sized(choices), [posted], there=7, texts_there=1)
    assert "was changed successfully" in answer.text
    assert choices_of(source, "he") == shown
    without = [it for it, words in shown if words == it]
    page = managing.get(address(source)).text
    said = (
        "these choices of “Size” have no translation and are shown as they are: "
        f"{', '.join(without)}."
    )
    assert (said in page) == bool(without)
    # The same once more, with nothing changed.
    kept = {**worded, "choices": FormFieldText.objects.get().choices}
    again = saves(managing, source, stored_fields(), [kept], there=7, texts_there=1)
    assert "was changed successfully" in again.text
    assert choices_of(source, "he") == shown


def test_a_field_goes_with_its_texts(
    managing: Client, source: LeadSource, worded: dict[str, Any]
) -> None:
    gone = [{**it, "DELETE": "on"} if it["key"] == "size" else it for it in stored_fields()]
    changed = {**worded, "label": "מידה"}
    wrong = saves(managing, source, gone, [changed], there=7, texts_there=1)
    assert "You are removing this field, so its texts are removed too." in wrong.text
    assert FormField.objects.filter(key="size").exists()
    kept = {**worded, "choices": FormFieldText.objects.get().choices, "language": "he"}
    done = saves(managing, source, gone, [kept], there=7, texts_there=1)
    assert "was changed successfully" in done.text
    assert not FormFieldText.objects.exists()


def test_of_another_source_s_field_there_are_no_words(managing: Client, source: LeadSource) -> None:
    other = LeadSource.objects.create(slug="other", name="Other")
    field = FormField.objects.create(source=other, key="x", kind="text", label="X")
    text = {"field": field.pk, "language": "he", "label": "א"}
    assert "Select a valid choice." in saves(managing, source, USUAL, [text]).text
    assert not FormFieldText.objects.exists()


WRONG = {
    "no label": ({**ROOMS, "label": ""}, "Enter the question the form asks."),
    "one choice": ({**SIZE, "choices": "S"}, "Enter 2 to 50 choices, one per line."),
    "a long choice": (
        {**SIZE, "choices": "S\n" + "x" * 121}, "Use at most 120 characters per line."
    ),
    "no key": ({**ROOMS, "key": "Räume"}, "Use small Latin letters, digits and _"),
    "another's key": ({**ROOMS, "key": "email"}, "Another field has this name."),
    "no phone": (
        {"kind": "phone", "place": 20, "need": "optional"},
        "A phone number is needed to call anybody.",
    ),
    "a mandatory time": (
        {"kind": "call_at", "place": 40, "need": "mandatory"},
        "Whether visitors may choose a time is set above",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("row", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(
    managing: Client, source: LeadSource, row: dict[str, Any], sentence: str
) -> None:
    usual = [it for it in USUAL if it["kind"] != row["kind"]]
    assert sentence in saves(managing, source, [*usual, row]).text
    assert not FormField.objects.exists()


def test_ten_of_their_own(managing: Client, source: LeadSource) -> None:
    same = [{**ROOMS, "place": number} for number in range(11)]
    assert "at most 10 fields of your own" in saves(managing, source, [*USUAL, *same]).text
    saves(managing, source, [*USUAL, *same[:10]])
    keys = sorted(FormField.objects.values_list("key", flat=True))
    assert len(keys) == 16
    assert {"how_many_rooms", "how_many_rooms_2", "how_many_rooms_10"} <= set(keys)
    assert FormField.objects.filter(label=ROOMS["label"]).count() == 10


def test_twice_the_same(managing: Client, source: LeadSource) -> None:
    twice = [{**USUAL[2], "place": 1}, {**USUAL[2], "place": 2}]
    answer = saves(managing, source, [*USUAL[:2], *twice])
    assert answer.context["errors"]
    assert not FormField.objects.exists()


@pytest.fixture
def answered(client: Client, source: LeadSource) -> Lead:
    FormField.objects.create(source=source, key="rooms", kind="text", label="Rooms <b>")
    FormField.objects.create(source=source, key="garden", kind="box", label="Garden")
    filled = {"name": "Noa Levi", "phone": "050-555 0101"}
    client.post("/contact/website/", {**filled, "field_rooms": "=3", "field_garden": "1"})
    return Lead.objects.get()


def test_a_lead_s_page_has_the_answers(managing: Client, answered: Lead) -> None:
    page = managing.get(f"/admin/leads/lead/{answered.pk}/change/").text
    assert "<dt><bdi>Rooms &lt;b&gt;</bdi></dt><dd><bdi>=3</bdi></dd>" in page
    assert "<dt><bdi>Garden</bdi></dt><dd><bdi>Yes</bdi></dd>" in page


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_files_have_them(managing: Client, answered: Lead, kind: str) -> None:
    data = body(managing.post("/admin/leads/lead/export/", {"format": kind}))
    found = csv_rows(data) if kind == "csv" else Book(data).sheets["Leads"]
    row = dict(zip(found[0], found[1], strict=True))
    assert row["Rooms <b> (rooms)"] == ("'=3" if kind == "csv" else "=3")
    assert row["Garden (garden)"] == "Yes"


def test_files_have_answers_to_fields_that_are_deleted_by_now(
    managing: Client, answered: Lead
) -> None:
    FormField.objects.filter(key="rooms").delete()
    FormField.objects.filter(key="garden").update(label="Garden?")
    found = csv_rows(body(managing.post("/admin/leads/lead/export/", {"format": "csv"})))
    row = dict(zip(found[0], found[1], strict=True))
    assert row["Rooms <b> (rooms)"] == "'=3"
    assert row["Garden? (garden)"] == "Yes"
    assert found[0].count("Garden? (garden)") == 1


def test_a_person_s_data_has_them(answered: Lead) -> None:
    found = held.everything(persons.read(answered.phone, ""))
    [its] = [it for it in found if it.place.model == "leads.Answers"]
    [[(_label, shown)]] = its.readable()
    assert '"value": "=3"' in shown
