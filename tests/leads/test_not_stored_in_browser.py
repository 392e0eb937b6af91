"""A visitor whose request cannot be stored now keeps what was typed, and sends it again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE
from tests.support.failing_database import closed_to_others, storing_ends_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("team")]


@pytest.fixture
def page(browser: Browser, gunicorn: str, source: LeadSource) -> Iterator[Page]:
    context = browser.new_context(base_url=gunicorn, viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def fill_and_send(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill("050-555 0101")
    page.get_by_label("Message").fill("Hello\nsecond line")
    page.get_by_role("button", name="Call me back").click()


def is_kept_and_sent_again(page: Page) -> None:
    """Sends again from the page that showed the failure; storing works again."""
    expect(page.get_by_label("Name")).to_have_value("Noa Levi")
    expect(page.get_by_label("Message")).to_have_value("Hello\nsecond line")
    # The pool of connections may wait for a moment before it asks the database again.
    while page.get_by_role("heading", level=1).text_content() == "Contact us":
        with page.expect_navigation():
            page.get_by_role("button", name="Call me back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    lead = Lead.objects.get()
    assert (lead.name, lead.phone) == ("Noa Levi", "+972505550101")


def test_what_cannot_be_stored_stays_in_the_form(page: Page) -> None:
    with storing_ends_in("53100"):
        fill_and_send(page)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("We could not save your request just now")
        expect(alert).to_be_focused()
        expect(page).to_have_title("Error: Contact us")
    is_kept_and_sent_again(page)


def test_so_it_does_while_the_database_takes_no_connection(page: Page) -> None:
    """The page is rendered from what the process remembers of the source."""
    page.goto("/")
    with closed_to_others():
        page.get_by_label("Name").fill("Noa Levi")
        page.get_by_label("Phone").fill("050-555 0101")
        page.get_by_label("Message").fill("Hello\nsecond line")
        page.get_by_role("button", name="Call me back").click()
        expect(page.get_by_role("alert")).to_contain_text("We could not save your request")
    is_kept_and_sent_again(page)


def test_a_change_that_cannot_be_stored_is_sent_again_by_a_button(page: Page) -> None:
    fill_and_send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    page.goto(f"{page.url}cancel/")
    with closed_to_others():
        page.locator("form[data-once] button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Not sent yet")
    while page.get_by_role("heading", level=1).text_content() == "Not sent yet":
        with page.expect_navigation():
            page.get_by_role("button", name="Send it again").click()
    assert Lead.objects.get().status == "cancelled"
