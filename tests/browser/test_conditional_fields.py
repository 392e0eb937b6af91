"""Fields that a form shows only with a certain choice; whoever may only look sees them all."""

from django.contrib.auth.models import Permission, User
from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import AlertReceiver, ReportSubscription, SavedView
from tests.support.stack import Stack


def test_a_report_by_mail_asks_for_the_day_that_its_rhythm_has(stack: Stack, admin: Page) -> None:
    owner = User.objects.create_user("dana", email="dana@example.com")
    view = SavedView.objects.create(
        name="Mondays", owner=owner, is_shared=True, query="period=last_week&by=day&show=main"
    )
    admin.goto(f"{stack.url}/admin/callbacks/reportsubscription/add/?view={view.pk}")
    weekday, day, calendar = (
        admin.locator(f"#id_{it}") for it in ("weekday", "day_of_month", "calendar")
    )
    admin.select_option("#id_rhythm", "daily")
    for it in (weekday, day, calendar):
        expect(it).to_be_hidden()
    admin.select_option("#id_rhythm", "monthly")
    expect(day).to_be_visible()
    admin.select_option("#id_rhythm", "weekly")
    expect(day).to_be_hidden()
    admin.select_option("#id_weekday", "0")
    admin.fill("#id_email", "admin@example.com")
    admin.locator("[name=_save]").click()
    expect(admin.locator("#result_list")).to_contain_text("Monday, 08:00")
    # Another person's subscription, which a superuser may read.
    other = ReportSubscription.objects.create(
        view=view, user=owner, zone="UTC", decided_until=timezone.now()
    )
    admin.goto(f"{stack.url}/admin/callbacks/reportsubscription/{other.pk}/change/")
    expect(admin.get_by_text("Day of the week")).to_be_visible()


def test_who_may_only_look_at_a_receiver_sees_where_it_sends_to(stack: Stack, admin: Page) -> None:
    receiver = AlertReceiver.objects.create(
        name="Office", channel="webhook", url="https://hooks.example.com/a", thresholds={}
    )
    User.objects.update(is_superuser=False, is_staff=True)
    User.objects.get(username="admin").user_permissions.set(
        Permission.objects.filter(codename="view_alertreceiver")
    )
    admin.goto(f"{stack.url}/admin/callbacks/alertreceiver/{receiver.pk}/change/")
    expect(admin.get_by_text("https://hooks.example.com/a")).to_be_visible()
    admin.wait_for_load_state("networkidle")
