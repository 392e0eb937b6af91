"""The widget and the page of the website around it: its policy, its styles and its scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.models import LeadSource, Widget
from tests.support.looks import look
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.website import Website
from tests.support.widget_frame import form


def test_under_a_strict_policy_of_the_host(
    stack: Stack, website: Website, shop: Page, embed: Callable[..., str]
) -> None:
    ours = stack.url
    website.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-known' {ours}; connect-src {ours}; "
        f"frame-src {ours}; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    complaints: list[str] = []
    shop.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    shop.goto(embed(body="<div data-callback-inline></div>"))
    expect(shop.frame_locator("[data-callback-inline] iframe").get_by_label("Name")).to_be_visible()
    button = shop.get_by_role("button", name="Call me back")
    expect(button).to_have_css("position", "fixed")
    expect(button).to_have_css("background-color", "rgb(11, 87, 196)")
    button.click()
    expect(form(shop).get_by_label("Name")).to_be_visible()
    assert complaints == []


# Part of what a browser says about a frame that may not be shown here.
REFUSED = "frame-ancestors"


def test_a_website_that_is_not_allowed(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    said: list[str] = []
    shop.on("console", lambda it: said.append(it.text))
    link = f'<a href="{stack.url}/contact/website/" data-callback-open>By a link</a>'
    address = embed(
        body=f"{link}<button data-callback-open>By a button</button>"
        f'<iframe id="by-hand" src="{stack.url}/widget/website/"></iframe>'
        f'<iframe id="admin" src="{stack.url}/admin/login/"></iframe>',
        allowed=False,
    )
    shop.goto(address)
    # Console messages arrive only while the page is asked something.
    eventually(lambda: shop.evaluate("1") and len([it for it in said if REFUSED in it]) == 2)
    eventually(lambda: shop.evaluate("1") and any(f"{address} is not among" in it for it in said))
    expect(shop.locator(".go")).to_have_count(0)
    for by_hand in ("#by-hand", "#admin"):
        expect(shop.frame_locator(by_hand).get_by_role("textbox")).to_have_count(0)
    shop.get_by_role("button", name="By a button").click()
    dialog = shop.get_by_role("dialog", name="By a button")
    expect(dialog.get_by_role("alert")).to_contain_text("The form cannot be shown here.")
    look(shop, "refused")
    with shop.expect_popup() as opened:
        dialog.get_by_role("link", name="Open it in a new tab").click()
    expect(opened.value.get_by_label("Name")).to_be_visible()
    shop.keyboard.press("Escape")
    expect(shop.get_by_role("button", name="By a button")).to_be_focused()
    shop.get_by_role("link", name="By a link").click()
    expect(shop).to_have_url(f"{stack.url}/contact/website/")


def test_a_frame_that_the_browser_refuses_says_what_to_do(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    shop.goto(embed())
    button = shop.get_by_role("button", name="Call me back")
    expect(button).to_be_visible()
    LeadSource.objects.update(allowed_origins=[])
    button.click()
    dialog = shop.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("The form cannot be shown here.")
    way = dialog.get_by_role("link", name="Open it in a new tab")
    expect(way).to_have_attribute("href", f"{stack.url}/contact/website/?lang=en")
    shop.keyboard.press("Escape")
    LeadSource.objects.update(allowed_origins=[shop.url.rstrip("/")])
    button.click()  # this asks for the form once more
    expect(form(shop).get_by_label("Name")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("inline", [False, True], ids=["dialog", "inline"])
def test_the_first_wrong_field_has_the_focus(
    shop: Page, embed: Callable[..., str], inline: bool
) -> None:
    """The browser ignores "autofocus" in a frame of another website."""
    place = "<p style='height: 200px'>Above</p><div data-callback-inline></div>"
    shop.goto(embed(body=place if inline else ""))
    if not inline:
        shop.get_by_role("button", name="Call me back").click()
    frame = shop.frame_locator("[data-callback-inline] iframe") if inline else form(shop)
    frame.get_by_label("Name").fill("Noa Levi")
    frame.get_by_role("button", name="Call me back").click()
    expect(frame.get_by_label("Phone")).to_be_focused()
    expect(frame.get_by_label("Phone")).to_be_in_viewport()


def test_included_twice_is_one_widget(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    tag = f'<script src="{stack.url}/widget.js" data-source="website" async></script>'
    said: list[str] = []
    shop.on("console", lambda it: said.append(it.text))
    shop.goto(embed(body=tag))
    expect(shop.get_by_role("button", name="Call me back")).to_have_count(1)
    shop.evaluate(
        """src => new Promise((done) => {
          const again = Object.assign(document.createElement("script"), { src, onload: done });
          document.head.append(again);
        })""",
        f"{stack.url}/widget.js",
    )
    expect(shop.get_by_role("button", name="Call me back")).to_have_count(1)
    shop.get_by_role("button", name="Call me back").click()
    expect(shop.get_by_role("dialog")).to_have_count(1)
    left_out = 'callback: the page has the widget already; "website" is left out.'
    assert [it for it in said if "callback:" in it] == [left_out, left_out]


SHIFTS = """window.shift = 0;
new PerformanceObserver((found) => found.getEntries().forEach((it) => (shift += it.value)))
  .observe({ type: "layout-shift", buffered: true });"""


def test_an_inline_form_moves_nothing(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    shop.set_viewport_size({"width": 1280, "height": 900})
    place = (
        '<div id="callback"><a href="/elsewhere">Call me back</a></div><p>What comes after it</p>'
    )
    head = f"<style>#callback{{min-height:60rem}}</style><script>{SHIFTS}</script>"
    shop.goto(embed('data-inline="#callback"', head, place))
    frame = shop.frame_locator("#callback iframe")
    expect(frame.get_by_label("Name")).to_be_visible()
    expect(shop.locator("#callback > a")).to_have_count(0)
    expect(shop.locator(".go")).to_have_count(0)
    inside = frame.locator("body")
    eventually(
        lambda: (
            shop.locator("#callback iframe").evaluate("it => it.offsetHeight")
            == inside.evaluate("() => document.body.offsetHeight")
        )
    )
    assert shop.evaluate("shift") == 0
    look(shop, "inline")
    # The page's colours apply, whatever the visitor prefers, and the page has no dark ones.
    shop.emulate_media(color_scheme="dark")
    paper = frame.locator("body")
    expect(paper).to_have_css("background-color", "rgb(255, 255, 255)")
    shop.locator("html").evaluate("it => (it.style.colorScheme = 'light dark')")
    paper.evaluate("() => location.reload()")
    expect(paper).to_have_css("background-color", "rgb(24, 33, 43)")
    shop.emulate_media(color_scheme="light")
    # Pages of single-page apps make their elements later.
    shop.evaluate(
        """() => document.body.insertAdjacentHTML("afterbegin", "<div data-callback-inline>")"""
    )
    expect(
        shop.frame_locator("[data-callback-inline]:not([id]) iframe").get_by_label("Name")
    ).to_be_visible()


def test_an_inline_form_where_the_script_stands(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    shop.goto(embed("data-inline"))
    expect(shop.frame_locator("script + div iframe").get_by_label("Name")).to_be_visible()


def test_buttons_of_the_page_s_own_also_later_ones(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    Widget.objects.create(source=LeadSource.objects.get(), appears="never")
    shop.goto(embed())
    add = """() => {
      const link = Object.assign(document.createElement("a"), { href: "/elsewhere" });
      link.innerHTML = "<b>Talk to us</b>";
      link.dataset.callbackOpen = "";
      link.addEventListener("click", (event) => event.stopPropagation());
      document.body.append(link);
    }"""
    shop.evaluate(add)
    shop.get_by_text("Talk to us").click()
    expect(form(shop).get_by_label("Name")).to_be_visible()
    expect(shop.locator(".go")).to_have_count(0)
    shop.get_by_role("button", name="Close").click()
    expect(shop.get_by_role("link", name="Talk to us")).to_be_focused()
    assert shop.url.endswith("/")


def test_opened_and_closed_by_the_page_s_own_script(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    early = "(window.callbackWidget = window.callbackWidget || []).push('open')"
    shop.goto(embed(head=f"<script>{early}</script>"))
    expect(shop.get_by_role("dialog")).to_be_visible()
    shop.evaluate("callbackWidget.close()")
    expect(shop.get_by_role("dialog")).to_be_hidden()
    shop.evaluate("callbackWidget.open()")
    expect(shop.get_by_role("dialog")).to_be_visible()


def test_a_page_with_broken_styles_of_its_own(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    broken = """* { display: block !important; position: static !important; z-index: -1 !important;
      color: red !important; font: 3px cursive !important; pointer-events: none !important;
      direction: rtl; opacity: .1 !important; width: 7px !important }
      body { transform: rotate(3deg); overflow: hidden } div, iframe { visibility: hidden }
      body > p { position: fixed !important; inset: 0; z-index: 2147483646 !important }"""
    shop.goto(embed(head=f"<style>{broken}</style>", body="<p>Above all</p>"))
    button = shop.get_by_role("button", name="Call me back")
    expect(button).to_have_css("font-size", "16px")
    expect(button).to_have_css("color", "rgb(255, 255, 255)")
    box = button.bounding_box()
    assert box
    assert box["x"] + box["width"] == 390 - 20
    button.click()
    expect(form(shop).get_by_label("Name")).to_be_visible()
    assert (shop.locator("dialog").bounding_box() or {})["width"] == 390


def test_at_320_pixels(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    shop.set_viewport_size({"width": 320, "height": 480})
    shop.emulate_media(reduced_motion="reduce")
    shop.goto(embed(head=f"<script>{SHIFTS}</script>"))
    shop.get_by_role("button", name="Call me back").click()
    expect(form(shop).get_by_label("Name")).to_be_visible()
    assert shop.locator("dialog").bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 480}
    assert form(shop).locator("html").evaluate("it => it.scrollWidth") <= 320
    expect(shop.locator("dialog")).to_have_css("animation-name", "none")
    assert shop.evaluate("shift") == 0
    close = shop.get_by_role("button", name="Close").bounding_box() or {}
    assert min(close["width"], close["height"]) >= 44


def test_what_others_post_is_not_believed(
    stack: Stack, website: Website, shop: Page, embed: Callable[..., str]
) -> None:
    website.pages["/other"] = "<script>parent.postMessage({callback:1,type:'close'},'*')</script>"
    shop.goto(embed())
    shop.get_by_role("button", name="Call me back").click()
    expect(form(shop).get_by_label("Name")).to_be_visible()
    shop.evaluate(
        """() => {
          for (const type of ["connected", "close"])
            postMessage({ callback: 1, type, value: "sent" }, "*");
          document.body.insertAdjacentHTML("beforeend", "<iframe src='/other' onload='got = 1'>");
        }"""
    )
    eventually(lambda: shop.evaluate("window.got") == 1)
    shop.evaluate("() => new Promise((done) => setTimeout(done))")
    expect(shop.get_by_role("dialog")).to_be_visible()
    # Nor is a message believed from a foreign page that was loaded into the frame.
    shop.evaluate("() => addEventListener('message', () => (window.got += 1))")
    shop.locator("dialog iframe").evaluate("it => (it.src = '/other')")
    shop.wait_for_function("got === 2")
    expect(shop.get_by_role("dialog")).to_be_visible()
    assert [what for what, _ in shop.evaluate("heard")] == ["opened"]
