"""Pages of other websites that make their visitors' browsers submit the form or use the API."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, Route, expect

from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE

SHOP, OURS = "https://shop.example", "https://callbacks.example.com"
NAMED = "It was sent from https://shop.example, which is not one of the source's websites."
HIDDEN = "It was sent from another website, which hides its address."

# The browser's headers, the source's websites, and why the request is held; "": it is not.
SAID = [
    ("our own page", {"Sec-Fetch-Site": "same-origin", "Origin": OURS}, [], ""),
    ("a program", {}, [], ""),
    ("a program that says where it is", {"Origin": SHOP}, [], ""),
    ("typed by a person", {"Sec-Fetch-Site": "none"}, [], ""),
    ("another host of ours", {"Sec-Fetch-Site": "same-site", "Origin": SHOP}, [], ""),
    ("another website", {"Sec-Fetch-Site": "cross-site", "Origin": SHOP}, [], NAMED),
    ("one of the source's", {"Sec-Fetch-Site": "cross-site", "Origin": SHOP}, [SHOP], ""),
    ("as it was typed", {"Sec-Fetch-Site": "cross-site", "Origin": SHOP}, ["Shop.example/"], ""),
    ("another one's", {"Sec-Fetch-Site": "cross-site", "Origin": SHOP}, [OURS], NAMED),
    ("hidden", {"Sec-Fetch-Site": "cross-site", "Origin": "null"}, [SHOP], HIDDEN),
    ("without an origin", {"Sec-Fetch-Site": "cross-site"}, [SHOP], HIDDEN),
    ("no origin at all", {"Sec-Fetch-Site": "cross-site", "Origin": "<b>"}, [], HIDDEN),
]


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["form", "API"])
@pytest.mark.parametrize(
    ("name", "headers", "websites", "reason"), SAID, ids=[it[0] for it in SAID]
)
def test_what_the_browser_says_of_the_page(
    name: str,
    headers: dict[str, str],
    websites: list[str],
    reason: str,
    way: str,
    source: LeadSource,
    client: Client,
) -> None:
    source.allowed_origins = websites
    source.save()
    fields = {"name": "Noa", "phone": "050-555 0101", "source": source.slug}
    address = "/api/leads/" if way == "API" else f"/contact/{source.slug}/"
    assert client.post(address, fields, headers=headers).status_code in (201, 303)
    lead = Lead.objects.get()
    assert (lead.status, lead.error_message) == ("held" if reason else "waiting", reason)
    assert not lead.findings.filter(is_mild=True).exists()  # so no challenge releases it


@pytest.mark.django_db(transaction=True)
def test_a_real_page_of_another_website(
    browser: Browser, gunicorn: str, source: LeadSource
) -> None:
    form = (
        f'<form method="post" action="{gunicorn}/contact/{source.slug}/">'
        '<input name="name" value="Noa"><input name="phone" value="0505550101">'
        "<button>Win</button></form>"
    )

    def show(route: Route) -> None:
        route.fulfill(content_type="text/html", body=form)

    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.route("http://shop.example/**", show)
    page.goto("http://shop.example/")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    context.close()
    lead = Lead.objects.get()
    assert lead.status == "held"
    assert "http://shop.example" in lead.error_message
