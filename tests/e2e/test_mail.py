"""Reports by mail through real workers and beats, to a mail server over SMTP."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from callbacks.mailing import outbox
from callbacks.models import OutgoingMail, ReportSubscription, SavedView
from callbacks.models.outgoing_mail import MailState
from callbacks.simulator.mailbox.server import HANG
from tests.support.logins import somebody_with
from tests.support.mail_server import MailServer, mail_server
from tests.support.servers import redis_url
from tests.support.simulator import eventually
from tests.support.stack import procfile, spawn

pytestmark = pytest.mark.django_db(transaction=True)


class Processes:
    """Workers and beats of the product that send mail to `server`."""

    def __init__(self, server: MailServer, directory: Path) -> None:
        database = connection.settings_dict["NAME"]
        self._directory = directory
        self._running = ExitStack()
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DATABASE_URL": urlsplit(settings.DATABASE_URL)._replace(path=f"/{database}").geturl(),
            "REDIS_URL": redis_url(settings.REDIS_URL, further=1),
            "DATA_DIR": str(directory),
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
            "DEFAULT_FROM_EMAIL": "callbacks@example.com",
            "SITE_URL": "https://callbacks.example.com",
            "SWEEP_EVERY": "0.5",
        }

    def start(self, name: str) -> int:
        log = self._directory / f"{name}.log"
        process = spawn(procfile()[name.rstrip("0123456789")], self._environment, log)
        self._running.callback(process.wait, 30)
        self._running.callback(process.terminate)
        return process.pid

    def end(self) -> None:
        self._running.close()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def processes(server: MailServer, tmp_path: Path, transactional_db: None) -> Iterator[Processes]:
    made = Processes(server, tmp_path)
    yield made
    made.end()


def test_two_beats_and_two_workers_send_a_report_once(server, processes, source) -> None:
    rights = ("leads.view_lead", "callbacks.export_leads", "callbacks.subscribe_reports")
    reader = somebody_with(*rights, name="rina", email="rina@example.com")
    view = SavedView.objects.create(
        name="Morning", owner=reader, query="period=yesterday&by=source&show=main"
    )
    now = timezone.now()
    ReportSubscription.objects.create(
        view=view, user=reader, rhythm="daily", hour=now.hour, zone="UTC",
        next_at=now, decided_until=now - timedelta(days=1),
    )  # fmt: skip
    for name in ("worker", "worker2", "beat", "beat2"):
        processes.start(name)
    eventually(lambda: server.kept, within=90)
    eventually(lambda: OutgoingMail.objects.get().state == MailState.SENT)
    (kept,) = server.kept
    message = kept.message()
    assert kept.recipients == ("rina@example.com",)
    assert (
        message["List-Unsubscribe"].strip().startswith("<https://callbacks.example.com/mail/unsub")
    )
    (file,) = message.iter_attachments()
    assert (file.get_filename() or "").endswith(".xlsx")
    ReportSubscription.objects.update(next_at=now)  # as if no beat had got this far
    eventually(lambda: ReportSubscription.objects.get().next_at > timezone.now(), within=90)
    assert len(server.kept) == OutgoingMail.objects.count() == 1


def test_a_mail_in_the_hands_of_a_killed_worker_is_sent_by_another(server, processes) -> None:
    server.behave({"greeting": HANG})
    outbox.post("test", "rina@example.com", "Yesterday", "12 leads")
    pid = processes.start("worker")
    processes.start("beat")
    eventually(lambda: server.sessions == 1, within=90)
    assert OutgoingMail.objects.get().state == MailState.SENDING
    os.kill(pid, signal.SIGKILL)
    server.behave({})
    processes.start("worker2")
    OutgoingMail.objects.update(next_at=timezone.now())  # as if it had been held for too long
    eventually(lambda: OutgoingMail.objects.get().state == MailState.SENT, within=90)
    assert len(server.kept) == 1
    assert OutgoingMail.objects.get().tries == 2
