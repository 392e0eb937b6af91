"""The widget on a website of somebody else's, in Chromium that blocks third parties' cookies."""

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, FrameLocator, Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource, Widget
from tests.support.chromium import PATIENCE
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.website import Website


def form(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")


def look(page: Page, name: str) -> None:
    """Pictures where they are asked for."""
    if folder := os.environ.get("PICTURES"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 844})
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png")
        page.emulate_media(color_scheme="light")


def test_from_the_button_to_the_talk(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    stack.simulator.control(mode="manual")
    asked: list[str] = []
    shop.on("request", lambda request: asked.append(request.url))
    shop.goto(embed())
    button = shop.get_by_role("button", name="Call me back")
    expect(button).to_be_visible()
    assert not [it for it in asked if "/settings/" not in it and "/widget/" in it]
    look(shop, "button")
    button.click()
    dialog = shop.get_by_role("dialog", name="We call you back")
    expect(dialog).to_be_visible()
    form(shop).get_by_label("Name").fill("Noa Levi")
    form(shop).get_by_label("Phone").fill("050-555 0101")
    look(shop, "form")
    form(shop).get_by_role("button", name="Call me back").click()
    card = form(shop).locator("[data-status]")
    expect(card).to_have_attribute("data-status", "calling")
    look(shop, "calling")
    [entry] = stack.simulator.ledger()
    for click in ("1/answer", "2/answer", "2/hangup"):
        phones = f"{stack.simulator.url}/phones/{entry['call_id']}/{click}"
        eventually(lambda phones=phones: stack.simulator.http.post(phones).is_success)
    expect(card).to_have_attribute("data-status", "connected")
    source = {"source": "website"}
    eventually(lambda: len(shop.evaluate("heard")) == 3)
    assert shop.evaluate("heard") == [
        ["opened", source], ["submitted", source], ["connected", source]
    ]  # fmt: skip
    assert Lead.objects.get().name == "Noa Levi"
    assert shop.context.cookies() == []
    stored = "JSON.stringify([localStorage.length, sessionStorage.length])"
    assert [shop.evaluate(stored), form(shop).locator("body").evaluate(f"() => {stored}")] == [
        "[0,0]", "[0,0]"
    ]  # fmt: skip


def test_what_is_changed_on_the_page_of_a_request_is_no_second_submission(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    Extension.objects.update(is_paused=True)
    shop.goto(embed())
    shop.get_by_role("button", name="Call me back").click()
    form(shop).get_by_label("Name").fill("Noa Levi")
    form(shop).get_by_label("Phone").fill("050-555 0101")
    form(shop).get_by_role("button", name="Call me back").click()
    form(shop).get_by_role("link", name="Correct the number").click()
    form(shop).get_by_label("Phone").fill("050-555 0102")
    form(shop).get_by_role("button", name="Call this number").click()
    form(shop).get_by_role("link", name="Cancel this request").click()
    form(shop).get_by_role("button", name="Yes, cancel it").click()
    heading = form(shop).get_by_role("heading", level=1)
    expect(heading).to_have_text("You have cancelled this request")
    assert [what for what, _source in shop.evaluate("heard")] == ["opened", "submitted"]
    assert shop.context.cookies() == []


def test_the_browser_keeps_no_cookie_of_the_frame(
    stack: Stack, shop: Page, embed: Callable[..., str], strict: Browser
) -> None:
    """So that the other tests show what they say: a page of the same browser keeps it."""
    attempt = "() => { document.cookie = 'a=b; SameSite=None; Secure'; return document.cookie }"
    kept = []
    for page in (shop, strict.new_page()):
        page.goto(embed())
        page.get_by_role("button", name="Call me back").click()
        expect(form(page).get_by_label("Name")).to_be_visible()
        kept.append(form(page).locator("body").evaluate(attempt))
    page.close()
    assert kept == ["", "a=b"]


FOCUSED = """() => {
  const here = document.activeElement;
  const inside = here?.shadowRoot?.activeElement;
  return inside ? inside.tagName + "." + inside.className : here?.tagName;
}"""


def test_by_keyboard_alone(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    Extension.objects.update(is_paused=True)
    shop.goto(embed(body='<a href="#">A link</a>'))
    expect(shop.get_by_role("button", name="Call me back")).to_be_visible()
    for _ in range(2):
        shop.keyboard.press("Tab")
    assert shop.evaluate(FOCUSED) == "BUTTON.go"
    shop.keyboard.press("Enter")
    expect(shop.get_by_role("dialog", name="We call you back")).to_be_visible()
    expect(form(shop).get_by_label("Name")).to_be_visible()
    assert shop.evaluate(FOCUSED) == "H2."
    been, typed = set(), {"name": "Gal Cohen", "phone": "050-555 0143"}
    for _ in range(30):
        shop.keyboard.press("Tab")
        been.add(shop.evaluate(FOCUSED))
        name = form(shop).locator("body").evaluate("() => document.activeElement.name")
        if name in typed:
            shop.keyboard.type(typed.pop(name))
    # Round and round, and never on the page behind.
    assert been - {"BODY", None} == {"BUTTON.x", "IFRAME."}
    assert typed == {}
    form(shop).get_by_label("Phone").press("Enter")
    expect(form(shop).locator("[data-status]")).to_be_visible()
    form(shop).get_by_role("link", name="Cancel this request").focus()
    shop.keyboard.press("Escape")
    expect(shop.get_by_role("dialog")).to_be_hidden()
    assert shop.evaluate(FOCUSED) == "BUTTON.go"
    shop.keyboard.press("Enter")
    # What stood there stands there still.
    expect(form(shop).locator("[data-status]")).to_be_visible()
    shop.keyboard.press("Tab")
    shop.keyboard.press("Enter")  # the button that closes it
    expect(shop.get_by_role("dialog")).to_be_hidden()


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
    eventually(lambda: any("is not among the allowed origins" in it for it in said))
    eventually(lambda: len([it for it in said if "frame-ancestors" in it]) == 2)
    assert any(f"{address} is not among" in it for it in said)
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
    button.click()  # it is asked for once more
    expect(form(shop).get_by_label("Name")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_be_hidden()


def test_a_source_that_is_switched_off_while_the_dialog_is_open(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    shop.goto(embed())
    shop.get_by_role("button", name="Call me back").click()
    form(shop).get_by_label("Name").fill("Noa Levi")
    form(shop).get_by_label("Phone").fill("050-555 0101")
    LeadSource.objects.update(is_active=False)
    form(shop).get_by_role("button", name="Call me back").click()
    expect(form(shop).get_by_role("heading", name="This form is closed")).to_be_visible()
    expect(form(shop).get_by_text("Nothing was sent.")).to_be_visible()
    look(shop, "closed")
    expect(shop.get_by_role("dialog").get_by_role("alert")).to_be_hidden()
    assert not Lead.objects.exists()
    assert shop.evaluate("heard").pop()[0] == "opened"


def test_a_request_is_shown_on_after_its_source_is_switched_off(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    Extension.objects.update(is_paused=True)
    shop.goto(embed())
    shop.get_by_role("button", name="Call me back").click()
    form(shop).get_by_label("Name").fill("Noa Levi")
    form(shop).get_by_label("Phone").fill("050-555 0101")
    form(shop).get_by_role("button", name="Call me back").click()
    expect(form(shop).locator("[data-status=waiting]")).to_be_visible()
    LeadSource.objects.update(is_active=False)
    form(shop).get_by_role("link", name="Cancel this request").click()
    form(shop).get_by_role("button", name="Yes, cancel it").click()
    heading = form(shop).get_by_role("heading", name="You have cancelled this request")
    expect(heading).to_be_visible()


def test_included_twice_is_one_widget(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    tag = f'<script src="{stack.url}/widget.js" data-source="website" async></script>'
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
    inside = frame.locator("body").evaluate("() => document.body.offsetHeight")
    eventually(lambda: shop.locator("#callback iframe").evaluate("it => it.offsetHeight") == inside)
    assert shop.evaluate("shift") == 0
    look(shop, "inline")
    # In the page's colours, which has no dark ones: whatever the visitor prefers.
    shop.emulate_media(color_scheme="dark")
    paper = frame.locator("body")
    expect(paper).to_have_css("background-color", "rgb(255, 255, 255)")
    shop.evaluate("() => (document.documentElement.style.colorScheme = 'light dark')")
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
    wide = form(shop).locator("body").evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 320
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
    # Nor what a page of somebody else's says that has come into the frame.
    shop.evaluate("() => addEventListener('message', () => (window.got += 1))")
    shop.locator("dialog iframe").evaluate("it => (it.src = '/other')")
    shop.wait_for_function("got === 2")
    expect(shop.get_by_role("dialog")).to_be_visible()
    assert [what for what, _ in shop.evaluate("heard")] == ["opened"]


def test_where_scripts_are_off_the_link_remains(
    stack: Stack, strict: Browser, embed: Callable[..., str]
) -> None:
    context = strict.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    link = f'<a href="{stack.url}/contact/website/" data-callback-open>Have us call you</a>'
    page.goto(embed(body=link))
    page.get_by_role("link", name="Have us call you").click()
    expect(page.get_by_label("Name")).to_be_visible()
    context.close()


def test_a_page_in_hebrew(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    source = LeadSource.objects.get()
    source.widget_texts.create(language="he", button="חזרו אליי", title="נחזור אליכם בטלפון")
    Widget.objects.create(source=source, colour="#ffd23f")
    shop.goto(embed('data-lang="iw-IL"'))
    button = shop.get_by_role("button", name="חזרו אליי")
    expect(button).to_have_css("color", "rgb(0, 0, 0)")
    assert (button.bounding_box() or {})["x"] == 20
    button.click()
    dialog = shop.get_by_role("dialog", name="נחזור אליכם בטלפון")
    expect(dialog).to_have_css("direction", "rtl")
    expect(form(shop).get_by_role("textbox").first).to_be_visible()
    look(shop, "hebrew")


def test_when_the_button_shows(stack: Stack, shop: Page, embed: Callable[..., str]) -> None:
    widget = Widget.objects.create(source=LeadSource.objects.get(), appears="at the end")
    long = '<p style="height: 3000px">Lamps and lamps</p>'
    with shop.expect_response(lambda it: "/settings/" in it.url):
        shop.goto(embed(body=long))
    shop.evaluate("() => new Promise((done) => setTimeout(done, 50))")
    expect(shop.locator(".go")).to_have_count(0)
    shop.mouse.wheel(0, 5000)
    expect(shop.locator(".go")).to_be_visible()

    widget.appears, widget.after_seconds = "later", 1
    widget.save()
    shop.goto("about:blank")
    shop.goto(embed())
    expect(shop.locator(".go")).to_be_visible()
