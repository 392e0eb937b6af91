"""The shop of `make run`, in both languages: its button, and a button of its own."""

from collections.abc import Iterator
from threading import Thread

import pytest
from playwright.sync_api import Page, expect

from callbacks.localrun.shop.__main__ import server
from callbacks.management.commands import demo
from leads.models import LeadSource
from tests.support import axe
from tests.support.looks import look
from tests.support.stack import Stack

# The path and direction; what the widget's button and the shop's own say; the dialog's title.
LANGUAGES = {
    "English": ("/", "ltr", "Call me back", "Talk to us", "We will call you back"),
    "Hebrew": ("/he/", "rtl", demo.HEBREW["button"], "דברו איתנו", demo.HEBREW["title"]),
}


@pytest.fixture
def shop(stack: Stack) -> Iterator[str]:
    listening = server(0, stack.url)
    thread = Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    address = f"http://localhost:{listening.server_port}"
    source = LeadSource.objects.get()
    source.allowed_origins = [address]
    source.save()
    source.widget_texts.create(**demo.HEBREW)
    yield address
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "direction", "button", "own", "title"), LANGUAGES.values(), ids=LANGUAGES
)
def test_a_visitor_of_the_shop_is_called(
    shop: str, page: Page, path: str, direction: str, button: str, own: str, title: str
) -> None:
    page.goto(shop + path)
    expect(page.locator("html")).to_have_css("direction", direction)
    expect(page.get_by_role("button", name=button)).to_be_visible()
    look(page, f"page-{direction}")
    assert axe.found(page) == []
    page.get_by_role("link", name=own).click()
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    form = page.frame_locator("dialog iframe")
    form.locator("[name=name]").fill("Noa Levi")
    form.locator("[name=phone]").fill("050-555 0101")
    look(page, f"form-{direction}")
    assert axe.found(page) == []
    form.locator("button[type=submit]").click()
    expect(form.locator("[data-status=connected]")).to_be_visible()
    expect(page.locator("#heard li")).to_have_text(
        [
            "callback:opened (website)",
            "callback:submitted (website)",
            "callback:connected (website)",
        ]
    )
