"""What stands above a list, and in an empty one: how many rows there are, and why none."""

from collections.abc import Callable

import pytest
from django.test import Client

from leads.admin import BoundedPaginator
from leads.models import Lead

LIST = "/admin/leads/lead/"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param("", "", id="all of it: nothing is said"),
        pytest.param("?status__exact=waiting", "3 found", id="filtered"),
        pytest.param("?q=Noa", "3 found", id="searched"),
        pytest.param("?q=Nobody", "0 found", id="none"),
    ],
)
def test_what_is_found_is_counted_and_the_way_back_is_there(
    query: str, said: str, managing: Client, make_lead: Callable[..., Lead]
) -> None:
    for _ in range(3):
        make_lead(name="Noa")
    page = " ".join(managing.get(f"{LIST}{query}").text.split())
    assert (f"{said} (<a" in page) if said else ("Show all" not in page)


def test_of_more_than_are_counted_no_number_is_claimed(
    managing: Client, make_lead: Callable[..., Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedPaginator, "MOST", 2)
    for _ in range(3):
        make_lead()
    page = " ".join(managing.get(f"{LIST}?status__exact=waiting").text.split())
    assert "more than 2 found (<a" in page


@pytest.mark.parametrize(
    ("address", "said"),
    [
        pytest.param(f"{LIST}", "What comes in is listed here.", id="no lead yet"),
        pytest.param(f"{LIST}?q=Noa", "No row matches what is asked for.", id="none is found"),
        pytest.param(
            "/admin/callbacks/wallboard/", "What you add is listed here.", id="no board yet"
        ),
    ],
)
def test_an_empty_list_says_why(address: str, said: str, managing: Client) -> None:
    assert said in managing.get(address).text


@pytest.mark.parametrize("asked", ["heard_by=nobody", "submitted_at__gte=99999", "id__exact=x"])
def test_an_address_that_is_not_understood_says_so(asked: str, managing: Client) -> None:
    assert "nothing is filtered." in managing.get(f"{LIST}?{asked}", follow=True).text
