"""The provider finds invalid parameters (error 1) in every call, in unknown words.

For a wrong code, which the provider does name, see test_account_refused.py.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

from callbacks.alerts import facts
from callbacks.calling import dispatch
from callbacks.models import CallAttempt, CallParameters, Extension, Team
from callbacks.monitoring import notices
from callbacks.telephony import account, account_refusals
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)
SAYS = "The telephone provider reports invalid parameters in every call (error 1)"


@pytest.fixture(autouse=True)
def _unknown_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator's words about a wrong code stand for words that nobody foresaw."""
    monkeypatch.setattr(account_refusals, "_TABLE", [])


@pytest.fixture(autouse=True)
def _phones(team: Team) -> None:
    for number in ("101", "102", "103"):
        Extension.objects.create(number=number, team=team)


@pytest.fixture
def code(settings: Settings) -> Iterator[Callable[[str], str]]:
    """Makes the site use another code for the account; returns the previous one."""

    def use(other: str) -> str:
        before, settings.VOICENTER_CODE = settings.VOICENTER_CODE, other
        account.client.cache_clear()
        return before

    yield use
    account.client.cache_clear()


def call(make_lead: MakeLead, times: int = 2) -> Lead:
    """A new lead after this many calls."""
    lead = make_lead()
    for _ in range(times):
        dispatch.call_lead(lead.pk)
    lead.refresh_from_db()
    return lead


def says_so() -> bool:
    now = timezone.now()
    told = any(words.startswith(SAYS) for words in notices.current([]))
    assert told == bool(facts.provider_refuses(now))
    return told


def test_leads_wait_and_managers_are_told_until_it_is_mended(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    right = code("an old code")
    first = [call(make_lead).status for _ in range(2)]
    later = [call(make_lead) for _ in range(6)]
    assert first == [LeadStatus.FAILED] * 2
    assert {lead.status for lead in later} == {LeadStatus.WAITING}
    assert min(lead.call_after for lead in later) > timezone.now()
    assert not Extension.objects.exclude(unavailable_reason="").filter(number="103").exists()
    assert says_so()

    code(right)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
        assert dispatch.call_lead(later[0].pk)
        assert not says_so()
    later[0].refresh_from_db()
    assert later[0].status == LeadStatus.CALLING


@pytest.mark.parametrize("before", [0, 1, 2])
def test_one_lead_that_is_refused_fails_while_others_are_called(
    before: int, make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    right = code("an old code")
    for _ in range(before):
        call(make_lead)
    code(right)
    simulator.control(answer_after=600)
    assert call(make_lead, times=1).status == LeadStatus.CALLING
    code("an old code")
    assert call(make_lead).status == LeadStatus.FAILED
    assert not says_so()


def test_a_lead_alone_fails_and_is_no_alarm(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    code("an old code")
    assert call(make_lead).status == LeadStatus.FAILED
    assert call(make_lead).status == LeadStatus.FAILED
    assert not says_so()


def test_what_was_refused_hours_ago_says_nothing_of_now(
    make_lead: MakeLead, simulator: SimulatorProcess, code: Callable[[str], str]
) -> None:
    code("an old code")
    for _ in range(4):
        call(make_lead)
    assert says_so()
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=True):
        assert not says_so()
        assert call(make_lead).status == LeadStatus.FAILED


def test_what_our_own_check_refuses_is_not_the_providers_word(
    make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    CallParameters.objects.create(source=LeadSource.objects.get(), language="Hebrew")
    statuses = {call(make_lead).status for _ in range(5)}
    assert statuses == {LeadStatus.FAILED}
    assert CallAttempt.objects.filter(outcome="invalid").exists()
    assert not simulator.ledger()
    assert not says_so()
