"""Everything about one number: its leads, its calls, and whether it may be called now."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.models import CallAttempt, Extension
from leads.models import Lead, NeverCallNumber

PHONE = "+972505550101"
PAGE = "/admin/number/972505550101/"
MakeLead = Callable[..., Lead]
MAY = "This number may be called now."


def call(lead: Lead, extension: Extension, number: int = 1, **values: object) -> CallAttempt:
    """A call that ended an hour ago."""
    at = timezone.now() - timedelta(hours=1)
    row = {
        "lead": lead, "extension": extension, "phone": lead.phone, "extension_number": "101",
        "state": "lead_no_answer", "outcome": "lead_no_answer", "call_id": f"call-{number}",
        "claimed_at": at, "ended_at": at, "hold_until": at,
    }  # fmt: skip
    return CallAttempt.objects.create(**{**row, **values})


def text(client: Client, address: str = PAGE) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return page.content.decode()


def test_all_requests_and_calls_of_a_number_stand_there(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    first = make_lead(PHONE, name="Noa Levi", message="In the morning", status="unreached",
                      closed_at=timezone.now())  # fmt: skip
    second = make_lead(PHONE, name="נועה לוי", email="noa@example.com")
    stranger = make_lead("+972505550199", name="Omer Katz")
    call(first, extension)
    at = timezone.now() - timedelta(hours=1)
    call(first, extension, 2, state="bridged", outcome="bridged", connected_at=at, talk_time=65,
         recording_url="https://recordings.example.com/1.mp3")  # fmt: skip
    call(stranger, extension, 3)
    page = text(managing)
    for told in ("Noa Levi", "נועה לוי", "In the morning", "noa@example.com", "1 min 5 s", "Dana",
                 f"/admin/leads/lead/{first.pk}/", f"/admin/leads/lead/{second.pk}/", MAY,
                 'href="https://recordings.example.com/1.mp3"'):  # fmt: skip
        assert told in page, told
    assert "Omer Katz" not in page
    assert page.count('<bdi class="nowrap" dir="ltr">+972 50-555-0101</bdi>') == 1


def test_how_long_they_talked_stays_on_one_line(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    now = timezone.now()
    lead = make_lead(PHONE, status="connected", closed_at=now, connected_at=now)
    call(lead, extension, 2, state="bridged", outcome="bridged", connected_at=now, talk_time=75)
    assert "talked 1\xa0min\xa015\xa0s" in text(managing, "/admin/leads/lead/")


def test_a_planned_call_is_told_from_a_request(managing: Client, make_lead: MakeLead) -> None:
    now = timezone.now()
    asked = make_lead(PHONE, status="connected", closed_at=now, connected_at=now)
    planned = make_lead(PHONE, follow_up_of=asked)
    assert f"follow-up of lead {asked.pk}" in text(managing)
    # The visitor has since asked again.
    Lead.objects.filter(pk=planned.pk).update(first_source=planned.source)
    assert "follow-up of lead" not in text(managing)


@pytest.mark.parametrize("address", ["/admin/number/970599123456/", "/admin/number/972599123456/"])
def test_both_spellings_of_a_line_are_one_person(
    address: str, managing: Client, make_lead: MakeLead
) -> None:
    make_lead("+970599123456", name="Noa Levi")
    older = make_lead("+970599123457", name="Omer Katz")
    Lead.objects.filter(pk=older.pk).update(phone="+972599123456")
    page = text(managing, address)
    assert "Noa Levi" in page
    assert "Omer Katz" in page


def _an_extension(lead: Lead, extension: Extension) -> None:
    Extension.objects.create(number="972505550101", kind="phone", team=extension.team)


def _listed(lead: Lead, extension: Extension) -> None:
    NeverCallNumber.objects.create(phone=PHONE, reason="asked for it", added_at=timezone.now())


def _on_a_call(lead: Lead, extension: Extension) -> None:
    call(lead, extension, state="accepted", outcome="", ended_at=None,
         hold_until=timezone.now() + timedelta(hours=1))  # fmt: skip


def _rung_often(lead: Lead, extension: Extension) -> None:
    for number in range(10):
        call(lead, extension, number)


def _rung_just_now(lead: Lead, extension: Extension) -> None:
    now = timezone.now()
    call(lead, extension, claimed_at=now - timedelta(seconds=30), ended_at=now)


def _without_a_team(lead: Lead, extension: Extension) -> None:
    extension.team.sources.clear()


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (_an_extension, "This is one of our own numbers."),
        (_listed, "never-call list: asked for it"),
        (_on_a_call, "The number is on a call with us now."),
        (_rung_often, "The number has been called as often as allowed in 24 hours."),
        (_rung_just_now, "The last call to this number has just ended."),
        (_without_a_team, "No team answers the source Website."),
    ],
)
def test_why_it_is_not_called_now(
    happens: Callable[[Lead, Extension], None], told: str, managing: Client, make_lead: MakeLead,
    extension: Extension,
) -> None:  # fmt: skip
    lead = make_lead(PHONE)
    assert MAY in text(managing)
    happens(lead, extension)
    page = text(managing)
    assert told in page
    assert MAY not in page


def test_it_is_reached_from_a_lead_and_by_the_search(managing: Client, make_lead: MakeLead) -> None:
    lead = make_lead(PHONE)
    assert PAGE in text(managing, f"/admin/leads/lead/{lead.pk}/change/")
    assert PAGE in text(managing, "/admin/leads/lead/?q=050-555 0101")
    assert PAGE not in text(managing, "/admin/leads/lead/?q=0101")
    assert PAGE not in text(managing, "/admin/leads/lead/?q=050-555 0102")


def test_it_is_for_those_who_see_leads_and_calls(
    staff_with: Callable[..., Client], make_lead: MakeLead, extension: Extension, client: Client
) -> None:
    call(make_lead(PHONE), extension, recording_url="https://recordings.example.com/1.mp3")
    assert client.get(PAGE).status_code == 302
    assert staff_with("callbacks.view_callattempt").get(PAGE).status_code == 403
    without_calls = text(staff_with("leads.view_lead"))
    assert "recordings.example.com" not in without_calls
    assert "recordings.example.com" in text(
        staff_with("leads.view_lead", "callbacks.view_callattempt")
    )


@pytest.mark.parametrize("digits", ["972505550777", "x", "0", "1" * 30])
def test_a_number_that_nobody_has_is_not_found(digits: str, managing: Client) -> None:
    assert managing.get(f"/admin/number/{digits}/").status_code == 404


def test_it_costs_as_many_queries_for_thirty_calls_as_for_three(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    def more(calls: int) -> int:
        lead = make_lead(PHONE, status="cancelled", closed_at=timezone.now())
        for number in range(calls):
            call(lead, extension, 100 * lead.pk + number)
        with CaptureQueriesContext(connection) as captured:
            text(managing)
        return len(captured)

    more(12)
    assert more(3) == more(30)


@pytest.mark.parametrize(
    ("address", "is_played"),
    [
        ("https://recordings.example.com/1.mp3", True),
        ("https://recordings.example.com:443/1.mp3", True),
        ("http://recordings.example.com/1.mp3", False),
        ("https://recordings.example.com:8443/1.mp3", False),
        ("https://recordings.example.com.evil.example/1.mp3", False),
        ("https://user@recordings.example.com/1.mp3", False),
        ("https://other.example.com/1.mp3", False),
    ],
)
def test_a_recording_is_played_where_it_lies_with_the_provider(
    address: str, is_played: bool, managing: Client, make_lead: MakeLead, extension: Extension,
    settings: SettingsWrapper,
) -> None:  # fmt: skip
    settings.RECORDING_HOSTS = ["recordings.example.com"]
    lead, at = make_lead(PHONE), timezone.now()
    attempt = call(lead, extension, state="bridged", connected_at=at, recording_url=address)
    player = f'<audio controls preload="none" src="{address}"></audio>'
    for place in (PAGE, f"/admin/leads/lead/{lead.pk}/change/",
                  f"/admin/callbacks/callattempt/{attempt.pk}/change/"):  # fmt: skip
        page = managing.get(place)
        assert (player in page.content.decode()) is is_played
        assert f'href="{address}"' in page.content.decode()
        allowed = page.headers["Content-Security-Policy"]
        assert "media-src https://recordings.example.com;" in f"{allowed};"
    settings.RECORDING_HOSTS = []
    assert "media-src 'none'" in managing.get(PAGE).headers["Content-Security-Policy"]
    assert "media-src" not in managing.get("/").headers["Content-Security-Policy"]
