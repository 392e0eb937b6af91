"""Each snippet of docs/widget.md, copied and pasted into a website."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Browser, Page, expect

from leads.models import LeadSource
from tests.support.chromium import PATIENCE
from tests.support.programs import program
from tests.support.stack import Stack
from tests.support.website import Website

DOC = Path(__file__).parents[2] / "docs" / "widget.md"
HOST = "https://callbacks.example.com"
# The parts of WordPress that the snippet uses.
WORDPRESS = """<?php
function esc_url( $it ) { return $it; }
function esc_attr( $it ) { return htmlspecialchars( $it ); }
function get_locale() { return 'he_IL'; }
$later = [];
function add_action( $when, $what ) { global $later; $later[ $when ] = $what; }
echo '<p>A post</p>';
"""


def blocks() -> dict[str, list[tuple[str, str]]]:
    """The kind and the text of each block, by heading."""
    found: dict[str, list[tuple[str, str]]] = {}
    for section in DOC.read_text().split("\n## ")[1:]:
        heading = section.partition("\n")[0]
        found[heading] = re.findall(r"^```(\w*)\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return found


@pytest.fixture
def snippet(stack: Stack) -> "Snippets":
    return Snippets(stack.url)


class Snippets:
    """The document's snippets, with our server's address in them."""

    def __init__(self, ours: str) -> None:
        self.ours = ours

    def __call__(self, heading: str, kind: str, which: int = 0) -> str:
        texts = [text for it, text in blocks()[heading] if it == kind]
        assert HOST in texts[which] or kind == "js" or "dataLayer" in texts[which]
        return texts[which].replace(HOST, self.ours)


@pytest.fixture
def shop(stack: Stack, website: Website, browser: Browser) -> Iterator[Page]:
    """A page; the website may show the form."""
    LeadSource.objects.update(allowed_origins=[website.origin])
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def write(website: Website, inside: str) -> str:
    website.pages["/"] = f"<!doctype html><html><title>Shop</title><body>{inside}</body></html>"
    return website.origin


def opens(page: Page, name: str = "Call me back", role: str = "button") -> None:
    """Clicks the button, and sees the form."""
    page.get_by_role(role, name=name).click()  # type: ignore[arg-type]
    form = page.frame_locator("dialog iframe")
    expect(form.locator("input[type=tel]")).to_be_visible()


def test_every_block_is_tried() -> None:
    """A new block needs a test of its own."""
    kinds = {heading: [kind for kind, _ in found] for heading, found in blocks().items() if found}
    assert kinds == {
        "Plain HTML": ["html"],
        "A button of your own": ["html"],
        "The form inside the page": ["html"],
        "WordPress": ["php"],
        "Wix": ["html"],
        "A single-page app": ["js", "js"],
        "Google Tag Manager": ["html"],
        "Events for analytics": ["html"],
        "A strict Content-Security-Policy": [""],
    }


def test_plain_html(snippet: Snippets, website: Website, shop: Page, browser: Browser) -> None:
    shop.goto(write(website, snippet("Plain HTML", "html")))
    opens(shop)
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    without = context.new_page()
    without.goto(website.origin)
    without.get_by_role("link", name="Have us call you").click()
    expect(without.get_by_label("Phone")).to_be_visible()
    context.close()


def test_a_button_of_your_own(snippet: Snippets, website: Website, shop: Page) -> None:
    shop.goto(write(website, snippet("A button of your own", "html")))
    expect(shop.locator(".go")).to_be_visible()
    opens(shop, "Have us call you", "link")


def test_the_form_inside_the_page(snippet: Snippets, website: Website, shop: Page) -> None:
    shop.goto(write(website, snippet("The form inside the page", "html")))
    inside = shop.frame_locator(".callback iframe")
    expect(inside.get_by_label("Phone")).to_be_visible()
    # The space reserved for the form is large enough.
    for width in (320, 390, 1280):
        shop.set_viewport_size({"width": width, "height": 800})
        needs = inside.locator("body").evaluate("() => document.body.offsetHeight")
        assert needs <= 60 * 16, width


def test_wordpress(snippet: Snippets, website: Website, shop: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.php"
    file.write_text(WORDPRESS + snippet("WordPress", "php") + "$later['wp_footer']();")
    made = subprocess.run([program("php"), file], capture_output=True, text=True, check=True)
    assert 'data-lang="he_IL"' in made.stdout
    asked: list[str] = []
    shop.on("request", lambda request: asked.append(request.url))
    shop.goto(write(website, made.stdout))
    with translation.override("he"):
        opens(shop, gettext("Call me back"))
    assert any(it.endswith("/widget/website/settings/?lang=he_IL") for it in asked)
    expect(shop.locator("dialog")).to_have_css("direction", "rtl")


def test_wix(snippet: Snippets, website: Website, shop: Page) -> None:
    shop.goto(write(website, snippet("Wix", "html")))
    opens(shop)


def test_a_single_page_app(snippet: Snippets, website: Website, shop: Page) -> None:
    shop.goto(write(website, "<main>Loading</main>"))
    shop.evaluate(snippet("A single-page app", "js"))
    opens(shop)
    shop.keyboard.press("Escape")
    # Another page of the app, drawn from scratch.
    shop.evaluate(
        """() => {
          history.pushState({}, "", "/lamps");
          document.body.replaceWith(document.createElement("body"));
          document.body.innerHTML = "<button data-callback-open>Ask us</button>";
        }"""
    )
    opens(shop, "Ask us")
    shop.keyboard.press("Escape")
    expect(shop.get_by_role("button", name="Call me back")).to_be_visible()
    shop.evaluate(snippet("A single-page app", "js", 1))
    expect(shop.get_by_role("dialog")).to_be_visible()


def test_from_code_before_the_loader_is_there(
    snippet: Snippets, website: Website, shop: Page
) -> None:
    both = snippet("A single-page app", "js", 1) + snippet("A single-page app", "js")
    shop.goto(write(website, f"<script>{both}</script>"))
    expect(shop.get_by_role("dialog")).to_be_visible()


def test_google_tag_manager(snippet: Snippets, website: Website, shop: Page) -> None:
    """Tag Manager recreates each script of a tag without its attributes, once the page is there."""
    shop.goto(write(website, "<main>Lamps</main>"))
    shop.evaluate(
        """tag => {
          const parsed = new DOMParser().parseFromString(tag, "text/html").querySelector("script");
          const made = document.createElement("script");
          made.text = parsed.textContent;
          document.body.append(made);
        }""",
        snippet("Google Tag Manager", "html"),
    )
    opens(shop)


def test_events_for_analytics(snippet: Snippets, website: Website, shop: Page) -> None:
    both = snippet("Events for analytics", "html") + snippet("Plain HTML", "html")
    shop.goto(write(website, both))
    opens(shop)
    layer = [{"event": "callback_opened", "callback_source": "website"}]
    assert shop.evaluate("dataLayer") == layer
    form = shop.frame_locator("dialog iframe")
    form.get_by_label("Name").fill("Noa Levi")
    form.get_by_label("Phone").fill("050-555 0101")
    form.get_by_role("button", name="Call me back").click()
    expect(form.locator("[data-status=connected]")).to_be_visible()
    shop.wait_for_function("dataLayer.length === 3")
    told = shop.evaluate("JSON.stringify(dataLayer)")
    assert "callback_connected" in told
    assert "Noa" not in told
    assert "0101" not in told


def test_a_strict_policy(snippet: Snippets, website: Website, shop: Page) -> None:
    header = snippet("A strict Content-Security-Policy", "").strip()
    name, _, policy = header.partition(": ")
    website.headers[name] = f"default-src 'none'; {policy}"
    complaints: list[str] = []
    shop.on("console", lambda it: complaints.append(it.text) if it.type == "error" else None)
    shop.goto(write(website, snippet("Plain HTML", "html")))
    opens(shop)
    assert complaints == []
