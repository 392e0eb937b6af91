"""What a receiver is told: once, in whole sentences, within its hours, nothing about visitors."""

import pytest

from callbacks.models import (
    AlertMessage,
    Extension,
    OpeningHours,
    Schedule,
)
from tests.alerts.conftest import OVERDUE, Clock, MakeLead, MakeReceiver, rings, summaries
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_alert_is_told_once_and_once_that_it_is_over(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds=OVERDUE)
    lead = late_lead(minutes=4)
    clock.after(seconds=20)
    assert webhook.posted == []
    for seconds in (70, 90, 200):
        clock.after(seconds=seconds)
    assert summaries(webhook) == ["1 lead is overdue"]
    rings(lead)
    for seconds in (220, 240, 400):
        clock.after(seconds=seconds)
    assert summaries(webhook) == ["1 lead is overdue", "1 lead was overdue"]
    (alert,) = webhook.posted[1].json["alerts"]
    assert (alert["state"], alert["ended_at"]) == ("over", "2026-03-25T10:03:40Z")


def test_no_more_than_one_of_a_kind_in_the_gap(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds=OVERDUE | {"extension_blocked": 0}, least_gap=30)
    late_lead()
    clock.after(seconds=10)
    rings(late_lead())  # begins and is over within the gap, unseen
    second, third = late_lead(), late_lead()
    clock.after(minutes=5)
    rings(third)
    Extension.objects.update(is_blocked=True)
    clock.after(minutes=10)
    assert summaries(webhook) == ["1 lead is overdue", "1 extension is blocked by the provider"]
    clock.after(minutes=30)
    assert len(webhook.posted) == 2
    clock.after(minutes=31)
    assert summaries(webhook)[2:] == ["1 lead is overdue, and 1 more alert"]
    told = {it["lead"]: it["state"] for it in webhook.posted[2].json["alerts"]}
    assert told == {second.pk: "open", third.pk: "over"}


def test_a_night_is_told_in_one_message_when_the_hours_begin(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    """The receiver's hours begin at 06:00 the next day, in Jerusalem."""
    make_receiver(thresholds=OVERDUE, hours="every day 06-11")
    over, holds = late_lead(), late_lead()
    clock.after(minutes=1)
    rings(over)
    clock.after(minutes=2)
    clock.after(hours=17, minutes=59)
    assert webhook.posted == []
    clock.after(hours=18)
    clock.after(hours=18, seconds=20)
    assert summaries(webhook) == ["1 lead is overdue, and 1 more alert"]
    told = {it["lead"]: it["state"] for it in webhook.posted[0].json["alerts"]}
    assert told == {over.pk: "over", holds.pk: "open"}
    assert "was overdue from 25 Mar 11:50 to 25 Mar 12:02" in AlertMessage.objects.get().text


def test_the_hours_may_be_those_of_a_schedule(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    schedule = Schedule.objects.create(name="Office", time_zone="UTC")
    make_receiver(thresholds=OVERDUE, schedule=schedule)
    late_lead()
    clock.after(seconds=10)
    assert webhook.posted == []
    OpeningHours.objects.create(schedule=schedule, weekday=2, opens_at="10:00", closes_at="11:00")
    clock.after(seconds=20)
    assert len(webhook.posted) == 1


def test_a_digest_gathers(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds=OVERDUE, timing="every", digest_minutes=60, tells_end=False)
    clock.after(seconds=10)
    late_lead(minutes=-5)
    clock.after(minutes=20)
    late_lead(minutes=-30)
    clock.after(minutes=59)
    assert webhook.posted == []
    clock.after(minutes=60)
    clock.after(minutes=61)
    assert summaries(webhook) == ["2 leads are overdue"]
