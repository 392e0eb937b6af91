"""Why a waiting lead waits, in words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.explain import waiting_reason
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team, TeamSource
from leads.models import Lead, LeadSource
from tests.support.reading import read_only

ZONE = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=ZONE)  # a Wednesday

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(make_lead: Callable[..., Lead]) -> Callable[..., Lead]:
    """waiting(seconds): a lead that could have been called for this long."""

    def make(seconds: float = 5, **values: Any) -> Lead:
        at = NOW - timedelta(seconds=seconds)
        times = {"submitted_at": at, "clock_started_at": at, "due_at": at + timedelta(seconds=60)}
        return make_lead(**{**times, "call_after": at, "counted_from": at, **values})

    return make


def text(lead: Lead) -> str:
    waits = waiting_reason.of_lead(lead, NOW, ZONE)
    assert waits
    return waits.text


def short(lead: Lead) -> str:
    return waiting_reason.of_leads([lead], NOW, ZONE)[lead.pk].short


def office(*days: int, name: str = "Office") -> Schedule:
    schedule = Schedule.objects.create(name=name)
    for day in days:
        OpeningHours.objects.create(
            schedule=schedule, weekday=day, opens_at="09:00", closes_at="17:00"
        )
    return schedule


def on_a_call(extension: Extension, lead: Lead, **values: Any) -> CallAttempt:
    values = {
        "state": "accepted", "call_id": f"C-{extension.pk}", "phone": lead.phone, **values,
    }  # fmt: skip
    return CallAttempt.objects.create(
        lead=lead, extension=extension, extension_number=extension.number,
        claimed_at=NOW - timedelta(minutes=1), hold_until=NOW + timedelta(hours=1), **values,
    )  # fmt: skip


def test_a_lead_that_does_not_wait_has_no_reason(waiting: Callable[..., Lead]) -> None:
    lead = waiting(status="calling")
    assert waiting_reason.of_lead(lead, NOW) is None
    assert waiting_reason.of_leads([lead], NOW) == {}


def test_no_team(waiting: Callable[..., Lead]) -> None:
    lead = waiting()
    found = waiting_reason.of_lead(lead, NOW)
    assert found
    assert found.for_ever
    assert found.text.startswith("No team answers this source.")
    assert short(lead) == "no team"


def test_never_opens(waiting: Callable[..., Lead], team: Team) -> None:
    Team.objects.update(schedule=office())
    lead = waiting()
    found = waiting_reason.of_lead(lead, NOW)
    assert found
    assert found.for_ever
    assert found.text.startswith("Sales never opens.")
    assert short(lead) == "never opens"


def test_off_hours(waiting: Callable[..., Lead], team: Team) -> None:
    Team.objects.update(schedule=office(6))
    sunday = NOW.replace(day=29, hour=9)
    lead = waiting(call_after=sunday, closed_until=sunday)
    assert text(lead) == "Off hours: Sales opens Sun 29 Nov 09:00."
    assert short(lead) == "opens Sun 29 Nov 09:00"


def test_off_hours_when_the_team_has_just_closed(waiting: Callable[..., Lead], team: Team) -> None:
    Team.objects.update(schedule=office(6))
    assert text(waiting()) == "Off hours: Sales opens Sun 29 Nov 09:00."


def test_its_turn_after_an_opening_for_which_many_wait(
    waiting: Callable[..., Lead], team: Team
) -> None:
    Team.objects.update(schedule=office(6))
    sunday = NOW.replace(day=29, hour=9)
    lead = waiting(call_after=sunday + timedelta(minutes=4), closed_until=sunday)
    assert text(lead) == (
        "Off hours: Sales opens Sun 29 Nov 09:00. Its turn is at Sun 29 "
        "Nov 09:04 because others are waiting too."
    )


def test_the_chosen_time(waiting: Callable[..., Lead], team: Team) -> None:
    at = NOW + timedelta(hours=4, minutes=10)
    lead = waiting(call_after=at, gap_until=at, chosen_at=at)
    assert text(lead) == "Chosen time: the visitor asked to be called at 14:10."
    assert short(lead) == "chosen time 14:10"


def test_a_retry(waiting: Callable[..., Lead], team: Team) -> None:
    at = NOW + timedelta(minutes=15)
    lead = waiting(call_after=at, gap_until=at, attempts=1)
    assert (text(lead), short(lead)) == ("Retry at 10:15.", "retry at 10:15")


def test_a_retry_that_falls_into_the_night_waits_for_the_opening(
    waiting: Callable[..., Lead], team: Team
) -> None:
    Team.objects.update(schedule=office(0, 1, 2, 3))
    opening = NOW.replace(day=26, hour=9)
    lead = waiting(
        call_after=opening, gap_until=NOW.replace(hour=17, minute=5), closed_until=opening,
        attempts=1,
    )  # fmt: skip
    assert text(lead) == "Off hours: Sales opens Thu 26 Nov 09:00."


@pytest.fixture
def rung(waiting: Callable[..., Lead], extension: Extension) -> Lead:
    """A lead whose number was called for another lead until 20 seconds ago."""
    earlier = waiting(status="connected", closed_at=NOW, connected_at=NOW)
    on_a_call(extension, earlier, state="bridged", connected_at=NOW,
              ended_at=NOW - timedelta(seconds=20))  # fmt: skip
    return waiting(phone=earlier.phone)


def test_a_number_that_rests(rung: Lead) -> None:
    assert text(rung) == "The number rests until 10:00:40 because it was called recently."
    Lead.objects.filter(pk=rung.pk).update(call_after=NOW + timedelta(seconds=40))
    rung.refresh_from_db()
    assert text(rung) == "The number rests until 10:00:40 because it was called recently."


def test_a_number_that_is_on_a_call(waiting: Callable[..., Lead], extension: Extension) -> None:
    lead = waiting(phone="+972505550142")
    other = waiting(status="calling")
    on_a_call(extension, other, phone=lead.phone)
    assert text(lead) == "The number is on a call."


def lost(extension: Extension, lead: Lead, **values: Any) -> CallAttempt:
    """A call whose answer was lost on the network: nobody knows whether it is on."""
    return on_a_call(extension, lead, state="unknown", call_id="", **values)


def test_lost_answers_hold_all_phones(
    waiting: Callable[..., Lead], extension: Extension, team: Team
) -> None:
    second = Extension.objects.create(number="102", team=team)
    for phone in (extension, second):
        lost(phone, waiting(status="calling", phone=f"+972505550{phone.number}"))
    lead = waiting()
    assert text(lead) == (
        "0 of 2 phones free: 101 may be on a call, 102 may be on a call. "
        "The provider's answers to 2 calls were lost. Their phones are "
        "held until the outcomes are known or somebody chooses “No call "
        "came”."
    )
    assert short(lead) == "provider's answers lost"


def test_a_lost_answer_holds_one_phone_of_two(
    waiting: Callable[..., Lead], extension: Extension, team: Team
) -> None:
    second = Extension.objects.create(number="102", team=team)
    lost(extension, waiting(status="calling", phone="+972505550141"))
    on_a_call(second, waiting(status="calling", phone="+972505550142"))
    lead = waiting()
    assert "101 may be on a call, 102 on a call. The provider's answer to 1 call was" in text(lead)
    assert short(lead) == "nobody free, provider's answers lost"


def test_a_lost_answer_holds_the_persons_other_phone(
    waiting: Callable[..., Lead], extension: Extension, team: Team, django_user_model: Any
) -> None:
    person = django_user_model.objects.create_user("rina")
    Extension.objects.update(user=person)
    Extension.objects.create(number="102", team=team, user=person)
    lost(extension, waiting(status="calling", phone="+972505550141"), salesperson=person)
    assert "101 may be on a call, 102 may be on a call" in text(waiting())


def test_a_lost_answer_to_a_call_of_its_own_number(
    waiting: Callable[..., Lead], extension: Extension
) -> None:
    lead = waiting(phone="+972505550142")
    lost(extension, waiting(status="calling"), phone=lead.phone)
    assert text(lead) == (
        "The number may be on a call: the provider's answer was lost, and "
        "the call is being looked up."
    )


def test_nobody_is_free(waiting: Callable[..., Lead], extension: Extension, team: Team) -> None:
    on_a_call(extension, waiting(status="calling"))
    Extension.objects.create(
        number="102", team=team, is_paused=True, paused_until=NOW.replace(hour=14)
    )
    Extension.objects.create(number="103", team=team, schedule=office(6))
    Extension.objects.create(number="104", team=team, is_active=False)
    lead = waiting()
    assert text(lead) == (
        "0 of 3 phones free: 101 on a call, 102 paused until 14:00, 103 "
        "off shift until Sun 29 Nov 09:00."
    )
    assert short(lead) == "nobody free"


def test_of_hundreds_a_few_are_named(waiting: Callable[..., Lead], team: Team) -> None:
    Extension.objects.bulk_create(
        Extension(number=str(number), team=team, is_paused=True) for number in range(100, 500)
    )
    said = text(waiting())
    assert said.startswith("0 of 400 phones free: 100 paused, ")
    assert said.endswith("and 394 more paused.")


def test_the_team_has_nobody(waiting: Callable[..., Lead], team: Team) -> None:
    Extension.objects.create(number="104", team=team, is_active=False)
    lead = waiting()
    assert text(lead) == "Sales has no extension switched on."
    assert short(lead) == "no extensions"


def test_somebody_is_free(waiting: Callable[..., Lead], extension: Extension) -> None:
    lead = waiting()
    assert text(lead) == "About to be called: 101 is free."
    assert short(lead) == "101 is free"


def test_it_waits_for_its_owner(
    waiting: Callable[..., Lead], extension: Extension, team: Team
) -> None:
    Team.objects.update(sticky_agent_wait=30)
    Extension.objects.create(number="102", team=team)
    lead = waiting(18, phone="+972505550142")
    talked = waiting(status="connected", closed_at=NOW, connected_at=NOW)
    on_a_call(
        extension, talked, state="bridged", phone=lead.phone, connected_at=NOW,
        ended_at=NOW - timedelta(hours=1), call_id="earlier",
    )  # fmt: skip
    on_a_call(extension, waiting(status="calling"))
    assert text(lead) == "Waiting for its owner 101, who is on a call (12 s more)."
    Team.objects.update(sticky_agent_wait=10)
    assert text(lead) == "About to be called: 102 is free."


def test_it_waits_for_somebody_who_speaks_its_language(
    waiting: Callable[..., Lead], extension: Extension, team: Team
) -> None:
    Team.objects.update(language_wait=30)
    Extension.objects.update(languages=["he"])
    busy = Extension.objects.create(number="102", team=team, languages=["ru"])
    on_a_call(busy, waiting(status="calling"))
    lead = waiting(18, language="ru")
    assert text(lead) == (
        "Waiting for somebody who speaks ru (12 s more): 101 not speaking ru, 102 on a call."
    )
    assert short(lead) == "for ru"
    Team.objects.update(language_wait=None)
    assert text(lead).startswith("Waiting for somebody who speaks ru: 101 not speaking ru")
    Team.objects.update(language_wait=0)
    assert text(lead) == "About to be called: 101 is free."


def test_it_says_when_another_team_steps_in(
    waiting: Callable[..., Lead], extension: Extension, source: LeadSource
) -> None:
    support = Team.objects.create(name="Support")
    TeamSource.objects.create(team=support, source=source, overflow_after=30)
    Extension.objects.create(number="201", team=support)
    Extension.objects.filter(pk=extension.pk).update(is_paused=True)
    assert text(waiting(18)) == (
        "0 of 1 phones free: 101 paused. Support steps in after another 12 s."
    )
    assert text(waiting(31)) == "About to be called: 201 is free."


def test_a_list_asks_as_much_for_one_lead_as_for_many(
    waiting: Callable[..., Lead], extension: Extension
) -> None:
    leads = [waiting(status="calling" if n == 9 else "waiting") for n in range(10)]
    waiting_reason.of_leads(leads, NOW)

    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(waiting_reason.of_leads(leads[:count], NOW)) == min(count, 9)
        return len(captured)

    assert queries(10) == queries(1)


def test_it_only_reads(waiting: Callable[..., Lead], extension: Extension, rung: Lead) -> None:
    lead = waiting(language="ru")
    read_only()
    assert text(lead)
    assert text(rung)
    assert short(lead)
