"""What a visitor does on the page of their request, in Chromium: with and without scripts, and in a
frame of another website, checked with axe-core, at both widths.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support import axe
from tests.support.chromium import PATIENCE
from tests.support.looks import too_wide

pytestmark = [pytest.mark.django_db(transaction=True)]


@contextmanager
def shop(page: str) -> Iterator[str]:
    """The address of another website, which shows `page` everywhere."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["scripts", "no scripts"])
def context(
    request: pytest.FixtureRequest, browser: Browser, gunicorn: str, source: LeadSource,
    extension: Extension,
) -> Iterator[BrowserContext]:  # fmt: skip
    Extension.objects.update(is_paused=True)
    context = browser.new_context(
        base_url=gunicorn,
        java_script_enabled=request.param == "scripts",
        viewport={"width": 390, "height": 844},
    )
    context.set_default_timeout(PATIENCE)
    yield context
    assert context.cookies() == []
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def sent(page: Page | FrameLocator) -> None:
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill("050-555 0101")
    page.get_by_role("button", name="Call me back").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")


def heading(page: Page | FrameLocator, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def walk(page: Page | FrameLocator) -> None:
    """Corrects the number, chooses another time, and finally cancels."""
    sent(page)
    page.get_by_role("link", name="Correct the number").click()
    page.get_by_label("Phone").fill("12")
    page.get_by_role("button", name="Call this number").click()
    expect(page.locator(".error")).to_be_visible()
    page.get_by_label("Phone").fill("050-555 0102")
    page.get_by_role("button", name="Call this number").click()
    heading(page, "We have your request")
    assert Lead.objects.get(status="waiting").phone == "+972505550102"
    page.get_by_role("link", name="Choose another time").click()
    page.get_by_label("When should we call?").select_option(index=30)
    page.get_by_role("button", name="Call me then").click()
    heading(page, "Your call is planned")
    page.get_by_role("link", name="Cancel this request").click()
    page.get_by_role("link", name="No, go back").click()
    page.get_by_role("link", name="Cancel this request").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    heading(page, "You cancelled this request")
    assert not Lead.objects.filter(status__in=("waiting", "calling")).exists()


def test_a_visitor_changes_their_mind(page: Page) -> None:
    page.goto("/contact/website/")
    walk(page)


def test_inside_the_frame_of_another_website(page: Page, gunicorn: str) -> None:
    frame = f'<iframe src="{gunicorn}/contact/website/" width="360" height="800"></iframe>'
    with shop(frame) as address:
        LeadSource.objects.update(allowed_origins=[address])
        page.goto(f"{address}/")
        walk(page.frame_locator("iframe"))


def test_back_and_the_button_once_more_change_nothing(page: Page) -> None:
    page.goto("/contact/website/")
    sent(page)
    page.get_by_role("link", name="Choose another time").click()
    times = page.get_by_label("When should we call?")
    chosen = times.select_option(index=30)
    page.get_by_role("button", name="Call me then").click()
    heading(page, "Your call is planned")
    page.go_back()
    times.select_option(chosen)  # its index changes when a half hour begins
    page.get_by_role("button", name="Call me then").click()
    heading(page, "Your call is planned")
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("context", ["scripts"], indirect=True)
def test_what_can_be_done_follows_how_the_request_stands(page: Page) -> None:
    page.goto("/contact/website/")
    sent(page)
    cancel = page.get_by_role("link", name="Cancel this request")
    expect(cancel).to_be_visible()
    Lead.objects.update(status="connected", closed_at=timezone.now(), connected_at=timezone.now())
    heading(page, "We reached you")
    expect(cancel).to_be_hidden()
    expect(page.get_by_role("link", name="Ask for another call")).to_be_visible()


@pytest.mark.parametrize("context", ["scripts"], indirect=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_used_by_everybody(scheme: str, page: Page) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto("/contact/website/")
    sent(page)
    request = page.url
    for act in ("", "time/", "number/", "not-mine/", "cancel/", "never-call/"):
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{request}{act}")
            assert axe.found(page) == []
            assert too_wide(page) == 0
    for act, button in (("time/", "Call me then"), ("number/", "Call this number")):
        page.goto(f"{request}{act}")
        page.get_by_role("button", name=button).click()
        expect(page.locator("[aria-invalid]")).to_be_focused()
        assert axe.found(page) == []
    talked = timezone.now()
    Lead.objects.update(status="connected", closed_at=talked, connected_at=talked)
    for path in ("", "feedback/"):
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{request}{path}")
            expect(page.get_by_role("group", name="Did the call help you?")).to_be_visible()
            assert axe.found(page) == []
            assert too_wide(page) == 0
    page.get_by_role("button", name="Send your answer").click()
    expect(page.get_by_role("radio").first).to_be_focused()
    assert axe.found(page) == []
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Send your answer").click()
    expect(page.get_by_text("You answered 2 out of 5. Thank you.")).to_be_visible()
    assert axe.found(page) == []
    long_ago = talked - timedelta(days=400)
    Lead.objects.update(submitted_at=long_ago, call_after=long_ago, closed_at=long_ago)
    page.goto(request)
    heading(page, "This page has expired")
    assert axe.found(page) == []
    page.get_by_role("link", name="Ask for another call").click()
    heading(page, "Contact us")


def test_the_question_after_the_talk_works_without_scripts_too(page: Page) -> None:
    page.goto("/contact/website/")
    sent(page)
    request = page.url
    now = timezone.now()
    Lead.objects.update(status="connected", closed_at=now, connected_at=now)
    page.goto(request)
    page.get_by_role("radio", name="4").check()
    page.get_by_label("In your own words").fill("Quick and kind")
    page.get_by_role("button", name="Send your answer").click()
    expect(page.get_by_text("You answered 4 out of 5. Thank you.")).to_be_visible()
    assert Lead.objects.get().helped == 4
    page.get_by_role("link", name="Change your answer").click()
    expect(page.get_by_role("radio", name="4")).to_be_checked()
    expect(page.get_by_label("In your own words")).to_have_value("Quick and kind")
