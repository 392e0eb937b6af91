"""The form while the database is away: shown from what the process remembers of its source;
otherwise a page says what to do.
"""

from http import HTTPStatus

import httpx
import pytest
from django.db import connection
from django.test import Client

from leads.models import Lead, LeadSource
from tests.support.failing_database import closed_to_others
from tests.support.simulator import eventually
from tests.support.visitors import hidden

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {"the form": "/contact/website/", "the frame": "/widget/website/"}
SETTINGS = "/widget/website/settings/"
SHOP = "https://shop.example"
# No phone can be rung, and the page says so as long as it can know.
WHEN = "We cannot call you right away."


@pytest.fixture
def shop(source: LeadSource) -> LeadSource:
    source.allowed_origins = [SHOP]
    source.save()
    return source


def get(address: str) -> httpx.Response:
    return httpx.get(address, headers={"Origin": SHOP}, timeout=60)


def test_what_the_process_knows_is_shown_and_can_be_sent_once_the_database_is_back(
    gunicorn: str, shop: LeadSource
) -> None:
    before = {name: get(gunicorn + path) for name, path in PAGES.items()}
    settings = get(gunicorn + SETTINGS)
    with closed_to_others():
        away = {name: get(gunicorn + path) for name, path in PAGES.items()}
        told = get(gunicorn + SETTINGS)
    for name, page in away.items():
        assert page.status_code == HTTPStatus.OK, name
        assert (WHEN in before[name].text, WHEN in page.text) == (True, False), name
        assert hidden(page.text).keys() == hidden(before[name].text).keys(), name
        assert SHOP in page.headers["Content-Security-Policy"], name
        assert page.headers["Cache-Control"] == before[name].headers["Cache-Control"], name
    assert (told.status_code, told.json()) == (HTTPStatus.OK, settings.json())
    assert told.headers["Access-Control-Allow-Origin"] == SHOP

    typed = {**hidden(away["the form"].text), "name": "Noa Levi", "phone": "050-555 0101"}

    def is_taken() -> bool:  # the server's pool waits between two tries
        answer = httpx.post(gunicorn + PAGES["the form"], data=typed, timeout=60)
        return answer.status_code == HTTPStatus.SEE_OTHER

    eventually(is_taken, within=90)
    assert Lead.objects.get().name == "Noa Levi"


def test_what_no_process_knows_is_not_available_and_never_said_not_to_exist(
    gunicorn: str, shop: LeadSource
) -> None:
    assert get(gunicorn + PAGES["the form"]).is_success
    with closed_to_others():
        answers = [get(f"{gunicorn}{path}") for path in ("/contact/new/", "/widget/new/settings/")]
    for answer in answers:
        assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert answer.headers["Retry-After"] == "5"
        assert "Wait a few seconds and try again." in answer.text


@pytest.mark.parametrize("path", [*PAGES.values(), SETTINGS])
def test_a_fault_is_not_hidden_behind_what_was_known(shop: LeadSource, path: str) -> None:
    asked = Client(raise_request_exception=False)
    assert asked.get(path).status_code == HTTPStatus.OK
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_setupversion RENAME TO elsewhere")
    try:
        assert asked.get(path).status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO leads_setupversion")
