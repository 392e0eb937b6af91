"""The overview shows what is new by itself, and leaves alone what somebody does in it."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support.looks import too_wide
from tests.support.stack import Stack


def a_late_lead(number: int) -> Lead:
    since = timezone.now() - timedelta(minutes=5)
    return Lead.objects.create(
        source=LeadSource.objects.get(), name="דנה", phone=f"+97250555{number:04}",
        status="waiting", submitted_at=since, clock_started_at=since, call_after=since,
        counted_from=since, due_at=since + timedelta(minutes=1),
    )  # fmt: skip


def test_it_refreshes_and_keeps_focus_scroll_and_what_is_unfolded(
    stack: Stack, admin: Page
) -> None:
    Extension.objects.update(is_paused=True)
    a_late_lead(101)
    admin.set_viewport_size({"width": 390, "height": 500})
    admin.goto(f"{stack.url}/admin/")
    admin.evaluate("window.wasNotLoadedAgain = true")
    late = admin.locator(".needs a", has_text="Overdue")
    expect(late.locator("strong")).to_have_text("1")
    table = admin.locator(".picture details")
    table.locator("summary").click()
    expect(table.locator("tbody tr")).not_to_have_count(0)
    late.focus()
    admin.evaluate("window.scrollTo(0, 120)")
    as_of = admin.locator("[data-live='as-of']").inner_text()
    a_late_lead(102)
    expect(late.locator("strong")).to_have_text("2")
    expect(late).to_be_focused()
    expect(admin.locator("[data-live='as-of']")).not_to_have_text(as_of)
    assert admin.evaluate("window.scrollY") == 120
    expect(table.locator("table")).to_be_visible()
    drawn = "window.Chart.getChart(document.querySelector('.picture canvas')).data.datasets.length"
    assert admin.evaluate(drawn) == 3  # leads, p90, target
    assert admin.evaluate("window.wasNotLoadedAgain")
    assert too_wide(admin) == 0


def test_a_page_that_becomes_narrower_fits(stack: Stack, admin: Page) -> None:
    """When a telephone is turned, the chart does not keep the page as wide as it was."""
    a_late_lead(101)
    admin.set_viewport_size({"width": 1000, "height": 500})
    admin.goto(f"{stack.url}/admin/")
    expect(admin.locator(".picture canvas")).to_be_visible()
    admin.set_viewport_size({"width": 390, "height": 500})
    expect(admin.locator("html")).to_have_js_property("scrollWidth", 390)


def test_each_number_that_needs_somebody_is_one_click_from_its_rows(
    stack: Stack, admin: Page
) -> None:
    Extension.objects.update(is_paused=True)
    a_late_lead(101)
    a_late_lead(102)
    Lead.objects.filter(phone="+972505550102").update(status="held")
    Extension.objects.create(
        number="999", name="Dana", team=Extension.objects.all()[0].team, is_blocked=True
    )
    admin.goto(f"{stack.url}/admin/")
    links = admin.locator(".needs a")
    seen = {}
    for place in range(links.count()):
        link = links.nth(place)
        name, count = link.locator("span").inner_text(), int(link.locator("strong").inner_text())
        link.click()
        expect(admin.locator("#result_list tbody tr:visible")).to_have_count(count)
        seen[name] = count
        admin.go_back()
        expect(links.first).to_be_visible()
    assert seen["Overdue, not rung yet"] == seen["Held for review"] == 1
    assert seen["Extensions blocked by the provider"] == 1
    assert seen["Extensions paused"] == Extension.objects.filter(is_paused=True).count()


def test_a_lost_network_is_said(stack: Stack, admin: Page) -> None:
    admin.goto(f"{stack.url}/admin/")
    said = admin.locator(".as-of .lost")
    expect(said).to_have_text("")
    admin.route("**/admin/", lambda route: route.fulfill(status=200, body="<p>a proxy's page</p>"))
    expect(said).to_contain_text("The figures are from the time above")
    admin.unroute("**/admin/")
    expect(said).to_have_text("")
