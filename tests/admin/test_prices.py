"""Call prices and limits of cost, as a manager types them."""

import pytest
from django.test import Client

from callbacks.models import CallPrice, SpendLimit

pytestmark = pytest.mark.django_db
ADD_PRICE = "/admin/callbacks/callprice/add/"
FREE = {"set_up": 0, "per_minute": None}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("+97250", "+97250"),
        ("+97259", "+97059"),  # numbers of these lines are stored with the other country code
        ("+9725912", "+9705912"),
        ("+1242", "+1242"),
    ],
)
def test_a_prefix_is_stored_as_numbers_are(superuser: Client, typed: str, stored: str) -> None:
    CallPrice.objects.filter(prefix__in=[typed, stored]).delete()
    filled = {"prefix": typed, "country": "", "set_up": "0", "per_minute": "0.5"}
    assert superuser.post(ADD_PRICE, filled).status_code == 302
    assert CallPrice.objects.filter(prefix=stored, per_minute="0.5").exists()


def test_what_no_number_begins_with_has_no_price(superuser: Client) -> None:
    filled = {"prefix": "+999999", "country": "", "set_up": "0", "per_minute": "0.5"}
    answer = superuser.post(ADD_PRICE, filled)
    assert answer.status_code == 200
    assert "does not begin with a country code" in answer.content.decode()


@pytest.mark.parametrize(
    ("has_a_price", "cost", "is_stored"),
    [(False, "5", False), (True, "5", True), (False, "", True)],
)
def test_a_limit_of_cost_needs_a_price(
    superuser: Client, has_a_price: bool, cost: str, is_stored: bool
) -> None:
    CallPrice.objects.update(**FREE)
    if has_a_price:
        CallPrice.objects.update_or_create(prefix="+972", defaults={"per_minute": 1})
    filled = {
        "scope": "country", "country": "Israel", "source": "", "calls_an_hour": "10",
        "calls_a_day": "", "cost_an_hour": "", "cost_a_day": cost,
    }  # fmt: skip
    answer = superuser.post("/admin/callbacks/spendlimit/add/", filled)
    assert SpendLimit.objects.filter(country="IL").exists() is is_stored
    assert ("No call has a price yet" in answer.content.decode()) is not is_stored
