"""No search reveals, letter by letter or digit by digit, what was written to another team.

This holds in every list that somebody who sees some teams may search, and in reports.
"""

import pytest
from django.test import Client

from callbacks.access.roles import Role
from callbacks.models import CallAttempt, CallRecord
from leads.models import Attribution, Lead
from tests.access.test_moved_calls import OWN_CALL_ID, ours, theirs
from tests.access.test_moved_leads import PHONE, SECRET
from tests.access.test_teams import text_of
from tests.access.world import World

__all__ = ["ours", "theirs"]  # fixtures
pytestmark = pytest.mark.django_db

LISTS = {
    "leads/lead": lambda call: Lead.objects.get(pk=call.lead_id),
    "callbacks/callattempt": lambda call: call,
    "callbacks/callrecord": lambda call: CallRecord.objects.get(attempt=call),
}


@pytest.fixture
def call(ours: CallAttempt) -> CallAttempt:
    Lead.objects.filter(pk=ours.lead_id).update(message=f"{SECRET} pays with 4580 1111")
    return ours


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize(
    "typed", [SECRET, SECRET[:4], f"{SECRET}@example.com", "pays", "4580", "45801111"]
)
def test_not_by_what_is_hidden(which: str, typed: str, call: CallAttempt, leading: Client) -> None:
    answer = leading.get(f"/admin/{which}/", {"q": typed})
    assert list(answer.context["cl"].result_list) == []


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("typed", [PHONE, PHONE[-7:], "lead {lead}", OWN_CALL_ID])
def test_by_its_number_and_ones_own_call(
    which: str, typed: str, call: CallAttempt, leading: Client
) -> None:
    answer = leading.get(f"/admin/{which}/", {"q": typed.format(lead=call.lead_id)})
    assert LISTS[which](call) in list(answer.context["cl"].result_list)


@pytest.fixture
def led_there(call: CallAttempt) -> CallAttempt:
    Attribution.objects.update_or_create(lead_id=call.lead_id, defaults={"utm_campaign": SECRET})
    return call


def test_no_report_names_the_campaign_that_led_to_the_other_team(
    led_there: CallAttempt, leading: Client
) -> None:
    answer = leading.get("/admin/reports/callback-times/?by=utm_campaign")
    assert [it.label for it in answer.context["rows"]] == ["Not known"]
    assert SECRET not in text_of(answer)


@pytest.mark.parametrize(("campaign", "counts"), [(SECRET, False), ("-", True)])
def test_nor_is_it_counted_by_it(
    campaign: str, counts: bool, led_there: CallAttempt, leading: Client
) -> None:
    report = f"period=today&utm_campaign={campaign}&measure="
    for which, measure, row in (
        ("leads/lead", "leads", led_there.lead),
        ("callbacks/callattempt", "talks", led_there),
    ):
        answer = leading.get(f"/admin/{which}/", {"report": report + measure})
        assert (row in list(answer.context["cl"].result_list)) == counts


def test_a_manager_is_told(led_there: CallAttempt, world: World) -> None:
    answer = world.as_(Role.MANAGER).get("/admin/reports/callback-times/?by=utm_campaign")
    assert SECRET in [it.label for it in answer.context["rows"]]


@pytest.mark.parametrize("what", ["number", "address", "country"])
@pytest.mark.parametrize(("whose", "are_found"), [("own", True), ("other", False)])
def test_nor_whose_number_another_teams_lead_has(
    what: str, whose: str, are_found: bool, world: World, leading: Client
) -> None:
    seen: Lead = world.own.lead
    Lead.objects.filter(pk__in=[seen.pk, world.other.lead.pk]).update(
        submitted_from="192.0.2.7", submitted_at=seen.submitted_at
    )
    Lead.objects.filter(pk=world.other.lead.pk).update(phone=seen.phone)
    asked = f"{what}-{getattr(world, whose).lead.pk}"
    answer = leading.get("/admin/leads/lead/", {"alike": asked})
    assert (seen in list(answer.context["cl"].result_list)) == are_found
