"""Mail over real SMTP: taken, refused, left without an answer; once, and again after a failure."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from callbacks import tasks
from callbacks.mailing import backends, outbox
from callbacks.mailing.outbox import Attachment
from callbacks.models import OutgoingMail
from callbacks.models.outgoing_mail import MailState
from callbacks.simulator.mailbox.server import DRIP, DROP, HANG
from tests.support.mail_server import MailServer
from tests.support.queue import queued_without_key
from tests.support.simulator import eventually
from tests.support.threads import no_thread_starts

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = "anna@example.com"


def posted(**values: object) -> OutgoingMail:
    fields = {"kind": "test", "to": ANNA, "subject": "Yesterday", "text": "12 leads", **values}
    mail = outbox.post(**fields)  # type: ignore[arg-type]
    assert mail is not None
    return mail


def test_it_sends_what_was_written(server: MailServer) -> None:
    mail = posted(
        subject="דוח\r\nBcc: eve@example.com",
        html="<b>12 leads</b>",
        attachments=[Attachment("leads.xlsx", "application/octet-stream", b"PK\x00\r\n.\r\n")],
        headers={"List-Unsubscribe": "<https://callbacks.example.com/u/1>"},
    )
    assert outbox.send_next()
    assert not outbox.send_next()
    (kept,) = server.kept
    message = kept.message()
    assert kept.recipients == (ANNA,)
    assert kept.sender == "callbacks@example.com"
    assert message["Subject"] == "דוח Bcc: eve@example.com"
    assert "Bcc" not in message
    assert message["From"] == "Callbacks <callbacks@example.com>"
    assert message["Message-ID"] == mail.message_id
    assert message["List-Unsubscribe"] == "<https://callbacks.example.com/u/1>"
    assert message["Auto-Submitted"] == "auto-generated"
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    assert [it and it.get_content().strip() for it in bodies] == ["12 leads", "<b>12 leads</b>"]
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("leads.xlsx", b"PK\x00\r\n.\r\n")
    mail.refresh_from_db()
    assert (mail.state, mail.tries, mail.next_at, mail.error) == (MailState.SENT, 1, None, "")


# Faults of the server; the state after one try; words of the sentence; how many have arrived.
UNKNOWN, BUSY = "550 5.1.1 no such user", "450 greylisted"
IN_DOUBT = "did not answer. The mail may have arrived."
FAULTS = [
    ("the address is not known", {"rcpt": UNKNOWN}, "failed", "(550): 5.1.1 no such user", 0),
    ("the address is busy", {"rcpt": BUSY}, "waiting", "refused the address (450): greylisted", 0),
    ("the mail is not wanted", {"end": "554 spam"}, "failed", "refused the mail (554): spam", 0),
    ("the server is full", {"end": "452 full"}, "waiting", "refused the mail (452): full", 0),
    ("no mail now", {"data": "451 later"}, "waiting", "refused the mail (451): later", 0),
    ("not from us", {"mail": "553 not yours"}, "waiting", "mail from this system (553)", 0),
    ("not at all", {"greeting": "554 go away"}, "waiting", "mail from this system (554)", 0),
    ("no word at first", {"greeting": HANG}, "waiting", "did not answer in time", 0),
    ("hangs up at first", {"greeting": DROP}, "waiting", "broke the connection", 0),
    ("hangs before the text", {"data": HANG}, "waiting", "connection or did not answer", 0),
    ("hangs up half way", {"text": DROP}, "waiting", IN_DOUBT, 0),
    ("takes it and says nothing", {"end": HANG}, "waiting", IN_DOUBT, 1),
    ("takes it and hangs up", {"end": DROP}, "waiting", IN_DOUBT, 1),
    ("takes it and never says good-bye", {"quit": HANG}, "sent", "", 1),
    ("takes it and hangs up rudely", {"quit": DROP}, "sent", "", 1),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "faults", "state", "said", "arrived"), FAULTS,
                         ids=[row[0] for row in FAULTS])  # fmt: skip
def test_what_a_server_answers(_case, faults, state, said, arrived, server, settings) -> None:
    if HANG in faults.values():
        settings.EMAIL_TIMEOUT = 4.0
    server.behave(faults)
    before = timezone.now()
    mail = posted()
    outbox.send_next()
    mail.refresh_from_db()
    assert (mail.state, mail.tries, len(server.kept)) == (state, 1, arrived)
    assert said in mail.error
    if state == "waiting":
        assert mail.next_at is not None
        assert before + outbox.WAITS[0] <= mail.next_at <= timezone.now() + outbox.WAITS[0]
    if not server.kept:
        server.behave({})
        settings.EMAIL_TIMEOUT = 20.0
        assert outbox.send_again(mail.pk, timezone.now())
        outbox.send_next()
        mail.refresh_from_db()
        assert mail.state == MailState.SENT
        assert [it.message()["Message-ID"] for it in server.kept] == [mail.message_id]


def test_a_server_that_answers_a_byte_at_a_time_is_left_in_the_end(server, monkeypatch) -> None:
    monkeypatch.setattr(backends, "LONGEST", 1.0)
    server.behave({"ehlo": DRIP})
    mail = posted()
    outbox.send_next()
    mail.refresh_from_db()
    assert mail.state == MailState.WAITING
    assert "broke the connection" in mail.error


def test_a_server_that_hangs_up_before_it_has_all_of_a_mail_has_not_taken_it(server) -> None:
    server.behave({"text": DROP})
    large = Attachment("all.bin", "application/octet-stream", bytes(outbox.MOST_BYTES))
    mail = posted(attachments=[large])
    outbox.send_next()
    mail.refresh_from_db()
    assert (mail.state, mail.doubts) == (MailState.WAITING, 0)
    assert "broke the connection" in mail.error or "could not be reached" in mail.error


def test_no_server_at_all(server, settings) -> None:
    settings.EMAIL_HOST = "nowhere.invalid"
    mail = posted()
    outbox.send_next()
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (
        MailState.WAITING, "The mail server could not be reached (gaierror).",
    )  # fmt: skip


def test_without_a_server_in_the_settings_it_says_so(settings) -> None:
    settings.EMAIL_BACKEND = "callbacks.mailing.backends.NoServer"
    mail = posted()
    outbox.send_next()
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (
        MailState.FAILED, "No mail server is set: EMAIL_URL is empty.",
    )  # fmt: skip


def test_it_is_tried_seven_times_in_growing_pauses_and_then_given_up(server) -> None:
    server.behave({"rcpt": "450 not now"})
    waits, now = [], datetime(2026, 11, 29, 8, tzinfo=UTC)
    with time_machine.travel(now, tick=False) as clock:
        mail = posted()
        while outbox.send_next():
            mail.refresh_from_db()
            if mail.next_at is None:
                break
            waits.append(mail.next_at - timezone.now())
            clock.move_to(mail.next_at - timedelta(seconds=1))
            assert not outbox.send_next()
            clock.move_to(mail.next_at)
    assert tuple(waits) == outbox.WAITS
    assert (mail.state, mail.tries, server.sessions) == (MailState.FAILED, 7, 7)


@pytest.mark.parametrize("fault", [{"end": DROP}, {"end": HANG}])
def test_a_mail_whose_answer_is_lost_is_handed_over_twice_at_most(server, settings, fault) -> None:
    settings.EMAIL_TIMEOUT = 4.0 if HANG in fault.values() else 20.0
    server.behave(fault)
    mail = posted()
    for _ in range(3):
        outbox.send_next()
        OutgoingMail.objects.filter(state=MailState.WAITING).update(next_at=timezone.now())
    mail.refresh_from_db()
    assert (mail.state, len(server.kept)) == (MailState.FAILED, 2)
    assert len({it.message()["Message-ID"] for it in server.kept}) == 1


def test_a_mail_whose_session_finds_no_free_thread_is_tried_again(server, monkeypatch) -> None:
    mail = posted()
    with no_thread_starts(monkeypatch, of=threading.Timer):
        outbox.send_next()
    mail.refresh_from_db()
    assert (mail.state, mail.doubts, server.kept) == (MailState.WAITING, 0, [])
    assert outbox.send_again(mail.pk, timezone.now())
    outbox.send_next()
    mail.refresh_from_db()
    assert mail.state == MailState.SENT


def test_a_mail_whose_process_died_is_handed_over_once_more(server) -> None:
    mail = posted()
    with time_machine.travel(timezone.now()) as clock:
        outbox._claim(timezone.now())  # and the process is killed
        assert not outbox.send_next()
        clock.shift(outbox.GIVEN_UP_AFTER + timedelta(seconds=1))
        assert outbox.send_next()
        mail.refresh_from_db()
        assert (mail.state, mail.tries, len(server.kept)) == (MailState.SENT, 2, 1)


def test_a_mail_that_kills_its_process_twice_is_given_up(server) -> None:
    mail = posted()
    with time_machine.travel(timezone.now()) as clock:
        for _ in range(3):
            outbox._claim(timezone.now())
            clock.shift(outbox.GIVEN_UP_AFTER + timedelta(seconds=1))
    mail.refresh_from_db()
    assert (mail.state, mail.tries) == (MailState.FAILED, 2)
    assert "The mail may have arrived" in mail.error


def test_many_senders_at_once_send_each_mail_once(server) -> None:
    for number in range(12):
        posted(subject=f"Mail {number}")

    def work() -> None:
        try:
            while outbox.send_next():
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    subjects = sorted(it.message()["Subject"] for it in server.kept)
    assert subjects == sorted(f"Mail {number}" for number in range(12))


def test_a_key_is_used_once_however_many_write_it(server) -> None:
    found: list[OutgoingMail | None] = []

    def work() -> None:
        try:
            found.append(outbox.post("test", ANNA, "Yesterday", "12 leads", key="report:1:monday"))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(it is not None for it in found) == 1
    assert OutgoingMail.objects.count() == 1


def test_mails_without_a_key_are_all_sent() -> None:
    posted()
    posted()
    assert OutgoingMail.objects.count() == 2


def test_a_mail_of_a_transaction_that_fails_is_not_sent(server) -> None:
    with transaction.atomic():
        posted()
        transaction.set_rollback(True)
    assert not outbox.send_next()
    assert "callbacks.send_mail" not in queued_without_key()


def test_the_workers_are_told_once_it_is_committed() -> None:
    with transaction.atomic():
        posted()
        assert "callbacks.send_mail" not in queued_without_key()
    assert "callbacks.send_mail" in queued_without_key()


@pytest.mark.parametrize("to", ["", "anna", "anna@example.com, eve@example.com",
                                "a@example.com\nBcc: eve@example.com"])  # fmt: skip
def test_an_address_that_is_none_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        outbox.post("test", to, "Yesterday", "12 leads")


def test_attachments_have_a_limit() -> None:
    large = Attachment("all.xlsx", "application/octet-stream", bytes(outbox.MOST_BYTES + 1))
    with pytest.raises(ValueError, match="bytes"):
        posted(attachments=[large])
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("wake", [tasks.send_mail, tasks.sweep], ids=["wake-up", "sweep"])
def test_the_worker_does_not_wait_for_a_server_that_hangs(
    server: MailServer, wake: Callable[[], None]
) -> None:
    server.behave({"greeting": HANG})
    mail = posted()
    wake()  # returns while the server says nothing
    eventually(lambda: server.sessions == 1)
    mail.refresh_from_db()
    assert mail.state == MailState.SENDING
    wake()
    assert server.sessions == 1


def test_one_thread_sends_all_that_is_due(server: MailServer) -> None:
    for number in range(5):
        posted(subject=f"Mail {number}")
    tasks.send_mail()
    eventually(lambda: OutgoingMail.objects.filter(state=MailState.SENT).count() == 5)
    assert len(server.kept) == 5


def test_no_secret_stands_in_the_error_or_the_log(server, settings, caplog) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "robot", "s3cret-word"
    server.behave({"auth": "535 robot is not s3cret-word"})
    mail = posted()
    outbox.send_next()
    mail.refresh_from_db()
    assert mail.error == "The mail server refused our login (535): *** is not ***"
    assert mail.state == MailState.WAITING
    assert "s3cret-word" not in caplog.text
    assert ANNA not in caplog.text


def test_old_mail_is_forgotten_and_what_is_under_way_is_not(settings, server) -> None:
    settings.MAIL_KEPT_DAYS = 30
    with time_machine.travel(timezone.now() - timedelta(days=31)):
        posted(attachments=[Attachment("a.txt", "text/plain", b"a")])
        outbox.send_next()
        waiting = posted()
    recent = posted()
    outbox.forget_old(timezone.now())
    assert set(OutgoingMail.objects.values_list("pk", flat=True)) == {waiting.pk, recent.pk}
