"""The desk is in the language that a salesperson chose, otherwise in their browser's."""

import re

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import translation

from callbacks.models import AuditEntry, ChosenLanguage, Extension, Pause
from tests.desk.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
LANGUAGES = {"en": "ltr", "he": "rtl", "ar": "rtl", "ru": "ltr"}


def says(answer: HttpResponse, language: str) -> None:
    assert f'<html lang="{language}" dir="{LANGUAGES[language]}">' in answer.text
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]


def pages(extension: Extension) -> tuple[str, ...]:
    return (
        "/desk/",
        f"/desk/{extension.pk}/pause/",
        "/desk/password/",
        "/sign-in/",
        "/desk/99/pause/",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browsers_where_nothing_is_chosen(
    language: str, dana: User, extension: Extension
) -> None:
    client = Client(headers={"Accept-Language": f"fr, {language};q=0.9"})
    client.force_login(dana)
    for path in pages(extension):
        says(client.get(path), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_chosen_holds_on_every_page_and_in_what_it_asks_for(
    language: str, hers: Client, extension: Extension
) -> None:
    answer = hers.post("/desk/language/", {"language": language}, follow=True)
    says(answer, language)
    assert f'value="{language}" lang="{language}" dir="{LANGUAGES[language]}" aria-current' in (
        answer.text
    )
    for path in pages(extension):
        # Whichever browser she uses, and whatever the address names.
        says(hers.get(f"{path}?lang=en", headers={"Accept-Language": "fr, ru"}), language)
    asked = hers.get("/desk/now/", headers={"Accept-Language": "ru"})
    assert asked["Content-Language"] == language
    with translation.override(language):
        available = translation.gettext("Available")
    assert available in asked.json()["parts"]["phones"]["html"]
    assert hers.get("/desk/figures/")["Content-Language"] == language


@pytest.mark.parametrize("typed", ["", "fr", "<script>", "h" * 3000, "he\x00"])
def test_what_is_none_of_ours_changes_nothing(typed: str, hers: Client) -> None:
    hers.post("/desk/language/", {"language": "he"})
    assert hers.post("/desk/language/", {"language": typed}).status_code == 303
    assert ChosenLanguage.objects.get().language == "he"
    assert hers.get("/desk/language/").status_code == 303


def test_it_is_hers_alone(hers: Client, extension: Extension) -> None:
    hers.post("/desk/language/", {"language": "he"})
    other = User.objects.create_user("roni", password=PASSWORD)
    Extension.objects.update(user=other)
    client = Client()
    client.force_login(other)
    says(client.get("/desk/"), "en")
    assert (
        Client().post("/desk/language/", {"language": "ru"})["Location"].startswith("/desk/login/")
    )
    assert ChosenLanguage.objects.count() == 1


def test_who_chooses_it_to_log_in_keeps_it(dana: User, extension: Extension) -> None:
    client = Client()
    page = client.get("/desk/login/?next=/desk/")
    assert re.findall(r'<a href="([^"]+)" lang="he"', page.text) == [
        "/desk/login/?next=%2Fdesk%2F&amp;lang=he"
    ]
    wrong = client.post("/desk/login/?lang=he", {"username": "dana", "password": "wrong"})
    says(wrong, "he")
    known = {"username": "dana", "password": PASSWORD}
    says(client.post("/desk/login/?lang=he", known, follow=True), "he")
    assert ChosenLanguage.objects.get().language == "he"


def test_a_page_of_the_desk_that_lies_open_too_long_asks_for_a_login_in_its_language(
    hers: Client, dana: User
) -> None:
    hers.post("/desk/language/", {"language": "he"})
    hers.logout()
    says(hers.get("/desk/", follow=True, headers={"Accept-Language": "he"}), "he")


def test_what_managers_read_of_a_pause_is_in_english(hers: Client, extension: Extension) -> None:
    hers.post("/desk/language/", {"language": "he"})
    paused = {"lasts": "30", "reason": "lunch"}
    page = hers.get(f"/desk/{extension.pk}/pause/").text
    paused["lasts"] = re.findall(r'name="lasts" value="([^"]+)"', page)[0]
    assert hers.post(f"/desk/{extension.pk}/pause/", paused).status_code == 303
    assert Pause.objects.get().reason == "lunch"
    notes = "".join(f"{it.before}{it.after}" for it in AuditEntry.objects.all())
    assert not re.search("[\u0590-\u05ff]", notes)
