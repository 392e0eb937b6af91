"""The page on lateness in a browser: a worker works it out, and each cause leads to its leads."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import CallAttempt, Extension
from leads.models import LateWait, Lead, LeadSource
from tests.support.looks import picture, too_wide, ways
from tests.support.stack import Stack


def late_leads() -> None:
    """A phone that has one call after the other; leads that come meanwhile are called late."""
    source, phone = LeadSource.objects.get(), Extension.objects.order_by("pk")[0]
    Extension.objects.exclude(pk=phone.pk).update(is_active=False)
    source.sla_target = 10
    source.save()
    began = timezone.now() - timedelta(seconds=600)
    for number in range(12):
        claimed = began + timedelta(seconds=40 * number)
        came = began + timedelta(seconds=20 * number)
        ended = claimed + timedelta(seconds=39)
        rang = claimed + timedelta(seconds=5)
        talked = claimed + timedelta(seconds=9)
        due = came + timedelta(seconds=10)
        lead = Lead.objects.create(
            source=source, name="נועה לוי", phone=f"+97250555{number:04}", status="connected",
            submitted_at=came, clock_started_at=came, due_at=due, waiting_since=came,
            waited_extension=claimed - came, rang_at=rang, time_to_ring=rang - came,
            connected_at=talked, time_to_talk=talked - came, closed_at=ended, attempts=1,
        )  # fmt: skip
        if claimed > due:
            LateWait.objects.create(
                lead=lead, began_at=came, call_after=came, waited_extension=claimed - came
            )
        CallAttempt.objects.create(
            lead=lead, phone=lead.phone, extension=phone, extension_number=phone.number,
            state="bridged", outcome="bridged", claimed_at=claimed, rang_at=rang,
            connected_at=talked, ended_at=ended, hold_until=ended, call_id=f"C-{number}",
            provider_time=timedelta(seconds=0.4), leg1_time=timedelta(seconds=4.6),
            leg2_time=timedelta(seconds=4), unknown_time=timedelta(0),
        )  # fmt: skip


def test_causes_and_the_way_to_their_leads(stack: Stack, admin: Page) -> None:
    late_leads()
    address = f"{stack.url}/admin/reports/lateness/?period=7"
    admin.goto(address)
    heading = admin.get_by_role("heading", name="Main causes")
    expect(heading).to_be_visible()
    for way in ways(admin):
        admin.goto(address)
        assert too_wide(admin) == 0
        picture(admin, f"lateness-{way}")
    cause = admin.locator(".causes li").first
    expect(cause.get_by_role("heading")).to_have_text("Nobody was free")
    link = cause.get_by_role("link")
    count = int(link.inner_text().removeprefix("Leads: "))
    link.click()
    expect(admin.locator("#result_list tbody tr")).to_have_count(count)
    expect(admin.get_by_text("with nobody free (1 of 1 on a call)").first).to_be_visible()
    picture(admin, "behind-a-cause")
    admin.locator("#result_list tbody tr a").first.click()
    expect(admin.get_by_text("s late: ").first).to_be_visible()
    picture(admin, "late-lead")


def test_a_replay_is_played_and_can_be_linked(stack: Stack, admin: Page) -> None:
    late_leads()
    admin.goto(f"{stack.url}/admin/reports/replay/")
    admin.get_by_label("People").fill("1")
    admin.get_by_role("button", name="Play").click()
    expect(admin.get_by_text("Disposition")).to_be_visible()
    address = admin.url
    chart = "window.Chart.getChart(document.querySelector('canvas')).data.datasets.length"
    for way in ways(admin):
        admin.goto(address)
        assert admin.evaluate(chart) == 3
        assert too_wide(admin) == 0
        picture(admin, f"replay-{way}")
    expect(admin.get_by_label("People")).to_have_value("1")
