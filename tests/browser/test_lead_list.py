"""The list of leads beside the menu, and as cards on a telephone: nothing of it is cut off."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptOutcome, AttemptState
from leads.models import LeadStatus
from tests.browser.test_wallboard import wait_for_a_call
from tests.support.stack import Stack


@pytest.fixture
def leads(stack: Stack) -> None:
    """One lead that nobody will call, and one with long words in each column."""
    Extension.objects.update(is_paused=True)
    wait_for_a_call("Noa Levi", 75)
    failed = wait_for_a_call('=HYPERLINK("http://example.com/a/long/address","x")', 400)
    type(failed).objects.filter(pk=failed.pk).update(
        status=LeadStatus.FAILED, closed_at=timezone.now()
    )
    phone = Extension.objects.first()
    assert phone
    for lead in (failed,):
        CallAttempt.objects.create(
            lead=lead, phone=lead.phone, extension=phone, extension_number=phone.number,
            state=AttemptState.AGENT_UNREACHED, outcome=AttemptOutcome.AGENT_UNREACHED,
            claimed_at=timezone.now() - timedelta(minutes=5), ended_at=timezone.now(),
            hold_until=timezone.now(), call_id="20261128120000aabbccddeeff",
        )  # fmt: skip
    phone.team.sources.clear()  # type: ignore[union-attr]


def test_no_column_is_out_of_sight_and_no_card_cuts_its_lines(
    stack: Stack, leads: None, admin: Page
) -> None:
    admin.goto(f"{stack.url}/admin/leads/lead/")
    beside = admin.evaluate(
        "() => [...document.querySelectorAll('#result_list th')].at(-1).getBoundingClientRect()"
        ".right - document.querySelector('#result_list').parentElement"
        ".getBoundingClientRect().right"
    )
    assert beside <= 1
    admin.set_viewport_size({"width": 390, "height": 844})
    cut = admin.evaluate(
        "() => [...document.querySelectorAll('#result_list td')].filter(cell => "
        "cell.scrollHeight > cell.clientHeight + 1 || [...cell.children].some(it => "
        "it.getBoundingClientRect().top < cell.getBoundingClientRect().top))"
        ".map(cell => cell.className.match(/field-\\w+/)?.[0])"
    )
    assert cut == []
