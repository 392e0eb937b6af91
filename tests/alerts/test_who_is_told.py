"""Which receiver is told about what, and who is sent nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from callbacks.alerts import tell
from callbacks.models import (
    Alert,
    AlertMessage,
    AlertReceiver,
    Team,
)
from leads.models import LeadSource
from tests.alerts.conftest import NOON, OVERDUE, Clock, MakeLead, MakeReceiver, rings, summaries
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)
SCOPES = [
    ("about all", [], [], {"website", "landing", "Sales", "Support", ""}),
    ("one source, and who answers it", ["website"], [], {"website", "Sales", ""}),
    ("one team, and what it answers", [], ["Support"], {"landing", "Support", ""}),
    ("a source and another's team", ["website"], ["Support"],
     {"website", "landing", "Sales", "Support", ""}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "teams", "expected"), [pytest.param(*it[1:], id=it[0]) for it in SCOPES]
)
def test_what_a_receiver_is_told_about(
    sources: list[str], teams: list[str], expected: set[str], make_receiver: MakeReceiver,
    team: Team, source: LeadSource,
) -> None:  # fmt: skip
    other = LeadSource.objects.create(slug="landing", name="Landing")
    Team.objects.create(name="Support").sources.add(other)
    receiver = make_receiver()
    receiver.sources.set(LeadSource.objects.filter(slug__in=sources))
    receiver.teams.set(Team.objects.filter(name__in=teams))
    for it in LeadSource.objects.all():
        Alert.objects.create(kind="nobody_can_be_rung", subject=it.slug, source=it, began_at=NOON)
    for each in Team.objects.all():
        Alert.objects.create(kind="no_free_extension", subject=each.name, team=each, began_at=NOON)
    Alert.objects.create(kind="provider_refuses", began_at=NOON)
    assert {it.subject for it in Alert.objects.filter(tell.about(receiver))} == expected


SILENT: list[tuple[str, dict[str, Any], str]] = [
    ("switched off", {"is_active": False}, "The receiver is switched off"),
    ("stopped", {"stopped_at": NOON, "stopped_because": "10 requests failed."}, "Stopped: 10 requ"),
    ("no address", {"url": ""}, "The receiver has no webhook address"),
    ("no mail address", {"channel": "mail"}, "The receiver has no mail address"),
    ("no mail server", {"channel": "mail", "address": "dana@example.com"}, "No mail server is set"),
    ("no kinds", {"thresholds": {}}, "No kind of alert is chosen"),
]


@pytest.mark.parametrize(("values", "why"), [pytest.param(*it[1:], id=it[0]) for it in SILENT])
def test_who_is_sent_nothing_and_why(
    values: dict[str, Any], why: str, make_receiver: MakeReceiver, late_lead: MakeLead,
    clock: Clock,
) -> None:  # fmt: skip
    receiver = make_receiver(**{"thresholds": OVERDUE} | values)
    late_lead()
    clock.after(seconds=10)
    assert AlertMessage.objects.count() == 0
    assert tell.silence(receiver).startswith(why)


def test_a_login_that_is_switched_off_gets_nothing_until_it_is_on_again(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    owner = User.objects.create_user("dana", is_active=False)
    receiver = make_receiver(thresholds=OVERDUE, owner=owner)
    late_lead()
    clock.after(seconds=10)
    assert webhook.posted == []
    assert tell.silence(receiver) == "The login dana is switched off, so nothing is sent."
    User.objects.update(is_active=True)
    clock.after(seconds=20)
    assert summaries(webhook) == ["1 lead is overdue"]


def test_a_message_on_its_way_is_not_sent_to_a_login_that_was_switched_off(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds=OVERDUE, owner=User.objects.create_user("dana"))
    late_lead()
    webhook.status = 500
    clock.after(seconds=10)
    User.objects.update(is_active=False)
    webhook.status = 204
    clock.after(minutes=3)
    message = AlertMessage.objects.get()
    assert (len(webhook.posted), message.state) == (1, "failed")
    assert message.last_error == "The login of the receiver is switched off."


def test_who_is_switched_on_later_is_told_what_holds_and_not_what_was(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(name="First", thresholds=OVERDUE, url="https://192.0.2.1/")
    was, holds = late_lead(), late_lead()
    clock.after(seconds=10)
    rings(was)
    clock.after(seconds=30)
    clock.move(minutes=5)
    make_receiver(name="Second", thresholds=OVERDUE)
    clock.after(minutes=6)
    (posted,) = webhook.posted
    assert [(it["lead"], it["state"]) for it in posted.json["alerts"]] == [(holds.pk, "open")]


def test_nobody_who_wants_a_kind_ends_its_alerts(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock
) -> None:
    make_receiver(thresholds=OVERDUE)
    late_lead()
    clock.after(seconds=10)
    AlertReceiver.objects.update(is_active=False)
    clock.after(seconds=30)
    assert not Alert.objects.filter(ended_at=None).exists()
