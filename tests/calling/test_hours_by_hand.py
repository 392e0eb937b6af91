"""No hour suits all places where a number may be: a person is told so, and must confirm."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

import pytest
import time_machine
from django.test import Client

from callbacks.calling import dial, manual
from callbacks.calling.manual_requests import CannotCall
from callbacks.models import CallAttempt, Extension, Team
from leads import intake
from leads.models import Lead, LeadSource
from tests.support.admin_posting import said
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)

# From Kaliningrad (UTC+2) to Kamchatka (UTC+12), called from 09:00 to 18:00 by the clocks there.
RUSSIA = "+79145550101"
SOME = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 14:00 to 00:00
NONE = datetime(2026, 11, 23, 17, tzinfo=UTC)  # 19:00 to 05:00
ASKED = "it is 14:00 to 00:00 there now, and numbers are called from 09:00 to 18:00"


@pytest.fixture
def lead(source: LeadSource, extension: Extension) -> Lead:
    source.allowed_countries = ["RU", "IL"]
    source.call_from, source.call_until = time(9), time(18)
    source.save()
    key = intake.key_from("by hand")
    return intake.store(intake.Submission(source=source, key=key, name="Noa Levi", phone=RUSSIA))


def call_with(lead: Lead, *, sure: bool) -> str:
    return manual.call_with(lead.pk, Extension.objects.get().pk, None, whatever_hour=sure)


def play(lead: Lead, *, sure: bool) -> str:
    return manual.play(lead.pk, "hello", None, whatever_hour=sure)


# The time, whether the person confirms, and why the call is refused ("": it is not).
ROWS = {
    "day in some of them, not asked": (SOME, False, ASKED),
    "day in some of them, and sure": (SOME, True, ""),
    "night in all of them": (NONE, False, "It may not be called before"),
    "night in all of them, and sure": (NONE, True, "It may not be called before"),
}


@pytest.mark.parametrize("by", [call_with, play])
@pytest.mark.parametrize(("at", "sure", "why"), ROWS.values(), ids=ROWS)
def test_by_hand(at: datetime, sure: bool, why: str, by: Callable[..., str], lead: Lead) -> None:
    with time_machine.travel(at, tick=False):
        if not why:
            by(lead, sure=sure)
            assert CallAttempt.objects.get().lead == lead
            return
        with pytest.raises(CannotCall, match=why) as refused:
            by(lead, sure=sure)
    assert str(refused.value).endswith("Nothing was changed.")
    assert "23:00" in str(refused.value) or at == SOME
    assert not CallAttempt.objects.exists()


@pytest.mark.parametrize("by", [call_with, play])
def test_a_window_that_is_never_open_is_said_to_be(
    by: Callable[..., str], lead: Lead, team: Team
) -> None:
    Team.objects.update(call_from=time(18), call_until=time(20))
    LeadSource.objects.update(call_from=time(9), call_until=time(12))
    with time_machine.travel(SOME, tick=False), pytest.raises(CannotCall, match="never overlap"):
        by(lead, sure=True)
    assert not CallAttempt.objects.exists()


def test_a_number_of_one_place_is_not_asked_about(lead: Lead) -> None:
    Lead.objects.update(phone="+972505550101")
    with time_machine.travel(SOME, tick=False):
        call_with(lead, sure=False)
    assert CallAttempt.objects.exists()


def test_what_was_committed_before_night_fell_everywhere_is_not_dialled(
    lead: Lead, simulator: SimulatorProcess
) -> None:
    with time_machine.travel(NONE.replace(hour=15, minute=59), tick=False):
        call_with(lead, sure=True)
    with time_machine.travel(NONE.replace(hour=16, minute=1), tick=False):
        dial.dial_committed(CallAttempt.objects.get().pk)
    attempt = CallAttempt.objects.get()
    assert (attempt.state, attempt.failure_reason) == ("not_sent", "too_late")
    assert simulator.ledger() == []


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(SOME, tick=False):
        yield


@pytest.mark.usefixtures("at_noon")
@pytest.mark.parametrize("page", ["call-with", "play"])
def test_the_page_asks_and_does_it_once_it_is_ticked(
    page: str, lead: Lead, admin_client: Client
) -> None:
    address = f"/admin/leads/lead/{lead.pk}/{page}/"
    typed = {"confirmed": "yes", "record_name": "hello", "extension": Extension.objects.get().pk}
    for answer in (admin_client.get(address), admin_client.post(address, typed)):
        assert answer.status_code == 200
        assert "although it may be night there" in answer.text
        assert ASKED in answer.text
        assert not CallAttempt.objects.exists()
    assert "Tick this box, or call at another hour." in answer.text
    answer = admin_client.post(address, typed | {"sure": "on"}, follow=True)
    assert said(answer) != []
    assert CallAttempt.objects.get().lead == lead


@pytest.mark.usefixtures("at_noon")
def test_the_page_does_not_ask_where_an_hour_fits(lead: Lead, admin_client: Client) -> None:
    Lead.objects.update(phone="+972505550101")
    page = admin_client.get(f"/admin/leads/lead/{lead.pk}/call-with/").text
    assert "night" not in page
