"""What is looked for when there is nobody to tell, and what the page of alerts says then."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from callbacks.alerts.kinds import ALWAYS, KINDS
from callbacks.models import Alert, AlertReceiver
from leads.models import Lead
from tests.alerts.conftest import NOON, Clock, MakeReceiver

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]
LIST = "/admin/callbacks/alert/"
ADD = 'href="/admin/callbacks/alertreceiver/add/"'


def attack(make_lead: MakeLead) -> None:
    for _ in range(3):
        make_lead(submitted_from="203.0.113.7", status="held", is_held_back=True)


# Receivers who are not told of an attack. Its alerts are on the page all the same.
RECEIVERS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "switched off": {"is_active": False},
    "of something else": {"thresholds": {"lead_overdue": 5}},
}


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_what_tells_of_an_attack_is_looked_for_all_the_same(
    receiver: str, make_receiver: MakeReceiver, make_lead: MakeLead, clock: Clock
) -> None:
    values = RECEIVERS[receiver]
    if values is not None:
        make_receiver(**values)
    attack(make_lead)
    clock.after(seconds=10)
    assert set(Alert.objects.values_list("kind", flat=True)) == {
        "many_numbers", "many_held", "held_waits",
    }  # fmt: skip
    clock.after(seconds=20)  # still the same minute: these kinds are looked for once a minute
    assert not Alert.objects.exclude(ended_at=None).exists()
    Lead.objects.update(status="cancelled", closed_at=NOON)
    clock.after(minutes=1)
    assert [it.kind for it in Alert.objects.filter(ended_at=None)] == ["many_numbers"]


def test_the_others_are_for_those_who_are_told(clock: Clock, make_lead: MakeLead) -> None:
    make_lead(due_at=NOON)
    clock.after(minutes=9)
    assert not Alert.objects.exists()
    assert "lead_overdue" in KINDS.keys() - ALWAYS


@pytest.mark.parametrize(
    ("receiver", "says_so"), [("none", True), ("switched off", True), ("of something else", False)]
)
def test_the_page_says_that_nobody_is_told(
    receiver: str, says_so: bool, make_receiver: MakeReceiver, admin_client: Client
) -> None:
    values = RECEIVERS[receiver]
    if values is not None:
        make_receiver(**values)
    page = admin_client.get(LIST).content.decode()
    assert ("No alerts are sent yet" in page) == says_so
    assert (f"{ADD}>add a receiver</a>" in page.replace(' class="quiet-link"', "")) == says_so


def test_who_may_not_add_one_is_told_who_may(client: Client) -> None:
    user = User.objects.create_user("dana", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_alert"))
    client.force_login(user)
    page = client.get(LIST).content.decode()
    assert "Somebody with permission to set up alerts has to add a receiver." in page
    assert ADD not in page
    assert not AlertReceiver.objects.exists()
