"""The report in a browser: pictures are drawn, definitions open, numbers lead to their leads."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.reports.selection import COLUMNS
from leads.models import Lead, LeadSource, SlaClock
from tests.support.looks import picture, too_wide, ways
from tests.support.stack import Stack

DRAWN = """() => [...document.querySelectorAll("canvas[data-chart]")].map((canvas) => {
    const chart = window.Chart.getChart(canvas);
    return [canvas.dataset.chart, chart.data.datasets.map((one) => one.data.filter(Number).length)];
})"""

CUT = """() => [...document.querySelectorAll("table.figures")]
    .filter((it) => it.scrollWidth > it.parentElement.clientWidth).map((it) => it.scrollWidth)"""

TARGET_IS_SEEN = """() => {
    const target = window.Chart.getChart(document.querySelector("canvas[data-chart=chart-trend]"))
        .data.datasets.at(-1);
    return target.data.length === 1 && target.pointRadius[0] > 0;
}"""


def a_missed_lead_and_one_they_talked_with() -> None:
    source = LeadSource.objects.get(slug="website")
    at = timezone.now() - timedelta(minutes=5)
    times = {"submitted_at": at, "clock_started_at": at, "due_at": at + timedelta(seconds=60)}
    common = {"source": source, "name": "נועה לוי", "closed_at": timezone.now(), **times}
    Lead.objects.create(phone="+972505550101", status="failed", **common)
    Lead.objects.create(
        phone="+972505550102", status="connected", rang_at=at + timedelta(seconds=20),
        time_to_ring=timedelta(seconds=20), connected_at=at + timedelta(seconds=30),
        time_to_talk=timedelta(seconds=30), waited_extension=timedelta(seconds=12), **common,
    )  # fmt: skip


def test_a_table_with_the_period_before_is_not_cut(stack: Stack, admin: Page) -> None:
    now, leads = timezone.now(), []
    sources = [
        LeadSource.objects.get(slug="website"),
        # Its clock stops outside opening hours, so times by the wall clock are shown, too.
        LeadSource.objects.create(
            slug="autumn", name="Autumn campaign, northern branch", sla_clock=SlaClock.OPEN
        ),
    ]
    for number, took in enumerate((9.4, 45.0, 227.0, 815.0, 8130.0, 273_600.0) * 40):
        at = now - timedelta(days=number % 13, hours=number % 7)
        ring = timedelta(seconds=took * (1 + number % 9 / 10))
        leads.append(Lead(
            source=sources[number % 2], phone=f"+97250555{number:04}", name="Noa",
            status="connected", submitted_at=at, clock_started_at=at,
            due_at=at + timedelta(seconds=60), first_dialed_at=at + ring / 2, rang_at=at + ring,
            time_to_ring=ring, connected_at=at + ring, time_to_talk=ring, closed_at=now,
        ))  # fmt: skip
    Lead.objects.bulk_create(leads)
    report = f"{stack.url}/admin/reports/callback-times/?period=7&compare=yes"
    for columns in COLUMNS:
        for by in ("day", "source"):
            admin.goto(f"{report}&by={by}&show={columns}")
            for width in (1024, 1280, 1400):
                admin.set_viewport_size({"width": width, "height": 900})
                assert admin.evaluate(CUT) == [], (columns, by, width)
                picture(admin.locator(".by-group"), f"{columns}-{by}-{width}")
    for way in ways(admin):
        admin.goto(f"{report}&by=day&show=soon")
        assert admin.evaluate(CUT) == []
        picture(admin, f"soon-{way}")


def test_pictures_definitions_and_the_way_to_the_leads(stack: Stack, admin: Page) -> None:
    a_missed_lead_and_one_they_talked_with()
    # A lead from just before midnight counts as yesterday's.
    address = f"{stack.url}/admin/reports/callback-times/?period=7&by=day&compare=yes"
    for way in ways(admin):
        admin.goto(address)
        drawn = dict(admin.evaluate(DRAWN))
        # Points drawn: p90 and p50 on one day, none before, and the target on each of seven days.
        assert drawn["chart-trend"] == [1, 1, 0, 7]
        assert drawn["chart-spread"] == [2, 0]
        assert sum(drawn["chart-stages"]) == 1
        assert too_wide(admin) == 0
        picture(admin, f"report-{way}")
    # A single day makes no line, but its target is visible.
    day = timezone.localdate(Lead.objects.all()[0].submitted_at)
    chosen = f"period=days&first={day}&last={day}&by=day"
    admin.goto(f"{stack.url}/admin/reports/callback-times/?{chosen}")
    assert admin.evaluate(TARGET_IS_SEEN)
    admin.goto(address)
    admin.get_by_role("button", name="What does Missed mean?").first.click()
    expect(
        admin.get_by_text("Leads whose due time passed without their phone ringing").last
    ).to_be_visible()
    admin.keyboard.press("Escape")
    admin.locator(".tile", has_text="Missed").get_by_role("link").first.click()
    expect(admin.get_by_text("From the report: Missed")).to_be_visible()
    expect(admin.locator("#result_list tbody tr")).to_have_count(1)
