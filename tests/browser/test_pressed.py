"""What is pressed stays in place until it is released, whatever the page has to show meanwhile."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support.pressing import answer, asked, click_while_it_changes, hold, press
from tests.support.stack import Stack

PROGRESS = "**/admin/exports/*/"


def a_lead(number: int) -> Lead:
    since = timezone.now() - timedelta(minutes=5)
    return Lead.objects.create(
        source=LeadSource.objects.get(), name=f"Visitor {number}", phone=f"+97250555{number:04}",
        status="waiting", submitted_at=since, clock_started_at=since, call_after=since,
        counted_from=since, due_at=since + timedelta(minutes=1),
    )  # fmt: skip


@pytest.fixture
def desk(stack: Stack, page: Page) -> Page:
    """The page of Dana, who is paused; no other phone is active."""
    dana = User.objects.create_user("dana", first_name="Dana")
    Extension.objects.update(is_active=False)
    Extension.objects.filter(number="101").update(
        user=dana, name="Dana", is_active=True, is_paused=True
    )
    client = Client()
    client.force_login(dana)
    page.context.add_cookies(
        [{"name": it.key, "value": it.value, "url": stack.url} for it in client.cookies.values()]
    )
    page.goto(f"{stack.url}/desk/")
    return page


def rename() -> None:
    """Changes the name of the phone, which the desk shows."""
    Extension.objects.filter(number="101").update(name="Dana, first floor, by the window")


def test_at_the_desk(desk: Page) -> None:
    button = desk.get_by_role("button", name="I am available")
    click_while_it_changes(button, "**/desk/now/**", rename)
    expect(desk.locator("[data-state]")).not_to_contain_text("Paused")
    assert not Extension.objects.get(number="101").is_paused
    expect(desk.get_by_text("Dana, first floor")).to_be_visible()


def test_with_the_space_bar(desk: Page) -> None:
    held = hold(desk, "**/desk/now/**")
    asked(desk, held)
    rename()
    desk.get_by_role("button", name="I am available").focus()
    desk.keyboard.down(" ")
    answer(desk, "**/desk/now/**", held)
    desk.keyboard.up(" ")
    expect(desk.locator("[data-state]")).not_to_contain_text("Paused")
    assert not Extension.objects.get(number="101").is_paused


def test_what_was_kept_waiting_is_shown_once_nothing_is_pressed(desk: Page) -> None:
    """A press beside all buttons only keeps the page as it is."""
    title = desk.locator(".phone-name")
    click_while_it_changes(title, "**/desk/now/**", rename)
    expect(title).to_contain_text("Dana, first floor")


@pytest.fixture
def late(stack: Stack) -> Lead:
    """A lead that nobody calls."""
    Extension.objects.update(is_paused=True)
    return a_lead(101)


def test_on_the_overview(stack: Stack, admin: Page, late: Lead) -> None:
    admin.goto(f"{stack.url}/admin/")
    link = admin.locator(".needs a", has_text="Overdue")
    expect(link.locator("strong")).to_have_text("1")
    click_while_it_changes(link, f"{stack.url}/admin/", lambda: a_lead(102))
    admin.wait_for_url("**/admin/leads/lead/?**")
    expect(admin.locator("#result_list tbody")).to_have_count(2)


def test_in_a_list(stack: Stack, admin: Page, late: Lead) -> None:
    """The new lead's row appears above the pressed one."""
    admin.goto(f"{stack.url}/admin/leads/lead/")
    link = admin.get_by_role("link", name="Visitor 101")
    click_while_it_changes(link, f"{stack.url}/admin/leads/lead/", lambda: a_lead(102))
    admin.wait_for_url(f"**/admin/leads/lead/{late.pk}/change/**")


def close(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(status="cancelled", closed_at=timezone.now())


def test_the_last_row_goes_while_a_link_is_pressed(stack: Stack, admin: Page, late: Lead) -> None:
    """Without rows the list reloads, which must not overtake the link's page."""
    address = f"{stack.url}/admin/leads/lead/?status__exact=waiting"
    link_leads_to = f"**/admin/leads/lead/{late.pk}/change/**"
    admin.goto(address)
    link = admin.get_by_role("link", name="Visitor 101")
    slow = hold(admin, link_leads_to)
    with admin.expect_request(link_leads_to):
        click_while_it_changes(link, address, lambda: close(late))
    # Longer than the list waits after a press. A page that is being left answers no questions.
    admin.wait_for_timeout(500)
    slow[0].continue_()
    admin.wait_for_url(link_leads_to)


def test_what_an_export_says(stack: Stack, admin: Page, late: Lead) -> None:
    """The message needs a line of its own above the list on a narrow telephone."""
    admin.set_viewport_size({"width": 320, "height": 844})
    admin.goto(f"{stack.url}/admin/leads/lead/")
    held = hold(admin, PROGRESS)
    with admin.expect_download():
        admin.get_by_role("button", name="CSV").click()
    asked(admin, held)
    link = admin.get_by_role("link", name="Visitor 101")
    press(link)
    place = link.bounding_box()
    answer(admin, PROGRESS, held)
    assert link.bounding_box() == place
    admin.mouse.up()
    admin.wait_for_url(f"**/admin/leads/lead/{late.pk}/change/**")


# All at once: the page asks for the picture 400 ms after the last change, and a busy machine may
# need longer for each field.
TYPE = """add => {
    add.click();
    const typed = { weekday: "0", opens_at: "09:00", closes_at: "13:30" };
    for (const [name, value] of Object.entries(typed)) {
        const field = document.querySelector(`[name=hours-0-${name}]`);
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }
}"""


def test_where_hours_are_typed(stack: Stack, admin: Page) -> None:
    """The picture of the week, which stands above the button, appears with the first hours."""
    preview = "**/schedule/preview/"
    admin.goto(f"{stack.url}/admin/callbacks/schedule/add/")
    add = admin.get_by_text("Add another Interval")
    held = hold(admin, preview)
    add.evaluate(TYPE)
    asked(admin, held)
    press(add)
    place = add.bounding_box()
    answer(admin, preview, held)
    assert add.bounding_box() == place
    # The new row without hours will take the picture's place.
    hold(admin, preview)
    admin.mouse.up()
    expect(admin.locator("[name=hours-1-weekday]")).to_be_visible()
    expect(admin.locator("#week-picture").get_by_text("09:00-13:30")).to_be_visible()
    admin.unroute(preview)
