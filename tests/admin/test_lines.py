"""Lines that can be dialled in two spellings: what managers search and list."""

from collections.abc import Callable

import pytest
from django.test import Client

from leads.models import Lead, NeverCallNumber
from tests.support.lines import ARGENTINA, PAIRS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("known", "asked"), PAIRS.values(), ids=PAIRS)
def test_the_managers_search_and_the_numbers_page(
    asked: str, known: str, managing: Client, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead("+972505550101")
    Lead.objects.filter(pk=lead.pk).update(phone=known, name="Omer Katz")
    assert "Omer Katz" in managing.get("/admin/leads/lead/", {"q": asked}).text
    assert "Omer Katz" in managing.get(f"/admin/number/{asked[1:]}/").text
    assert "Omer Katz" in managing.get("/admin/leads/lead/", {"q": asked[1:-1]}).text


@pytest.mark.parametrize("typed", ARGENTINA)
def test_a_manager_lists_either(typed: str, managing: Client) -> None:
    page = "/admin/leads/nevercallnumber/add/"
    answer = managing.post(page, {"phone": typed, "reason": "asked us to stop"}, follow=True)
    assert answer.status_code == 200
    assert [it.phone for it in NeverCallNumber.objects.all()] == ["+541155550101"]
