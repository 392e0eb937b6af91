"""A page that fails its test if the console shows an error; another website with the widget."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from leads.models import LeadSource
from tests.support.chromium import PATIENCE
from tests.support.programs import program
from tests.support.stack import Stack
from tests.support.website import Website


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One page for all tests of a module: opening a page takes as long as most tests."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """An empty page, light and 390 px wide, without stored data. The test fails on any error in the
    console.
    """
    complaints: list[str] = []

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} {message.location}")

    def note_error(error: Error) -> None:
        complaints.append(str(error))

    tab.set_viewport_size({"width": 390, "height": 844})
    tab.emulate_media(color_scheme="light", reduced_motion="no-preference")
    tab.on("console", note_message)
    tab.on("pageerror", note_error)
    yield tab
    if tab.url.startswith("http"):
        tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.goto("about:blank")
    tab.context.clear_cookies()
    tab.context.set_extra_http_headers({})
    tab.unroute_all()
    tab.remove_listener("console", note_message)
    tab.remove_listener("pageerror", note_error)
    assert complaints == [], "\n".join(complaints)


@pytest.fixture
def admin(stack: Stack, page: Page) -> Page:
    """A superuser's page, 1280 px wide. test_form_to_admin shows that people can log in."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin"))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": stack.url}]
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    return page


# --- the widget on another website ----------------------------------------------------------------

PAGE = """<!doctype html><html lang="en"><head><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script nonce="known">
  window.heard = [];
  for (const what of ["opened", "submitted", "connected"])
    window.addEventListener("callback:" + what, (e) => heard.push([what, e.detail]));
</script>
{head}</head><body><h1>Lamps</h1>{body}</body></html>"""


@pytest.fixture(scope="module")
def strict(browser: Browser) -> Iterator[Browser]:
    """A Chromium in which each site has its own process, as in people's browsers."""
    path = program("chromium-headless-shell", "chromium", "chromium-browser")
    own = browser.browser_type.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
    yield own
    own.close()


@pytest.fixture
def shop(strict: Browser) -> Iterator[Page]:
    """A page 390 px wide in which third-party cookies are blocked."""
    context = strict.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    without = {
        "enableThirdPartyCookieRestriction": True,
        "disableThirdPartyCookieMetadata": True,
        "disableThirdPartyCookieHeuristics": True,
    }
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCookieControls", without)
    yield page
    context.close()


@pytest.fixture
def embed(stack: Stack, website: Website) -> Callable[..., str]:
    """Writes the website's page, and allows the website to show the form; returns its address."""

    def write(script: str = "", head: str = "", body: str = "", *, allowed: bool = True) -> str:
        LeadSource.objects.update(allowed_origins=[website.origin] if allowed else [])
        tag = f'<script src="{stack.url}/widget.js" data-source="website" {script} async></script>'
        website.pages["/"] = PAGE.format(head=head, body=body + tag)
        return website.origin

    return write
