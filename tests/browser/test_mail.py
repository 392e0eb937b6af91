"""A report's mail as a mail program shows it: nothing is cut off, on a telephone too."""

import pytest
import time_machine
from playwright.sync_api import Browser

from callbacks.models import OutgoingMail, ReportSubscription, SavedView
from callbacks.reports.selection import COLUMNS
from callbacks.subscriptions import compose
from leads.models import LeadSource
from tests.reports import random_leads
from tests.support.logins import somebody_with
from tests.support.looks import picture, too_wide

pytestmark = pytest.mark.django_db

LONG = "דף נחיתה לחורף 2026 " + "w" * 60


@pytest.fixture
def mails(source: LeadSource) -> dict[str, str]:
    """One mail for each set of columns, by the key of the set."""
    random_leads.rows(5, count=60)
    LeadSource.objects.filter(pk=LeadSource.objects.latest("pk").pk).update(name=LONG)
    rights = ("leads.view_lead", "callbacks.export_leads", "callbacks.subscribe_reports")
    reader = somebody_with(*rights, email="anna@example.com")
    found = {}
    for columns in COLUMNS:
        view = SavedView.objects.create(
            name=f"בוקר {columns}", owner=reader,
            query=f"period=30&by=source&show={columns}&compare=yes",
        )  # fmt: skip
        with time_machine.travel(random_leads.NOW, tick=False):
            subscription = ReportSubscription.objects.create(
                view=view, user=reader, zone="UTC", decided_until=random_leads.NOW
            )
            now = random_leads.NOW
            mail = compose.post(subscription, now, now, key="")
        assert mail is not None
        found[columns] = OutgoingMail.objects.get(pk=mail.pk).html
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 700])
def test_it_fits(browser: Browser, mails: dict[str, str], width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True
    )
    page = context.new_page()
    for columns, html in mails.items():
        page.set_content(html)
        assert too_wide(page) == 0, columns
        picture(page, f"mail-{columns}-{width}-{scheme}")
    back = page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert back == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(26, 33, 43)")
    context.close()
