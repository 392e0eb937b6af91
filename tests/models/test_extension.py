"""What may be entered as an extension."""

import pytest
from django.core.exceptions import ValidationError

from callbacks.models import Extension, Team
from leads import number_guard
from leads.models import LeadSource
from leads.phones import PhoneRefused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "spelled", ["050-5550142", "00972505550142", "+972 50 555 0142", "9720505550142"]
)
def test_a_phone_is_stored_in_one_spelling_and_recognised_as_our_own(
    team: Team, source: LeadSource, spelled: str
) -> None:
    extension = Extension(kind="phone", number=spelled, team=team)
    extension.full_clean()
    extension.save()
    assert extension.number == "972505550142"
    with pytest.raises(PhoneRefused, match="own numbers"):
        number_guard.accept("0505550142", source)


@pytest.mark.parametrize(
    ("kind", "number"),
    [("phone", "12"), ("sip", "0505550150123"), ("sip", "dana@pbx"), ("sip", ""), ("phone", "x")],
)
def test_what_the_provider_cannot_ring_is_refused_where_it_is_entered(
    team: Team, kind: str, number: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Extension(kind=kind, number=number, team=team).full_clean()
    assert "number" in refused.value.message_dict


def test_the_case_of_a_sip_code_is_never_changed(team: Team) -> None:
    extension = Extension(number="SIPDana", team=team)
    extension.full_clean()
    assert extension.number == "SIPDana"
