"""The list of mail in the admin: who sees it, and who sends a failed one again."""

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.admin.confirm import CONFIRMED
from callbacks.mailing import outbox
from callbacks.mailing.outbox import Attachment
from callbacks.models import OutgoingMail
from callbacks.models.outgoing_mail import MailState
from tests.support.logins import somebody_with

LIST = "/admin/callbacks/outgoingmail/"
VIEW, RESEND = "callbacks.view_outgoingmail", "callbacks.resend_outgoingmail"

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed() -> OutgoingMail:
    file = Attachment("leads.xlsx", "application/octet-stream", b"PK")
    mail = outbox.post("report", "anna@example.com", "Yesterday", "12 <leads>", "", [file])
    assert mail is not None
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.FAILED, next_at=None, tries=7, error="The mail server broke off."
    )
    mail.refresh_from_db()
    return mail


def test_the_list_and_the_page_say_what_failed_and_why(admin_client, failed) -> None:
    listed = admin_client.get(LIST).content.decode()
    assert "anna@example.com" in listed
    assert "The mail server broke off." in listed
    page = admin_client.get(f"{LIST}{failed.pk}/change/").content.decode()
    assert "12 &lt;leads&gt;" in page
    assert "leads.xlsx" in page


@pytest.mark.parametrize(
    ("rights", "sees", "sends"),
    [((), 403, 403), ((VIEW,), 200, 403), ((RESEND,), 403, 404), ((VIEW, RESEND), 200, 302)],
)
def test_who_may_see_and_send(rights, sees, sends, failed, client: Client) -> None:
    client.force_login(somebody_with(*rights))
    assert client.get(LIST).status_code == sees
    assert client.get(f"{LIST}{failed.pk}/change/").status_code == sees
    answer = client.post(f"{LIST}{failed.pk}/send-again/", {CONFIRMED: "yes"})
    assert answer.status_code == sends
    failed.refresh_from_db()
    assert (failed.state == MailState.WAITING) == (sends == 302)


def test_it_is_asked_before_and_a_get_changes_nothing(admin_client, failed) -> None:
    answer = admin_client.get(f"{LIST}{failed.pk}/send-again/")
    assert "Send this mail again?" in answer.content.decode()
    failed.refresh_from_db()
    assert failed.state == MailState.FAILED


def test_what_has_been_sent_meanwhile_is_not_sent_again(admin_client, failed) -> None:
    OutgoingMail.objects.update(state=MailState.SENT, sent_at=timezone.now())
    address = f"{LIST}{failed.pk}/send-again/"
    answer = admin_client.post(address, {CONFIRMED: "yes"}, follow=True)
    assert "has already been sent or is being sent now" in answer.content.decode()
    failed.refresh_from_db()
    assert failed.state == MailState.SENT


def test_nobody_changes_or_deletes_a_mail(admin_client, failed) -> None:
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{failed.pk}/delete/").status_code == 403
    admin_client.post(f"{LIST}{failed.pk}/change/", {"subject": "Other"})
    failed.refresh_from_db()
    assert failed.subject == "Yesterday"
