"""In Chromium: a page solves its challenge silently, under our strict content security policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("team")]


@pytest.fixture
def context(browser: Browser, gunicorn: str, source: LeadSource) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=gunicorn)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Any error, and anything that the content security policy blocks, fails the test."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    yield page
    assert not wrong


def submit(page: Page, trap: str) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill("050-555 0101")
    page.evaluate("trap => { document.querySelector('[name=reference]').value = trap; }", trap)
    page.get_by_role("button", name="Call me back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")


def test_it_is_solved_and_the_page_goes_on(page: Page, extension: Extension) -> None:
    submit(page, "https://example.com")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    lead = Lead.objects.get()
    assert lead.status == "waiting"
    assert lead.challenge.solved_at is not None
    expect(page.locator("altcha-widget")).to_be_hidden()
    height = page.evaluate("document.querySelector('[data-challenge]').offsetHeight")
    assert height == 0


def test_on_a_good_day_nothing_of_it_is_loaded(page: Page, extension: Extension) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    submit(page, "")
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    assert not [url for url in loaded if "altcha" in url or "challenge" in url]


def test_a_robot_without_scripts_stays_held(
    browser: Browser, gunicorn: str, source: LeadSource
) -> None:
    context = browser.new_context(base_url=gunicorn, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill("050-555 0101")
    page.locator("[name=reference]").fill("x", force=True)
    page.get_by_role("button", name="Call me back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    context.close()
    assert Lead.objects.get().status == "held"


def test_after_an_answer_that_was_lost_it_still_counts_once(
    context: BrowserContext, extension: Extension
) -> None:
    """The network fails once, when the solution is sent."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    other = context.new_page()
    other.route("**/challenge/", lose)
    submit(other, "x")
    expect(other.locator("[data-status]")).to_have_attribute("data-status", "waiting")
    assert len(lost) == 1
