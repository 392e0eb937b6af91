"""Posting to a real receiver: signed, tried again, given up, stopped, and started by a test."""

import base64
import hashlib
import hmac
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from callbacks.alerts import safe_http, tell, webhook
from callbacks.alerts.webhook import STOP_AFTER, WAITS, deliver, send_next
from callbacks.models import AlertMessage, AlertReceiver
from tests.alerts.conftest import NOON, Clock, MakeReceiver
from tests.support.threads import no_thread_starts
from tests.support.together import at_once
from tests.support.webhook_receiver import Posted, WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)


def message_for(receiver: AlertReceiver) -> AlertMessage:
    """A message that waits to be posted."""
    return AlertMessage.objects.create(
        receiver=receiver, receiver_name=receiver.name, channel="webhook", to="localhost",
        subject="1 lead is overdue", text="", payload={"summary": "1 lead is overdue", "n": "שלום"},
        made_at=timezone.now(), next_try_at=timezone.now(),
    )  # fmt: skip


def post_due() -> None:
    while send_next():
        pass


def is_signed_with(secret: str, posted: Posted) -> bool:
    """Whether the post is signed, checked as docs/alerts.md tells receivers to."""
    content = (
        f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode()
        + posted.body
    )
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in posted.headers["webhook-signature"].split()


def test_it_is_posted_signed(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    receiver = make_receiver()
    message = message_for(receiver)
    post_due()
    (posted,) = webhook.posted
    assert posted.path == "/hook"
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["webhook-id"] == str(message.public_id)
    assert posted.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert posted.json == message.payload
    assert is_signed_with(receiver.secret, posted)
    other = make_receiver(name="Other", secret_id=uuid.uuid4())
    assert not is_signed_with(other.secret, posted)
    message.refresh_from_db()
    assert (message.state, message.last_status, message.tries) == ("sent", 204, 1)
    assert (message.sent_at, message.next_try_at) == (NOON, None)


def test_the_database_alone_does_not_hold_the_secret(make_receiver: MakeReceiver) -> None:
    receiver = make_receiver()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(it)::text FROM callbacks_alertreceiver it")
        assert receiver.secret.removeprefix("whsec_") not in cursor.fetchone()[0]


def test_it_is_tried_again_with_growing_waits_and_given_up(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    receiver = make_receiver()
    message = message_for(receiver)
    webhook.status = 500
    waited = timedelta()
    for n, wait in enumerate([*WAITS, timedelta(days=1)]):
        post_due()
        post_due()
        assert len(webhook.posted) == n + 1
        waited += wait
        clock.move(seconds=waited.total_seconds() - 1)
        post_due()
        assert len(webhook.posted) == n + 1
        clock.move(seconds=waited.total_seconds())
    post_due()
    message.refresh_from_db()
    assert (message.state, message.last_status, message.next_try_at) == ("failed", 500, None)
    assert message.last_error == "It answered with status 500."
    assert list(WAITS) == sorted(WAITS)
    assert {it.headers["webhook-id"] for it in webhook.posted} == {str(message.public_id)}


ANSWERS = [
    (200, "", "sent", ""),
    (202, "", "sent", ""),
    (301, "http://127.0.0.1/", "waiting", "It answered with a redirect (301); redirects are"),
    (307, "http://127.0.0.1/", "waiting", "It answered with a redirect (307); redirects are"),
    (404, "", "waiting", "It answered with status 404."),
    (410, "", "waiting", "It answered with status 410."),
    (429, "", "waiting", "It answered with status 429."),
    (503, "", "waiting", "It answered with status 503."),
]


@pytest.mark.parametrize(("status", "location", "state", "error"), ANSWERS)
def test_what_an_answer_means(
    status: int, location: str, state: str, error: str, make_receiver: MakeReceiver,
    clock: Clock, webhook: WebhookReceiver,
) -> None:  # fmt: skip
    message = message_for(make_receiver())
    webhook.status, webhook.location = status, location
    post_due()
    message.refresh_from_db()
    assert len(webhook.posted) == 1
    assert (message.state, message.last_status) == (state, status)
    assert message.last_error.startswith(error)


def test_one_that_hangs_is_tried_again(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(safe_http, "ANSWER_WITHIN", 2.0)
    message = message_for(make_receiver())
    webhook.hangs = True
    post_due()
    message.refresh_from_db()
    assert (message.state, message.last_status) == ("waiting", None)
    assert message.last_error == "It did not answer within 2 s."
    webhook.hangs = False
    clock.move(seconds=10)
    post_due()
    message.refresh_from_db()
    assert (message.state, message.last_error, message.tries) == ("sent", "", 2)


def test_an_address_that_has_come_to_lead_inside_is_not_asked(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    message = message_for(make_receiver(url="http://10.0.0.1/"))
    post_due()
    message.refresh_from_db()
    assert message.state == "waiting"
    assert "private network" in message.last_error


def test_after_failures_in_a_row_it_stops_and_a_test_starts_it_again(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    receiver = make_receiver()
    webhook.status = 500
    messages = [message_for(receiver) for _ in range(STOP_AFTER + 2)]
    post_due()
    receiver.refresh_from_db()
    assert len(webhook.posted) == STOP_AFTER
    assert receiver.stopped_at == NOON
    assert receiver.stopped_because == "10 requests in a row failed. It answered with status 500."
    assert tell.silence(receiver) == (
        "Stopped: 10 requests in a row failed. It answered with status 500. Send a test to start "
        "it again."
    )
    messages[-1].refresh_from_db()
    assert (messages[-1].state, messages[-1].last_error) == ("failed", receiver.stopped_because)
    # A test that fails changes nothing; a test that is accepted starts the receiver again.
    deliver(tell.send_test(receiver).pk)
    receiver.refresh_from_db()
    assert receiver.stopped_at
    webhook.status = 204
    deliver(tell.send_test(receiver).pk)
    receiver.refresh_from_db()
    assert (receiver.stopped_at, receiver.stopped_because, receiver.failures) == (None, "", 0)
    assert webhook.posted[-1].json["test"] is True
    assert tell.silence(receiver) == ""


def test_a_message_that_was_taken_ends_the_row_of_failures(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    receiver = make_receiver(failures=STOP_AFTER - 1)
    message_for(receiver)
    post_due()
    webhook.status = 500
    message_for(receiver)
    post_due()
    receiver.refresh_from_db()
    assert (receiver.failures, receiver.stopped_at) == (1, None)


def test_several_workers_post_it_once(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    messages = [message_for(make_receiver()) for _ in range(1)]
    at_once(8, lambda: deliver(messages[0].pk))
    assert len(webhook.posted) == 1


def test_one_whose_worker_died_is_posted_by_another(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    message = message_for(make_receiver())

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(safe_http, "post", die)
        with pytest.raises(SystemExit):
            deliver(message.pk)
    clock.move(seconds=60)
    post_due()
    assert webhook.posted == []
    clock.move(seconds=121)
    post_due()
    message.refresh_from_db()
    assert (len(webhook.posted), message.tries, message.state) == (1, 2, "sent")


def test_a_receiver_that_is_gone_gets_nothing(
    make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver
) -> None:
    message = message_for(make_receiver())
    AlertReceiver.objects.all().delete()
    post_due()
    message.refresh_from_db()
    assert (webhook.posted, message.state, message.receiver_name) == ([], "failed", "The office")


def test_nothing_is_done_aside_while_nothing_is_due(
    make_receiver: MakeReceiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = []
    monkeypatch.setattr(webhook_module()._aside(), "wake", lambda: woken.append(1))
    webhook_module().wake()
    assert woken == []
    message_for(make_receiver())
    webhook_module().wake()
    assert woken == [1]


def webhook_module() -> Any:  # a fixture is also called `webhook`
    return webhook


def test_a_shortage_of_ours_is_no_failure_of_the_receiver(
    make_receiver: MakeReceiver,
    clock: Clock,
    webhook: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = make_receiver()
    message = message_for(receiver)
    with no_thread_starts(monkeypatch, of=threading.Timer):
        post_due()
        test = tell.send_test(receiver)
        deliver(test.pk)
    message.refresh_from_db()
    receiver.refresh_from_db()
    test.refresh_from_db()
    assert (message.state, message.tries, receiver.failures) == ("waiting", 0, 0)
    assert (test.state, test.last_error) == ("failed", "Our server was too busy to send it.")
    assert webhook.posted == []
    clock.move(seconds=WAITS[0].total_seconds())
    post_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == ("sent", "")
