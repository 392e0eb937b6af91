"""How we understand a number: shown while it is typed, and confirmed if it may be incomplete."""

import json
import re

import pytest
from django.test import Client
from pytest_django.fixtures import Settings as SettingsWrapper

from leads import phones
from leads.guard import rate
from leads.models import Lead, LeadSource
from tests.support.visitors import Visitor, hidden

FORM = "/contact/website/"
ASKED = (
    "Part of your number may be missing: we would call "
    '\u2066<span class="whole">+48 48 600 10 02</span>\u2069.'
)

pytestmark = pytest.mark.django_db

# As typed; the country; whether it may be the beginning of another number.
DOUBTFUL = {
    "a Polish mobile without its end": ("48 600 10 02", "PL", True),
    "written as one word": ("486001002", "PL", True),
    "whole, with the code": ("48 600 100 200", "PL", False),
    "whole, with +": ("+48 600 100 200", "PL", False),
    "the same digits with +": ("+48 48 600 10 02", "PL", False),
    "whole, without the code": ("600 100 200", "PL", False),
    "Indian, ten digits": ("91987 65432", "IN", True),
    "Indian, with the code": ("91 98765 43210", "IN", False),
    "Italian, with its 0": ("06 1234 5678", "IT", False),
    "Singapore": ("6512 3456", "SG", True),
    "Denmark": ("45 12 34 56", "DK", True),
    "Israel": ("050-555 0101", "IL", False),
    "Israel, with the code": ("972 50 555 0101", "IL", False),
}


@pytest.mark.parametrize(("typed", "country", "is_doubtful"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_may_be_half_a_number(typed: str, country: str, is_doubtful: bool) -> None:
    assert phones.parse(typed, country, [country]).is_doubtful is is_doubtful


@pytest.fixture
def polish(source: LeadSource) -> LeadSource:
    source.default_country, source.allowed_countries = "PL", ["PL"]
    source.save()
    return source


def post(client: Client, phone: str, page: str = "", **fields: str):  # type: ignore[no-untyped-def]
    return client.post(FORM, {"name": "Noa", "phone": phone, **hidden(page), **fields})


def test_it_is_asked_about_before_it_is_dialled(client: Client, polish: LeadSource) -> None:
    asked = post(client, "48 600 10 02", client.get(FORM).text, message="Hello")
    assert asked.status_code == 422
    assert ASKED in asked.text
    assert 'value="48 600 10 02"' in asked.text
    assert "Hello" in asked.text
    [sure] = re.findall(r'name="phone_sure" value="([^"]+)"', asked.text)
    assert not Lead.objects.exists()
    assert post(client, "48 600 10 02", asked.text, phone_sure=sure).status_code == 303
    assert Lead.objects.get().phone == "+48486001002"


def test_another_number_than_the_one_that_was_confirmed_is_asked_about(
    client: Client, polish: LeadSource
) -> None:
    answer = post(client, "48 600 10 03", phone_sure="+48486001002")
    assert answer.status_code == 422
    assert post(client, "48 600 100 200", phone_sure="+48486001002").status_code == 303


def test_the_api_says_so_by_a_code(client: Client, polish: LeadSource) -> None:
    body = {"source": "website", "name": "Noa", "phone": "48 600 10 02"}
    answer = client.post("/api/leads/", json.dumps(body), "application/json")
    assert answer.status_code == 400
    assert answer.json()["codes"] == {"phone": "unsure"}
    [sentence] = answer.json()["errors"]["phone"]
    assert "we would call +48 48 600 10 02. Send the number with +" in sentence
    body["phone"] = "+48 48 600 10 02"
    assert client.post("/api/leads/", json.dumps(body), "application/json").status_code == 201


def test_a_corrected_number_too(polish: LeadSource) -> None:
    visitor = Visitor()
    visitor.sends(phone="+48 600 100 200")
    asked = visitor.does("number", phone="48 600 10 02")
    assert asked.status_code == 422
    assert ASKED in asked.text
    assert 'name="phone_sure"' in asked.text
    assert (
        visitor.does("number", phone="48 600 10 02", phone_sure="+48486001002").status_code == 303
    )
    assert Lead.objects.filter(phone="+48486001002").exists()


# --- the country ----------------------------------------------------------------------------------


def test_one_country_is_no_choice(client: Client, source: LeadSource) -> None:
    assert 'name="country"' not in client.get(FORM).text


def test_of_several_one_is_chosen(client: Client, source: LeadSource) -> None:
    source.allowed_countries = ["IL", "GB", "PL"]
    source.save()
    page = client.get(FORM).text
    assert page.index('name="country"') < page.index('name="phone"')
    assert '<option value="IL" selected>Israel</option>' in page
    assert post(client, "07400 123456", page, country="GB").status_code == 303
    assert Lead.objects.get().phone == "+447400123456"


@pytest.mark.parametrize("country", ["US", "XX", "", "\x00"])
def test_one_that_is_none_of_them_is_as_good_as_none(
    client: Client, source: LeadSource, country: str
) -> None:
    source.allowed_countries = ["IL", "GB"]
    source.save()
    assert post(client, "050-555 0101", country=country).status_code == 303


@pytest.mark.parametrize(
    ("sent", "shown"), [({}, "IL"), ({"country": "XX"}, "IL"), ({"country": "GB"}, "GB")]
)
def test_a_page_that_is_shown_again_stays_at_the_source_s_country(
    client: Client, source: LeadSource, sent: dict[str, str], shown: str
) -> None:
    """For a page loaded before there was a choice of country, or with other choices."""
    source.allowed_countries = ["GB", "IL"]
    source.save()
    again = post(client, "050-555 0101", **{"name": "", **sent})
    assert re.findall(r'<option value="(\w+)" selected', again.text)[:1] == [shown]


# --- while it is typed ----------------------------------------------------------------------------


def understood(client: Client, phone: str, **fields: str) -> str:
    answer = client.post(f"{FORM}understood/", {"phone": phone, **fields})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    call: str = answer.json()["call"]
    return call


UNDERSTOOD = {
    "a number": ("0505550101", "We will call \u2066+972 50-555-0101\u2069."),
    "with an extension": ("03-5550101 x12", "We will call \u2066+972 3-555-0101, ext. 12\u2069."),
    "half of one": ("050", ""),
    "nothing": ("", ""),
    "words": ("<script>", ""),
    "another country's": ("+44 7400 123456", ""),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "said"), UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_what_is_understood(client: Client, source: LeadSource, typed: str, said: str) -> None:
    assert understood(client, typed) == said
    assert not Lead.objects.exists()


def test_by_the_country_that_is_chosen(client: Client, source: LeadSource) -> None:
    source.allowed_countries = ["IL", "GB"]
    source.save()
    assert "+44 7400 123456" in understood(client, "07400 123456", country="GB")


def test_so_many_numbers_and_then_nothing(
    client: Client, source: LeadSource, settings: SettingsWrapper
) -> None:
    settings.RATE_READINGS, settings.RATES_EXEMPT = rate.read("2/h"), ()
    said = [bool(understood(client, f"05055501{number:02}")) for number in range(4)]
    assert said == [True, True, False, False]


def test_a_source_that_is_off(client: Client, source: LeadSource) -> None:
    LeadSource.objects.update(is_active=False)
    assert client.post(f"{FORM}understood/", {"phone": "0505550101"}).status_code == 404
