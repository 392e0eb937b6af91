"""Pages as axe-core sees them: WCAG 2.2 AA, on a telephone and a desk, in light and in dark."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from callbacks.models import Extension, Wallboard
from leads import intake
from leads.models import Lead, LeadSource
from tests.support import axe
from tests.support.chromium import PATIENCE
from tests.support.looks import paint, too_wide
from tests.support.stack import Stack

PASSWORD = "a-password-for-tests"
VISITORS_NAME = "Noa Levi"


def check(page: Page, what: str, *, again: bool = False) -> None:
    """Checks both colour schemes and two widths; `again` reloads the page in each scheme."""
    faults = []
    for scheme in ("light", "dark"):
        paint(page, scheme)
        if again:
            page.reload()
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            faults += [f"{scheme} {width}: {it}" for it in axe.found(page)]
    assert faults == [], what + "\n" + "\n".join(faults)


@pytest.fixture
def quiet(browser: Browser) -> Iterator[Page]:
    """A page whose console may show errors, such as an answer with an error status."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def lead(stack: Stack) -> Lead:
    """A lead that waits, since no phone can ring."""
    Extension.objects.update(is_paused=True)
    source = LeadSource.objects.get(slug="website")
    return _stored(source, VISITORS_NAME, "+972505550142")


def _stored(source: LeadSource, name: str, phone: str) -> Lead:
    submission = intake.Submission(source=source, key=uuid.uuid4(), name=name, phone=phone)
    return intake.store(submission)


# --- visitors -----------------------------------------------------------------------------------


def test_the_form_empty_and_with_errors(stack: Stack, quiet: Page) -> None:
    quiet.goto(f"{stack.url}/contact/website/")
    check(quiet, "empty")
    quiet.get_by_label("Phone").fill("12")
    quiet.get_by_role("button").first.click()
    expect(quiet.locator(".error").first).to_be_visible()
    check(quiet, "with errors")
    # The focus is on the first wrong field, and the summary links to each.
    invalid = quiet.locator("[aria-invalid=true]")
    expect(invalid.first).to_be_focused()
    quiet.locator(".summary a").last.click()
    expect(invalid.last).to_be_focused()
    for field in invalid.all():
        told = (field.get_attribute("aria-describedby") or "").split()
        assert any(quiet.locator(f"#{it}.error").count() for it in told)


def test_the_form_at_400_percent(stack: Stack, page: Page) -> None:
    """1280 px at 400 % are 320."""
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto(f"{stack.url}/contact/website/")
    assert too_wide(page) == 0


def test_the_keyboard_alone_sends_the_form(stack: Stack, page: Page, lead: Lead) -> None:
    page.goto(f"{stack.url}/contact/website/")
    typed = {"name": "Gal Cohen", "phone": "050-555 0143"}
    for _ in range(30):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name ?? ''")
        if name in typed:
            page.keyboard.type(typed.pop(name))
        elif not typed and page.evaluate("document.activeElement.type") == "submit":
            break
    assert typed == {}
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_be_visible()


def test_without_scripts_the_form_is_sent_and_the_status_comes_by_itself(
    stack: Stack, browser: Browser, lead: Lead
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{stack.url}/contact/website/")
    page.get_by_label("Name").fill("Gal Cohen")
    page.get_by_label("Phone").fill("050-555 0143")
    page.get_by_role("button").first.click()
    expect(page.locator("[data-status]")).to_be_visible()
    stored = Lead.objects.get(name="Gal Cohen")
    now = timezone.now()
    Lead.objects.filter(pk=stored.pk).update(status="cancelled", closed_at=now)
    expect(page.locator("[data-status=cancelled]")).to_be_visible()
    context.close()


def test_a_page_that_the_browser_has_translated_goes_on_telling(
    stack: Stack, page: Page, lead: Lead
) -> None:
    """A browser's translation wraps each text in elements of its own."""
    page.goto(f"{stack.url}/contact/website/{lead.public_id}/")
    expect(page.locator("[data-title]")).not_to_be_empty()
    page.evaluate(_TRANSLATED)
    Lead.objects.filter(pk=lead.pk).update(status="cancelled", closed_at=timezone.now())
    expect(page.locator("[data-status=cancelled]")).to_be_visible()
    title = page.title()
    expect(page.locator("[data-title]")).to_have_text(title)


_TRANSLATED = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) if (texts.currentNode.data.trim()) found.push(texts.currentNode);
    for (const text of found) {
        const outer = document.createElement("font"), inner = document.createElement("font");
        inner.textContent = `~${text.data}~`;
        outer.append(inner);
        text.replaceWith(outer);
    }
}"""


@pytest.mark.parametrize(
    "values",
    [
        {"status": "waiting"},
        {"status": "calling"},
        {"status": "connected", "connected_at": "now", "closed_at": "now"},
        {"status": "unreached", "closed_at": "now"},
        {"status": "cancelled", "closed_at": "now"},
        {"status": "waiting", "call_after": "later", "chosen_at": "later"},
        {"status": "held"},
    ],
    ids="-".join,
)
def test_the_status_page(values: dict[str, str], stack: Stack, page: Page, lead: Lead) -> None:
    now = timezone.now()
    moments = {"now": now, "later": now + timedelta(days=1)}
    Lead.objects.filter(pk=lead.pk).update(**{k: moments.get(v, v) for k, v in values.items()})
    page.goto(f"{stack.url}/contact/website/{lead.public_id}/")
    check(page, "status")


def test_pages_that_are_not_there(stack: Stack, quiet: Page) -> None:
    quiet.goto(f"{stack.url}/nothing/")
    check(quiet, "404")


# --- salespeople --------------------------------------------------------------------------------


@pytest.fixture
def dana(stack: Stack) -> User:
    user = User.objects.create_user("dana", password=PASSWORD, first_name="Dana")
    Extension.objects.filter(number="101").update(user=user, name="Dana")
    return user


def test_the_desk(stack: Stack, dana: User, page: Page, lead: Lead) -> None:
    page.goto(f"{stack.url}/desk/")
    check(page, "log in")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert").or_(page.locator(".error")).first).to_be_visible()
    check(page, "log in, with errors")
    Lead.objects.filter(pk=lead.pk).update(assigned_to=dana)
    page.get_by_label("Username").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("[data-assigned]")).to_be_visible()
    check(page, "desk")
    page.goto(f"{stack.url}/desk/password/")
    check(page, "password")
    page.context.set_extra_http_headers({"Accept-Language": "he"})
    for name in ("", "password/"):
        page.goto(f"{stack.url}/desk/{name}")
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        check(page, f"desk/{name}, right to left")


# --- the wallboard ------------------------------------------------------------------------------


def test_the_wallboard(stack: Stack, page: Page, lead: Lead) -> None:
    board = Wallboard.objects.create(name="Sales floor", shows_first_names=True)
    page.goto(f"{stack.url}/wallboard/{board.token}/")
    expect(page.locator("[data-list] li")).to_have_count(1)
    check(page, "with a lead")
    page.goto(f"{stack.url}/wallboard/{board.token}/?lang=ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("[data-list] li")).to_have_count(1)
    check(page, "with a lead, right to left")


# --- the admin ----------------------------------------------------------------------------------

ADMIN: dict[str, Callable[[Lead], str]] = {
    "overview": lambda _lead: "/admin/",
    "lead list": lambda _lead: "/admin/leads/lead/",
    "empty lead list": lambda _lead: "/admin/leads/lead/?q=nobody",
    "lead": lambda lead: f"/admin/leads/lead/{lead.pk}/change/",
    "assign": lambda lead: f"/admin/leads/lead/{lead.pk}/assign/",
    "report": lambda _lead: "/admin/reports/callback-times/?period=7",
    "held queue": lambda _lead: "/admin/leads/heldlead/",
    "source": lambda lead: f"/admin/leads/leadsource/{lead.source_id}/change/",
}


@pytest.mark.parametrize("name", ADMIN)
def test_the_admin(name: str, stack: Stack, admin: Page, lead: Lead) -> None:
    Extension.objects.update(user=User.objects.get(username="admin"))
    admin.goto(f"{stack.url}{ADMIN[name](lead)}")
    check(admin, name, again=True)


def test_signing_in(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.url}/admin/login/")
    check(page, "sign in")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("enter the correct")).to_be_visible()
    check(page, "sign in, refused")
