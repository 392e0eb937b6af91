"""Who gets which mail when: once, late only once, never without the right; and why none comes."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection

from callbacks.models import ExportRecord, OutgoingMail, ReportSubscription, Schedule
from callbacks.models.exports import ExportState
from callbacks.models.subscriptions import NotSent
from callbacks.subscriptions import compose, sending
from tests.support.logins import somebody_with

pytestmark = pytest.mark.django_db(transaction=True)

# Saturday, 28 November 2026, 12:00 in Israel; the next mail of every day is due at 08:00 on Sunday.
NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
DUE = datetime(2026, 11, 29, 6, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def subjects() -> list[str]:
    return [it.subject.replace("\u200e", "") for it in OutgoingMail.objects.order_by("pk")]


def test_it_comes_at_its_hour_and_not_before(subscribe, source) -> None:
    subscription = subscribe(now=NOW)
    assert subscription.next_at == DUE
    assert sending.send_due(DUE - timedelta(seconds=1)) == 0
    assert sending.send_due(DUE) == 1
    assert sending.send_due(DUE) == 0
    (mail,) = OutgoingMail.objects.all()
    assert (mail.to, mail.subject) == ("rina@example.com", "Morning\u200e: 28 Nov 2026")
    subscription.refresh_from_db()
    assert (subscription.next_at, subscription.last_sent_at) == (DUE + DAY, DUE)


def test_yesterday_is_the_day_before_the_one_it_is_sent_on(subscribe, source) -> None:
    subscribe(now=NOW)
    for day in range(3):
        sending.send_due(DUE + day * DAY)
    assert subjects() == [f"Morning: {day} Nov 2026" for day in (28, 29, 30)]


def test_several_beats_at_once_write_one_mail(subscribe, source) -> None:
    subscribe(now=NOW)

    def beat() -> None:
        try:
            sending.send_due(DUE)
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subjects() == ["Morning: 28 Nov 2026"]


def test_after_days_without_a_beat_one_comes_late_and_not_five(subscribe, source) -> None:
    subscription = subscribe(now=NOW)
    late = DUE + 4 * DAY + 5 * HOUR
    sending.send_due(late)
    assert subjects() == ["Morning: 02 Dec 2026"]
    subscription.refresh_from_db()
    assert subscription.next_at == DUE + 5 * DAY


def test_one_that_is_late_over_midnight_is_of_the_day_it_was_due_on(subscribe, source) -> None:
    subscribe(now=NOW)
    sending.send_due(DUE + 18 * HOUR)
    sending.send_due(DUE + DAY)
    assert subjects() == ["Morning: 28 Nov 2026", "Morning: 29 Nov 2026"]


@pytest.mark.parametrize(
    ("hour", "from_", "nights"),
    [(1, datetime(2026, 10, 24, 12, tzinfo=UTC), 2), (2, datetime(2027, 3, 25, 12, tzinfo=UTC), 2)],
    ids=["an hour comes twice", "an hour does not exist"],
)
def test_nights_on_which_clocks_change_have_one_mail_each(
    subscribe, source, hour, from_, nights
) -> None:
    subscribe(now=from_, hour=hour)
    at = from_
    while at < from_ + nights * DAY - 6 * HOUR:
        sending.send_due(at)
        at += timedelta(minutes=10)
    assert OutgoingMail.objects.count() == nights


def test_only_on_working_days_of_a_schedule(subscribe, source) -> None:
    schedule = Schedule.objects.create(name="Office", time_zone="Asia/Jerusalem")
    for weekday in (0, 1):  # Monday and Tuesday
        schedule.hours.create(weekday=weekday, opens_at="09:00", closes_at="17:00")
    schedule.exceptions.create(date="2026-11-30")  # a Monday off
    subscribe(now=NOW, only_working_days=True, calendar=schedule)
    for day in range(10):
        sending.send_due(DUE + day * DAY)
    assert subjects() == [f"Morning: {it} 2026" for it in ("30 Nov", "06 Dec", "07 Dec")]


def test_a_day_that_has_become_free_has_none(subscribe, source) -> None:
    schedule = Schedule.objects.create(name="Office", time_zone="Asia/Jerusalem")
    for weekday in range(7):
        schedule.hours.create(weekday=weekday, opens_at="09:00", closes_at="17:00")
    subscription = subscribe(now=NOW, only_working_days=True, calendar=schedule)
    schedule.exceptions.create(date="2026-11-29")
    sending.send_due(DUE)
    assert subjects() == []
    subscription.refresh_from_db()
    assert (subscription.next_at, subscription.not_sent) == (DUE + DAY, "")


def without_right(user) -> None:
    user.user_permissions.remove(Permission.objects.get(codename="subscribe_reports"))


def without_leads(user) -> None:
    user.user_permissions.remove(Permission.objects.get(codename="view_lead"))


def switched_off(user) -> None:
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def without_address(user) -> None:
    type(user).objects.filter(pk=user.pk).update(email="")


@pytest.mark.parametrize(
    ("lose", "why"),
    [
        (switched_off, NotSent.LOGIN_OFF),
        (without_right, NotSent.NO_RIGHT),
        (without_leads, NotSent.NO_RIGHT),
        (without_address, NotSent.NO_ADDRESS),
    ],
)
def test_who_may_not_gets_nothing_and_the_subscription_says_why(
    subscribe, reader, source, lose, why
) -> None:
    subscription = subscribe(now=NOW)
    lose(reader)
    sending.send_due(DUE)
    assert subjects() == []
    subscription.refresh_from_db()
    assert (subscription.not_sent, subscription.next_at) == (why, DUE + DAY)
    if lose is switched_off:
        type(reader).objects.filter(pk=reader.pk).update(is_active=True)
        sending.send_due(DUE + HOUR)  # that day's mail is not made up for
        assert subjects() == []
        sending.send_due(DUE + DAY)
        assert subjects() == ["Morning: 29 Nov 2026"]
        subscription.refresh_from_db()
        assert subscription.not_sent == ""


def test_a_view_that_is_not_shared_any_more_is_not_sent(subscribe, reader, source) -> None:
    subscription = subscribe(now=NOW)
    owner = somebody_with("leads.view_lead", name="omer")
    type(subscription.view).objects.update(owner=owner, is_shared=True)
    sending.send_due(DUE)
    assert len(subjects()) == 1
    type(subscription.view).objects.update(is_shared=False)
    sending.send_due(DUE + DAY)
    assert len(subjects()) == 1
    subscription.refresh_from_db()
    assert subscription.not_sent == NotSent.NOT_SHARED


def test_a_view_whose_source_is_gone_says_so_once(subscribe, source) -> None:
    subscription = subscribe(f"period=yesterday&source={source.pk}&by=source&show=main", now=NOW)
    source.delete()
    sending.send_due(DUE)
    sending.send_due(DUE + DAY)
    assert subjects() == ["Morning cannot be shown any more"]
    text = OutgoingMail.objects.get().text
    assert "One of these sources does not exist." in text
    assert f"https://callbacks.example.com/admin/callbacks/savedview/{subscription.view_id}" in text
    subscription.refresh_from_db()
    assert subscription.not_sent == NotSent.BROKEN


def test_one_report_that_fails_keeps_no_other_from_being_sent(
    subscribe, source, monkeypatch
) -> None:
    subscription = subscribe(now=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(compose, "_XLSX", None)  # an attachment without a type cannot be stored
        sending.send_due(DUE)
    assert subjects() == []
    assert not ExportRecord.objects.exists()
    subscription.refresh_from_db()
    assert (subscription.not_sent, subscription.next_at) == (
        NotSent.FAILED, DUE + sending.AGAIN_AFTER,
    )  # fmt: skip
    sending.send_due(DUE + sending.AGAIN_AFTER)
    assert subjects() == ["Morning: 28 Nov 2026"]
    subscription.refresh_from_db()
    assert (subscription.not_sent, subscription.next_at) == ("", DUE + DAY)


def test_that_a_file_was_taken_out_is_recorded(subscribe, source) -> None:
    subscribe(now=NOW)
    sending.send_due(DUE)
    record = ExportRecord.objects.get()
    assert (record.username, record.file_format, record.state) == (
        "rina", "xlsx", ExportState.COMPLETE,
    )  # fmt: skip
    assert record.asked == "period=yesterday&by=source&show=main"


def test_who_may_not_export_gets_no_file(subscribe, reader, source) -> None:
    reader.user_permissions.remove(Permission.objects.get(codename="export_leads"))
    subscribe(now=NOW)
    sending.send_due(DUE)
    mail = OutgoingMail.objects.get()
    assert not mail.attachments.exists()
    assert "No workbook is attached: your login has no right to export." in mail.text
    assert not ExportRecord.objects.exists()


def test_one_that_is_off_is_not_sent_and_owes_nothing(subscribe, source) -> None:
    subscription = subscribe(now=NOW)
    subscription.is_on = False
    sending.plan_next(subscription, NOW)
    subscription.save()
    sending.send_due(DUE + 9 * DAY)
    assert subjects() == []
    subscription.is_on = True
    sending.plan_next(subscription, DUE + 9 * DAY + HOUR)
    subscription.save()
    sending.send_due(DUE + 9 * DAY + HOUR)
    assert subjects() == []
    sending.send_due(DUE + 10 * DAY)
    assert subjects() == ["Morning: 08 Dec 2026"]


def test_figures_are_those_of_when_it_is_made(subscribe, make_lead, source) -> None:
    subscribe(now=NOW)
    with time_machine.travel(NOW, tick=False):
        make_lead()
    sending.send_due(DUE + 2 * HOUR)
    assert "Leads: 1\n" in OutgoingMail.objects.get().text
    assert "Figures as they were on 29 Nov 2026 10:00" in OutgoingMail.objects.get().text
    assert ReportSubscription.objects.get().last_sent_at == DUE + 2 * HOUR
