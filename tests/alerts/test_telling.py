"""From what happens to what a receiver gets: once, in whole sentences, at its hours, and nothing
about visitors.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks import tasks
from callbacks.alerts import tell, watch
from callbacks.common import sql
from callbacks.models import (
    Alert,
    AlertMessage,
    AlertReceiver,
    AlertTelling,
    Extension,
    OpeningHours,
    Schedule,
    Team,
)
from leads.models import Lead, LeadSource
from tests.alerts.conftest import NOON, Clock, MakeReceiver
from tests.support.plans import reading
from tests.support.together import at_once
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]
OVERDUE = {"lead_overdue": 5}
_MEASURED = ("SELECT", "WITH", "UPDATE", "INSERT")


@pytest.fixture
def late_lead(make_lead: MakeLead, extension: Extension) -> MakeLead:
    """late_lead(minutes=1): a lead that was due so long before noon."""

    def make(minutes: float = 10, **values: Any) -> Lead:
        due = NOON - timedelta(minutes=minutes)
        times = {"due_at": due, "clock_started_at": due, "call_after": due}
        return make_lead(**times, **values)

    return make


def rings(lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(rang_at=NOON)


def summaries(webhook: WebhookReceiver) -> list[str]:
    return [it.json["summary"] for it in webhook.posted]


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
    assert "- Extension 101 Dana is blocked by the provider, and is not rung." in lines
    assert lines[-2] == 'You get this as the receiver of alerts "The office".'
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
    (link,) = [it for it in text.splitlines() if "All of them" in it]
    assert "5 more are not listed here." in text
    rings(told[0])
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(link.partition("https://callbacks.example.com")[2])
    shown = {it.pk for it in page.context["cl"].queryset}
    assert shown == {it.pk for it in told}
    for wrong in ("x", "00000000-0000-0000-0000-000000000000.lead_overdue", "%00"):
        assert client.get(f"/admin/leads/lead/?alert={wrong}").status_code in (200, 302, 400)


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
    """Open from 06:00 on the next day, by the clocks of Jerusalem."""
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
    ("switched off", {"is_active": False}, "It is switched off"),
    ("stopped", {"stopped_at": NOON, "stopped_because": "10 requests failed."}, "Stopped: 10 requ"),
    ("no address", {"url": ""}, "It has no webhook address"),
    ("no mail address", {"channel": "mail"}, "It has no mail address"),
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
    assert tell.silence(receiver) == "The login dana is switched off: nothing is sent."
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


def test_several_looks_at_once_tell_once(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock
) -> None:
    receivers = [make_receiver(name=f"R{n}", thresholds=OVERDUE) for n in range(3)]
    for _ in range(5):
        late_lead()
    clock.move(seconds=10)
    at_once(8, watch.watch)
    assert Alert.objects.count() == 5
    assert AlertMessage.objects.count() == 3
    assert AlertTelling.objects.count() == 15
    # Also those that have all taken a turn, and tell the same receiver.
    Alert.objects.create(kind="lead_overdue", subject="lead:0", began_at=NOON - timedelta(hours=1),
                         facts={"lead": 0, "source": "Website"})  # fmt: skip
    clock.move(seconds=200)
    sent = at_once(8, *(partial(tell.tell, it.pk, timezone.now()) for it in receivers))
    assert len([it for it in sent if it]) == 3
    assert AlertMessage.objects.count() == 6
    assert AlertTelling.objects.count() == 18


def test_one_of_several_takes_the_turn(clock: Clock, db: None) -> None:
    assert sum(at_once(8, lambda: bool(_turn()))) == 1
    clock.move(seconds=9)
    assert not _turn()
    clock.move(seconds=10)
    assert _turn()


def _turn() -> object:
    now = timezone.now()
    return sql.rows(watch._TAKE_TURN, {"now": now, "latest": now - watch.EVERY})


def test_what_dies_half_way_has_sent_nothing_and_is_sent_later(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def die(*_: object, **__: object) -> None:
        raise SystemExit

    receiver = make_receiver(thresholds=OVERDUE)
    late_lead()
    with monkeypatch.context() as patched:
        patched.setattr(AlertTelling.objects, "bulk_create", die)
        with pytest.raises(SystemExit):
            clock.after(seconds=10)
    assert Alert.objects.count() == 1
    assert AlertMessage.objects.count() == 0
    clock.after(seconds=20)
    clock.after(seconds=30)
    assert len(webhook.posted) == 1
    # Somebody else is just telling: nobody waits, and nothing is sent twice.
    late_lead()
    clock.after(seconds=100)
    with transaction.atomic():
        AlertReceiver.objects.select_for_update().get(pk=receiver.pk)
        assert at_once(2, lambda: tell.tell(receiver.pk, timezone.now())) == [None, None]


def test_a_stand_still_is_told_when_it_is_over(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds={"stood_still": 2}, tells_end=False)
    clock.after(seconds=10)
    clock.after(seconds=110)  # 100 s: an alert, and too short to be told
    assert Alert.objects.count() == 1
    clock.after(minutes=31)
    clock.after(minutes=32)
    assert summaries(webhook) == ["The system stood still, and runs again"]
    sentence = "The system stood still from 12:01 to 12:31: leads were called late."
    assert sentence in AlertMessage.objects.get().text


def test_the_clock_of_the_machine_may_go_back(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds=OVERDUE)
    clock.after(hours=5)
    late_lead()
    clock.after(minutes=1)
    assert summaries(webhook) == ["1 lead is overdue"]


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


def test_what_is_old_is_forgotten(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock
) -> None:
    make_receiver(thresholds=OVERDUE)
    rings(late_lead())
    late_lead()
    clock.after(seconds=10)
    Alert.objects.create(kind="lead_overdue", subject="lead:0", began_at=NOON, ended_at=NOON)
    tasks.forget_old_alerts()
    assert AlertMessage.objects.exists()
    clock.move(days=91)
    tasks.forget_old_alerts()
    assert not AlertMessage.objects.exists()
    assert Alert.objects.filter(ended_at=None).count() == 1
    assert not Alert.objects.exclude(ended_at=None).exists()


def test_a_look_costs_the_same_however_much_there_was(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock
) -> None:
    """10,000 closed leads and as many alerts that are over: none of them is read."""
    make_receiver()
    source_id = late_lead().source_id
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_lead (
                public_id, source_id, submission_key, name, phone, email, message, status,
                submitted_at, clock_started_at, due_at, call_after, counted_from, call_id,
                error_message, attempts, closed_at
            )
            SELECT gen_random_uuid(), %(source)s, gen_random_uuid(), 'Noa',
                '+97250' || (5560000 + n), '', '', 'unreached', %(then)s, %(then)s, %(then)s,
                %(then)s, %(then)s, '', '', 1, %(then)s FROM generate_series(1, 10000) n
            """,
            {"source": source_id, "then": NOON - timedelta(days=30)},
        )
        cursor.execute(
            """
            INSERT INTO callbacks_alert (kind, subject, facts, began_at, ended_at, source_id)
            SELECT 'lead_overdue', 'lead:' || n, '{}', %(then)s, %(then)s, %(source)s
            FROM generate_series(1, 10000) n
            """,
            {"source": source_id, "then": NOON - timedelta(days=30)},
        )
        cursor.execute("ANALYZE")
    clock.after(seconds=10)
    clock.move(seconds=30)
    with CaptureQueriesContext(connection) as captured:
        watch.watch()
    assert 0 < len(captured) < 62
    asked = [it["sql"] for it in captured if it["sql"].split()[0] in _MEASURED]
    for read in map(reading, asked):
        assert read.rows < 1000, read
