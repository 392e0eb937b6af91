"""Where visitors came from, for every way in, and what later requests that join change."""

import html
import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from leads import transitions, visits
from leads.guard import held
from leads.models import Attribution, Lead, LeadSource, LeadStatus
from tests.support.visitors import PHONE, Visitor, hidden, page_token

FORM = "/contact/website/"
AD = "utm_source=google&utm_medium=cpc&utm_campaign=spring"
SHOP = "https://shop.example"

pytestmark = pytest.mark.django_db


def filled(page: str = "", **fields: str) -> dict[str, str]:
    return {"name": "Noa Levi", "phone": PHONE, **hidden(page), **fields}


def counted(lead: Lead | None = None) -> tuple[str, ...]:
    row = Attribution.objects.get(lead=lead or Lead.objects.get())
    return row.utm_source, row.utm_medium, row.utm_campaign


def test_the_form_s_own_address_and_the_page_that_led_there(
    client: Client, source: LeadSource
) -> None:
    page = client.get(f"{FORM}?{AD}&email=noa@example.com", headers={"Referer": f"{SHOP}/a?x=1"})
    client.post(f"{FORM}?sent", filled(page.text))
    row = Attribution.objects.get()
    here = {"page": f"http://testserver{FORM}", "referrer": f"{SHOP}/a"}
    marks = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "spring"}
    assert row.first == row.last == here | marks
    assert counted() == ("google", "cpc", "spring")


def test_marks_stay_when_the_form_is_shown_again(client: Client, source: LeadSource) -> None:
    page = client.get(f"{FORM}?{AD}")
    again = client.post(f"{FORM}?sent", filled(page.text, phone="050", utm_term="lamp"))
    assert again.status_code == 422
    client.post(f"{FORM}?sent", filled(again.text, phone=PHONE))
    assert counted() == ("google", "cpc", "spring")
    assert Attribution.objects.get().last["utm_term"] == "lamp"


def test_marks_stay_when_another_language_is_chosen(client: Client, source: LeadSource) -> None:
    source.languages_offered = ["he"]
    source.save()
    page = client.get(f"{FORM}?{AD}&email=noa@example.com").text
    [link] = re.findall(r'href="([^"]*lang=he[^"]*)"', page)
    assert "email" not in link
    client.post(f"{FORM}?sent", filled(client.get(html.unescape(link)).text))
    assert counted() == ("google", "cpc", "spring")


@pytest.mark.parametrize("way", ["/", "/contact/website"])
def test_a_redirect_keeps_them(way: str, client: Client, source: LeadSource) -> None:
    assert client.get(f"{way}?{AD}", follow=True).redirect_chain == [(f"{FORM}?{AD}", 302)]


def test_a_form_of_an_older_release_says_it_by_its_own_address(
    client: Client, source: LeadSource
) -> None:
    client.post(FORM, filled(), headers={"Referer": f"http://testserver{FORM}?{AD}"})
    assert counted() == ("google", "cpc", "spring")


def test_in_the_frame_it_is_the_website_s_page(client: Client, source: LeadSource) -> None:
    page = client.get(
        "/widget/website/", headers={"Referer": f"{SHOP}/lamps?{AD}&email=a@b.example"}
    )
    assert hidden(page.text)["page"] == f"{SHOP}/lamps?{AD.replace('&', '&amp;')}"
    client.post("/widget/website/?sent", filled(page.text, first_page=f"{SHOP}/?gclid=Cj0"))
    row = Attribution.objects.get()
    assert row.first == {"page": f"{SHOP}/", "gclid": "Cj0"}
    assert row.last["page"] == f"{SHOP}/lamps"


BAD = {
    "a script": {"page": "javascript:alert(1)", "referrer": "javascript:alert(2)"},
    "3,000 characters": {"page": f"{SHOP}/?utm_campaign={'x' * 3_000}"},
    "3,000 characters by themselves": {"utm_campaign": "x" * 3_000, "gclid": "y" * 3_000},
    "control characters": {"page": f"{SHOP}/\x00\x1b[2J", "utm_source": "\x00\u202e"},
    "half a character": {"utm_source": "\ud800"},
    "a broken address": {"page": "https://[", "first_page": "http://", "referrer": "::::"},
    "another kind": {"page": 7, "utm_source": ["a"], "gclid": {"a": 1}, "first_page": None},
}  # fmt: skip


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_nothing_of_it_refuses_a_lead(
    fields: dict[str, object], client: Client, source: LeadSource
) -> None:
    body = {"source": "website", "name": "Noa Levi", "phone": PHONE, **fields}
    answer = client.post("/api/leads/", json.dumps(body), "application/json")
    assert answer.status_code == 201, answer.text
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    posted = {name: value.encode("utf-8", "replace").decode() for name, value in texts.items()}
    assert client.post(FORM, {**filled(phone="050-555 0102"), **posted}).status_code == 303
    for row in Attribution.objects.all():
        assert "javascript" not in str([row.first, row.last])
        assert len(row.utm_campaign) <= visits.MOST_MARK


def test_a_query_of_3000_characters_on_the_way_to_the_form(
    client: Client, source: LeadSource
) -> None:
    page = client.get(f"{FORM}?{AD}&utm_term={'%D7%90' * 500}")
    assert page.status_code == 200
    client.post(f"{FORM}?sent", filled(page.text))
    assert Attribution.objects.get().last["utm_term"] == "א" * visits.MOST_MARK


def test_by_the_api(client: Client, source: LeadSource) -> None:
    body = {
        "source": "website", "name": "Noa Levi", "phone": PHONE, "page": f"{SHOP}/lamps?email=a",
        "first_page": f"{SHOP}/?utm_source=news", "first_referrer": "https://search.example/?q=x",
        "utm_campaign": "spring", "msclkid": "abc123",
    }  # fmt: skip
    assert client.post("/api/leads/", json.dumps(body), "application/json").status_code == 201
    row = Attribution.objects.get()
    assert row.first == {
        "page": f"{SHOP}/", "referrer": "https://search.example/", "utm_source": "news"
    }  # fmt: skip
    assert row.last == {"page": f"{SHOP}/lamps", "utm_campaign": "spring", "msclkid": "abc123"}
    assert counted() == ("", "", "spring")


def test_where_nothing_is_known_there_is_no_row(client: Client, source: LeadSource) -> None:
    body = {"source": "website", "name": "Noa Levi", "phone": PHONE}
    assert client.post("/api/leads/", json.dumps(body), "application/json").status_code == 201
    assert not Attribution.objects.exists()


def sends(visitor: Visitor, campaign: str, **fields: str) -> Lead:
    return visitor.sends(page=f"{SHOP}/{campaign}?utm_campaign={campaign}", **fields)


def test_a_request_that_joins_updates_the_last_page_and_keeps_the_first(source: LeadSource) -> None:
    first = sends(Visitor(), "spring")
    sends(Visitor(), "summer", message="Again")
    assert counted(first) == ("", "", "summer")
    assert Attribution.objects.get(lead=first).last["utm_campaign"] == "spring"
    # A visit without a campaign changes nothing.
    Visitor().sends(page=f"{SHOP}/contact")
    assert counted(first) == ("", "", "summer")


def test_one_that_is_taken_back_counts_no_more(source: LeadSource) -> None:
    first = sends(Visitor(), "spring")
    other = Visitor()
    sends(other, "summer")
    assert counted(first)[2] == "summer"
    other.does("cancel")
    assert counted(first)[2] == "spring"


def test_what_is_left_when_the_first_is_taken_back_is_counted_by_its_own(
    source: LeadSource,
) -> None:
    mistaken = Visitor()
    first = sends(mistaken, "spring")
    joined = sends(Visitor(), "summer")
    mistaken.does("cancel")
    joined.refresh_from_db()
    assert joined.status == LeadStatus.WAITING
    assert [counted(it)[2] for it in (first, joined)] == ["spring", "summer"]


def test_one_that_is_held_changes_nothing(source: LeadSource) -> None:
    first = sends(Visitor(), "spring")
    sends(Visitor(), "summer", reference="a robot's")
    assert Lead.objects.filter(is_held_back=True).count() == 1
    assert counted(first)[2] == "spring"


def test_it_takes_the_place_of_a_held_one_and_counts_by_its_own(source: LeadSource) -> None:
    sends(Visitor(), "spring", reference="a robot's")
    second = sends(Visitor(), "summer")
    assert second.status == LeadStatus.WAITING
    assert counted(second)[2] == "summer"


ROBOT = {"reference": "a robot's"}


def test_one_that_had_joined_counts_once_it_is_let_go(source: LeadSource) -> None:
    first = sends(Visitor(), "spring")
    second = sends(Visitor(), "summer", **ROBOT)
    assert counted(first)[2] == "spring"
    assert held.release(second.pk, timezone.now())
    assert counted(first)[2] == "summer"


def test_what_the_same_visitor_has_asked_since_counts_when_the_first_is_let_go(
    source: LeadSource,
) -> None:
    visitor = Visitor()
    first = sends(visitor, "spring", **ROBOT)
    sends(visitor, "summer", message="Again", **ROBOT)
    assert counted(first)[2] == "spring"
    assert held.release(first.pk, timezone.now())
    assert counted(first)[2] == "summer"


@pytest.mark.parametrize(("third", "campaign"), [("", "summer"), ("autumn", "autumn")])
def test_one_that_takes_a_held_one_s_place_counts_by_the_newest(
    source: LeadSource, third: str, campaign: str
) -> None:
    first = sends(Visitor(), "spring")
    sends(Visitor(), "summer")
    transitions.hold(first.pk, timezone.now(), "Its number is on the block list.")
    place = sends(Visitor(), third, **ROBOT)
    assert held.release(place.pk, timezone.now())
    place.refresh_from_db()
    assert place.status == LeadStatus.WAITING
    assert counted(place)[2] == campaign


def test_another_time_and_another_number_keep_where_they_came_from(
    source: LeadSource, extension: object
) -> None:
    visitor = Visitor()
    sends(visitor, "spring")
    visitor.does("number", phone="050-555 0107")
    corrected = Lead.objects.get(phone="+972505550107")
    assert counted(corrected)[2] == "spring"


def test_who_asks_again_keeps_the_first_page(source: LeadSource) -> None:
    visitor = Visitor()
    sends(visitor, "spring")
    Lead.objects.update(status=LeadStatus.UNREACHED, closed_at=timezone.now())
    again = visitor.sends(token=page_token(), earlier=visitor.page.split("/")[-2],
                          page=f"{SHOP}/summer?utm_campaign=summer", message="Later")  # fmt: skip
    row = Attribution.objects.get(lead=again)
    assert (row.first["utm_campaign"], row.last["utm_campaign"]) == ("spring", "summer")
