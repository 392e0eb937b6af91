"""Times by the visitor's own clock, where that is another than the office's, in Chromium."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, expect

from callbacks.models import Extension, OpeningHours, Schedule, Team
from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE
from tests.support.simulator import eventually

MakeLead = Callable[..., Lead]
pytestmark = [pytest.mark.django_db(transaction=True)]
OFFICE = ZoneInfo("Asia/Jerusalem")


@pytest.fixture
def visitor_in(
    browser: Browser, gunicorn: str, source: LeadSource, extension: Extension
) -> Iterator[Callable[..., BrowserContext]]:
    """visitor_in(zone, scripts=True): a browser whose clock is of that zone."""
    schedule = Schedule.objects.create(name="always", time_zone=str(OFFICE))
    for weekday in range(7):
        OpeningHours.objects.create(
            schedule=schedule, weekday=weekday, opens_at=time(0), closes_at=time(23, 59)
        )
    Team.objects.update(schedule=schedule)
    opened = []

    def visitor(zone: str, *, scripts: bool = True) -> BrowserContext:
        context = browser.new_context(
            base_url=gunicorn, timezone_id=zone, java_script_enabled=scripts
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        return context

    yield visitor
    for context in opened:
        context.close()


def planned(make_lead: MakeLead, at: datetime) -> str:
    lead = make_lead(call_after=at, chosen_at=at, status="waiting")
    return f"/contact/website/{lead.public_id}/"


def in_days(days: int, hour: int) -> datetime:
    """So many days ahead, at this hour in the office."""
    day = (timezone.localtime(timezone.now(), OFFICE) + timedelta(days=days)).date()
    return datetime.combine(day, time(hour), OFFICE).astimezone(UTC)


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Asia/Kolkata"])
def test_a_planned_call_is_told_by_both_clocks(
    zone: str, visitor_in: Callable[..., BrowserContext], make_lead: MakeLead
) -> None:
    at = in_days(3, 14)
    page = visitor_in(zone).new_page()
    page.goto(planned(make_lead, at))
    expect(page.locator("[data-message]")).to_contain_text("at 14:00 (Jerusalem time)")
    own = at.astimezone(ZoneInfo(zone))
    expect(page.locator("[data-own-clock]")).to_have_text(f"On your clock, that is {own:%H:%M}.")
    iso = page.locator("[data-own-clock] time").get_attribute("datetime") or ""
    assert datetime.fromisoformat(iso) == at


def test_where_it_is_another_day_the_day_is_named(
    visitor_in: Callable[..., BrowserContext], make_lead: MakeLead
) -> None:
    at = in_days(3, 4)
    own = at.astimezone(ZoneInfo("America/New_York"))
    page = visitor_in("America/New_York").new_page()
    page.goto(planned(make_lead, at))
    line = page.locator("[data-own-clock]")
    expect(line).to_contain_text(f"{own:%A}")
    expect(line).to_contain_text(f"{own:%H:%M}")


def test_it_follows_the_live_updates(
    visitor_in: Callable[..., BrowserContext], make_lead: MakeLead
) -> None:
    page = visitor_in("Europe/London").new_page()
    address = planned(make_lead, timezone.now())
    page.goto(address)
    line = page.locator("[data-own-clock]")
    expect(line).to_be_hidden()
    at = in_days(3, 14)
    Lead.objects.update(call_after=at, attempts=1)
    expect(line).to_have_text(
        f"On your clock, that is {at.astimezone(ZoneInfo('Europe/London')):%H:%M}."
    )
    Lead.objects.update(call_after=timezone.now())

    def is_gone_when_it_asks() -> bool:  # by itself it would ask in half an hour
        page.evaluate("document.dispatchEvent(new Event('standingchange'))")
        return line.is_hidden()

    eventually(is_gone_when_it_asks, within=60)


@pytest.mark.parametrize(
    ("zone", "scripts"),
    [("Asia/Jerusalem", True), ("Asia/Hebron", True), ("Europe/London", False)],
    ids=["the office's zone", "another zone, the same clock", "no scripts"],
)  # fmt: skip
def test_otherwise_the_offices_time_and_its_zones_name_stand_alone(
    zone: str, scripts: bool, visitor_in: Callable[..., BrowserContext], make_lead: MakeLead
) -> None:
    at = in_days(3, 14)
    if scripts and at.astimezone(ZoneInfo(zone)).hour != 14:
        at = in_days(5, 14)  # the two change their clocks a day apart
    page = visitor_in(zone, scripts=scripts).new_page()
    page.goto(planned(make_lead, at))
    expect(page.locator("[data-message]")).to_contain_text("at 14:00 (Jerusalem time)")
    expect(page.locator("[data-own-clock]")).to_be_hidden()


@pytest.mark.parametrize("act", ["", "time/"], ids=["the form", "choosing another time"])
def test_the_list_of_times_has_both_clocks(
    act: str, visitor_in: Callable[..., BrowserContext], make_lead: MakeLead
) -> None:
    address = planned(make_lead, in_days(3, 14)) + act if act else "/contact/website/"
    page = visitor_in("Europe/London").new_page()
    page.goto(address)
    options = page.locator("select[name=call_at] optgroup option")
    for option in (options.first, options.nth(20)):
        at = datetime.fromisoformat(option.get_attribute("value") or "")
        own = at.astimezone(ZoneInfo("Europe/London"))
        day = "" if own.date() == at.date() else f"{own:%A}"
        expect(option).to_contain_text(f"{at:%H:%M} ({day}")
        expect(option).to_contain_text(f"{own:%H:%M} on your clock)")
    page.goto("about:blank")
    page = visitor_in("Asia/Jerusalem").new_page()
    page.goto(address)
    first = page.locator("select[name=call_at] optgroup option").first
    expect(first).not_to_contain_text("on your clock")
