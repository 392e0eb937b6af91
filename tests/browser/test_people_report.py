"""The people report in a browser, and a salesperson's own figures on a telephone."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import CallAttempt, Extension, Pause
from leads.models import Lead, LeadSource
from tests.browser.test_report import DRAWN
from tests.support.looks import look, picture, too_wide, ways
from tests.support.stack import Stack

ENDS = ("bridged", "bridged", "lead_no_answer", "agent_no_answer", "agent_unreached", "bridged")


def calls_and_pauses() -> User:
    """Calls and pauses of three people over the last five days; returns Dana, who has phone 101."""
    source = LeadSource.objects.get(slug="website")
    people = [
        User.objects.create_user("dana", first_name="Dana", last_name="Levi", password="dana-1234"),
        User.objects.create_user("noam", first_name="נועם", last_name="כהן", password="noam-1234"),
        None,
    ]
    now = timezone.now()
    number = 0
    for at, (user, extension) in enumerate(
        zip(people, Extension.objects.order_by("number"), strict=False)
    ):
        Extension.objects.filter(pk=extension.pk).update(user=user)
        for days in range(5):
            for nth, state in enumerate(ENDS[: 6 - at]):
                number += 1
                begun = now - timedelta(days=days, minutes=10 + 12 * nth)
                _call(source, extension, user, state, begun, number)
        for days, (reason, kind) in enumerate([("lunch", "own"), ("meeting", "manager"),
                                               ("", "own"), ("missed", "missed")]):  # fmt: skip
            began = now - timedelta(days=days, minutes=90)
            Pause.objects.create(
                extension=extension, salesperson=user, kind=kind, reason=reason, began_at=began,
                ended_at=began + timedelta(minutes=10 + 17 * days),
            )  # fmt: skip
    assert people[0]
    return people[0]


def _call(source: LeadSource, phone: Extension, user: Any, state: str, at: Any, nth: int) -> None:
    talked = state == "bridged"
    lead = Lead.objects.create(
        source=source, name="נועה לוי", phone=f"+97250555{nth:04}", status="unreached",
        submitted_at=at, clock_started_at=at, due_at=at, closed_at=timezone.now(),
    )  # fmt: skip
    rang = timedelta(seconds=4 + nth % 7)
    CallAttempt.objects.create(
        lead=lead, extension=phone, salesperson=user, phone=lead.phone, state=state, outcome=state,
        extension_number=phone.number, claimed_at=at, provider_time=timedelta(0), leg1_time=rang,
        leg2_time=timedelta(seconds=8), unknown_time=timedelta(0), hold_until=at,
        connected_at=at + rang + timedelta(seconds=8) if talked else None,
        talk_time=60 + 13 * (nth % 30) if talked else None, ended_at=at + timedelta(minutes=9),
    )  # fmt: skip


def test_managers_see_people_and_each_person_sees_themselves(stack: Stack, admin: Page) -> None:
    calls_and_pauses()
    address = f"{stack.url}/admin/reports/people/?period=7&compare=yes"
    for way in ways(admin):
        for show in ("main", "calls", "talks", "pauses"):
            admin.goto(f"{address}&show={show}")
            assert sum(dict(admin.evaluate(DRAWN))["chart-calls"]) > 3
            assert too_wide(admin) == 0, (show, way)
            picture(admin, f"people-{show}-{way}")
    admin.goto(address)
    admin.get_by_role("button", name="What does Refused by the device mean?").first.click()
    expect(admin.get_by_text("The provider could not ring the phone").last).to_be_visible()
    admin.keyboard.press("Escape")
    admin.goto(address)
    row = admin.locator("table.by-group tbody tr", has_text="Dana Levi")
    row.locator("td[data-label='Missed'] a").first.click()
    expect(admin.get_by_text("From the report: Missed, Dana Levi")).to_be_visible()
    expect(admin.locator("#result_list tbody tr")).to_have_count(5)
    picture(admin, "people-behind-calls")
    admin.goto(address)
    admin.locator("table.reasons tbody tr", has_text="Lunch").locator("a").first.click()
    expect(admin.locator("#result_list tbody tr")).to_have_count(2)
    picture(admin, "people-behind-pauses")


def test_own_figures_on_a_telephone(stack: Stack, page: Page) -> None:
    dana = calls_and_pauses()
    # With one more link above the page, and a name too long for it.
    User.objects.filter(pk=dana.pk).update(is_staff=True, last_name="Levi-Ben David")
    page.goto(f"{stack.url}/desk/login/")
    page.get_by_label("Username").fill("dana")
    page.get_by_label("Password").fill("dana-1234")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="My figures")).to_be_visible()
    look(page, "desk")
    page.get_by_text("What these mean").click()
    expect(page.get_by_text("Calls in which the salesperson and the lead talked.")).to_be_visible()
