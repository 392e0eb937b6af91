"""The claim: which extension is rung and which is not, and that two claims never collide."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.policy.rules import Outcome
from callbacks.routing import claim as claims
from callbacks.routing import queue
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.asking import asked

HOLD = timedelta(hours=1)
MakeLead = Callable[..., Lead]

pytestmark = pytest.mark.django_db(transaction=True)


def claim(lead: Lead, team: Team) -> CallAttempt | None:
    claimed = claims.claim(lead.pk, asked(team), timezone.now(), HOLD)
    return claimed.attempt if claimed else None


def test_it_commits_a_dialing_attempt_and_takes_lead_and_extension(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    attempt = claim(lead, team)
    assert attempt
    stored = CallAttempt.objects.get(pk=attempt.pk)
    assert (stored.state, stored.lead, stored.extension) == (AttemptState.DIALING, lead, extension)
    assert (stored.phone, stored.extension_number) == (lead.phone, "101")
    lead.refresh_from_db()
    assert (lead.status, lead.attempts) == (LeadStatus.CALLING, 1)


def test_the_longest_idle_extension_is_rung_first(make_lead: MakeLead, team: Team) -> None:
    Extension.objects.create(number="101", team=team, queue_position=2)
    Extension.objects.create(number="102", team=team, queue_position=1)
    Extension.objects.create(number="103", team=team)
    order = [claim(make_lead(), team).extension_number for _ in range(3)]  # type: ignore[union-attr]
    assert order == ["103", "102", "101"]
    assert claim(make_lead(), team) is None


@pytest.mark.parametrize(
    "state",
    [
        {"is_active": False},
        {"is_paused": True},
        {"is_blocked": True},
        {"unavailable_until": timezone.now() + timedelta(days=1)},
    ],
    ids=lambda state: next(iter(state)),
)
def test_an_extension_that_is_not_available_is_not_rung(
    make_lead: MakeLead, team: Team, extension: Extension, state: dict[str, object]
) -> None:
    Extension.objects.update(**state)
    assert claim(make_lead(), team) is None


def test_an_extension_is_back_when_its_time_out_is_over(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    Extension.objects.update(unavailable_until=timezone.now() - timedelta(seconds=1))
    assert claim(make_lead(), team)


@pytest.mark.parametrize(
    "live", [AttemptState.DIALING, AttemptState.ACCEPTED, AttemptState.UNKNOWN]
)
def test_an_extension_with_a_live_attempt_is_not_rung(
    make_lead: MakeLead, team: Team, extension: Extension, live: AttemptState
) -> None:
    claim(make_lead(), team)
    CallAttempt.objects.update(state=live, call_id="x")
    assert claim(make_lead(), team) is None


def test_another_teams_extension_is_not_rung(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    other = Team.objects.create(name="Support")
    assert claim(make_lead(), other) is None


@pytest.mark.parametrize(
    "values",
    [
        {"status": LeadStatus.CANCELLED, "closed_at": timezone.now()},
        {"status": LeadStatus.HELD},
        {"status": LeadStatus.CALLING},
        {"call_after": timezone.now() + timedelta(days=1)},
    ],
    ids=["cancelled", "held", "calling", "not due"],
)
def test_a_lead_that_is_not_to_be_called_now_is_not_claimed(
    make_lead: MakeLead, team: Team, extension: Extension, values: dict[str, object]
) -> None:
    assert claim(make_lead(**values), team) is None


def test_after_invalid_parameters_the_lead_rather_gets_another_extension(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    attempt = claim(lead, team)
    assert attempt
    attempt.refuse(Outcome.INVALID, 1, "Phone is missing", "", timezone.now())
    Lead.objects.update(status=LeadStatus.WAITING)
    Extension.objects.update(queue_position=1)
    Extension.objects.create(number="102", team=team, queue_position=2)
    again = claim(lead, team)
    assert again
    assert again.extension_number == "102"


def test_a_lead_whose_number_is_on_a_call_keeps_nobody_waiting(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    first = make_lead("+972505550199")
    claim(first, team)
    Lead.objects.filter(pk=first.pk).update(status=LeadStatus.CANCELLED, closed_at=timezone.now())
    make_lead("+972505550199")
    other = make_lead()
    Extension.objects.create(number="102", team=team)
    assert queue.next_leads(team.pk, timezone.now()) == [other.pk]


def test_a_number_that_is_on_a_call_is_not_dialled_for_another_lead(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    Extension.objects.create(number="102", team=team)
    first = make_lead("+972505550199")
    claim(first, team)
    # A manager closed the first lead by hand during its call.
    Lead.objects.filter(pk=first.pk).update(status=LeadStatus.CANCELLED, closed_at=timezone.now())
    second = make_lead("+972505550199")
    assert second.status == LeadStatus.WAITING
    assert claim(second, team) is None
    second.refresh_from_db()
    assert second.status == LeadStatus.WAITING


@pytest.mark.parametrize("twice", ["lead", "extension", "phone"])
def test_the_database_forbids_a_second_live_attempt(
    make_lead: MakeLead, team: Team, extension: Extension, twice: str
) -> None:
    first = claim(make_lead(), team)
    assert first
    other = Extension.objects.create(number="102", team=team)
    values = {
        "lead": make_lead(),
        "extension": other,
        "phone": "+972505550177",
        "extension_number": "102",
        "claimed_at": timezone.now(),
        "hold_until": timezone.now(),
    }
    values[twice] = getattr(first, twice)
    with pytest.raises(IntegrityError, match="attempt_one_live_per"), transaction.atomic():
        CallAttempt.objects.create(**values)
    first.finish(AttemptState.ENDED, timezone.now())
    CallAttempt.objects.create(**values)


def _in_threads(work: list[Callable[[], None]]) -> None:
    def run(step: Callable[[], None]) -> None:
        try:
            step()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(step,)) for step in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_lead_claimed_by_many_at_once_is_claimed_once(make_lead: MakeLead, team: Team) -> None:
    for number in range(101, 109):
        Extension.objects.create(number=str(number), team=team)
    lead = make_lead()
    claimed: list[CallAttempt | None] = []
    _in_threads([lambda: claimed.append(claim(lead, team))] * 8)
    assert len([attempt for attempt in claimed if attempt]) == 1
    assert CallAttempt.objects.count() == 1


def test_many_leads_claimed_at_once_get_an_extension_each(make_lead: MakeLead, team: Team) -> None:
    for number in range(101, 105):
        Extension.objects.create(number=str(number), team=team)
    leads = [make_lead() for _ in range(8)]
    claimed: list[CallAttempt | None] = []

    def step_for(lead: Lead) -> Callable[[], None]:
        return lambda: claimed.append(claim(lead, team))

    _in_threads([step_for(lead) for lead in leads])
    won = [attempt for attempt in claimed if attempt]
    assert len({attempt.extension_id for attempt in won}) == len(won) == 4
    assert Lead.objects.filter(status=LeadStatus.WAITING).count() == 4


def test_the_most_urgent_leads_come_next_as_many_as_extensions_are_free(
    make_lead: MakeLead, team: Team, source: LeadSource
) -> None:
    now = timezone.now()
    late, later, latest = (
        make_lead(
            clock_started_at=now - timedelta(hours=1), due_at=now + timedelta(minutes=minutes)
        )
        for minutes in (3, 2, 1)
    )
    make_lead(call_after=now + timedelta(hours=1))
    assert queue.next_leads(team.pk, timezone.now()) == []
    Extension.objects.create(number="101", team=team)
    Extension.objects.create(number="102", team=team)
    Extension.objects.create(number="103", team=team, is_paused=True)
    assert queue.next_leads(team.pk, timezone.now()) == [latest.pk, later.pk]
    assert late.pk not in queue.next_leads(team.pk, timezone.now())


def test_a_claim_is_refused_inside_a_transaction_that_could_still_be_rolled_back(
    make_lead: MakeLead, team: Team, extension: Extension
) -> None:
    lead = make_lead()
    with transaction.atomic(), pytest.raises(RuntimeError, match="committed"):
        claims.claim(lead.pk, asked(team), timezone.now(), timedelta(hours=1))
    assert not CallAttempt.objects.exists()
