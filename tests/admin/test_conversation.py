"""Talk time, price and recording: on the attempt, in the lists, in the lead's history."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.admin import html, labels
from callbacks.models import CallAttempt, Extension
from leads.models import Lead

RECORDING = "https://records.example.com/r/1.mp3?a=1&b=2"
LINK = (
    '<a class="quiet-link" href="https://records.example.com/r/1.mp3?a=1&amp;b=2" '
    'target="_blank" rel="noopener noreferrer">'
)


@pytest.fixture
def bridged(make_lead: Callable[..., Lead], extension: Extension) -> CallAttempt:
    now = timezone.now()
    at = now - timedelta(minutes=5)
    lead = make_lead(status="connected", closed_at=now, connected_at=now)
    return CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101", state="bridged",
        call_id="C-1", claimed_at=at, answered_at=at, picked_up_at=at, connected_at=at,
        ended_at=now, hold_until=now, talk_time=150, price=45, recording_url=RECORDING,
    )  # fmt: skip


def pages(attempt: CallAttempt) -> dict[str, str]:
    return {
        "lead": f"/admin/leads/lead/{attempt.lead_id}/change/",
        "list": "/admin/callbacks/callattempt/",
        "attempt": f"/admin/callbacks/callattempt/{attempt.pk}/change/",
    }


@pytest.mark.parametrize("place", ["lead", "list", "attempt"])
def test_talk_time_price_and_recording_stand_there(
    place: str, managing: Client, bridged: CallAttempt
) -> None:
    page = managing.get(pages(bridged)[place]).content.decode()
    assert "2 min 30 s" in page
    assert "₪0.45" in page
    assert LINK in page


def test_an_attempt_says_who_was_to_ring_without_words_for_developers(
    managing: Client, bridged: CallAttempt
) -> None:
    page = managing.get(f"/admin/callbacks/callattempt/{bridged.pk}/change/").content.decode()
    assert f'href="/admin/callbacks/extension/{bridged.extension_id}/change/"' in page
    assert "read_timeout" not in page
    assert "None for a message" not in page


def test_the_history_tells_the_conversation(managing: Client, bridged: CallAttempt) -> None:
    page = managing.get(pages(bridged)["lead"]).content.decode()
    story = page[page.index('class="timeline"') :]
    assert "The salesperson picked up" in story
    assert "<p>Talked 2 min 30 s</p><p>Cost ₪0.45</p>" in story
    assert LINK in story


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://a.example/1", "https://",
     "http://[", "\tjavascript:alert(1)"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["lead", "list", "attempt"])
def test_what_is_no_web_address_is_no_link(
    place: str, address: str, managing: Client, bridged: CallAttempt
) -> None:
    CallAttempt.objects.update(recording_url=address)
    page = managing.get(pages(bridged)[place]).content.decode()
    assert f'href="{address}"' not in page
    assert 'target="_blank" rel="noopener noreferrer">Recording' not in page


def test_an_address_cannot_break_out_of_its_link() -> None:
    link = html.recording('https://a.example/"><script>alert(1)</script>')
    assert "<script>" not in link


@pytest.mark.parametrize(
    ("hundredths", "shown"), [(None, ""), (0, "₪0.00"), (5, "₪0.05"), (12345, "₪123.45")]
)
def test_a_price_is_in_shekels(hundredths: int | None, shown: str) -> None:
    assert labels.shekels(hundredths) == shown
