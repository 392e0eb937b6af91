"""A manager's own texts on a source's pages: which language is shown, and what is missing."""

import re

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone, translation

from callbacks.models import Extension
from leads import consent, source_texts
from leads.models import Lead, LeadSource
from tests.support.visitors import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

SHOWN = {
    # the languages with texts, the source's and the page's language; the language that is shown
    "the page's": (["en", "he"], "en", "he", "he"),
    "the page's, of a country": (["en", "he-IL"], "en", "he", "he-IL"),
    "the source's": (["ru", "en"], "en", "ar", "en"),
    "the source's has a country": (["ru", "he"], "he-IL", "ar", "he"),
    "the first there is": (["ru", "he"], "en", "ar", "ru"),
    "one that no page is in": (["fr"], "fr", "en", "fr"),
    "none": ([], "en", "he", None),
}


@pytest.mark.parametrize(("there", "own", "page", "shown"), SHOWN.values(), ids=SHOWN)
def test_which_texts_are_shown(
    there: list[str], own: str, page: str, shown: str | None, source: LeadSource
) -> None:
    LeadSource.objects.update(language=own)
    for code in there:
        source.texts.create(language=code, title=f"Title {code}", intro=f"Intro {code}")
    form = Client().get(f"/contact/website/?lang={page}").text
    with translation.override(page):
        ours = translation.gettext("Contact us")
    title = f'<bdi lang="{shown}">Title {shown}</bdi>' if shown else ours
    assert f"<h1>{title}</h1>" in form
    assert f"<title>{f'Title {shown}' if shown else ours}</title>" in form
    if shown:
        assert f'<bdi lang="{shown}">Intro {shown}</bdi>' in form


def test_what_is_left_empty_is_said_in_our_words(source: LeadSource) -> None:
    source.texts.create(language="en", intro="Roofs since 1980")
    form = Client().get("/contact/website/").text
    assert "<h1>Contact us</h1>" in form
    assert "Roofs since 1980" in form
    assert "thanks" not in form


def test_texts_are_shown_as_they_are_typed(source: LeadSource) -> None:
    source.texts.create(language="en", title="<b>Roofs & more</b>")
    form = Client().get("/contact/website/").text
    assert "&lt;b&gt;Roofs &amp; more&lt;/b&gt;</bdi></h1>" in form
    wrong = Client().post("/contact/website/", {"name": ""}).text
    assert "<title>Error: &lt;b&gt;Roofs &amp; more&lt;/b&gt;</title>" in wrong


def test_thanks_stand_on_the_page_of_the_request(source: LeadSource, extension: Extension) -> None:
    source.texts.create(language="he", thanks="תודה שפניתם אלינו")
    Visitor().sends()
    page = Client().get(f"/contact/website/{Lead.objects.get().public_id}/?lang=he").text
    assert '<p class="thanks"><bdi lang="he">תודה שפניתם אלינו</bdi></p>' in page


def test_a_text_that_is_changed_is_shown_at_once(source: LeadSource) -> None:
    text = source.texts.create(language="en", title="Roofs")
    assert "Roofs" in Client().get("/contact/website/").text
    text.title = "Walls"
    text.save()
    assert "Walls" in Client().get("/contact/website/").text


def test_texts_of_one_language_are_there_once_and_say_something(source: LeadSource) -> None:
    source.texts.create(language="en", title="Roofs")
    with pytest.raises(IntegrityError):
        source.texts.create(language="en", title="Walls")
    with pytest.raises(IntegrityError):
        source.texts.create(language="he")


NOTICES = {
    # the source's own notice, those of its texts, the page's language; the notice that is linked
    "the page's": ("own", {"en": "en", "he": "he"}, "he", "he"),
    "the page's, of a country": ("own", {"he-IL": "he"}, "he", "he"),
    "the source's own before another language's": ("own", {"en": "en"}, "he", "own"),
    "the source's own where the text has none": ("own", {"he": ""}, "he", "own"),
    "none of its own, so that of the texts": ("", {"en": "en", "ru": "ru"}, "he", "en"),
    "none in this language, so another's": ("", {"en": "en", "he": ""}, "he", "en"),
    "none in this language, and no other": ("", {"he": ""}, "he", ""),
    "none at all": ("", {}, "he", ""),
}  # fmt: skip


@pytest.mark.parametrize(("own", "there", "page", "linked"), NOTICES.values(), ids=NOTICES)
@pytest.mark.parametrize("asks", [False, True], ids=["without a consent text", "with one"])
def test_which_privacy_notice_is_linked(
    own: str, there: dict[str, str], page: str, linked: str, *, asks: bool, source: LeadSource
) -> None:
    def address(name: str) -> str:
        return f"https://shop.example/{name}?a=1&b=2" if name else ""

    LeadSource.objects.update(privacy_url=address(own))
    for code, name in there.items():
        source.texts.create(language=code, intro="Roofs since 1980", privacy_url=address(name))
    if asks:
        consent.write(source, "en", "You may call me.", None, timezone.now())
    form = Client().get(f"/contact/website/?lang={page}").text
    found = re.findall(r'href="(https://shop.example/[^"]*)" target="_blank" rel="noopener', form)
    assert found == ([address(linked).replace("&", "&amp;")] if linked else [])
    with translation.override(page):
        words = translation.gettext("Privacy notice")
    assert form.count(f">{words}</a>") == bool(linked)


def test_a_link_alone_hides_no_texts_of_another_language(
    source: LeadSource, extension: Extension
) -> None:
    source.texts.create(language="en", title="Roofs", thanks="We are glad to help")
    source.texts.create(language="he", privacy_url="https://shop.example/he")
    form = Client().get("/contact/website/?lang=he").text
    assert '<h1><bdi lang="en">Roofs</bdi></h1>' in form
    assert 'href="https://shop.example/he"' in form
    Visitor().sends()
    page = Client().get(f"/contact/website/{Lead.objects.get().public_id}/?lang=he").text
    assert "We are glad to help" in page


def test_a_link_alone_is_something(source: LeadSource) -> None:
    source.texts.create(language="en", privacy_url="https://shop.example/en")
    form = Client().get("/contact/website/").text
    assert "<h1>Contact us</h1>" in form
    assert 'href="https://shop.example/en"' in form


CHOICES = {
    "the source's alone": ([], "en", []),
    "its own once more": (["en"], "en", []),
    "two": (["he"], "en", ["en", "he"]),
    "all, in one order": (["ru", "ar", "he"], "en", ["en", "he", "ar", "ru"]),
    "the source's has a country": (["en"], "he-IL", ["en", "he"]),
    "no page is in the source's": (["he", "ru"], "fr", ["he", "ru"]),
    "a language that pages were in once": (["he", "xx"], "en", ["en", "he"]),
}


@pytest.mark.parametrize(("offered", "own", "choices"), CHOICES.values(), ids=CHOICES)
def test_which_languages_a_visitor_may_choose(
    offered: list[str], own: str, choices: list[str], source: LeadSource, extension: Extension
) -> None:
    LeadSource.objects.update(language=own, languages_offered=offered)
    Visitor().sends()
    lead = Lead.objects.get()
    form = f"/contact/website/?earlier={lead.public_id}&other=1"
    for path in (form, f"/contact/website/{lead.public_id}/"):
        page = Client().get(path).text
        for code in choices:
            kept = f"earlier={lead.public_id}&amp;" if path is form else ""
            address = f"{path.partition('?')[0]}?{kept}lang={code}"
            assert f'<a href="{address}" lang="{code}" hreflang="{code}"' in page
        assert page.count("hreflang=") == len(choices)
        is_among = page.partition('<html lang="')[2][:2] in choices
        assert page.count('aria-current="true"') == is_among
    # Here a link to another language would lose what was typed.
    assert "hreflang=" not in Client().post("/contact/website/", {"name": ""}).text


MISSING = {
    "nothing is offered": (["en"], [], []),
    "all are there": (["en", "he-IL"], ["he"], []),
    "one is missing": (["en"], ["he", "ar"], ["he", "ar"]),
    "its own is missing": (["he"], ["he"], ["en"]),
    "no text at all": ([], ["he", "ar"], []),
}


@pytest.mark.parametrize(("there", "offered", "missing"), MISSING.values(), ids=MISSING)
def test_what_is_missing(
    there: list[str], offered: list[str], missing: list[str], source: LeadSource
) -> None:
    source.languages_offered = offered
    for code in there:
        source.texts.create(language=code, title="Title")
    assert source_texts.missing(source, source.texts.all()) == missing
