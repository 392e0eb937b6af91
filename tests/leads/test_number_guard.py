"""The number guard: the number rules, and what the calling application has against a number."""

import pytest

from callbacks.models import Extension, Team
from leads import number_guard
from leads.models import LeadSource
from leads.phones import PhoneRefused


def test_it_accepts_a_callable_number(source: LeadSource) -> None:
    assert number_guard.accept("050-555 0101", source).e164 == "+972505550101"


@pytest.mark.parametrize("typed", ["050-555 0101", "+972 50 555 0101", "00972505550101"])
def test_it_refuses_our_own_extensions(typed: str, source: LeadSource, team: Team) -> None:
    Extension.objects.create(kind=Extension.Kind.PHONE, number="972505550101", team=team)
    with pytest.raises(PhoneRefused, match="one of our own numbers"):
        number_guard.accept(typed, source)


def test_it_asks_again_before_the_dial(source: LeadSource, team: Team) -> None:
    number_guard.check_before_dial("+972505550101", source)

    Extension.objects.create(kind=Extension.Kind.PHONE, number="972505550101", team=team)
    with pytest.raises(PhoneRefused):
        number_guard.check_before_dial("+972505550101", source)


def test_a_country_taken_off_the_list_is_not_dialled_any_more(source: LeadSource) -> None:
    source.allowed_countries = ["GB"]
    with pytest.raises(PhoneRefused):
        number_guard.check_before_dial("+972505550101", source)
