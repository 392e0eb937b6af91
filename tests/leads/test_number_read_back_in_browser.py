"""Before a number is sent, the page shows below it how we read it; in Chromium at 390 px."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE
from tests.support.looks import picture, too_wide
from tests.support.pressing import answer, asked, hold, press

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("team")]
# The sentences have no marks that keep the number left to right: `read_back` removes them.
UNDERSTOOD = "**/understood/**"
SENTENCES = {
    "en": "We will call +972 50-555-0101.",
    "he": "נתקשר אל +972 50-555-0101.",
}
ISOLATES = "\u2066\u2067\u2068\u2069"


@pytest.fixture
def page(browser: Browser, gunicorn: str, source: LeadSource) -> Iterator[Page]:
    """390 px wide; any complaint on the console fails the test."""
    context = browser.new_context(base_url=gunicorn, viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda it: wrong.append(it.text) if it.type == "error" else None)
    yield page
    context.close()
    assert not wrong


def read_back(page: Page) -> str:
    """The text below the number, as people see it."""
    text = page.locator("[data-understood]").inner_text()
    return text.translate(dict.fromkeys(map(ord, ISOLATES))).replace("\u200e", "")


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("kind", ["contact", "widget"])
def test_the_number_is_read_back_as_it_will_be_called(page: Page, language: str, kind: str) -> None:
    sentence = SENTENCES[language]
    page.goto(f"/{kind}/website/?lang={language}")
    place = page.locator("[data-understood]")
    expect(place).to_be_empty()
    phone = page.locator("[name=phone]")
    phone.press_sequentially("050-555 0101")
    expect(place).to_be_empty()  # nothing is shown while they type
    phone.press("Tab")
    expect(place).not_to_be_empty()
    assert read_back(page) == sentence
    # In every language, the number is shown from left to right, as it is dialled.
    places = place.evaluate(
        """it => {
            const text = it.firstChild, at = text.data.indexOf("+972");
            const range = document.createRange();
            const left = (from, to) => {
                range.setStart(text, from); range.setEnd(text, to);
                return range.getBoundingClientRect().left;
            };
            return [left(at, at + 1), left(at + 13, at + 14)];
        }"""
    )
    assert places[0] < places[1]
    assert too_wide(page) == 0
    assert place.get_attribute("role") == "status"
    picture(page, f"read-back-{kind}-{language}")

    phone.press("End")
    phone.press("Backspace")
    expect(place).to_be_empty()  # the sentence disappears when the number changes
    with page.expect_response(lambda it: "/understood/" in it.url):
        phone.press("Tab")
    expect(place).to_be_empty()  # this is not a number that can be called
    phone.press("End")
    phone.press("1")
    phone.press("Tab")
    expect(place).not_to_be_empty()
    assert read_back(page) == sentence

    page.locator("[name=name]").fill("Noa Levi")
    page.locator("form.card button[type=submit]").click()
    page.wait_for_url(f"**/{kind}/website/*-*/**")
    assert Lead.objects.get().phone == "+972505550101"  # the number shown is the one that is called


@pytest.mark.parametrize("language", SENTENCES)
def test_with_the_country_that_is_chosen(page: Page, source: LeadSource, language: str) -> None:
    LeadSource.objects.update(allowed_countries=["IL", "GB"])
    page.goto(f"/contact/website/?lang={language}")
    phone, place = page.locator("[name=phone]"), page.locator("[data-understood]")
    phone.fill("020 7946 0018")
    phone.press("Tab")
    page.locator("[name=country]").select_option("GB")
    expect(place).to_contain_text("+44 20 7946 0018")
    phone.fill("050-555 0101")
    page.locator("[name=country]").select_option("IL")
    expect(place).to_contain_text("+972 50-555-0101")


def test_nothing_is_read_back_of_a_number_that_is_being_changed(page: Page) -> None:
    """The answer about the old number arrives while somebody types a new one."""
    page.goto("/contact/website/")
    phone = page.get_by_label("Phone")
    phone.fill("050-555 0101")
    held = hold(page, UNDERSTOOD)
    phone.press("Tab")
    asked(page, held)
    phone.press("End")
    phone.press("Backspace")
    held[0].fulfill(json={"call": "We will call +972 50-555-0101."})
    page.wait_for_timeout(300)
    expect(page.locator("[data-understood]")).to_be_empty()


def test_what_is_read_back_moves_no_button_that_is_pressed(page: Page) -> None:
    """Pressing the button moves the focus off the field; the answer arrives before the release."""
    page.goto("/contact/website/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").press_sequentially("050-555 0101")
    held = hold(page, UNDERSTOOD)
    button = page.get_by_role("button", name="Call me back")
    press(button)
    box = button.bounding_box()
    asked(page, held)
    answer(page, UNDERSTOOD, held)
    assert button.bounding_box() == box
    page.mouse.up()
    page.wait_for_url("**/website/*-*/**")
    assert Lead.objects.get().phone == "+972505550101"


def test_an_answer_that_does_not_come_moves_no_button_that_is_pressed(
    page: Page, source: LeadSource
) -> None:
    """The sentence disappears, because the reading for the new country is not known."""
    LeadSource.objects.update(allowed_countries=["IL", "GB"])
    page.goto("/contact/website/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill("050-555 0101")
    place = page.locator("[data-understood]")
    page.get_by_label("Phone").press("Tab")
    expect(place).to_contain_text("+972")
    held = hold(page, UNDERSTOOD)
    page.locator("[name=country]").select_option("IL")
    page.locator("[name=country]").dispatch_event("change")
    asked(page, held)
    button = page.get_by_role("button", name="Call me back")
    press(button)
    box = button.bounding_box()
    for route in held:
        route.fulfill(body="nothing that can be read")
    page.evaluate("new Promise(done => setTimeout(done, 300))")
    assert button.bounding_box() == box
    page.mouse.up()
    page.wait_for_url("**/website/*-*/**")
    assert Lead.objects.get().phone == "+972505550101"
