"""Where visitors came from, as the widget learns it from the browser without storing anything."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from callbacks.models import Extension
from leads.models import Attribution, LeadSource
from tests.support.chromium import PATIENCE
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.website import Website

AD = "utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=Cj0K&email=noa@example.com#token=q"
STORED = "JSON.stringify([localStorage.length, sessionStorage.length, document.cookie])"
Shop = Callable[..., str]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def shop(stack: Stack, website: Website) -> str:
    """A website of three pages with the widget on each; returns its address."""
    Extension.objects.update(is_paused=True)
    LeadSource.objects.update(allowed_origins=[website.origin])
    tag = f'<script src="{stack.url}/widget.js" data-source="website" async></script>'
    links = '<a href="/">Home</a> <a href="/lamps">Lamps</a> <a href="/contact?id=7">Contact</a>'
    for path in ("/", "/lamps", "/contact"):
        website.pages[path] = f'<!doctype html><html lang="en"><title>x</title>{links}{tag}'
    return website.origin


def sends(page: Page) -> Attribution:
    page.get_by_role("button", name="Call me back").click()
    form = page.frame_locator("dialog iframe")
    form.get_by_label("Name").fill("Noa Levi")
    form.get_by_label("Phone").fill("050-555 0101")
    form.get_by_role("button", name="Call me back").click()
    expect(form.locator("[data-status]")).to_be_visible()
    assert page.evaluate(STORED) == '[0,0,""]'
    assert form.locator("body").evaluate(f"() => {STORED}") == '[0,0,""]'
    return Attribution.objects.get()


def test_the_first_page_is_known_after_others(page: Page, shop: str) -> None:
    page.goto(f"{shop}/?{AD}")
    # The same links and button stand on each page.
    page.get_by_role("link", name="Lamps").click()
    page.wait_for_url(f"{shop}/lamps")
    page.get_by_role("link", name="Contact").click()
    page.wait_for_url(f"{shop}/contact?id=7")
    came = sends(page)
    marks = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "spring", "gclid": "Cj0K"}
    assert came.first == {"page": f"{shop}/"} | marks
    assert came.last == {"page": f"{shop}/contact", "referrer": f"{shop}/lamps"}
    assert came.utm_campaign == "spring"


def test_a_browser_without_the_list_of_pages_knows_the_one_before(page: Page, shop: str) -> None:
    page.add_init_script("delete window.navigation; window.navigation = undefined;")
    page.goto(f"{shop}/?{AD}")
    page.get_by_role("link", name="Contact").click()
    page.wait_for_url(f"{shop}/contact?id=7")
    assert page.evaluate("window.navigation") is None
    came = sends(page)
    assert (came.first["page"], came.first["utm_campaign"]) == (f"{shop}/", "spring")


def test_an_app_that_draws_its_pages_itself(page: Page, shop: str) -> None:
    """The app removed the parameters from its address before our script was loaded."""
    page.goto(f"{shop}/?{AD}")
    page.evaluate(
        "() => { history.replaceState({}, '', '/'); history.pushState({}, '', '/lamps') }"
    )
    came = sends(page)
    assert (came.first["page"], came.first["utm_campaign"]) == (f"{shop}/", "spring")
    assert came.last == {"page": f"{shop}/lamps"}


def test_a_dialog_that_is_opened_again_on_another_page_of_an_app(page: Page, shop: str) -> None:
    page.goto(shop)
    page.get_by_role("button", name="Call me back").click()
    expect(page.frame_locator("dialog iframe").get_by_label("Name")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.evaluate("history.pushState({}, '', '/lamps?utm_campaign=summer')")
    came = sends(page)
    assert came.last["utm_campaign"] == "summer"


def test_what_else_stands_in_addresses_is_not_even_sent(page: Page, shop: str) -> None:
    sent: list[str] = []
    page.on("request", lambda it: sent.append(f"{it.url} {it.post_data or ''}"))
    page.goto(f"{shop}/?{AD}")
    sends(page)
    ours = [it for it in sent if not it.startswith(shop)]
    assert any("utm_campaign%3Dspring" in it for it in ours)
    assert not [it for it in ours if "token%3Dq" in it or "token=q" in it]
    assert not [it for it in ours if "noa%40example.com" in it or "noa@example.com" in it]


def test_the_plain_link(browser: Browser, stack: Stack, shop: str, website: Website) -> None:
    """A plain link tells only the website's name, and the parameters in the link."""
    link = f'<a href="{stack.url}/contact/website/?utm_source=footer">Call me</a>'
    website.pages["/plain"] = f"<!doctype html><title>x</title>{link}"
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    plain = context.new_page()
    plain.goto(f"{shop}/plain?{AD}")
    plain.get_by_role("link", name="Call me").click()
    plain.get_by_label("Name").fill("Noa Levi")
    plain.get_by_label("Phone").fill("050-555 0101")
    plain.get_by_role("button", name="Call me back").click()
    eventually(Attribution.objects.exists)
    came = Attribution.objects.get()
    assert came.last["utm_source"] == "footer"
    assert came.last["referrer"] == f"{shop}/"
    context.close()


def test_the_website_writes_into_no_other_field(page: Page, shop: str) -> None:
    page.goto(f"{shop}/contact")
    page.get_by_role("button", name="Call me back").click()
    form = page.frame_locator("dialog iframe")
    token, first = (form.locator(f"input[name={it}]") for it in ("token", "first_page"))
    expect(first).to_have_value(f"{shop}/contact?")
    before = token.input_value()
    page.locator("dialog iframe").evaluate(
        """(frame, shop) => {
          const came = { token: shop, fields: shop, first_page: 7, page: `${shop}/written` };
          const told = { callback: 1, type: "hello", value: "", came };
          frame.contentWindow.postMessage(told, "*");
        }""",
        shop,
    )
    expect(form.locator("input[name=page]")).to_have_value(f"{shop}/written?")
    assert token.input_value() == before
    expect(first).to_have_value(f"{shop}/contact?")
