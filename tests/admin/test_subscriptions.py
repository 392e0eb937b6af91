"""A manager subscribes to a view, changes when it comes, sends it now; but not another's."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from callbacks.admin.access import SALES_MANAGERS
from callbacks.admin.confirm import CONFIRMED
from callbacks.models import OutgoingMail, ReportSubscription, SavedView
from callbacks.subscriptions import sending
from tests.support.logins import somebody_with

PAGE = "/admin/callbacks/reportsubscription/"


@pytest.fixture
def view(manager: User) -> SavedView:
    query = "period=last_week&by=day&show=main"
    return SavedView.objects.create(name="Mondays", owner=manager, query=query)


def fields(view: SavedView, **values: str) -> dict[str, str]:
    return {
        "view": str(view.pk), "email": "dana@example.com", "rhythm": "weekly", "weekday": "6",
        "day_of_month": "1", "hour": "7", "zone": "asia/jerusalem", "calendar": "",
        "only_working_days": "on", "is_on": "on", **values,
    }  # fmt: skip


def subscribed(client: Client, view: SavedView) -> ReportSubscription:
    answer = client.post(f"{PAGE}add/", fields(view))
    assert answer.status_code == 302, answer.context["errors"]
    return ReportSubscription.objects.get()


def test_a_manager_subscribes(managing: Client, manager: User, view: SavedView) -> None:
    form = managing.get(f"{PAGE}add/?view={view.pk}").content.decode()
    assert "No schedule: Sunday to Thursday" in form
    subscription = subscribed(managing, view)
    assert (subscription.user, subscription.hour, subscription.zone) == (
        manager, 7, "Asia/Jerusalem",
    )  # fmt: skip
    assert subscription.next_at
    assert subscription.next_at > timezone.now()
    manager.refresh_from_db()
    assert manager.email == "dana@example.com"
    listed = managing.get(PAGE).content.decode()
    assert "Every week, Sunday, 07:00 (Asia/Jerusalem), on working days" in listed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": ""}, "This field is required."),
        ({"email": "dana"}, "Enter a valid email address."),
        ({"zone": "Mars"}, "is not a time zone"),
        ({"hour": "24"}, "Select a valid choice"),
        ({"day_of_month": "32"}, "less than or equal to 31"),
        ({"view": "99999999"}, "Select a valid choice"),
        ({"rhythm": "hourly"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be(managing: Client, view: SavedView, wrong, said: str) -> None:
    assert said in managing.post(f"{PAGE}add/", fields(view) | wrong).content.decode()
    assert not ReportSubscription.objects.exists()


def test_once_only(managing: Client, view: SavedView) -> None:
    subscribed(managing, view)
    page = managing.post(f"{PAGE}add/", fields(view)).content.decode()
    assert "You already get this view by mail." in page
    assert ReportSubscription.objects.count() == 1


def test_another_hour_gives_another_next_time(managing: Client, view: SavedView) -> None:
    subscription = subscribed(managing, view)
    earlier = subscription.next_at
    address = f"{PAGE}{subscription.pk}/change/"
    assert managing.post(address, fields(view, hour="9", rhythm="daily")).status_code == 302
    subscription.refresh_from_db()
    assert subscription.next_at != earlier
    sent = fields(view)
    del sent["is_on"]
    managing.post(address, sent)
    subscription.refresh_from_db()
    assert (subscription.is_on, subscription.next_at) == (False, None)
    sending.end(subscription, timezone.now())


def test_one_now(managing: Client, view: SavedView) -> None:
    subscription = subscribed(managing, view)
    address = f"{PAGE}{subscription.pk}/send-now/"
    assert "Send this report now?" in managing.get(address).content.decode()
    assert not OutgoingMail.objects.exists()
    page = managing.post(address, {CONFIRMED: "yes"}, follow=True).content.decode()
    assert "The report is on its way to dana@example.com." in page
    mail = OutgoingMail.objects.get()
    assert mail.to == "dana@example.com"
    # Another manager who reads this mail here cannot end the subscription.
    page = managing.get(f"/admin/callbacks/outgoingmail/{mail.pk}/change/").content.decode()
    assert "/mail/unsubscribe/.../" in page
    assert subscription.token not in page
    before = subscription.next_at
    subscription.refresh_from_db()
    assert (subscription.next_at, subscription.last_sent_at) == (before, None)


def test_nothing_now_without_an_address(managing: Client, view: SavedView) -> None:
    subscription = subscribed(managing, view)
    User.objects.update(email="")
    address = f"{PAGE}{subscription.pk}/send-now/"
    page = managing.post(address, {CONFIRMED: "yes"}, follow=True).content.decode()
    assert "The login has no e-mail address." in page
    assert not OutgoingMail.objects.exists()


def test_nobody_sees_or_changes_another_ones(managing: Client, view: SavedView) -> None:
    subscription = subscribed(managing, view)
    omer = User.objects.create_user("omer", is_staff=True)
    omer.groups.add(Group.objects.get(name=SALES_MANAGERS))
    client = Client()
    client.force_login(omer)
    assert "Mondays" not in client.get(PAGE).content.decode()
    page = f"{PAGE}{subscription.pk}"
    assert client.get(f"{page}/change/").status_code == 302
    assert client.post(f"{page}/send-now/", {CONFIRMED: "yes"}).status_code == 404
    client.post(f"{page}/delete/", {"post": "yes"})
    client.post(f"{page}/change/", fields(view, hour="9"))
    subscription.refresh_from_db()
    assert subscription.hour == 7
    assert not OutgoingMail.objects.exists()


def test_a_superuser_reads_all_and_may_end_them(managing, superuser, view) -> None:
    subscription = subscribed(managing, view)
    page = f"{PAGE}{subscription.pk}"
    assert "Mondays" in superuser.get(PAGE).content.decode()
    assert superuser.get(f"{page}/change/").status_code == 200
    assert superuser.post(f"{page}/send-now/", {CONFIRMED: "yes"}).status_code == 404
    superuser.post(f"{page}/change/", fields(view, hour="9"))
    subscription.refresh_from_db()
    assert subscription.hour == 7
    assert superuser.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not ReportSubscription.objects.exists()


@pytest.mark.parametrize(
    ("rights", "status"),
    [((), 403), (("leads.view_lead", "callbacks.view_savedview"), 403),
     (("callbacks.subscribe_reports",), 200)],
)  # fmt: skip
def test_the_right(rights, status, view: SavedView) -> None:
    client = Client()
    client.force_login(somebody_with(*rights))
    assert client.get(PAGE).status_code == status
    assert client.get(f"{PAGE}add/").status_code == status


def test_the_list_says_why_nothing_comes(managing, superuser, manager, view) -> None:
    subscribed(managing, view)
    manager.is_active = False
    manager.save()
    assert "The login is switched off." in superuser.get(PAGE).content.decode()
    manager.is_active = True
    manager.groups.clear()
    manager.save()
    listed = superuser.get(PAGE).content.decode()
    assert "This person may no longer see this report, or no longer get reports by mail." in listed


def test_the_list_says_who_has_unsubscribed_by_the_link(managing, view) -> None:
    sending.end(subscribed(managing, view), timezone.now())
    assert "Unsubscribed through the link in a mail." in managing.get(PAGE).content.decode()
