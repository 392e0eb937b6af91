"""A board uses the language of its address, otherwise its own, otherwise the browser's."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from callbacks.models import Wallboard
from callbacks.wallboard import snapshot

pytestmark = pytest.mark.django_db
BOARD = {
    "the address": ("?lang=he", "ru", "ar", "he", "rtl"),
    "its own": ("", "ru", "ar", "ru", "ltr"),
    "the browser": ("", "", "ar", "ar", "rtl"),
    "nothing is known": ("", "", "", "en", "ltr"),
    "no language of ours": ("?lang=xx", "", "fr", "en", "ltr"),
}


@pytest.mark.parametrize(
    ("query", "own", "accepted", "language", "direction"), BOARD.values(), ids=BOARD
)
def test_which_language_it_is_in(
    query: str, own: str, accepted: str, language: str, direction: str
) -> None:
    snapshot.forget()  # what an earlier test stored
    board = Wallboard.objects.create(name="Hall", language=own)
    headers = {"Accept-Language": accepted}
    page = Client().get(f"/wallboard/{board.token}/{query}", headers=headers)
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    assert page["Content-Language"] == language
    [asked] = re.findall(r'data-url="([^"]+)"', page.text)
    now = Client().get(asked, headers=headers)
    assert now["Content-Language"] == language
    assert now.json()["waiting"] == 0


def test_a_manager_chooses_it(admin_client: Client, admin_user: User) -> None:
    page = {"name": "Hall", "language": "he"}
    admin_client.post("/admin/callbacks/wallboard/add/", page)
    board = Wallboard.objects.get()
    assert board.language == "he"
    address = f"/admin/callbacks/wallboard/{board.pk}/change/"
    assert "the screen&#x27;s own" in admin_client.get(address).text
    admin_client.post(address, {**page, "language": ""})
    board.refresh_from_db()
    assert board.language == ""
    assert "Select a valid choice" in admin_client.post(address, {**page, "language": "xx"}).text
