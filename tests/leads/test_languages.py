"""The language of a request, and who is rung when a later request has another language."""

from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client

from callbacks.models import Extension, Team
from leads import languages
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import Visitor, call, ends, in_days

PHONE = "050-555 0101"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("he", "he"),
        ("HE", "he"),
        ("he_IL.UTF-8", "he-IL"),
        ("he-IL,he;q=0.9,en;q=0.8", "he-IL"),
        ("he;q=0.9", "he"),
        ("iw", "he"),
        ("iw-IL", "he-IL"),
        ("IW_il", "he-IL"),
        ("in", "id"),
        ("ji", "yi"),
        ("heb", "he"),
        ("ENG_us", "en-US"),
        ("ger", "de"),
        ("cmn-Hans", "zh-Hans"),
        ("haw", "haw"),
        ("zh_hant", "zh-Hant"),
        ("zh-Hant-TW", "zh"),
        ("ca_ES@valencia", "ca-ES"),
        ("fil", "fil"),
        ("tl-PH", "fil-PH"),
        ("no", "nb"),
        ("no_NO", "nb-NO"),
        ("nor", "nb"),
        ("nn", "nn"),
        ("Hebrew", ""),
        ("*", ""),
        ("", ""),
    ],
)
def test_a_code_as_programs_write_it(typed: str, code: str) -> None:
    assert languages.read(typed) == code


@pytest.fixture
def phones(source: LeadSource) -> None:
    """101 speaks English and would be rung first; 102 speaks Hebrew, 103 Russian."""
    team = Team.objects.create(name="Sales", language_wait=None)
    team.sources.add(source)
    for number, language in [("101", "en"), ("102", "he"), ("103", "ru")]:
        Extension.objects.create(number=number, team=team, languages=[language])


def asks(language: str | None = None, source: str = "website") -> Lead:
    body = {"source": source, "name": "Noa Levi", "phone": PHONE}
    body |= {"language": language} if language is not None else {}
    answer = Client().post("/api/leads/", body, content_type="application/json")
    assert answer.status_code == 201, answer.text
    return Lead.objects.get(public_id=answer.json()["id"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("requests", "rung"),
    [
        (["en", "he"], "102"),
        (["he", "en"], "101"),
        (["he", None], "102"),
        ([None, "he"], "102"),
        (["iw"], "102"),
        (["en", "iw"], "102"),
        (["en", "iw_IL"], "102"),
        (["he", "ru", "he"], "102"),
        (["he", "Hebrew"], "102"),
        (["he", "fr"], "102"),
        (["he-IL", "ru-RU"], "103"),
        (["heb"], "102"),
        (["en", "rus-RU"], "103"),
    ],
    ids=[
        "a later one", "the source's, named", "none is named later", "the first names none",
        "its old code", "an old code later", "an old code with its region", "back to the first",
        "no code", "one that nobody speaks", "with regions", "of three letters",
        "of three letters later",
    ],
)  # fmt: skip
def test_the_newest_language_decides_who_is_rung(
    requests: list[str | None],
    rung: str,
    source: LeadSource,
    phones: None,
    simulator: SimulatorProcess,
) -> None:
    lead, *_others = [asks(language) for language in requests]
    assert call(lead)
    assert [it["phone"] for it in simulator.ledger()] == [rung]


@pytest.mark.django_db(transaction=True)
def test_what_is_stored_with_three_letters_is_shortened(
    source: LeadSource, phones: None, simulator: SimulatorProcess
) -> None:
    Extension.objects.filter(number="102").update(languages=["heb", "fil"])
    closed = asks("ru")
    Lead.objects.filter(pk=closed.pk).update(
        language="rus", status=LeadStatus.UNREACHED, closed_at=closed.submitted_at
    )
    lead = asks("he")
    Lead.objects.filter(pk=lead.pk).update(language="heb-IL")
    LeadSource.objects.update(language="eng")
    import_module("callbacks.migrations.0062_languages_of_two_letters").shorten(apps, None)
    assert Extension.objects.get(number="102").languages == ["he", "fil"]
    assert LeadSource.objects.get().language == "en"
    assert Lead.objects.get(pk=closed.pk).language == "rus"
    assert call(lead)
    assert [it["phone"] for it in simulator.ledger()] == ["102"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("asked_for", "spoken"), [("no", "nb"), ("nb-NO", "no"), ("tl", "fil"), ("fil", "tl")]
)
def test_two_codes_of_one_language(
    asked_for: str, spoken: str, source: LeadSource, phones: None, simulator: SimulatorProcess
) -> None:
    """A phone's languages may have been stored before both codes became one."""
    Extension.objects.filter(number="103").update(languages=[spoken])
    import_module("callbacks.migrations.0069_norwegian_and_tagalog")._shorten(apps, None)
    assert call(asks(asked_for))
    assert [it["phone"] for it in simulator.ledger()] == ["103"]


@pytest.mark.django_db(transaction=True)
def test_the_language_of_another_page_counts_for_a_call_through_that_page(
    source: LeadSource, phones: None, simulator: SimulatorProcess
) -> None:
    landing = LeadSource.objects.create(slug="landing", name="Landing", language="ru")
    Team.objects.get().sources.add(landing)
    lead = asks("he")
    asks(source="landing")
    assert call(lead)
    assert [it["phone"] for it in simulator.ledger()] == ["102"]


@pytest.mark.django_db(transaction=True)
def test_a_time_that_is_not_taken_leaves_the_time_and_changes_the_language(
    source: LeadSource, phones: None, simulator: SimulatorProcess
) -> None:
    lead = Visitor().sends()
    body = {"source": "website", "name": "Gal", "phone": PHONE, "language": "he"}
    body["call_at"] = in_days(4)
    Client().post("/api/leads/", body, content_type="application/json")
    assert call(lead)
    assert [it["phone"] for it in simulator.ledger()] == ["102"]


@pytest.mark.django_db(transaction=True)
def test_a_language_that_is_named_during_a_call_counts_for_the_next(
    source: LeadSource, phones: None, simulator: SimulatorProcess
) -> None:
    lead = asks("en")
    attempt = call(lead)
    assert attempt
    asks("he")
    ends(attempt, "ANSWER", "NOANSWER")
    lead.refresh_from_db()
    assert (lead.status, lead.language) == (LeadStatus.WAITING, "he")


@pytest.mark.django_db
def test_where_nobody_waits_for_a_language_the_newest_is_kept(source: LeadSource) -> None:
    team = Team.objects.create(name="Sales", language_wait=60)
    team.sources.add(source)
    Extension.objects.create(number="101", team=team, languages=["en"], is_paused=True)
    lead = asks("en")
    asks("fr")
    lead.refresh_from_db()
    assert lead.language == "fr"


@pytest.mark.django_db
def test_the_extension_to_ask_for_is_the_last_that_was_named(source: LeadSource) -> None:
    visitor = Visitor()
    lead = visitor.sends(phone=f"{PHONE} ext 12")
    visitor.sends(phone=f"{PHONE} ext 34")
    visitor.sends(phone=PHONE)
    assert Lead.objects.get(pk=lead.pk).extension_to_ask_for() == "34"


@pytest.mark.django_db
def test_a_source_keeps_the_code_that_is_in_use() -> None:
    source = LeadSource(slug="a", name="A", language="iw")
    source.full_clean()
    assert source.language == "he"
