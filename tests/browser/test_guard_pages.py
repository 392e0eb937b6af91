"""The pages of a manager under attack: held leads, block lists, spending limits, the audit.

Nothing on them is wider than the window or cut off, by day and by night.
"""

from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import CallPrice, SpendCount, SpendLimit
from leads.models import BlockEntry, Finding, Lead, LeadSource, LeadStatus
from tests.support.looks import picture, too_wide, ways
from tests.support.stack import Stack

WHY = "More than 20 requests came from the address 203.0.113.7 within 10 minutes."
FILE = b"kind,entry,verdict\nnumber,+97250,refuse\naddress,203.0.113.0/24,hold\nword,casino,hold\n"
# Cells of a list, labels and headings whose words do not fit.
CUT = """
    [...document.querySelectorAll('#result_list td, #result_list th, .label, h1, h2')]
        .filter(it => it.offsetParent && it.scrollWidth > it.clientWidth + 1
            && getComputedStyle(it).overflowX !== 'visible')
        .map(it => it.innerText.slice(0, 60))
"""


def requests() -> tuple[Lead, Lead]:
    now, source = timezone.now(), LeadSource.objects.get(slug="website")
    times = {"clock_started_at": now, "due_at": now, "call_after": now, "waiting_since": now}
    held = [
        Lead(
            source=source, name=name, phone=f"+9725055501{place}", email=email,
            status=LeadStatus.HELD, is_held_back=True, submitted_from="2001:db8:0:1::7", **times,
        )
        for place, (name, email) in enumerate(
            [("Noa Levi-Ben Shimon-Alexandrowitz", "noa.levi.the.third@mail.shop.example.com"),
             ("דנה בר", "")], 40,
        )
    ]  # fmt: skip
    first = Lead(source=source, name="Gal Cohen", phone="+972505550150", **times)
    joined = Lead(
        source=source, name="Mallory", phone="+972505550150", status=LeadStatus.DUPLICATE,
        is_held_back=True, duplicate_of=first, closed_at=now, submitted_from="203.0.113.7", **times,
    )  # fmt: skip
    for lead in (*held, first):
        lead.save()
    joined.duplicate_of = first
    joined.save()
    for lead in (*held, joined):
        Finding.objects.create(lead=lead, asked="rate", reason=WHY, at=now, is_mild=True)
    return held[0], joined


def look(page: Page, name: str) -> None:
    """Checks that nothing is wider than the window or cut off."""
    for way in ways(page):
        picture(page, f"{name}-{way}")
        assert too_wide(page) == 0, (name, way)
        assert page.evaluate(CUT) == [], (name, way)


def test_held_leads(stack: Stack, admin: Page) -> None:
    lead, joined = requests()
    admin.goto(f"{stack.url}/admin/leads/heldlead/")
    expect(admin.get_by_text("which is open for the same number").first).to_be_visible()
    look(admin, "held")
    admin.goto(f"{stack.url}/admin/leads/lead/{lead.pk}/change/")
    expect(admin.get_by_role("link", name="Release")).to_be_visible()
    expect(admin.get_by_role("link", name="Call now")).to_have_count(0)
    look(admin, "held-lead")
    admin.goto(f"{stack.url}/admin/leads/lead/{lead.pk}/call-now/")
    expect(admin.get_by_role("link", name="Release it first.")).to_be_visible()
    look(admin, "release-first")
    admin.goto(f"{stack.url}/admin/leads/lead/{joined.pk}/change/")
    look(admin, "held-joined")


def test_block_lists(stack: Stack, admin: Page) -> None:
    requests()
    BlockEntry.objects.create(kind="number", value="+97259", reason="a wave of calls " * 6)
    BlockEntry.objects.create(kind="domain", value="a-very-long-name.of-a-shop.example.com",
                              verdict="refuse")  # fmt: skip
    admin.goto(f"{stack.url}/admin/leads/blockentry/")
    look(admin, "blocks")
    admin.goto(f"{stack.url}/admin/leads/blockentry/import/")
    look(admin, "import")
    admin.set_input_files("input[type=file]", {
        "name": "list.csv", "mimeType": "text/csv", "buffer": FILE,
    })  # fmt: skip
    admin.get_by_role("button", name="Check the file").click()
    expect(admin.get_by_text("What these entries would have done last week")).to_be_visible()
    look(admin, "import-preview")


def test_spending_limits(stack: Stack, admin: Page) -> None:
    now = timezone.now()
    SpendLimit.objects.all().delete()
    limit = SpendLimit.objects.create(calls_an_hour=20, calls_a_day=100, cost_a_day="250.00")
    source = LeadSource.objects.get(slug="website")
    SpendLimit.objects.create(scope="source", source=source, calls_an_hour=20)
    near = SpendLimit.objects.create(scope="country", country="GB", calls_an_hour=20)
    CallPrice.objects.filter(prefix="+972").update(per_minute="0.10")
    for span in ("hour", "day"):
        at = now.replace(minute=0, second=0, microsecond=0)
        SpendCount.objects.create(limit=limit, span=span, began_at=at, calls=20, cost=60)
    SpendCount.objects.create(limit=near, span="hour", began_at=at, calls=18, cost=0)
    admin.goto(f"{stack.url}/admin/callbacks/spendlimit/")
    look(admin, "limits")
    admin.goto(f"{stack.url}/admin/callbacks/spendlimit/{limit.pk}/change/")
    look(admin, "limit")
    admin.goto(f"{stack.url}/admin/callbacks/callprice/")
    look(admin, "prices")


def test_the_audit(stack: Stack, admin: Page) -> None:
    requests()
    BlockEntry.objects.create(kind="word", value="casino")
    admin.goto(f"{stack.url}/admin/callbacks/auditentry/")
    look(admin, "audit")
