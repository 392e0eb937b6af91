"""A visitor corrects a number by "Wrong number? Send it again": the wrong one is not rung."""

import pytest

from callbacks.models import Extension
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.simulator import SimulatorProcess
from tests.support.visitors import (
    E164,
    Visitor,
    call,
    ends,
    page_token,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_wrong_number_is_not_rung(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    visitor = Visitor()
    wrong = visitor.sends()
    right = visitor.sends_from_the_page(phone="050-555 0102")

    wrong.refresh_from_db()
    assert (wrong.status, right.status) == (LeadStatus.CANCELLED, LeadStatus.WAITING)
    assert call(wrong) is None
    assert call(right)
    [dialled] = simulator.ledger()
    assert dialled["target"] == "972505550102"


def test_the_wrong_number_is_cancelled_though_the_new_one_is_sent_twice(
    source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    wrong = visitor.sends()
    wrong_page = visitor.page
    right = visitor.sends_from_the_page(phone="050-555 0102")
    visitor.page = wrong_page
    assert visitor.status() == "cancelled"
    assert Lead.objects.get(pk=right.pk).status == LeadStatus.WAITING
    assert Lead.objects.filter(pk=wrong.pk, status=LeadStatus.CANCELLED).exists()


def test_the_wrong_number_that_is_being_called_is_not_called_again(
    source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    visitor = Visitor()
    wrong = visitor.sends()
    attempt = call(wrong)
    assert attempt
    right = visitor.sends_from_the_page(phone="050-555 0102")
    ends(attempt, "ANSWER", "NOANSWER")

    wrong.refresh_from_db()
    assert (wrong.status, wrong.closed_at is not None) == (LeadStatus.CANCELLED, True)
    assert call(right)


@pytest.mark.parametrize("wrong_first", [True, False])
def test_another_persons_request_for_that_number_is_kept(
    wrong_first: bool, source: LeadSource, extension: Extension
) -> None:
    mistaken, owner = Visitor(), Visitor()
    for visitor in (mistaken, owner) if wrong_first else (owner, mistaken):
        visitor.sends(message="Mine" if visitor is owner else "Not mine")
    mistaken.sends_from_the_page(phone="050-555 0102")

    [lead] = Lead.objects.filter(phone=E164, status=LeadStatus.WAITING)
    assert lead.newest_request().message == "Mine"


def test_a_correction_that_is_refused_cancels_nothing(
    source: LeadSource, extension: Extension
) -> None:
    visitor = Visitor()
    lead = visitor.sends()
    answer = visitor.client.post(
        "/contact/website/",
        {"name": "Noa", "phone": "12", "earlier": str(lead.public_id), "token": page_token()},
    )
    assert answer.status_code == 422
    assert f'name="earlier" value="{lead.public_id}"' in answer.text
    lead.refresh_from_db()
    assert lead.status == LeadStatus.WAITING
