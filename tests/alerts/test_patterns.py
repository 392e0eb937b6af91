"""Alerts on patterns: the receiver's threshold, one message, its words and its link."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from callbacks.alerts import words
from callbacks.alerts.plan import Seen, Threshold, Wishes, plan
from callbacks.models import Alert, SeenCountry
from leads.models import Lead
from tests.alerts.conftest import NOON, Clock, MakeReceiver
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]


def from_one_address(make_lead: MakeLead, numbers: int) -> None:
    for _ in range(numbers):
        make_lead(submitted_from="203.0.113.7", status="cancelled", closed_at=NOON)


def told(webhook: WebhookReceiver) -> list[Any]:
    return [alert for posted in webhook.posted for alert in posted.json["alerts"]]


def test_it_is_told_from_the_receivers_number_on_and_once(
    make_receiver: MakeReceiver, make_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds={"many_numbers": 5})
    from_one_address(make_lead, 4)
    clock.after(seconds=10)
    assert Alert.objects.count() == 1
    assert told(webhook) == []
    from_one_address(make_lead, 1)
    clock.after(minutes=2)
    assert len(told(webhook)) == 1
    from_one_address(make_lead, 3)
    clock.after(minutes=4)
    assert len(told(webhook)) == 1
    assert Alert.objects.get().facts["number"] == 8


def test_it_says_what_to_do_and_leads_to_those_leads_without_naming_anybody(
    make_receiver: MakeReceiver, make_lead: MakeLead, clock: Clock, admin_client: Client
) -> None:
    make_receiver(thresholds={"many_numbers": 3})
    from_one_address(make_lead, 3)
    other = make_lead(submitted_from="203.0.113.8")
    clock.after(seconds=10)
    alert = Alert.objects.get()
    assert "203.0.113" not in str((alert.subject, alert.facts, words.page_of(alert)))
    page = admin_client.get(words.page_of(alert))
    listed = {it.pk for it in page.context["cl"].result_list}
    assert listed == set(Lead.objects.exclude(pk=other.pk).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("alike", "phones"),
    [
        ("number", {"+972505550101"}),
        ("country", {"+972505550101", "+972505550102"}),
        ("address", {"+972505550101", "+442079460018"}),
    ],
)
def test_what_is_alike(
    make_lead: MakeLead, admin_client: Client, alike: str, phones: set[str]
) -> None:
    first = make_lead("+972505550101", submitted_from="2001:db8::1")
    make_lead("+972505550102", submitted_from="2001:db8:1::1")
    make_lead("+442079460018", submitted_from="2001:db8::2")
    page = admin_client.get("/admin/leads/lead/", {"alike": f"{alike}-{first.pk}"})
    assert {it.phone for it in page.context["cl"].result_list} == phones


@pytest.mark.parametrize("asked", ["number-0", "number-x", "all-1", ""])
def test_an_address_that_asks_for_nothing_breaks_nothing(
    make_lead: MakeLead, admin_client: Client, asked: str
) -> None:
    make_lead()
    assert admin_client.get("/admin/leads/lead/", {"alike": asked}, follow=True).status_code == 200


def test_an_office_of_ours_is_no_attack(
    make_receiver: MakeReceiver, make_lead: MakeLead, clock: Clock, settings: Any
) -> None:
    settings.RATES_EXEMPT = [*settings.RATES_EXEMPT, ip_network("203.0.113.0/24")]
    make_receiver(thresholds={"many_numbers": 3})
    from_one_address(make_lead, 9)
    clock.after(seconds=10)
    assert not Alert.objects.exists()


def test_countries_are_noted_whether_or_not_anybody_is_told(
    make_lead: MakeLead, clock: Clock
) -> None:
    for phone in ("+442079460018", "+447700900123", "+972595550167"):
        make_lead(phone)
    clock.after(seconds=10)
    clock.after(seconds=25)
    assert set(SeenCountry.objects.values_list("country", flat=True)) == {"GB", "PS"}


@pytest.mark.parametrize(
    ("number", "is_told"), [(9, False), (10, True), (11, True)], ids=["less", "as much", "more"]
)
def test_what_is_measured_is_compared_with_the_receivers_number(number: int, is_told: bool) -> None:
    wishes = Wishes({"many_numbers": Threshold(least=10)}, "UTC")
    due = plan(wishes, [Seen(1, "many_numbers", NOON, number=number)], {}, NOON)
    assert (due.begun == {1}) is is_told
