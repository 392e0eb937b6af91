"""What a message about alerts says: whole sentences, a link to all it is about, no visitors."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from callbacks.models import (
    Alert,
    AlertMessage,
    Extension,
)
from leads.models import Lead, LeadSource
from tests.alerts.conftest import OVERDUE, Clock, MakeLead, MakeReceiver, rings
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_a_message_says(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver,
    source: LeadSource,
) -> None:  # fmt: skip
    make_receiver(thresholds=OVERDUE | {"extension_blocked": 0})
    leads = [late_lead(minutes=minutes) for minutes in (10, 20, 30)]
    Extension.objects.update(is_blocked=True)
    clock.after(seconds=10)
    message = AlertMessage.objects.get()
    assert message.subject == "3 leads are overdue, and 1 more alert"
    lines = message.text.splitlines()
    assert lines[0] == "3 leads are overdue:"
    assert (
        lines[1] == f"- Lead {leads[2].pk} of Website was due at 11:30, and its phone has not rung."
    )
    assert lines[2] == f"  https://callbacks.example.com/admin/leads/lead/{leads[2].pk}/change/"
    assert "- Extension 101 Dana is blocked by the provider and gets no calls." in lines
    assert lines[-2] == 'You get this message as the alert receiver "The office".'
    posted = webhook.posted[0].json
    assert posted["summary"] == message.subject
    assert posted["id"] == str(message.public_id)
    assert posted["sent_at"] == "2026-03-25T10:00:10Z"
    assert (posted["receiver"], posted["test"]) == ("The office", False)
    assert [(it["kind"], it["lead"], it["source"], it["team"]) for it in posted["alerts"]] == [
        *(("lead_overdue", it.pk, "website", None) for it in reversed(leads)),
        ("extension_blocked", None, None, "Sales"),
    ]


def test_one_alone_is_told_in_the_subject(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock
) -> None:
    make_receiver(thresholds=OVERDUE)
    lead = late_lead()
    clock.after(seconds=10)
    assert AlertMessage.objects.get().subject == (
        f"Lead {lead.pk} of Website was due at 11:50, and its phone has not rung."
    )


def test_nothing_about_visitors_is_in_it(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver()
    late_lead()
    Lead.objects.update(name="Canary Cohen", email="canary@example.com", message="canary wish")
    clock.after(seconds=10)
    message = AlertMessage.objects.get()
    stored = [message.subject, message.text, json.dumps(message.payload)]
    stored += [json.dumps(it.facts) for it in Alert.objects.all()]
    stored.append(webhook.posted[0].body.decode())
    for text in stored:
        for secret in ("anary", "5550101", "505550"):
            assert secret not in text


def test_the_link_to_all_of_them_lists_exactly_these_leads(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock
) -> None:
    make_receiver(thresholds=OVERDUE)
    told = [late_lead() for _ in range(25)]
    late_lead(minutes=1)
    clock.after(seconds=10)
    text = AlertMessage.objects.get().text
    (link,) = [it for it in text.splitlines() if "All alerts" in it]
    assert "5 more are not listed here." in text
    rings(told[0])
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(link.partition("https://callbacks.example.com")[2])
    shown = {it.pk for it in page.context["cl"].queryset}
    assert shown == {it.pk for it in told}
    for wrong in ("x", "00000000-0000-0000-0000-000000000000.lead_overdue", "%00"):
        assert client.get(f"/admin/leads/lead/?alert={wrong}").status_code in (200, 302, 400)
