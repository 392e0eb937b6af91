"""What the loader is told about a source: who may ask, in which language, how long it is cached."""

import pytest
import time_machine
from django.test import Client

from callbacks.models import Schedule
from leads.models import LeadSource, Widget

SHOP = "https://www.example.com"
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(source: LeadSource) -> LeadSource:
    source.allowed_origins = [SHOP, "https://example.org"]
    source.save()
    return source


def ask(origin: str = SHOP, query: str = "", slug: str = "website", **headers: str):
    given = {"Origin": origin} if origin else {}
    return Client().get(f"/widget/{slug}/settings/{query}", headers=given | headers)


ORIGINS = {
    "one of its websites": (SHOP, 200),
    "another of them": ("https://example.org", 200),
    "a stranger": ("https://evil.example", 403),
    "without encryption": ("http://www.example.com", 403),
    "a neighbour": ("https://example.com", 403),
    "another port": ("https://www.example.com:8443", 403),
    "a page without an address": ("null", 403),
    "everybody": ("*", 403),
}


@pytest.mark.parametrize(("origin", "status"), ORIGINS.values(), ids=ORIGINS)
def test_only_the_websites_of_the_source_may_ask(
    shop: LeadSource, origin: str, status: int
) -> None:
    answer = ask(origin)
    assert answer.status_code == status
    allowed = answer.get("Access-Control-Allow-Origin")
    assert allowed == (origin if status == 200 else None)
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" in answer["Vary"]
    if status == 403:
        sentence = f"{origin} is not one of this source's websites."
        assert answer.json() == {"error": sentence}
        assert "no-store" in answer["Cache-Control"]


def test_a_source_that_is_off_or_unknown_tells_nothing(shop: LeadSource) -> None:
    assert ask(slug="nowhere").status_code == 404
    shop.is_active = False
    shop.save()
    assert ask().status_code == 404


def test_what_is_told_without_settings(shop: LeadSource) -> None:
    assert ask().json() == {
        "lang": "en",
        "dir": "ltr",
        "button": "Call me back",
        "title": "We will call you back",
        "close": "Close",
        "failed": "The form cannot be shown here.",
        "open": "Open it in a new tab",
        "loading": "The form is loading…",
        "colour": "#0b57c4",
        "ink": "#ffffff",
        "side": "end",
        "appears": "at once",
        "seconds": 0,
        "shows": True,
        "frame": "/widget/website/?lang=en",
        "link": "/contact/website/?lang=en",
    }


LANGUAGES = {
    "the source's": ("", "en", "ltr", "Ring me"),
    "as asked for": ("?lang=he", "he", "rtl", "חזרו אליי"),
    "by its old name": ("?lang=iw", "he", "rtl", "חזרו אליי"),
    "with a country": ("?lang=he-IL", "he", "rtl", "חזרו אליי"),
    "with another country's text": ("?lang=ru", "ru", "ltr", "Перезвоните мне"),
    "without a text": ("?lang=ar", "ar", "rtl", None),
    "no code": ("?lang=%3Cscript%3E", "en", "ltr", "Ring me"),
}


@pytest.mark.parametrize(
    ("query", "language", "direction", "button"), LANGUAGES.values(), ids=LANGUAGES
)
def test_in_which_language(
    shop: LeadSource, query: str, language: str, direction: str, button: str | None
) -> None:
    for code, words in {"en": "Ring me", "he": "חזרו אליי", "ru-RU": "Перезвоните мне"}.items():
        shop.widget_texts.create(language=code, button=words, title="Title")
    told = ask(query=query).json()
    assert (told["lang"], told["dir"]) == (language, direction)
    assert told["frame"] == f"/widget/website/?lang={language}"
    if button:
        assert told["button"] == button


def test_how_it_is_kept(shop: LeadSource) -> None:
    first = ask()
    assert first["Cache-Control"] == "public, max-age=60"
    assert first["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = ask(**{"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again["Access-Control-Allow-Origin"] == SHOP
    assert again["ETag"] == first["ETag"]
    assert again["Vary"] == first["Vary"] == "Origin, Accept-Language"
    assert ask(query="?lang=he")["ETag"] != first["ETag"]
    Widget.objects.create(source=shop, colour="#ffd23f")
    changed = ask(**{"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed.json()["ink"]) == (200, "#000000")


def test_nobody_gets_a_cookie(shop: LeadSource) -> None:
    for path in ("/widget.js", "/widget/website/settings/", "/widget/website/"):
        assert not Client().get(path, headers={"Origin": SHOP}).cookies


def test_no_search_engine_finds_the_form_twice(shop: LeadSource) -> None:
    assert Client().get("/widget/website/")["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in Client().get("/contact/website/")


HOURS = {
    "in them": ("2026-03-04T10:00Z", True),
    "in the evening": ("2026-03-04T17:30Z", False),
    "on a Saturday": ("2026-03-07T10:00Z", False),
}


@pytest.mark.parametrize(("at", "shows"), HOURS.values(), ids=HOURS)
def test_only_in_opening_hours(shop: LeadSource, office: Schedule, at: str, shows: bool) -> None:
    widget = Widget.objects.create(source=shop, only_open=True)
    with time_machine.travel(at, tick=False):
        assert ask().json()["shows"] is shows
        widget.only_open = False
        widget.save()
        assert ask().json()["shows"] is True


@pytest.mark.parametrize("path", ["/widget.js", "/widget/website/settings/"])
def test_other_methods_are_told_so(shop: LeadSource, path: str) -> None:
    answer = Client().post(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
