"""Where one lead's time went, on its page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from callbacks.models import CallAttempt, Extension
from leads.models import Lead

MakeLead = Callable[..., Lead]
NIGHT = datetime(2026, 11, 23, 23, 58, tzinfo=UTC)
MORNING = NIGHT + timedelta(hours=9, minutes=2)


def stages(client: Client, lead: Lead, at: datetime = MORNING) -> str:
    with time_machine.travel(at, tick=False):
        answer = client.get(f"/admin/leads/lead/{lead.pk}/change/")
    assert answer.status_code == 200
    shown = answer.content.decode().split('class="spent"')[1].split("</ul>")[0]
    without_bar = re.sub(r"<svg.*?</svg>", "", shown, flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without_bar.split(">", 1)[1])))


def at_night(make_lead: MakeLead, **values: object) -> Lead:
    return make_lead(
        submitted_at=NIGHT, waiting_since=NIGHT, call_after=MORNING, closed_until=MORNING,
        clock_started_at=NIGHT, due_at=MORNING + timedelta(minutes=1), **values,
    )  # fmt: skip


def attempt(lead: Lead, extension: Extension, **values: object) -> CallAttempt:
    return CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101",
        hold_until=MORNING, **values,
    )  # fmt: skip


def test_it_tells_each_stage_of_a_connected_lead(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    talked = MORNING + timedelta(seconds=27.4)
    lead = at_night(
        make_lead, status="connected", connected_at=talked, closed_at=talked,
        waited_closed=timedelta(hours=9, minutes=2), waited_extension=timedelta(seconds=12),
    )  # fmt: skip
    attempt(
        lead, extension, state="bridged", claimed_at=MORNING + timedelta(seconds=12),
        connected_at=talked, ended_at=talked, provider_time=timedelta(seconds=0.4),
        leg1_time=timedelta(seconds=4), leg2_time=timedelta(seconds=11),
        unknown_time=timedelta(0),
    )  # fmt: skip
    assert stages(managing, lead, talked) == (
        " 9 h 2 min from submission to conversation Off hours 9 h 2 min No "
        "free extension 12 s Provider 0.4 s Salesperson's phone 4 s Lead's "
        "phone 11 s "
    )


@pytest.mark.parametrize(
    ("after", "values", "words"),
    [
        ({"hours": 1}, {}, "Off hours 1 h now"),
        ({"hours": 9, "minutes": 3}, {}, "Off hours 9 h 2 min No free extension 1 min now"),
        ({"seconds": 30}, {"gap_until": NIGHT + timedelta(minutes=2)}, "Retry gap 30 s now"),
        (
            {"minutes": 5},
            {
                "gap_until": NIGHT + timedelta(minutes=9),
                "chosen_at": NIGHT + timedelta(minutes=9),
                "waited_retry": timedelta(minutes=2),
            },
            "Chosen later 5 min now Retry gap 2 min",
        ),
        (
            {"minutes": 5},
            {
                "gap_until": NIGHT + timedelta(minutes=9),
                "limit_until": NIGHT + timedelta(minutes=9),
                "waited_retry": timedelta(minutes=2),
            },
            "Retry gap 2 min Spending limit 5 min now",
        ),
        ({"minutes": 5}, {"status": "held"}, "Held for a manager 5 min now"),
    ],
)
def test_what_a_lead_waits_for_runs_on(
    managing: Client,
    make_lead: MakeLead,
    after: dict[str, int],
    values: dict[str, object],
    words: str,
) -> None:
    lead = at_night(make_lead, **values)
    shown = stages(managing, lead, NIGHT + timedelta(**after))
    assert "since submission, so far" in shown
    assert words in shown


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "dialing"}, "Provider 7 s now"),
        (
            {"state": "accepted", "answered_at": MORNING + timedelta(seconds=3)},
            "Provider 1 s Salesperson's phone 6 s now",
        ),
        (
            {
                "state": "accepted",
                "answered_at": MORNING + timedelta(seconds=3),
                "picked_up_at": MORNING + timedelta(seconds=8),
            },
            "Provider 1 s Salesperson's phone 5 s Lead's phone 1 s now",
        ),
        (
            {"state": "unknown", "answered_at": MORNING + timedelta(seconds=4)},
            "Provider 2 s Unknown 5 s now",
        ),
    ],
    ids=["dialing", "rings", "picked up", "answer lost"],
)
def test_a_call_that_is_on_runs_on(
    managing: Client,
    make_lead: MakeLead,
    extension: Extension,
    values: dict[str, object],
    words: str,
) -> None:
    lead = at_night(make_lead, status="calling")
    call_id = "C-1" if values["state"] == "accepted" else ""
    attempt(lead, extension, claimed_at=MORNING + timedelta(seconds=2), call_id=call_id, **values)
    shown = stages(managing, lead, MORNING + timedelta(seconds=9))
    assert f"Off hours 9 h 2 min No free extension 2 s {words}" in shown


def test_a_repeated_request_has_no_time_of_its_own(managing: Client, make_lead: MakeLead) -> None:
    first = make_lead()
    again = make_lead(status="duplicate", duplicate_of=first, closed_at=NIGHT)
    page = managing.get(f"/admin/leads/lead/{again.pk}/change/").content.decode()
    assert "Where the time went" not in page
