"""Teams, owners, languages, tiers, wrap-up and caps on the real claim, as dispatch asks for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Schedule, Team, TeamSource
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.routing import claim as claims
from callbacks.routing import config, queue, rules
from callbacks.routing.rotation import after_call
from leads.models import Lead, LeadSource, LeadStatus

HOLD = timedelta(hours=1)
MakeLead = Callable[..., Lead]

pytestmark = pytest.mark.django_db(transaction=True)


def claim(lead: Lead) -> CallAttempt | None:
    now = timezone.now()
    lead.refresh_from_db()
    current = config.current()
    asked = current.asked(lead.source_id, max(now - lead.call_after, timedelta(0)), now)
    closed = current.closed_shifts((turn.team_id for turn in asked), now)
    claimed = claims.claim(lead.pk, asked, now, HOLD, closed)
    return claimed.attempt if claimed else None


def rung(lead: Lead) -> str | None:
    attempt = claim(lead)
    return attempt.extension_number if attempt else None


def waits(lead: Lead, seconds: float) -> Lead:
    Lead.objects.filter(pk=lead.pk).update(call_after=timezone.now() - timedelta(seconds=seconds))
    return lead


def end(attempt: CallAttempt | None, outcome: Outcome = Outcome.BRIDGED) -> None:
    assert attempt
    now = timezone.now()
    state = AttemptState.BRIDGED if outcome is Outcome.BRIDGED else AttemptState.LEAD_NO_ANSWER
    talked = now if outcome is Outcome.BRIDGED else None
    attempt.finish(state, now, connected_at=talked)
    after_call(attempt.extension_id or 0, outcome, now)
    Lead.objects.filter(pk=attempt.lead_id).update(status=LeadStatus.UNREACHED, closed_at=now)


def next_leads(team: Team) -> list[int]:
    return queue.next_leads(team.pk, timezone.now())


def talked_with(lead: Lead, extension: Extension, days_ago: float) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    CallAttempt.objects.create(
        lead=lead,
        extension=extension,
        phone=lead.phone,
        extension_number=extension.number,
        state=AttemptState.BRIDGED,
        claimed_at=at,
        connected_at=at,
        ended_at=at,
        hold_until=at,
    )


class TestTeamsStepIn:
    @pytest.fixture
    def support(self, source: LeadSource, team: Team) -> Team:
        support = Team.objects.create(name="Support")
        TeamSource.objects.create(team=support, source=source, overflow_after=30)
        Extension.objects.create(number="201", team=support)
        return support

    def test_after_their_time(
        self, make_lead: MakeLead, extension: Extension, support: Team
    ) -> None:
        assert rung(make_lead()) == "101"
        lead = make_lead()
        assert rung(lead) is None
        assert next_leads(support) == []
        waits(lead, 30)
        assert next_leads(support) == [lead.pk]
        assert rung(lead) == "201"

    def test_at_once_while_those_before_them_are_closed(
        self, make_lead: MakeLead, team: Team, extension: Extension, support: Team
    ) -> None:
        team.schedule = Schedule.objects.create(name="Never")
        team.save()
        lead = make_lead()
        assert next_leads(support) == [lead.pk]
        assert rung(lead) == "201"

    def test_and_the_first_team_is_still_asked_first(
        self, make_lead: MakeLead, extension: Extension, support: Team
    ) -> None:
        attempt = claim(waits(make_lead(), 60))
        assert attempt
        assert attempt.extension_number == "101"
        assert attempt.routing_trace["team"] == "Sales"


def test_a_lower_tier_comes_first(make_lead: MakeLead, team: Team) -> None:
    Extension.objects.create(number="101", team=team, tier=2)
    Extension.objects.create(number="102", team=team, tier=1, queue_position=99)
    assert [rung(make_lead()) for _ in range(3)] == ["102", "101", None]


class TestTheOwner:
    @pytest.fixture
    def owner(self, team: Team, extension: Extension, make_lead: MakeLead) -> Extension:
        owner = Extension.objects.create(number="105", team=team, queue_position=99)
        earlier = make_lead("+972505550190")
        Lead.objects.filter(pk=earlier.pk).update(
            status=LeadStatus.UNREACHED, closed_at=timezone.now()
        )
        talked_with(earlier, owner, days_ago=3)
        return owner

    def test_is_rung_first(self, make_lead: MakeLead, owner: Extension) -> None:
        attempt = claim(make_lead("+972505550190"))
        assert attempt
        assert (attempt.extension, attempt.routing_trace["rule"]) == (owner, rules.OWNER)
        assert rung(make_lead("+972505550191")) == "101"

    def test_is_waited_for_while_on_a_call(
        self, make_lead: MakeLead, team: Team, owner: Extension
    ) -> None:
        Team.objects.update(sticky_agent_wait=20)
        Extension.objects.filter(number="101").update(is_paused=True)
        assert rung(make_lead("+972505550191")) == "105"
        Extension.objects.update(is_paused=False)
        lead, other = make_lead("+972505550190"), make_lead("+972505550192")
        assert rung(lead) is None
        # A lead that waits for its owner does not hold up other leads.
        assert next_leads(team) == [other.pk]
        waits(lead, 21)
        assert rung(lead) == "101"

    def test_who_talked_too_long_ago_is_none(self, make_lead: MakeLead, owner: Extension) -> None:
        Team.objects.update(sticky_agent_days=2)
        assert rung(make_lead("+972505550190")) == "101"

    def test_is_found_as_the_claim_finds_it(self, owner: Extension) -> None:
        since = timezone.now() - timedelta(days=30)
        found = claims.owner_of("+972505550190", since)
        assert found
        assert found.extension_id == owner.pk
        assert claims.owner_of("+972505550190", timezone.now() - timedelta(days=1)) is None


class TestALanguage:
    @pytest.fixture(autouse=True)
    def _speak(self, team: Team) -> None:
        Extension.objects.create(number="101", team=team, languages=["he"])
        Extension.objects.create(number="102", team=team, languages=["he", "ru"], queue_position=9)

    def test_is_preferred(self, make_lead: MakeLead) -> None:
        attempt = claim(make_lead(language="ru"))
        assert attempt
        assert (attempt.extension_number, attempt.routing_trace["rule"]) == ("102", rules.LANGUAGE)
        assert rung(make_lead(language="ru")) == "101"

    def test_is_waited_for_and_nobody_waits_behind(self, make_lead: MakeLead, team: Team) -> None:
        Team.objects.update(language_wait=None)
        Extension.objects.filter(number="102").update(is_paused=True)
        first, second = make_lead(language="ru"), make_lead(language="he")
        assert rung(first) is None
        assert next_leads(team) == [second.pk]
        attempt = claim(second)
        assert attempt
        assert attempt.extension_number == "101"
        end(attempt)
        assert rung(waits(first, 1_000_000)) is None
        Team.objects.update(language_wait=45)
        assert next_leads(team) == [first.pk]
        assert rung(first) == "101"


def test_weights_share_the_calls(make_lead: MakeLead, team: Team) -> None:
    Team.objects.update(strategy=rules.WEIGHTED)
    Extension.objects.create(number="101", team=team, weight=1)
    Extension.objects.create(number="102", team=team, weight=3)
    rings = []
    for _ in range(12):
        attempt = claim(make_lead())
        assert attempt
        rings.append(attempt.extension_number)
        end(attempt, Outcome.LEAD_NO_ANSWER)
    assert rings.count("102") == 9


def test_a_fair_share_is_one_of_conversations(make_lead: MakeLead, team: Team) -> None:
    Team.objects.update(strategy=rules.FAIR)
    for number in ("101", "102"):
        Extension.objects.create(number=number, team=team)
    rings = []
    for _ in range(6):
        attempt = claim(make_lead())
        assert attempt
        rings.append(attempt.extension_number)
        # Nobody answers the leads that 101 calls.
        missed = attempt.extension_number == "101" and rings.count("101") <= 3
        end(attempt, Outcome.LEAD_NO_ANSWER if missed else Outcome.BRIDGED)
    assert rings == ["101", "101", "101", "101", "102", "101"]


def test_the_longest_idle_is_who_hung_up_first(make_lead: MakeLead, team: Team) -> None:
    for number in ("101", "102"):
        Extension.objects.create(number=number, team=team)
    first, second = claim(make_lead()), claim(make_lead())
    assert first
    assert second
    end(second)
    end(first)
    assert rung(make_lead()) == second.extension_number


def test_in_round_robin_the_next_is_who_was_rung_first(make_lead: MakeLead, team: Team) -> None:
    Team.objects.update(strategy=rules.ROUND_ROBIN)
    for number in ("101", "102"):
        Extension.objects.create(number=number, team=team)
    first, second = claim(make_lead()), claim(make_lead())
    assert first
    end(second)
    end(first)
    assert rung(make_lead()) == first.extension_number


def test_an_extension_rests_after_a_call_as_it_or_its_team_says(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    Team.objects.update(wrap_up=60)
    end(claim(make_lead()))
    lead = make_lead()
    assert rung(lead) is None
    Extension.objects.update(wrap_up_until=timezone.now())
    attempt = claim(lead)
    assert attempt
    Extension.objects.update(wrap_up=0)
    end(attempt)
    assert rung(make_lead()) == "101"


def test_an_extension_has_so_many_calls_a_day_and_no_more(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    Team.objects.update(daily_cap=2)
    for _ in range(2):
        end(claim(make_lead()))
    lead = make_lead()
    assert rung(lead) is None
    extension.refresh_from_db()
    assert extension.capped_until
    local = timezone.localtime(extension.capped_until)
    assert (local.hour, local.minute) == (0, 0)
    assert timedelta(0) < extension.capped_until - timezone.now() <= timedelta(days=1, hours=1)
    Extension.objects.update(daily_cap=3, capped_until=None)
    assert rung(lead) == "101"


@pytest.mark.parametrize(
    ("values", "is_rung"),
    [
        ({"is_paused": True, "paused_until": timedelta(minutes=5)}, False),
        ({"is_paused": True, "paused_until": timedelta(seconds=-1)}, True),
        ({"provider_busy_until": timedelta(seconds=5)}, False),
        ({"provider_busy_until": timedelta(seconds=-1)}, True),
    ],
)
def test_what_has_a_time_ends_by_itself(
    make_lead: MakeLead, extension: Extension, values: dict[str, Any], is_rung: bool
) -> None:
    now = timezone.now()
    Extension.objects.update(
        **{name: now + it if isinstance(it, timedelta) else it for name, it in values.items()}
    )
    assert (rung(make_lead()) is not None) is is_rung


def test_the_attempt_keeps_who_was_looked_at_and_why_not(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    until = timezone.now().replace(microsecond=0) + timedelta(minutes=5)
    closed = Schedule.objects.create(name="Never")
    Extension.objects.create(number="102", team=team, is_paused=True, paused_until=until)
    Extension.objects.create(number="103", team=team, schedule=closed)
    Extension.objects.create(number="104", team=team, is_active=False)
    Extension.objects.create(number="105", team=team)
    attempt = claim(make_lead())
    assert attempt
    attempt.refresh_from_db()
    assert attempt.routing_trace == {
        "rule": "longest_idle",
        "team": "Sales",
        "free": 2,
        "looked": [
            ["101", None, None],
            ["102", "paused", int(until.timestamp())],
            ["103", "off_shift", None],
            ["105", None, None],
        ],
    }


def test_of_leads_due_at_the_same_moment_the_source_of_higher_priority_comes_first(
    make_lead: MakeLead, team: Team, source: LeadSource, extension: Extension
) -> None:
    Extension.objects.create(number="102", team=team)
    urgent = LeadSource.objects.create(slug="urgent", name="Urgent", priority=5)
    team.sources.add(urgent)
    at = timezone.now() - timedelta(minutes=5)
    values = {"due_at": at, "call_after": at, "clock_started_at": at}
    first, second = make_lead(**values), make_lead(**values)
    Lead.objects.filter(pk=second.pk).update(source=urgent)
    assert next_leads(team) == [second.pk, first.pk]


# The new lead's source's priority; for how many minutes a lead without one is overdue; whether the
# new lead comes first.
PRIORITIES = {
    "a backlog longer than the priority": (10, 11, False),
    "a backlog shorter than the priority": (10, 8, True),
    "no priority: by what was promised": (0, 8, False),
    "neither is overdue": (10, -4, True),
}


@pytest.mark.parametrize("case", PRIORITIES.values(), ids=PRIORITIES)
def test_a_priority_is_minutes_of_waiting(
    make_lead: MakeLead, team: Team, extension: Extension, case: tuple[int, int, bool]
) -> None:
    priority, overdue, comes_first = case
    Extension.objects.create(number="102", team=team)
    urgent = LeadSource.objects.create(slug="urgent", name="Urgent", priority=priority)
    team.sources.add(urgent)
    now = timezone.now()
    due_at = now - timedelta(minutes=overdue)
    started_at = min(due_at, now) - timedelta(minutes=1)
    other = make_lead(due_at=due_at, call_after=started_at, clock_started_at=started_at)
    new = make_lead(due_at=now + timedelta(minutes=1))
    Lead.objects.filter(pk=new.pk).update(source=urgent)
    wanted = [new.pk, other.pk] if comes_first else [other.pk, new.pk]
    assert next_leads(team) == wanted
    assert queue.next_leads(team.pk, timezone.now(), at_most=1) == wanted[:1]
