"""Every page of a visitor states its language, and links to pages in the same language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone, translation

from callbacks.models import Extension, Team
from leads import status_cache
from leads.guard import pipeline, verdicts
from leads.models import Finding, Lead, LeadSource
from tests.support.visitors import PHONE, call, hidden, page_token

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
LANGUAGES = {"en": "ltr", "he": "rtl", "ar": "rtl", "ru": "ltr"}
WHERE = ("contact", "widget")
ADDRESS = re.compile(r'(?:href|action|data-url|data-challenge)="(/[^"]*)"')


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are kept for longer than a test takes."""
    monkeypatch.setattr(status_cache, "KEPT_FOR", 3600.0)
    monkeypatch.setattr(status_cache, "_kept", {})


def get(path: str, **headers: str) -> HttpResponse:
    return Client().get(path, headers=headers)


def says(answer: HttpResponse, language: str) -> str:
    """The page's HTML, after checking that it states this language."""
    page = answer.text
    assert f'<html lang="{language}" dir="{LANGUAGES[language]}">' in page
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]
    return page


def links(page: str) -> list[str]:
    """Our addresses that a page links to, without static files."""
    found = [it.replace("&amp;", "&") for it in ADDRESS.findall(page)]
    return [it for it in found if not it.startswith("/static/")]


def filled(page: str, **fields: str) -> dict[str, str]:
    return {**hidden(page), "name": "Noa Levi", "phone": PHONE, **fields}


def send(where: str = "contact", query: str = "", **headers: str) -> HttpResponse:
    """Sends the form; returns the page of the request."""
    client = Client(headers=headers)
    page = client.get(f"/{where}/website/{query}").text
    [form] = re.findall(r'<form class="card" method="post" action="([^"]+)"', page)
    answer = client.post(form.replace("&amp;", "&"), filled(page))
    assert answer.status_code == 303
    return client.get(answer["Location"])


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_visitor_stays_in_the_language_of_the_address(
    language: str, where: str, source: LeadSource, extension: Extension
) -> None:
    """From the form to every page that can be reached from it."""
    client = Client(headers={"Accept-Language": "fr, ru;q=0.5"})
    form = client.get(f"/{where}/website/?lang={language}")
    [action] = links(says(form, language))
    wrong = client.post(action, filled(form.text, phone="1"))
    assert wrong.status_code == 422
    assert links(says(wrong, language)) == [action]
    sent = client.post(action, filled(form.text))
    to_visit, visited = [sent["Location"]], set[str]()
    while to_visit:
        path = to_visit.pop()
        visited.add(path)
        assert f"lang={language}" in path
        answer = client.get(path)
        if path.endswith(f"/challenge/?lang={language}"):
            continue
        if "/api/" in path:
            assert answer.json()["language"] == answer["Content-Language"] == language
            continue
        to_visit += [it for it in links(says(answer, language)) if it not in visited]
    kinds = {re.sub(r"[0-9a-f-]{36}|\?.*", "", it) for it in visited}
    acts = {"time", "number", "not-mine", "cancel", "never-call"}
    assert kinds >= {f"/{where}/website//{it}/" for it in acts}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("act", ["time", "number", "not-mine", "cancel", "never-call"])
def test_an_act_is_answered_in_the_language_of_its_page(
    act: str, language: str, source: LeadSource, extension: Extension
) -> None:
    status = send(query=f"?lang={language}")
    [path] = [it for it in links(status.text) if f"/{act}/" in it]
    typed = {"number": {"phone": "12"}, "time": {"call_at": "never"}}.get(act, {})
    answer = Client().post(path, typed)
    if typed:
        assert answer.status_code == 422
        says(answer, language)
    else:
        assert answer.status_code == 303
        says(get(answer["Location"]), language)
        says(Client().post(path, typed, follow=True), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sources_language_holds_where_the_address_names_none(
    language: str, source: LeadSource, extension: Extension
) -> None:
    LeadSource.objects.update(language=language)
    says(get("/contact/website/", **{"Accept-Language": "ru"}), language)
    status = says(send(**{"Accept-Language": "ru"}), language)
    [asked] = [it for it in links(status) if "/api/" in it]
    assert get(asked, **{"Accept-Language": "ru"}).json()["language"] == language
    # The same for a source that is switched off, because its requests still have pages.
    LeadSource.objects.update(is_active=False)
    lead = Lead.objects.get()
    says(get(f"/contact/website/{lead.public_id}/"), language)
    bare = get(f"/api/leads/{lead.public_id}/").json()
    assert bare["language"] == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browsers_holds_where_no_page_is_in_the_sources(
    language: str, source: LeadSource, extension: Extension
) -> None:
    LeadSource.objects.update(language="fr")
    headers = {"Accept-Language": f"fr, {language}-XX;q=0.8"}
    says(get("/contact/website/", **headers), language)
    says(send(**headers), language)
    told = get("/widget/website/settings/", **headers)
    assert (told.json()["lang"], told["Content-Language"]) == (language, language)
    assert "Accept-Language" in told["Vary"]


NOWHERE = {
    "no such source": "/contact/nowhere/",
    "no such request": "/contact/website/00000000-0000-4000-8000-000000000000/",
    "no such page": "/nowhere/",
    "no such page of the API": "/api/nowhere/",
    "a source of the widget that is not there": "/widget/nowhere/",
}


@pytest.mark.parametrize("path", NOWHERE.values(), ids=NOWHERE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_nothing_speak_too(path: str, language: str, source: LeadSource) -> None:
    for answer in (
        get(f"{path}?lang={language}", **{"Accept-Language": "ru"}),
        get(path, **{"Accept-Language": language}),
    ):
        assert answer.status_code == 404
        if "/api/" in path:
            assert answer["Content-Language"] == language
        else:
            says(answer, language)
    if "/api/" not in path and "/widget/" not in path:
        assert f'href="/?lang={language}"' in get(f"{path}?lang={language}").text


BROKEN = {
    "an unknown code": ("?lang=xx", "en"),
    "empty": ("?lang=", "en"),
    "no value": ("?lang", "en"),
    "3,000 characters": (f"?lang={'a' * 3000}", "en"),
    "two": ("?lang=he&lang=ru", "he"),
    "the old code": ("?lang=iw", "he"),
    "with a country": ("?lang=he-IL", "he"),
    "as systems write it": ("?lang=he_IL.UTF-8", "he"),
    "bytes that are no text": ("?lang=%ff%fe", "en"),
    "a zero byte": ("?lang=he%00", "en"),
    "markup": ("?lang=%22%3E%3Cscript%3E", "en"),
    "thousands of them": ("?" + "lang=he&" * 6000, "en"),
}


@pytest.mark.parametrize(("query", "language"), BROKEN.values(), ids=BROKEN)
def test_no_address_loses_a_lead(
    query: str, language: str, source: LeadSource, extension: Extension
) -> None:
    known = {"name": "Noa Levi", "phone": PHONE, "token": page_token()}
    answer = Client().post(f"/contact/website/{query}", known)
    if len(query) > 10_000:  # the address has more fields than are read, as in a form
        assert answer.status_code in {303, 400}
        return
    assert answer.status_code == 303
    says(get(answer["Location"]), language)
    says(get(f"/contact/website/{query}"), language)
    assert get(f"/widget/website/settings/{query}").json()["lang"] == language


def test_what_is_kept_is_kept_by_language(
    kept: None, source: LeadSource, extension: Extension
) -> None:
    lead_page = send()
    lead = Lead.objects.get()
    assert lead_page.status_code == 200
    for language in [*LANGUAGES, *LANGUAGES]:
        answer = get(f"/api/leads/{lead.public_id}/?lang={language}")
        assert answer.json()["language"] == answer["Content-Language"] == language
    # Without a language in the address, the source's counts, whatever others asked for.
    LeadSource.objects.update(language="fr")
    for language in [*LANGUAGES, *LANGUAGES]:
        answer = get(f"/api/leads/{lead.public_id}/", **{"Accept-Language": language})
        assert answer.json()["language"] == language


def test_answers_speak_the_language_of_their_page(source: LeadSource, extension: Extension) -> None:
    """The page and the JSON have the same translated sentence."""
    send()
    lead = Lead.objects.get()
    Lead.objects.update(status="unreached", closed_at=timezone.now())
    for language in LANGUAGES:
        with translation.override(language):
            title = translation.gettext("We could not reach you")
        assert f"data-title>{title}</h1>" in get(lead_page(lead, language)).text
        assert get(f"/api/leads/{lead.public_id}/?lang={language}").json()["title"] == title


def lead_page(lead: Lead, language: str) -> str:
    return f"/contact/website/{lead.public_id}/?lang={language}"


CALLED_IN = {
    "the page's": ("?lang=he", [], "he"),
    "the source's": ("", [], "en"),
    "one that somebody speaks": ("?lang=ru", ["en", "ru"], "ru"),
    "one that nobody speaks": ("?lang=ar", ["en", "he"], "en"),
    "the source's, by the address": ("?lang=en", ["en", "he"], "en"),
}


@pytest.mark.parametrize(("query", "spoken", "language"), CALLED_IN.values(), ids=CALLED_IN)
def test_a_lead_is_called_in_the_language_of_its_page(
    query: str, spoken: list[str], language: str, source: LeadSource, extension: Extension
) -> None:
    """If nobody speaks the page's language, the source's counts, so that the lead is called."""
    Team.objects.update(language_wait=None)
    Extension.objects.update(languages=spoken)
    send(query=query)
    lead = Lead.objects.get()
    assert lead.language == language
    assert call(lead)


def test_programs_name_the_language_in_the_address_or_the_body(
    source: LeadSource, extension: Extension
) -> None:
    body = {"source": "website", "name": "Noa Levi", "phone": PHONE, "language": "ru"}
    made = Client().post("/api/leads/", body, content_type="application/json").json()
    for name in ("status_url", "page_url"):
        answer = get(made[name].removeprefix("http://testserver"))
        assert answer["Content-Language"] == "ru"
    wrong = Client().post("/api/leads/", {**body, "phone": "1"}, content_type="application/json")
    assert wrong["Content-Language"] == "ru"
    other = Client().post("/api/leads/?lang=he", body, content_type="application/json").json()
    assert get(other["page_url"].removeprefix("http://testserver"))["Content-Language"] == "he"


def test_what_managers_read_is_in_their_language(
    source: LeadSource, extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check's finding is stored in their language, whatever language the visitor's page has."""

    def speaks(*_asked: object) -> Iterator[verdicts.Finding]:
        yield verdicts.Finding("speaks", verdicts.Verdict.HOLD, f"in {translation.get_language()}")

    monkeypatch.setitem(pipeline.OF_ALL, "speaks", speaks)
    answer = Client().post("/contact/website/?lang=he", {"name": "Noa Levi", "phone": PHONE})
    says(get(answer["Location"]), "he")
    assert Finding.objects.get().reason == "in en"


@pytest.mark.parametrize("path", ["/admin/login/", "/healthz", "/webhooks/voicenter/x/cdr/"])
def test_the_admin_and_machines_are_answered_in_english(path: str, db: None) -> None:
    answer = get(f"{path}?lang=he", **{"Accept-Language": "he"})
    assert answer.get("Content-Language") is None
    assert 'dir="rtl"' not in answer.text


def test_afterwards_the_thread_speaks_as_before(source: LeadSource) -> None:
    with translation.override("ru"):
        get("/contact/website/?lang=he")
        get("/nowhere/?lang=he")
        assert translation.get_language() == "ru"


def test_no_template_of_a_visitor_leads_out_of_the_language() -> None:
    pages = (ROOT / "templates" / "leads").glob("*.html")
    assert [it.name for it in pages if re.search(r"\{% url .leads:", it.read_text())] == []
