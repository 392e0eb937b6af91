"""What a visitor and a manager see: the form, the live status, the lead in the admin."""

from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page, expect

from callbacks.models import CallAttempt, Extension
from leads.models import Lead
from tests.support.simulator import eventually
from tests.support.stack import Stack


def fill_in(page: Page, stack: Stack, phone: str = "050-555 0101") -> None:
    page.goto(f"{stack.url}/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill(phone)


def test_from_the_form_to_the_talk_and_into_the_admin(stack: Stack, page: Page) -> None:
    fill_in(page, stack)
    page.get_by_label("Email").fill("noa@example.com")
    page.get_by_label("Message").fill("Do you deliver to Haifa?")
    page.get_by_role("button").click()
    card = page.locator("[data-status]")
    expect(card).to_have_attribute("data-status", "connected")

    [entry] = stack.simulator.ledger()
    lead, attempt = Lead.objects.get(), CallAttempt.objects.get()
    assert entry["call_id"] == attempt.call_id == lead.call_id

    get_user_model().objects.create_superuser("admin", password="a-password-for-tests")
    page.goto(f"{stack.url}/admin/leads/lead/")
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill("a-password-for-tests")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("body")).to_contain_text(entry["call_id"])
    page.goto(f"{stack.url}/admin/leads/lead/{lead.pk}/change/")
    expect(page.locator("body")).to_contain_text(entry["call_id"])
    expect(page.locator("body")).to_contain_text("they talked")


def test_the_status_follows_the_call_while_the_visitor_watches(stack: Stack, page: Page) -> None:
    Extension.objects.update(is_paused=True)
    fill_in(page, stack)
    page.get_by_role("button").click()
    card = page.locator("[data-status]")
    expect(card).to_have_attribute("data-status", "waiting")
    stack.simulator.control(mode="manual")
    Extension.objects.update(is_paused=False)
    expect(card).to_have_attribute("data-status", "calling")
    # The lead becomes "calling" a moment before the provider is asked.
    [entry] = eventually(stack.simulator.ledger)
    for click in ("1/answer", "2/answer", "2/hangup"):
        address = f"{stack.simulator.url}/phones/{entry['call_id']}/{click}"
        eventually(lambda address=address: stack.simulator.http.post(address).is_success)
    expect(card).to_have_attribute("data-status", "connected")


def test_without_javascript_the_page_follows_by_refreshing(stack: Stack, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    fill_in(page, stack)
    page.get_by_role("button").click()
    expect(page.locator("[data-status]")).to_have_attribute("data-status", "connected")
    context.close()


def test_double_click_reload_and_back_make_one_lead(stack: Stack, page: Page) -> None:
    # A form sent after a finished call is a new request, so nobody is called in this test.
    Extension.objects.update(is_paused=True)
    fill_in(page, stack)
    page.get_by_role("button").dblclick()
    page.wait_for_url("**/contact/website/*-*/")
    status_page = page.url
    page.reload()
    page.go_back()
    page.get_by_role("button").click()
    page.wait_for_url("**/contact/website/*-*/")
    assert page.url == status_page
    assert Lead.objects.count() == 1


def test_an_error_stands_beside_its_field_and_what_was_typed_is_kept(
    stack: Stack, browser: Browser
) -> None:
    page = browser.new_context().new_page()
    fill_in(page, stack, phone="12")
    page.get_by_label("Message").fill("Hello")
    page.get_by_role("button").click()
    phone = page.get_by_role("textbox", name="Phone")
    expect(phone).to_have_attribute("aria-invalid", "true")
    described_by = phone.get_attribute("aria-describedby")
    assert described_by
    expect(page.locator(f"#{described_by.split()[0]}")).to_contain_text("phone number")
    expect(phone).to_have_value("12")
    expect(page.get_by_label("Message")).to_have_value("Hello")
    assert not Lead.objects.exists()
    page.context.close()


def test_the_form_is_sent_with_the_keyboard_alone(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.url}/contact/website/")
    page.keyboard.press("Tab")
    page.keyboard.type("Noa Levi")
    page.keyboard.press("Tab")
    page.keyboard.type("0505550104")
    page.keyboard.press("Enter")
    page.wait_for_url("**/contact/website/*-*/")
    assert Lead.objects.get().phone == "+972505550104"
