"""`manage.py replay` on stored leads: last week's leads against a changed team."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.policy.rules import Outcome
from callbacks.replay import history
from callbacks.replay.history import Period
from callbacks.replay.leads import HistoricAttempt
from leads.models import Lead, LeadSource
from tests.support.reading import read_only

pytestmark = pytest.mark.django_db


def replay(*arguments: str) -> str:
    out = StringIO()
    call_command("replay", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def document(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(replay("--json", *arguments))
    return found


@pytest.fixture
def start() -> datetime:
    return (timezone.now() - timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def attempt(extension: Extension) -> Callable[..., CallAttempt]:
    def make(lead: Lead, at: datetime, held: float, **values: Any) -> CallAttempt:
        values = {
            "state": "bridged",
            "outcome": "bridged",
            "call_id": f"C-{lead.pk}-{at}",
            "error_code": 0,
            "answered_at": at + timedelta(seconds=1),
            "rang_at": at + timedelta(seconds=1),
            "connected_at": at + timedelta(seconds=10),
            **values,
        }
        return CallAttempt.objects.create(
            lead=lead,
            extension=extension,
            phone=lead.phone,
            extension_number=extension.number,
            claimed_at=at,
            hold_until=at,
            ended_at=at + timedelta(seconds=held),
            **values,
        )

    return make


@pytest.fixture
def busy(
    make_lead: Callable[..., Lead], start: datetime, attempt: Callable[..., CallAttempt]
) -> list[Lead]:
    """Four leads within a minute, called one after the other by the only extension, 100 s each."""
    leads = []
    for n in range(4):
        came = start + timedelta(seconds=10 * n)
        called = start + timedelta(seconds=100 * n)
        lead = make_lead(
            submitted_at=came,
            clock_started_at=came,
            due_at=came + timedelta(seconds=60),
            status="connected",
            closed_at=called + timedelta(seconds=100),
            connected_at=called + timedelta(seconds=10),
            rang_at=called + timedelta(seconds=1),
            time_to_ring=called + timedelta(seconds=1) - came,
        )
        attempt(lead, called, 100)
        leads.append(lead)
    return leads


def test_the_team_as_it_is_comes_out_as_it_went(busy: list[Lead]) -> None:
    found = document()
    for figures in (found["really"], found["simulated"]):
        assert (figures["leads"], figures["rang"], figures["connected"]) == (4, 4, 4)
        # They rang after 1, 91, 181 and 271 s.
        assert figures["ring_p50"] == pytest.approx(136)
        assert figures["ring_p90"] == pytest.approx(244)
        assert figures["share_within_target"] == pytest.approx(0.25)
    assert found["changed"] is None
    assert found["difference"] is None


def test_it_says_what_more_extensions_would_have_changed(busy: list[Lead]) -> None:
    found = document("--extensions", "+3")
    assert found["change"] == "Sales with 4 extensions instead of 1"
    assert found["changed"]["ring_p90"] == pytest.approx(1)
    assert found["changed"]["share_within_target"] == 1
    assert found["difference"]["ring_p90"] == pytest.approx(-243)
    assert found["difference"]["share_within_target"] == pytest.approx(0.75)


def test_people_read_a_table_and_what_it_assumes(busy: list[Lead]) -> None:
    said = replay("--extensions", "+3")
    assert "4 leads from " in said
    assert "Changed: Sales with 4 extensions instead of 1" in said
    rows = [" ".join(line.split()) for line in said.splitlines()]
    assert "time to ring, p90 4 min 4 s 4 min 4 s 1 s -4 min 3 s" in rows
    assert "within target 25 % 25 % 100 % +75.0 points" in rows
    assert "This assumes:" in rows
    assert "Nobody pauses" in said


def test_fewer_extensions_may_leave_nobody(busy: list[Lead]) -> None:
    found = document("--extensions", "-1")
    assert found["changed"]["rang"] == 0
    assert found["changed"]["share_within_target"] == 0
    assert found["changed"]["ring_p50"] is None


def test_other_hours_are_a_schedule_by_name(busy: list[Lead]) -> None:
    Schedule.objects.create(name="Never")
    assert document("--schedule", "Never")["changed"]["rang"] == 0
    always = Schedule.objects.create(name="Always")
    for day in range(7):
        OpeningHours.objects.create(
            schedule=always, weekday=day, opens_at="00:00", closes_at="00:00"
        )
    found = document("--schedule", "Always")
    assert found["change"] == "Sales with the hours of Always"
    assert found["changed"] == found["simulated"]


def test_another_strategy_can_be_tried(busy: list[Lead]) -> None:
    assert document("--strategy", "fair")["change"] == "Sales with the strategy fair"


def test_leads_of_another_teams_sources_are_not_counted(
    busy: list[Lead], source: LeadSource
) -> None:
    other = Team.objects.create(name="Support")
    other.sources.add(LeadSource.objects.create(slug="other", name="Other"))
    assert document("--extensions", "+1", "--team", "Sales")["really"]["leads"] == 4
    with pytest.raises(CommandError, match="no data"):
        replay("--extensions", "+1", "--team", "Support")


@pytest.mark.parametrize("status", ["duplicate", "cancelled", "held"])
def test_leads_for_whom_nobody_was_to_be_called_are_left_out(
    busy: list[Lead], make_lead: Callable[..., Lead], start: datetime, status: str
) -> None:
    more = {"held": {}, "cancelled": {"closed_at": start}}.get(
        status, {"closed_at": start, "duplicate_of": busy[0]}
    )
    make_lead(status=status, submitted_at=start, **more)
    assert document()["really"]["leads"] == 4


WRONG = {
    "a team that is not there": (["--team", "Nobody", "--extensions", "+1"], 'no active team "Nob'),
    "a schedule that is not there": (["--schedule", "Long hours"], 'no schedule "Long hours"'),
    "too many taken away": (["--extensions", "-5"], "Sales has 1 extensions: 5 cannot be taken"),
    "a strategy that is not there": (["--strategy", "best"], "invalid choice: 'best'"),
    "no days": (["--days", "0"], "a number from 1 to 90"),
    "too many days": (["--days", "91"], "a number from 1 to 90"),
    "no number": (["--extensions", "two"], "a number like"),
    "far too many": (["--extensions", "+99999"], "a number like"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_it_says_what_is_wrong_with_its_arguments(
    busy: list[Lead], arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError) as refused:
        replay(*arguments)
    assert said in str(refused.value)


def test_where_several_teams_answer_it_asks_which_one(busy: list[Lead], source: LeadSource) -> None:
    Team.objects.create(name="Support").sources.add(source)
    with pytest.raises(CommandError, match=r"--team: Sales, Support") as refused:
        replay("--extensions", "+1")
    assert refused.value.returncode == 2


def test_it_says_that_there_is_no_data(extension: Extension) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="there is no data") as refused:
        call_command("replay", "--json", stdout=out)
    assert refused.value.returncode == 1
    assert json.loads(out.getvalue())["reason"] == "no_data"


def test_leads_without_any_call_are_no_data_either(
    make_lead: Callable[..., Lead], extension: Extension, start: datetime
) -> None:
    make_lead(submitted_at=start)
    with pytest.raises(CommandError, match="No calls were made"):
        replay()


def test_it_changes_nothing_and_only_reads(busy: list[Lead]) -> None:
    read_only()
    replay("--extensions", "+3", "--strategy", "fair")


# --- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", Outcome)
def test_an_attempt_is_read_as_how_its_call_went(
    make_lead: Callable[..., Lead],
    attempt: Callable[..., CallAttempt],
    start: datetime,
    outcome: Outcome,
) -> None:
    lead = make_lead(submitted_at=start)
    attempt(lead, start, 60, outcome=outcome.value)
    wanted = HistoricAttempt(outcome, 1, 60)
    assert history.historic_leads([lead], Period(start, timezone.now()))[0].tries == (wanted,)


def test_a_call_that_was_refused_rang_nobody(
    make_lead: Callable[..., Lead], attempt: Callable[..., CallAttempt], start: datetime
) -> None:
    lead = make_lead(submitted_at=start)
    attempt(
        lead,
        start,
        60,
        state="refused",
        outcome="offline",
        call_id="",
        connected_at=None,
        rang_at=None,
    )
    wanted = HistoricAttempt(Outcome.OFFLINE, None, 60)
    assert history.historic_leads([lead], Period(start, timezone.now()))[0].tries == (wanted,)


def test_a_lead_keeps_the_calling_window_of_its_own_zone(
    make_lead: Callable[..., Lead], source: LeadSource, start: datetime
) -> None:
    LeadSource.objects.update(call_from="09:00", call_until="20:00")
    lead = make_lead("+972505550142", submitted_at=start)
    window = history.historic_leads([lead], Period(start, timezone.now()))[0].window
    local = start.astimezone(ZoneInfo("Asia/Jerusalem"))
    assert window.is_open(local.replace(hour=12).timestamp())
    assert not window.is_open(local.replace(hour=21).timestamp())


def test_what_is_set_up_is_read(team: Team, extension: Extension, source: LeadSource) -> None:
    LeadSource.objects.update(sla_target=90, sla_clock="open", priority=3)
    Team.objects.update(wrap_up=20, daily_cap=50, opening_rate=4, strategy="fair")
    Extension.objects.create(
        number="102", team=team, tier=2, weight=3, languages=["ru"], wrap_up=0, daily_cap=5
    )
    Extension.objects.create(number="103", team=team, is_active=False)
    Extension.objects.create(number="104", team=team, is_blocked=True)
    now = timezone.now()
    firm = history.scenario_now(Period(now - timedelta(days=1), now))
    first, second = firm.phones
    assert (first.number, first.wrap_up, first.daily_cap) == ("101", 20, 50)
    assert (second.number, second.tier, second.weight) == ("102", 2, 3)
    assert (second.languages, second.wrap_up, second.daily_cap) == (("ru",), 0, 5)
    answered = firm.sources[source.pk]
    assert (answered.target, answered.counts_open, answered.priority) == (90, True, 3)
    assert firm.teams[team.pk].opening_rate == 4
    assert firm.strategies[team.pk] == "fair"


def test_who_talked_with_a_number_before_is_its_owner(
    make_lead: Callable[..., Lead],
    attempt: Callable[..., CallAttempt],
    extension: Extension,
    start: datetime,
) -> None:
    Team.objects.update(sticky_agent_days=30)
    lead = make_lead("+972505550142", submitted_at=start)
    period = Period(start, timezone.now())
    attempt(lead, start - timedelta(days=31), 60)
    assert history.owners_before(period, [lead]) == {}
    earlier = attempt(lead, start - timedelta(days=2), 60)
    attempt(lead, start + timedelta(days=1), 60)
    owner = history.owners_before(period, [lead])[lead.phone]
    assert (owner.extension_id, owner.talked_at) == (extension.pk, earlier.claimed_at)
