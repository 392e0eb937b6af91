"""The API's `earlier`: the same visitor asks again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension
from leads.models import Lead, LeadSource, LeadStatus
from tests.support.visitors import PHONE, in_days

pytestmark = pytest.mark.django_db(transaction=True)


def asks(phone: str = PHONE, **fields: str) -> str:
    body = {"source": "website", "name": "Noa Levi", "phone": phone, **fields}
    answer = Client().post("/api/leads/", body, content_type="application/json")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def status(lead: str) -> str:
    return str(Client().get(f"/api/leads/{lead}/").json()["status"])


@pytest.mark.parametrize(
    ("names", "called_in", "shown"),
    [("the first", 3, "scheduled"), ("nothing", 0, "scheduled"), ("nonsense", 0, "scheduled")],
)
def test_who_names_the_earlier_request_may_put_it_off(
    names: str, called_in: int, shown: str, source: LeadSource, extension: Extension
) -> None:
    first, now = asks(), timezone.now()
    earlier = {"the first": {"earlier": first}, "nothing": {}, "nonsense": {"earlier": "x"}}[names]
    second = asks(call_at=in_days(3), **earlier)
    lead = Lead.objects.get(public_id=first)
    assert round((lead.call_after - now) / timedelta(days=1)) == called_in
    assert status(second) == shown


def test_another_number_takes_the_first_back(source: LeadSource, extension: Extension) -> None:
    first = asks()
    second = asks("050-555 0102", earlier=first)
    assert (status(first), status(second)) == ("cancelled", "waiting")
    assert Lead.objects.get(status=LeadStatus.WAITING).phone == "+972505550102"


def test_the_third_names_the_second(source: LeadSource, extension: Extension) -> None:
    first = asks()
    second = asks(call_at=in_days(3), earlier=first)
    third = asks(earlier=second)
    assert status(third) == status(first) == "waiting"


def test_sent_twice_with_a_key_it_is_one_request(source: LeadSource, extension: Extension) -> None:
    first = asks()
    body = {"source": "website", "name": "Noa", "phone": PHONE, "earlier": first}
    answers = [
        Client().post(
            "/api/leads/", body, content_type="application/json", headers={"Idempotency-Key": "7"}
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert Lead.objects.count() == 2
