"""The widget on somebody else's website, in a Chromium that blocks third-party cookies."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource, Widget
from tests.support.chromium import PATIENCE
from tests.support.looks import look
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.widget_frame import form

LOADING = {"en": "The form is loading…", "he": "הטופס נטען…"}


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
    dialog = shop.get_by_role("dialog", name="We will call you back")
    expect(dialog).to_be_visible()
    form(shop).get_by_label("Name").fill("Noa Levi")
    form(shop).get_by_label("Phone").fill("050-555 0101")
    look(shop, "form")
    form(shop).get_by_role("button", name="Call me back").click()
    card = form(shop).locator("[data-status]")
    expect(card).to_have_attribute("data-status", "calling")
    look(shop, "calling")
    [entry] = eventually(stack.simulator.ledger)
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


@pytest.mark.parametrize("language", ["en", "he"])
def test_while_the_form_loads_the_dialog_says_so(
    stack: Stack, shop: Page, embed: Callable[..., str], language: str
) -> None:
    held: list[Route] = []
    shop.route("**/widget/website/?*", lambda it: held.append(it))  # noqa: PLW0108
    shop.goto(embed(f'data-lang="{language}"'))
    shop.locator(".go").click()
    said = shop.locator("dialog").get_by_role("status")
    expect(said).to_have_text(LOADING[language])
    expect(said).to_be_visible()
    turns = "it => getComputedStyle(it, '::before').animationName"
    assert said.evaluate(turns) == "turn"
    shop.emulate_media(reduced_motion="reduce")
    assert said.evaluate(turns) == "none"
    look(shop, f"loading-{language}")
    eventually(lambda: shop.evaluate("1") and held)
    held[0].continue_()
    expect(form(shop).locator("[name=phone]")).to_be_visible()
    expect(shop.locator("dialog .w")).to_be_hidden()


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
    expect(heading).to_have_text("You cancelled this request")
    assert [what for what, _source in shop.evaluate("heard")] == ["opened", "submitted"]
    assert shop.context.cookies() == []


def test_the_browser_keeps_no_cookie_of_the_frame(
    stack: Stack, shop: Page, embed: Callable[..., str], strict: Browser
) -> None:
    """The other tests thus run without cookies; a page without the block does keep one."""
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
    expect(shop.get_by_role("dialog", name="We will call you back")).to_be_visible()
    expect(form(shop).get_by_label("Name")).to_be_visible()
    assert shop.evaluate(FOCUSED) == "H2."
    been, typed = set(), {"name": "Gal Cohen", "phone": "050-555 0143"}
    for _ in range(30):
        shop.keyboard.press("Tab")
        been.add(shop.evaluate(FOCUSED))
        name = form(shop).locator("body").evaluate("() => document.activeElement.name")
        if name in typed:
            shop.keyboard.type(typed.pop(name))
    # Tab goes round within the dialog, and never to the page behind.
    assert been - {"BODY", None} == {"BUTTON.x", "IFRAME."}
    assert typed == {}
    form(shop).get_by_label("Phone").press("Enter")
    expect(form(shop).locator("[data-status]")).to_be_visible()
    shop.frames[1].wait_for_load_state()  # before that, it listens to no key
    form(shop).get_by_role("link", name="Cancel this request").focus()
    shop.keyboard.press("Escape")
    expect(shop.get_by_role("dialog")).to_be_hidden()
    assert shop.evaluate(FOCUSED) == "BUTTON.go"
    shop.keyboard.press("Enter")
    # The form shows what it showed before.
    expect(form(shop).locator("[data-status]")).to_be_visible()
    shop.keyboard.press("Tab")
    shop.keyboard.press("Enter")  # the button that closes it
    expect(shop.get_by_role("dialog")).to_be_hidden()


# In the frame: the first message from the surrounding page arrives when the test lets it in.
LATE = """
if (window.parent !== window) {
  window.addEventListener("message", (event) => {
    if (window.letIn) return;
    event.stopImmediatePropagation();
    const { data, origin, source } = event;
    window.held = new MessageEvent("message", { data, origin, source });
  });
}"""


def test_escape_closes_it_before_the_two_pages_know_each_other(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    shop.add_init_script(LATE)
    shop.goto(embed())
    shop.get_by_role("button", name="Call me back").click()
    form(shop).get_by_label("Name").click()
    body = form(shop).locator("body")
    eventually(lambda: body.evaluate("() => Boolean(window.held)"))
    shop.keyboard.press("Escape")
    body.evaluate("() => { window.letIn = true; window.dispatchEvent(window.held); }")
    expect(shop.get_by_role("dialog")).to_be_hidden()
    shop.get_by_role("button", name="Call me back").click()
    # Escape asked for it once, so the dialog closes only once.
    body.evaluate("() => window.dispatchEvent(window.held)")
    expect(shop.get_by_role("dialog")).to_be_visible()


def test_what_is_typed_before_the_two_pages_know_each_other_is_kept(
    stack: Stack, shop: Page, embed: Callable[..., str]
) -> None:
    """On a slow line the form is there before all of its page has loaded."""
    held: list[Route] = []
    shop.route("**/leads/frame*.js", lambda route: held.append(route))  # noqa: PLW0108
    shop.goto(embed())
    shop.get_by_role("button", name="Call me back").click()
    form(shop).get_by_label("Name").fill("Noa Levi")
    shop.get_by_role("button", name="Close").click()
    shop.get_by_role("button", name="Call me back").click()
    (route,) = held
    route.continue_()
    shop.frames[1].wait_for_load_state()
    expect(form(shop).get_by_label("Name")).to_have_value("Noa Levi")


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
    heading = form(shop).get_by_role("heading", name="You cancelled this request")
    expect(heading).to_be_visible()


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
