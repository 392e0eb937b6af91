"""The admin's pages about calls, in a browser: they work under their policy, and fit the window."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import CallAttempt, CallParameters, Extension
from leads.models import Lead, LeadSource
from tests.support.looks import look, picture, too_wide, ways
from tests.support.stack import Stack


@pytest.fixture
def admin(admin: Page) -> Page:
    """The signed-in page; all phones are paused, so that no lead is called."""
    Extension.objects.update(is_paused=True)
    return admin


@pytest.fixture
def lead(stack: Stack) -> Lead:
    """A lead that was called before, with all that a list has to find room for."""
    now = timezone.now()
    lead = Lead.objects.create(
        source=LeadSource.objects.get(), name="Noa Mizrahi-Ben David", phone="+972505550142",
        status="unreached", closed_at=now, due_at=now + timedelta(seconds=60), error_code=2,
        clock_started_at=now, first_dialed_at=now, rang_at=now, attempts=1, call_id="c" * 36,
        error_message="A fault that takes a good many words to tell, and some more of them.",
    )  # fmt: skip
    CallAttempt.objects.create(
        lead=lead, extension=Extension.objects.get(number="101"), phone=lead.phone,
        extension_number="101", state="lead_no_answer", call_id="c" * 36, claimed_at=now,
        ended_at=now, hold_until=now, talk_time=95, price=45, error_code=0,
        recording_url="https://records.example.com/1.mp3",
    )  # fmt: skip
    return lead


@pytest.mark.parametrize(
    "address",
    [
        "leads/lead/{lead}/change/",
        "leads/lead/{lead}/call-with/",
        "leads/lead/{lead}/play/",
        "leads/leadsource/{source}/change/",
        "callbacks/extension/{extension}/change/",
        "callbacks/extension/{extension}/conference/",
        "callbacks/callattempt/{attempt}/change/",
    ],
)
def test_a_page_opens_without_a_complaint_and_fits(
    address: str, stack: Stack, admin: Page, lead: Lead
) -> None:
    attempt = CallAttempt.objects.get()
    path = address.format(
        lead=lead.pk, source=lead.source_id, extension=attempt.extension_id, attempt=attempt.pk
    )
    admin.goto(f"{stack.url}/admin/{path}")
    admin.wait_for_load_state("networkidle")
    look(admin, path.strip("/").replace("/", "-"))


@pytest.mark.parametrize("name", ["leads/lead", "callbacks/callattempt"])
def test_a_list_shows_all_its_columns_at_1280_with_each_call_id_on_one_line(
    name: str, stack: Stack, admin: Page, lead: Lead
) -> None:
    admin.goto(f"{stack.url}/admin/{name}/")
    box = admin.locator("#result_list").bounding_box()
    assert box
    assert box["x"] + box["width"] <= 1280 - 16  # the page's margin
    call_id = admin.locator("#result_list .call-id")
    expect(call_id).to_have_attribute("title", "c" * 36)
    shown = call_id.bounding_box()
    assert shown
    assert shown["height"] < 30
    call_id.click()
    assert admin.evaluate("window.getSelection().toString()") == "c" * 36


def test_a_manager_chooses_who_calls_and_the_two_are_connected(
    stack: Stack, admin: Page, lead: Lead
) -> None:
    CallParameters.objects.create(extension=Extension.objects.get(number="102"), language="he")
    admin.goto(f"{stack.url}/admin/leads/lead/{lead.pk}/change/")
    admin.get_by_role("link", name="Call with").click()
    admin.get_by_role("button", name="Call now").click()
    expect(admin.get_by_text("Choose an extension.")).to_be_visible()
    admin.get_by_role("radio", name="102").check()
    admin.get_by_role("button", name="Call now").click()
    expect(admin.get_by_text("Extension 102 rings now, then the lead.")).to_be_visible()
    [entry] = stack.simulator.ended()
    assert (entry["phone"], entry["target"], entry["language"]) == ("102", "972505550142", "he")
    admin.goto(f"{stack.url}/admin/leads/lead/{lead.pk}/change/")
    expect(admin.get_by_text("admin: Call now with extension 102")).to_be_visible()


def test_an_error_among_the_folded_parameters_unfolds_them(stack: Stack, admin: Page) -> None:
    extension = Extension.objects.get(number="101")
    admin.goto(f"{stack.url}/admin/callbacks/extension/{extension.pk}/change/")
    language = admin.locator("[name$='-0-language']")
    expect(language).not_to_be_visible()
    admin.get_by_text("call parameters").first.click()
    language.fill("Hebrew")
    save = admin.get_by_role("button", name="Save", exact=True)
    save.click()
    expect(admin.get_by_text("must be a language code")).to_be_visible()
    expect(language).to_have_value("Hebrew")
    language.fill("he")
    save.click()
    expect(admin.get_by_text("was changed successfully")).to_be_visible()
    assert CallParameters.objects.get().language == "he"


def test_what_nobody_knows_is_listed_in_full_and_settled(
    stack: Stack, admin: Page, lead: Lead
) -> None:
    now = timezone.now()
    Lead.objects.update(status="failed", counted_from=now - timedelta(hours=1))
    CallAttempt.objects.update(
        state="ended",
        outcome="never_known",
        failure_reason="read_timeout",
        picked_up_at=now,
        lookup_count=7,
    )
    for way in ways(admin):
        admin.goto(f"{stack.url}/admin/callbacks/unknownoutcome/")
        known = admin.locator("td.field-known")
        assert known.evaluate("it => it.scrollHeight - it.clientHeight") <= 0, "facts are cut off"
        for name in ("They talked", "Call again"):
            expect(admin.get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
        assert too_wide(admin) == 0, way
        picture(admin, f"nobody-knows-{way}")
    admin.get_by_role("link", name="They talked").click()
    admin.get_by_role("button", name="They talked").click()
    expect(admin.get_by_text("The lead is connected and is not called again.")).to_be_visible()
    lead.refresh_from_db()
    assert lead.status == "connected"
