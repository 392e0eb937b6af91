"""Alerts in the admin: setting up, testing and viewing them, and who may."""

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.alerts.kinds import KINDS, proposed
from callbacks.alerts.watch import watch
from callbacks.alerts.webhook import send_next
from callbacks.models import Alert, AlertMessage, AlertReceiver, Extension, OutgoingMail
from leads.models import Lead, LeadSource
from tests.support.threads import no_thread_starts
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)

RECEIVERS = "/admin/callbacks/alertreceiver/"
# What the page of a webhook receiver posts, with one kind of alert.
WEBHOOK: dict[str, Any] = {
    "name": "The office", "is_active": "on", "channel": "webhook", "owner": "", "address": "",
    "tells_end": "on", "timing": "at_once", "digest_minutes": 60, "digest_at": "08:00",
    "least_gap": 30, "hours": "every day 07-21", "time_zone": "Asia/Jerusalem", "schedule": "",
    "kind_lead_overdue": 5,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _may_post_here(settings: SettingsWrapper) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    settings.EMAIL_HOST = "mail.example.com"


@pytest.fixture
def receiver(webhook: WebhookReceiver) -> AlertReceiver:
    return AlertReceiver.objects.create(
        name="The office", channel="webhook", url=webhook.url, thresholds={"lead_overdue": 5}
    )


def page(receiver: AlertReceiver, action: str = "change") -> str:
    return f"{RECEIVERS}{receiver.pk}/{action}/"


def test_what_is_proposed_can_be_saved_as_it_is(managing: Client, manager: User) -> None:
    User.objects.update(email="dana@example.com")
    form = managing.get(f"{RECEIVERS}add/").context["adminform"].form
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    answer = managing.post(
        f"{RECEIVERS}add/",
        {name: value for name, value in data.items() if value is not None and value != []},
    )
    made = AlertReceiver.objects.get()
    assert answer["Location"] == page(made)
    assert made.thresholds == proposed()
    assert (made.owner, made.channel, made.hours) == (manager, "mail", "every day 07-21")
    assert "On" in managing.get(page(made)).text


def test_a_webhook_is_set_up_and_its_secret_shown_once(
    managing: Client, webhook: WebhookReceiver
) -> None:
    answer = managing.post(f"{RECEIVERS}add/", WEBHOOK | {"url": webhook.url})
    made = AlertReceiver.objects.get()
    assert answer["Location"] == page(made, "secret")
    assert made.secret not in managing.get(page(made)).text
    asked = managing.get(page(made, "secret"))
    assert "Show the secret?" in asked.text
    assert made.secret not in asked.text
    shown = managing.post(page(made, "secret"), {"confirmed": "yes"})
    assert made.secret in shown.text
    assert "no-store" in shown["Cache-Control"]
    assert "Make a new secret?" in managing.get(page(made, "secret")).text
    again = managing.post(page(made, "secret"), {"confirmed": "yes"})
    assert made.secret not in again.text
    made.refresh_from_db()
    assert made.secret in again.text


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("no kind", {"kind_lead_overdue": ""}, "__all__", "Enter a number beside at least one kind"),
    ("below the least", {"kind_lead_overdue": -1}, "kind_lead_overdue", "greater than or equal"),
    ("no calls together", {"kind_unknown_outcomes": 0}, "kind_unknown_outcomes", "greater than"),
    ("no address", {"url": ""}, "url", "Enter the address to post alerts to."),
    ("no https", {"url": "ftp://example.com/"}, "url", "must begin with https"),
    ("a private network", {"url": "https://10.0.0.1/"}, "url", "private network"),
    ("clouds' metadata", {"url": "http://169.254.169.254/"}, "url", "private network"),
    ("no such host", {"url": "https://nowhere.invalid/"}, "url", "is not known"),
    ("no hours", {"hours": "whenever"}, "hours", "names no days with hours"),
    ("never", {"hours": "Mon closed"}, "hours", "Nothing would ever be sent."),
    ("no zone", {"time_zone": "Mars/Olympus"}, "time_zone", "is not a time zone"),
    ("no minutes between", {"least_gap": 0}, "least_gap", "greater than or equal to 1"),
    ("digests too often", {"timing": "every", "digest_minutes": 1}, "digest_minutes", "greater"),
    ("a digest at no hour", {"timing": "daily", "digest_at": "23:00"}, "digest_at",
     "Nothing is sent at this time"),
    ("mail to nobody", {"channel": "mail", "url": ""}, "address", "Enter a mail address"),
    ("mail to no address", {"channel": "mail", "address": "dana"}, "address", "valid email"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "field", "words"), [pytest.param(*it[1:], id=it[0]) for it in WRONG]
)
def test_what_the_page_refuses(
    values: dict[str, Any], field: str, words: str, managing: Client, webhook: WebhookReceiver
) -> None:
    answer = managing.post(f"{RECEIVERS}add/", WEBHOOK | {"url": webhook.url} | values)
    assert not AlertReceiver.objects.exists()
    assert words in str(answer.context["adminform"].form.errors[field])
    assert webhook.posted == []


def test_mail_to_a_login_without_an_address_says_whose(managing: Client, manager: User) -> None:
    answer = managing.post(
        f"{RECEIVERS}add/", WEBHOOK | {"channel": "mail", "url": "", "owner": manager.pk}
    )
    assert "The login dana has no mail address. Enter one here." in answer.text


def test_hours_and_a_schedule_are_not_entered_both(
    managing: Client, webhook: WebhookReceiver, office: Any
) -> None:
    values = WEBHOOK | {"url": webhook.url, "schedule": office.pk}
    answer = managing.post(f"{RECEIVERS}add/", values)
    assert "Enter hours, or choose a schedule, but not both." in answer.text
    managing.post(f"{RECEIVERS}add/", values | {"hours": ""})
    assert AlertReceiver.objects.get().schedule == office


def test_a_change_keeps_what_was_not_changed(
    managing: Client, receiver: AlertReceiver, webhook: WebhookReceiver
) -> None:
    AlertReceiver.objects.update(thresholds={"lead_overdue": 5, "of_another_release": 7})
    form = managing.get(page(receiver)).context["adminform"].form
    assert form["kind_lead_overdue"].value() == 5
    assert form["kind_provider_refuses"].value() is None
    values = {"url": webhook.url, "kind_provider_refuses": 0, "kind_lead_overdue": 10}
    answer = managing.post(page(receiver), WEBHOOK | values)
    assert answer.status_code == 302
    receiver.refresh_from_db()
    assert receiver.thresholds == {
        "lead_overdue": 10, "provider_refuses": 0, "of_another_release": 7,
    }  # fmt: skip


def test_who_is_switched_on_again_is_told_of_what_is_from_now_on(
    managing: Client, receiver: AlertReceiver, webhook: WebhookReceiver
) -> None:
    before = receiver.settled_until
    AlertReceiver.objects.update(is_active=False)
    managing.post(page(receiver), WEBHOOK | {"url": webhook.url})
    receiver.refresh_from_db()
    assert receiver.is_active
    assert receiver.settled_until > before


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (204, "127.0.0.1 accepted the test with status 204."),
        (500, "The test to 127.0.0.1 failed. It answered with status 500."),
        (302, "It answered with a redirect (302); redirects are not followed."),
    ],
)
def test_a_test_says_what_came_of_it(
    status: int, words: str, managing: Client, receiver: AlertReceiver, webhook: WebhookReceiver
) -> None:
    webhook.status = status
    assert "Send a test?" in managing.get(page(receiver, "test")).text
    assert webhook.posted == []
    answer = managing.post(page(receiver, "test"), {"confirmed": "yes"}, follow=True)
    assert words in answer.text
    assert [it.json["test"] for it in webhook.posted] == [True]


def test_a_test_that_our_own_server_could_not_send_blames_nobody(
    managing: Client,
    receiver: AlertReceiver,
    webhook: WebhookReceiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with no_thread_starts(monkeypatch, of=threading.Timer):
        answer = managing.post(page(receiver, "test"), {"confirmed": "yes"}, follow=True)
    assert "The test to 127.0.0.1 failed. Our server was too busy to send it." in answer.text
    assert webhook.posted == []


def test_a_stopped_receiver_says_why_and_a_test_starts_it(
    managing: Client, receiver: AlertReceiver, webhook: WebhookReceiver
) -> None:
    AlertReceiver.objects.update(
        stopped_at=timezone.now(), stopped_because="10 requests in a row failed."
    )
    for address in (RECEIVERS, page(receiver)):
        assert (
            "10 requests in a row failed. Send a test to start it again"
            in managing.get(address).text
        )
    managing.post(page(receiver, "test"), {"confirmed": "yes"})
    assert "10 requests in a row failed" not in managing.get(RECEIVERS).text


def test_a_login_that_is_switched_off_is_shown(
    managing: Client, receiver: AlertReceiver, superuser: Client
) -> None:
    AlertReceiver.objects.update(owner=User.objects.create_user("noa", is_active=False))
    assert "The login noa is switched off, so nothing is sent." in managing.get(RECEIVERS).text


def test_what_has_happened_and_what_was_sent_is_listed(
    managing: Client, receiver: AlertReceiver, webhook: WebhookReceiver,
    make_lead: Callable[..., Lead], source: LeadSource,
) -> None:  # fmt: skip
    AlertReceiver.objects.update(thresholds=dict.fromkeys(KINDS, 0))
    make_lead()
    watch()
    webhook.status = 503
    while send_next():
        pass
    open_alerts = managing.get("/admin/callbacks/alert/?state=open").text
    assert f"Nobody will call lead {Lead.objects.get().pk} of Website" in open_alerts
    assert "The office" in open_alerts
    assert "Nobody will call lead" not in managing.get("/admin/callbacks/alert/?state=over").text
    assert (
        "Nobody will call lead"
        not in managing.get("/admin/callbacks/alert/?kind=lead_overdue").text
    )
    messages = managing.get("/admin/callbacks/alertmessage/").text
    assert "It answered with status 503." in messages
    message = AlertMessage.objects.get()
    assert (
        message.text.splitlines()[0]
        in managing.get(f"/admin/callbacks/alertmessage/{message.pk}/change/").text
    )
    for alert in Alert.objects.all():
        shown = managing.get(f"/admin/callbacks/alert/{alert.pk}/change/").text
        assert message.subject in shown


def test_alerts_of_a_kind_that_is_gone_are_shown_all_the_same(managing: Client) -> None:
    alert = Alert.objects.create(kind="of_another_release", subject="x", began_at=timezone.now())
    assert "of_another_release" in managing.get("/admin/callbacks/alert/").text
    assert managing.get(f"/admin/callbacks/alert/{alert.pk}/change/").status_code == 200


def test_a_list_costs_the_same_however_long_it_is(
    managing: Client, django_assert_max_num_queries: Any, webhook: WebhookReceiver,
    extension: Extension,
) -> None:  # fmt: skip
    for n in range(30):
        AlertReceiver.objects.create(
            name=f"R{n}", channel="webhook", url=webhook.url, owner=None,
            thresholds={"extension_blocked": 0},
        )  # fmt: skip
    Extension.objects.update(is_blocked=True)
    watch()
    assert AlertMessage.objects.count() == 30
    for address in (RECEIVERS, "/admin/callbacks/alert/", "/admin/callbacks/alertmessage/"):
        with django_assert_max_num_queries(27):
            assert managing.get(address).status_code == 200


def test_who_may_what(
    staff_with: Callable[..., Client], receiver: AlertReceiver, webhook: WebhookReceiver
) -> None:
    nobody, reader = staff_with("leads.view_lead"), staff_with("callbacks.view_alertreceiver")
    addresses = [
        RECEIVERS, f"{RECEIVERS}add/", page(receiver), page(receiver, "test"),
        page(receiver, "secret"), "/admin/callbacks/alert/", "/admin/callbacks/alertmessage/",
    ]  # fmt: skip
    for address in addresses:
        assert nobody.get(address).status_code in (302, 403), address
        assert nobody.post(address, {"confirmed": "yes"}).status_code in (302, 403), address
    assert "Receivers" not in nobody.get("/admin/").text
    seen = reader.get(page(receiver)).text
    assert "Lead overdue" in seen
    for action in ("test", "secret"):
        assert f'href="{page(receiver, action)}"' not in seen
        answer = reader.post(page(receiver, action), {"confirmed": "yes"})
        assert receiver.secret not in answer.text
        assert not re.search("accept(ed)? the test", answer.text)
    assert webhook.posted == []
    for address in ("/admin/callbacks/alert/", "/admin/callbacks/alertmessage/"):
        manager_alike = staff_with("callbacks.view_alert", "callbacks.view_alertmessage")
        assert manager_alike.get(address).status_code == 200
        assert manager_alike.get(f"{address}add/").status_code == 403


def test_a_mail_shows_what_became_of_it(managing: Client) -> None:
    receiver = AlertReceiver.objects.create(
        name="Dana", channel="mail", address="dana@example.com", thresholds={"lead_overdue": 5}
    )
    answer = managing.post(page(receiver, "test"), {"confirmed": "yes"}, follow=True)
    assert "A test is on its way to dana@example.com." in answer.text
    message = AlertMessage.objects.get()
    assert message.mail
    OutgoingMail.objects.update(state="failed", next_at=None, error="No such user.")
    for address in (
        "/admin/callbacks/alertmessage/",
        f"/admin/callbacks/alertmessage/{message.pk}/change/",
    ):
        shown = managing.get(address).text
        assert "No such user." in shown
        assert f"/admin/callbacks/outgoingmail/{message.mail_id}/change/" in shown
    OutgoingMail.objects.all().delete()
    assert managing.get("/admin/callbacks/alertmessage/").status_code == 200


def test_without_a_mail_server_a_receiver_says_so(
    managing: Client, settings: SettingsWrapper
) -> None:
    settings.EMAIL_HOST = ""
    receiver = AlertReceiver.objects.create(
        name="Dana", channel="mail", address="dana@example.com", thresholds={"lead_overdue": 5}
    )
    sentence = "No mail server is set (EMAIL_URL), so nothing is sent by mail."
    assert sentence in managing.get(RECEIVERS).text
    answer = managing.post(page(receiver, "test"), {"confirmed": "yes"}, follow=True)
    assert sentence in answer.text
    assert not AlertMessage.objects.exists()
