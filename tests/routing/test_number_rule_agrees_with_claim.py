"""The rule in words (policy.number_bounds) and the claim agree on when a number may be rung.

The calls are known from the case, and policy.rules and the provider's words decide which of them
rang the number: the SQL under test is not asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.models import CallAttempt, CallRecord, Extension, Team
from callbacks.policy.from_settings import policy
from callbacks.policy.number_bounds import RungCall, limited_until, narrowed
from callbacks.policy.rules import Outcome, rang_the_lead
from callbacks.routing import claim as claims
from callbacks.routing import number_limits
from callbacks.voicenter.values.leg_outcome import OUTCOMES, RANG
from leads.models import Lead, LeadSource, LeadStatus
from tests.routing.test_rules_agree_with_sql import STATES
from tests.support.asking import asked

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PHONE, ANOTHER = "+972505550150", "+972505550151"
HOLD = timedelta(hours=1)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Called:
    """A call that is over. `ago`: seconds since its end; `lasted`: seconds since its claim.

    `sent_after`: seconds from claim to sending; None: never sent. `leg2`: the word and the seconds
    of ringing in the record of the lead's leg; None: no such record.
    """

    outcome: Outcome
    ago: int
    lasted: int = 0
    sent_after: int | None = None
    leg2: tuple[str, int | None] | None = None
    phone: str = PHONE

    @property
    def ended_at(self) -> datetime:
        return NOW - timedelta(seconds=self.ago)

    @property
    def claimed_at(self) -> datetime:
        return self.ended_at - timedelta(seconds=self.lasted)

    @property
    def sent_at(self) -> datetime | None:
        after = self.sent_after
        return None if after is None else self.claimed_at + timedelta(seconds=after)

    @property
    def rang(self) -> bool:
        word, dialled = self.leg2 or ("", None)
        return rang_the_lead(self.outcome) or word in RANG or bool(dialled)


@dataclass(frozen=True)
class Case:
    """The settings, the calls, and the seconds since a manager asked for a call; None: never.

    `source_calls`, `team_calls`: the bounds of the lead's source, and of a team that answers it.
    """

    gap: int
    calls_a_day: int
    calls: Sequence[Called]
    wished: int | None
    source_calls: int | None = None
    team_calls: int | None = None


_DAY = 86_400
_AGO = st.sampled_from([0, 1, 59, 60, 61, 3599, 3600, _DAY - 1, _DAY]) | st.integers(0, 2 * _DAY)
_CALLS = st.builds(
    Called,
    outcome=st.sampled_from(Outcome),
    ago=_AGO,
    lasted=st.sampled_from([0, 1, 30]),
    sent_after=st.sampled_from([None, 0, 1]),
    leg2=st.none() | st.tuples(st.sampled_from([*OUTCOMES]), st.sampled_from([None, 0, 12])),
    phone=st.sampled_from([PHONE, PHONE, PHONE, ANOTHER]),
)
_CASES = st.builds(
    Case,
    gap=st.sampled_from([60, 3600, _DAY]),
    calls_a_day=st.integers(1, 4),
    # Of two calls claimed at the same moment, either may count as the newer one.
    calls=st.lists(_CALLS, max_size=6, unique_by=lambda it: it.claimed_at),
    wished=st.none() | _AGO,
    source_calls=st.none() | st.integers(1, 5),
    team_calls=st.none() | st.integers(1, 5),
)


def _wanted(case: Case) -> datetime | None:
    """Until when the number rests, by the rule; None: it may be rung now."""
    wished_at = None if case.wished is None else NOW - timedelta(seconds=case.wished)
    of_number = sorted(
        (it for it in case.calls if it.phone == PHONE and it.rang), key=lambda it: it.claimed_at
    )
    rung = [
        RungCall(
            it.sent_at or it.claimed_at,
            # A manager's wish ignores the gap after calls that had ended by then.
            it.ended_at if wished_at is None or it.ended_at > wished_at else None,
        )
        for it in of_number
    ]
    own = [it for it in (case.source_calls, case.team_calls) if it]
    until = limited_until(rung, narrowed(policy(), min(own, default=None)))
    return until if until and until > NOW else None


def _store(case: Case, extension: Extension) -> Lead:
    """Stores the case; each call belongs to a separate lead."""
    CallAttempt.objects.all().delete()
    Lead.objects.all().delete()
    LeadSource.objects.update(calls_a_day=case.source_calls)
    Team.objects.update(calls_a_day=case.team_calls)
    for n, it in enumerate(case.calls):
        attempt = CallAttempt.objects.create(
            lead=_lead(it.phone, status=LeadStatus.UNREACHED, closed_at=NOW),
            extension=extension, extension_number=extension.number, phone=it.phone,
            state=STATES[it.outcome], outcome=it.outcome.value, claimed_at=it.claimed_at,
            sent_at=it.sent_at, ended_at=it.ended_at, connected_at=it.ended_at,
            hold_until=it.ended_at,
        )  # fmt: skip
        # Ringing on the salesperson's leg does not concern the lead's phone.
        legs = {1: ("ANSWER", 12), **({2: it.leg2} if it.leg2 else {})}
        for leg, (word, dialled) in legs.items():
            CallRecord.objects.create(
                call_id=f"call-{n}", type=f"Click2Call leg{leg}", leg=leg, status=word,
                attempt=attempt, dial_time=dialled, payload={},
            )  # fmt: skip
    wished = {} if case.wished is None else {"counted_from": NOW - timedelta(seconds=case.wished)}
    return _lead(PHONE, **wished)


def _lead(phone: str, **values: Any) -> Lead:
    long_ago = NOW - timedelta(days=9)
    return Lead.objects.create(
        **{
            "source": LeadSource.objects.get(), "name": "Noa Levi", "phone": phone, "due_at": NOW,
            "clock_started_at": NOW, "submitted_at": long_ago, "counted_from": long_ago,
            "call_after": NOW, "waiting_since": NOW, "status": LeadStatus.WAITING,
        } | values
    )  # fmt: skip


@settings(
    max_examples=200,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example(case=Case(60, 4, [Called(Outcome.BRIDGED, 59)], None)).via("in the gap")
@example(case=Case(60, 4, [Called(Outcome.BRIDGED, 60)], None)).via("the gap is just over")
@example(case=Case(60, 4, [Called(Outcome.BRIDGED, 30)], 30)).via("a wish right at the call's end")
@example(case=Case(60, 4, [Called(Outcome.BRIDGED, 29)], 30)).via("called since the wish")
@example(case=Case(60, 1, [Called(Outcome.BRIDGED, 3600)], 30)).via("a wish does not pass the day")
@example(case=Case(60, 1, [Called(Outcome.BRIDGED, _DAY - 1)], None)).via("the day is not over")
@example(case=Case(60, 1, [Called(Outcome.BRIDGED, _DAY)], None)).via("the day is just over")
@example(case=Case(60, 1, [Called(Outcome.BRIDGED, _DAY, 1, 1)], None)).via(
    "counted from its sending"
)
@example(
    case=Case(60, 1, [Called(Outcome.BRIDGED, _DAY + 9), Called(Outcome.OFFLINE, 9)], None)
).via("what did not ring is not counted")
@example(case=Case(60, 4, [Called(Outcome.AGENT_NO_ANSWER, 9, leg2=("CANCEL", 12))], None)).via(
    "the record tells that it rang"
)
@example(case=Case(60, 4, [Called(Outcome.AGENT_NO_ANSWER, 9, leg2=("CANCEL", 0))], None)).via(
    "the record tells that it did not ring"
)
@example(case=Case(60, 4, [Called(Outcome.BRIDGED, 3600)], 30, source_calls=1)).via("the source's")
@example(case=Case(60, 4, [Called(Outcome.BRIDGED, 3600)], 30, team_calls=1)).via("the team's")
@example(case=Case(60, 1, [Called(Outcome.BRIDGED, 3600)], 30, 3, 3)).via("the settings'")
@given(case=_CASES)
def test_the_rule_and_the_claim_say_until_when_a_number_rests(
    case: Case, settings: SettingsWrapper, team: Team, extension: Extension
) -> None:
    settings.CALL_GAP, settings.CALLS_A_DAY = float(case.gap), case.calls_a_day
    with transaction.atomic():
        lead = _store(case, extension)
    wanted = _wanted(case)
    assert number_limits.lead_limited_until(lead.pk, NOW) == wanted
    claim = claims.claim(lead.pk, asked(team), NOW, HOLD)
    assert (claim is None) is (wanted is not None)
