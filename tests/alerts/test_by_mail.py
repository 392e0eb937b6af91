"""Alerts by mail, over real SMTP: sent once, readable, and no failure is reported for ever."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from callbacks.alerts import watch
from callbacks.models import Alert, AlertMessage, Extension, OutgoingMail
from leads.models import Lead
from tests.alerts.conftest import NOON, Clock, MakeReceiver
from tests.support.mail_server import MailServer
from tests.support.together import at_once
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]
BY_MAIL = {"channel": "mail", "url": "", "address": "dana@example.com"}


@pytest.fixture
def late_lead(make_lead: MakeLead, extension: Extension) -> MakeLead:
    """late_lead(): a lead due ten minutes before noon, with data that no mail may contain."""

    def make() -> Lead:
        due = NOON - timedelta(minutes=10)
        lead = make_lead(due_at=due, clock_started_at=due, call_after=due)
        Lead.objects.update(name="Canary Cohen", email="canary@example.com", message="canary wish")
        return lead

    return make


def test_a_mail_says_it_in_text_and_in_html(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, mail_server: MailServer
) -> None:
    make_receiver(**BY_MAIL, thresholds={"lead_overdue": 5})
    leads = [late_lead(), late_lead()]
    clock.after(seconds=10)
    (kept,) = mail_server.kept
    assert kept.recipients == ("dana@example.com",)
    message = kept.message()
    assert message["Subject"] == "2 leads are overdue"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert html
    for lead in leads:
        sentence = f"Lead {lead.pk} of Website was due at 11:50, and its phone has not rung."
        link = f"https://callbacks.example.com/admin/leads/lead/{lead.pk}/change/"
        for part in (text, html):
            assert sentence in part.get_content()
            assert link in part.get_content()
    # The id and the boundary between the parts are random, and may have these digits in them.
    random = ("Message-ID", "Content-Type")
    headers = [f"{name}: {value}" for name, value in message.items() if name not in random]
    contents = [it.get_content() for it in message.walk() if not it.is_multipart()]
    for secret in ("anary", "505550", "050-555"):
        for shown in (*headers, *contents):
            assert secret not in shown
    stored = AlertMessage.objects.get()
    assert (stored.state, stored.mail) == ("sent", OutgoingMail.objects.get())


def test_a_name_with_marks_of_html_stays_a_name(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, mail_server: MailServer
) -> None:
    make_receiver(**BY_MAIL, name="<b>Dana</b>", thresholds={"lead_overdue": 5})
    lead = late_lead()
    type(lead.source).objects.update(name="<script>1</script> & Co")
    clock.after(seconds=10)
    html = mail_server.kept[0].message().get_body(("html",))
    assert html
    assert "<script>" not in html.get_content()
    assert "<b>" not in html.get_content()
    text = mail_server.kept[0].message().get_body(("plain",))
    assert text
    assert "<script>1</script> & Co" in text.get_content()


def test_several_looks_at_once_send_one_mail(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, mail_server: MailServer
) -> None:
    make_receiver(**BY_MAIL, thresholds={"lead_overdue": 5})
    late_lead()
    clock.move(seconds=10)
    at_once(8, watch.watch)
    clock.after(seconds=20)
    clock.after(seconds=30)
    assert len(mail_server.kept) == 1


def test_mail_goes_to_the_login_while_it_is_on(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, mail_server: MailServer
) -> None:
    owner = User.objects.create_user("dana", email="her@example.com", is_active=False)
    make_receiver(channel="mail", url="", owner=owner, thresholds={"lead_overdue": 5})
    late_lead()
    clock.after(seconds=10)
    assert mail_server.kept == []
    User.objects.update(is_active=True)
    clock.after(seconds=20)
    assert [it.recipients for it in mail_server.kept] == [("her@example.com",)]


def test_mail_that_fails_is_told_to_others_and_once(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, mail_server: MailServer,
    webhook: WebhookReceiver,
) -> None:  # fmt: skip
    """The receiver whose mail failed is told, too: that mail also fails, and causes no third."""
    kinds = {"lead_overdue": 5, "mail_failed": 0}
    make_receiver(**BY_MAIL, name="Dana", thresholds=kinds)
    make_receiver(thresholds={"mail_failed": 0})
    mail_server.behave({"rcpt": "550 no such user"})
    late_lead()
    for seconds in range(10, 400, 20):
        clock.after(seconds=seconds)
    assert OutgoingMail.objects.filter(state="failed").count() == 2
    assert [it.json["summary"] for it in webhook.posted] == ["Mail to 1 address fails"]
    assert "dana@example.com" in webhook.posted[0].json["alerts"][0]["text"]
    mail_server.behave({})
    late_lead()
    for seconds in range(400, 600, 20):
        clock.after(seconds=seconds)
    assert not Alert.objects.filter(kind="mail_failed", ended_at=None).exists()
    assert webhook.posted[-1].json["summary"] == "Mail to 1 address failed"


def test_an_address_that_is_none_is_shown_and_stops_nobody_else(
    make_receiver: MakeReceiver, late_lead: MakeLead, clock: Clock, mail_server: MailServer,
    webhook: WebhookReceiver,
) -> None:  # fmt: skip
    """The address was stored without the form's checks."""
    kinds = {"lead_overdue": 5}
    make_receiver(channel="mail", url="", name="A", address="nobody", thresholds=kinds)
    make_receiver(thresholds=kinds)
    late_lead()
    clock.after(seconds=10)
    failed = AlertMessage.objects.get(receiver_name="A")
    assert (failed.state, failed.last_error) == (
        "failed", "nobody is not a mail address.",
    )  # fmt: skip
    assert len(webhook.posted) == 1
