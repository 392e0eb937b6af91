"""Which numbers may be rung first: the same rule at entry, at the dial and for a conference."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from callbacks.calling import conference, dispatch, manual_requests
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptState
from callbacks.models.extensions import first_leg_refusal
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

# kind, number, whether it may be rung if the sources accept Israel's numbers
TABLE = {
    "a short code": ("sip", "101", True),
    "a SIP code": ("sip", "SIPdana12", True),
    "a SIP code with dots": ("sip", "dana.levi-2", True),
    "a mobile": ("phone", "972505550142", True),
    "a landline": ("phone", "97235550142", True),
    "an internet phone": ("phone", "972735550142", True),
    "a mobile as a SIP code": ("sip", "972505550142", True),
    "a login code of digits": ("logincode", "12345678", True),
    "a trunk": ("siptrunk", "1", True),
    "satellite": ("phone", "881612345678", False),
    "satellite as a SIP code": ("sip", "881612345678", False),
    "Inmarsat": ("phone", "870773111632", False),
    "premium": ("phone", "9721900555010", False),
    "premium without its country": ("sip", "1900555010", False),
    "shared cost": ("phone", "9721700555010", False),
    "Britain": ("phone", "447400123456", False),
    "the United States, as a SIP code": ("sip", "12125550101", False),
    "a Palestinian mobile under +972": ("phone", "972599123456", False),
    "dots between the digits": ("sip", "881.612.345.678", False),
    "nobody's": ("phone", "972100000000", False),
}


@pytest.mark.parametrize(("kind", "number", "may"), TABLE.values(), ids=TABLE)
def test_at_entry(kind: str, number: str, may: bool, team: Team, source: LeadSource) -> None:
    extension = Extension(kind=kind, number=number, team=team)
    if may:
        extension.full_clean()
        return
    with pytest.raises(ValidationError) as refused:
        extension.full_clean()
    assert "number" in refused.value.message_dict


@pytest.mark.parametrize(("kind", "number", "may"), TABLE.values(), ids=TABLE)
def test_at_the_dial(
    kind: str,
    number: str,
    may: bool,
    team: Team,
    make_lead: MakeLead,
    simulator: SimulatorProcess,
) -> None:
    # Entered by SQL, or before the rule existed.
    Extension.objects.create(kind=kind, number=number, team=team)
    lead = make_lead()
    dispatch.call_lead(lead.pk)
    assert bool(simulator.ledger()) == may
    attempt = CallAttempt.objects.first()
    assert attempt
    if not may:
        assert attempt.state == AttemptState.REFUSED
        lead.refresh_from_db()
        assert lead.status == "waiting"


def test_a_country_that_a_source_accepts_may_be_rung(team: Team, source: LeadSource) -> None:
    assert first_leg_refusal("phone", "447400123456", ["IL"])
    LeadSource.objects.update(allowed_countries=["IL", "GB"])
    Extension(kind="phone", number="447400123456", team=team).full_clean()


def test_no_conference_rings_such_a_phone(team: Team, simulator: SimulatorProcess) -> None:
    extension = Extension.objects.create(kind="phone", number="881612345678", team=team)
    with pytest.raises(manual_requests.CannotCall, match="881"):
        conference.call_into_room(extension.pk, "1234", None)
    assert simulator.ledger() == []
