"""A phone line that can be dialled in two spellings is counted as one."""

import pytest
from pytest_django.fixtures import Settings

from leads.guard.rate import read
from leads.models import LeadSource
from tests.leads.guard.conftest import submit
from tests.support.lines import BOTH

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("counting")
@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_the_rates_of_a_number_and_of_numbers(
    asked: str, known: str, source: LeadSource, off: Settings
) -> None:
    off.RATE_NUMBER, off.RATE_ADDRESS_NUMBERS = read("2/10m"), read("1/10m")
    sent = [submit(source, place, phone=it) for place, it in enumerate((asked, known, asked))]
    assert [it.is_held_back for it in sent] == [False, False, True]
    assert "asked for more than 2 times" in sent[-1].error_message
