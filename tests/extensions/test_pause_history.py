"""Pauses are kept as they were, whoever or whatever makes and ends them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import apply_outcome
from callbacks.extensions import logins, pauses
from callbacks.models import Extension, Pause

pytestmark = pytest.mark.django_db(transaction=True)
ZONE = ZoneInfo("Asia/Jerusalem")


@pytest.fixture
def dana(extension: Extension) -> User:
    user = User.objects.create_user("dana")
    Extension.objects.filter(pk=extension.pk).update(user=user)
    return user


@pytest.fixture
def manager(db: None) -> User:
    return User.objects.create_user("manager")


def pause(extension: Extension, by: User, reason: str, until: datetime | None = None) -> None:
    change = pauses.pause(until, reason, timezone.now(), ZONE)
    assert pauses.carry_out(change, extension, by)


def rows() -> list[tuple[str, str, str, bool]]:
    """Kind, who made it, why, and whether it is over; the oldest first."""
    found = Pause.objects.order_by("pk").select_related("made_by")
    return [
        (it.kind, it.made_by.username if it.made_by else "", it.reason, it.ended_at is not None)
        for it in found
    ]


def test_whose_pause_it_is(extension: Extension, dana: User, manager: User) -> None:
    pause(extension, dana, "lunch")
    pauses.carry_out(pauses.UNPAUSE, extension, dana)
    pause(extension, manager, "meeting")
    assert rows() == [("own", "dana", "lunch", True), ("manager", "manager", "meeting", False)]
    first, second = Pause.objects.order_by("pk")
    assert first.ended_at is not None
    assert first.began_at < first.ended_at < second.began_at
    assert first.salesperson == second.salesperson == dana


def test_a_pause_that_is_changed_ends_and_another_begins(extension: Extension, dana: User) -> None:
    pause(extension, dana, "lunch", timezone.now() + timedelta(minutes=30))
    pause(extension, dana, "lunch", timezone.now() + timedelta(minutes=60))
    pause(extension, dana, "meeting")
    # The same pause once more is a second click.
    again = pauses.pause(None, "meeting", timezone.now(), ZONE)
    assert not pauses.carry_out(again, extension, dana)
    assert [(reason, over) for _kind, _by, reason, over in rows()] == [
        ("lunch", True), ("lunch", True), ("meeting", False)
    ]  # fmt: skip


def test_one_that_ended_by_itself_did_so_at_its_time(extension: Extension, dana: User) -> None:
    pause(extension, dana, "lunch", timezone.now() + timedelta(minutes=15))
    until = timezone.now() - timedelta(seconds=40)
    began = until - timedelta(minutes=15)
    Pause.objects.update(began_at=began, until=until)
    (found,) = Pause.objects.all()
    assert found.over_at(timezone.now()) == until
    Extension.objects.update(paused_until=until, paused_as="", paused_by=None)
    # The statement above also ends the pause: restore what a late sweep finds.
    Pause.objects.update(ended_at=None, until=until)
    tasks.sweep()
    (found,) = Pause.objects.all()
    assert (found.ended_at, found.kind) == (until, "own")


def test_missed_calls_and_a_login_that_is_switched_off_are_no_persons_pauses(
    extension: Extension, dana: User
) -> None:
    for _ in range(3):
        phone = Extension.objects.filter(pk=extension.pk)
        apply_outcome._count_miss(phone, apply_outcome.policy(), timezone.now())
    logins.switched_off(dana.pk)
    logins.switched_on(dana.pk)
    assert [(kind, by, over) for kind, by, _why, over in rows()] == [
        ("missed", "", True), ("login", "", True), ("missed", "", False)
    ]  # fmt: skip


def test_a_pause_that_goes_on_after_the_login_is_on_again_is_still_whose_it_was(
    extension: Extension, dana: User, manager: User
) -> None:
    pause(extension, manager, "lunch", timezone.now() + timedelta(minutes=30))
    logins.switched_off(dana.pk)
    logins.switched_on(dana.pk)
    assert rows()[0] == ("manager", "manager", "lunch", True)
    assert rows()[1][0] == "login"
    assert rows()[2] == ("manager", "manager", "lunch", False)


def test_a_phone_that_is_handed_over_while_it_is_paused(extension: Extension, dana: User) -> None:
    noam = User.objects.create_user("noam")
    pause(extension, dana, "lunch")
    Extension.objects.filter(pk=extension.pk).update(user=noam)
    first, second = Pause.objects.order_by("pk")
    assert (first.salesperson, first.kind, first.ended_at is None) == (dana, "own", False)
    # It is his pause, although somebody else made it.
    assert (second.salesperson, second.kind, second.ended_at) == (noam, "manager", None)


def test_a_deleted_login_leaves_its_pauses_to_the_phone(extension: Extension, dana: User) -> None:
    pause(extension, dana, "lunch")
    dana.delete()
    assert rows()[0] == ("own", "", "lunch", True)
    assert not Pause.objects.filter(salesperson__isnull=False).exists()
    assert Pause.objects.filter(ended_at__isnull=True).count() == 1


def test_a_call_and_what_managers_edit_write_nothing(extension: Extension, dana: User) -> None:
    pause(extension, dana, "lunch")
    phone = Extension.objects.get(pk=extension.pk)
    phone.name = "Dana Levi"
    phone.save()
    Extension.objects.update(last_called_at=timezone.now(), missed_in_a_row=0)
    assert len(rows()) == 1


def test_what_sql_changes_by_hand_is_kept_too(extension: Extension) -> None:
    Extension.objects.create(number="102", team=extension.team, is_paused=True)
    Extension.objects.filter(pk=extension.pk).update(is_paused=True, pause_reason="by hand")
    assert rows() == [("", "", "", False), ("", "", "by hand", False)]
    Extension.objects.update(is_paused=False)
    assert all(over for *_, over in rows())
