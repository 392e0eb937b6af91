"""Looks for alerts: several at once, one that dies, one after a standstill, and what they cost."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
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
)
from tests.alerts.conftest import NOON, OVERDUE, Clock, MakeLead, MakeReceiver, rings, summaries
from tests.support.plans import reading
from tests.support.together import at_once
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)
_MEASURED = ("SELECT", "WITH", "UPDATE", "INSERT")


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
    # Nor do several workers that tell the same receiver at once send a message twice.
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
    # While another worker tells the receiver, nobody waits and nothing is sent twice.
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
    clock.after(seconds=110)  # 100 s: long enough for an alert, too short to be reported
    assert Alert.objects.count() == 1
    clock.after(minutes=31)
    clock.after(minutes=32)
    assert summaries(webhook) == ["The system was down and works again"]
    sentence = "The system was down from 12:01 to 12:31: leads were called late."
    assert sentence in AlertMessage.objects.get().text


def test_the_clock_of_the_machine_may_go_back(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, webhook: WebhookReceiver
) -> None:
    make_receiver(thresholds=OVERDUE)
    clock.after(hours=5)
    late_lead()
    clock.after(minutes=1)
    assert summaries(webhook) == ["1 lead is overdue"]


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
    """There are 10,000 closed leads and as many ended alerts; none of them is read."""
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
        # Otherwise the plans depend on what earlier tests left in the indexes.
        cursor.execute("REINDEX TABLE leads_lead")
        cursor.execute("REINDEX TABLE callbacks_alert")
        cursor.execute("ANALYZE")
    clock.after(seconds=10)
    clock.move(seconds=30)
    with CaptureQueriesContext(connection) as captured:
        watch.watch()
    assert 0 < len(captured) < 63
    asked = [it["sql"] for it in captured if it["sql"].split()[0] in _MEASURED]
    for read in map(reading, asked):
        assert read.rows < 1000, read
