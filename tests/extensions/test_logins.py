"""A login is switched off, on again or deleted: whether its phones are rung, and what they say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.calling import dispatch
from callbacks.common import task_publisher
from callbacks.extensions.pauses import end_pauses
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import AttemptState
from leads.models import Lead
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

SWITCHED_OFF = "the login is switched off"


@pytest.fixture
def noa(extension: Extension) -> User:
    """A salesperson with two phones; a third phone belongs to nobody."""
    noa = User.objects.create_user("noa")
    Extension.objects.filter(pk=extension.pk).update(user=noa)
    Extension.objects.create(number="102", team=extension.team, user=noa)
    return noa


def switch(user: User, *, on: bool) -> None:
    user.is_active = on
    user.save()


def pauses() -> list[tuple[bool, str]]:
    return list(Extension.objects.order_by("number").values_list("is_paused", "pause_reason"))


def test_the_phones_of_a_login_that_is_off_are_not_rung_until_it_is_on_again(
    noa: User, extension: Extension, make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    switch(noa, on=False)
    assert pauses() == [(True, SWITCHED_OFF)] * 2
    lead = make_lead()
    assert dispatch.call_lead(lead.pk) is None
    queued(empty=True)
    switch(noa, on=True)
    assert pauses() == [(False, "")] * 2
    assert queued() == [(task_publisher.WORK_TEAM, extension.team_id)]
    assert dispatch.call_lead(lead.pk)


@dataclass(frozen=True)
class Row:
    """A phone before, while the login is off, and after that. A pause ends this long after the test
    begins, which may be hours after this table is read.
    """

    before: dict[str, Any]
    off: tuple[bool, str]
    on_again: tuple[bool, str] = (False, "")


ROWS = {
    "on": Row({}, (True, SWITCHED_OFF)),
    "paused by a manager, without an end": Row(
        {"is_paused": True, "pause_reason": "new phone"}, (True, "new phone"), (True, "new phone")
    ),
    "at lunch, which ends by itself": Row(
        {"is_paused": True, "pause_reason": "Lunch", "paused_until": timedelta(hours=1)},
        (True, SWITCHED_OFF), (True, "Lunch"),
    ),
    "at a lunch without a word": Row(
        {"is_paused": True, "paused_until": timedelta(hours=1)},
        (True, SWITCHED_OFF), (True, ""),
    ),
    "back from lunch early": Row(
        {"is_paused": False, "pause_reason": "", "paused_until": None}, (True, SWITCHED_OFF),
    ),
    "un-paused by hand, before its end": Row(
        {"is_paused": False, "paused_until": timedelta(hours=1)},
        (True, SWITCHED_OFF),
    ),
    "at a lunch that is over": Row(
        {"is_paused": True, "pause_reason": "Lunch", "paused_until": timedelta(hours=-1)},
        (True, SWITCHED_OFF),
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_pause_that_a_person_made_stays(noa: User, row: Row) -> None:
    Extension.objects.filter(number="102").delete()
    now = timezone.now()
    Extension.objects.update(
        **{name: now + it if isinstance(it, timedelta) else it for name, it in row.before.items()}
    )
    until = Extension.objects.get().paused_until
    for _ in range(2):  # saves the login once more while it is off
        switch(noa, on=False)
        assert pauses() == [row.off]
        assert Extension.objects.get().paused_until is None
    switch(noa, on=True)
    assert pauses() == [row.on_again]
    goes_on = row.on_again[0] and row.off != row.on_again
    assert Extension.objects.get().paused_until == (until if goes_on else None)


def test_a_lunch_that_is_over_while_the_login_is_off_is_over(noa: User) -> None:
    noon = timezone.now()
    Extension.objects.update(
        is_paused=True, pause_reason="Lunch", paused_until=noon + timedelta(hours=1)
    )
    with time_machine.travel(noon + timedelta(minutes=5), tick=False):
        switch(noa, on=False)
    with time_machine.travel(noon + timedelta(hours=1, minutes=5), tick=False):
        pauses_ended = end_pauses(timezone.now())
        assert (pauses_ended, pauses()) == (0, [(True, SWITCHED_OFF)] * 2)
        switch(noa, on=True)
    assert pauses() == [(False, "")] * 2


def test_a_lunch_of_an_earlier_time_does_not_come_back(noa: User) -> None:
    """The pause ended while the login was off; then the login was switched off once more."""
    Extension.objects.update(
        is_paused=True, pause_reason="Lunch", paused_until=timezone.now() + timedelta(hours=1)
    )
    switch(noa, on=False)
    Extension.objects.update(is_paused=False, pause_reason="")
    switch(noa, on=False)
    switch(noa, on=True)
    assert pauses() == [(False, "")] * 2


def test_a_phone_that_was_given_to_somebody_else_may_be_unpaused_and_stays_so(noa: User) -> None:
    switch(noa, on=False)
    other = User.objects.create_user("omer")
    Extension.objects.filter(number="102").update(user=other, is_paused=False, pause_reason="")
    switch(noa, on=True)
    assert pauses() == [(False, "")] * 2


def test_a_call_that_is_under_way_goes_on(
    noa: User, make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    attempt = dispatch.call_lead(make_lead().pk)
    assert attempt
    switch(noa, on=False)
    attempt = CallAttempt.objects.get(pk=attempt.pk)
    assert attempt.state == AttemptState.ACCEPTED


def test_a_deleted_logins_phones_are_paused(noa: User) -> None:
    noa.delete()
    assert pauses() == [(True, "the login was deleted")] * 2
    assert not Extension.objects.filter(user__isnull=False).exists()


def test_logging_in_changes_nothing(noa: User, client: Client) -> None:
    Extension.objects.update(is_paused=True, pause_reason="new phone")
    client.force_login(noa)
    assert pauses() == [(True, "new phone")] * 2


def test_the_logins_page_says_so(noa: User, admin_client: Client) -> None:
    page = admin_client.get(f"/admin/auth/user/{noa.pk}/change/").content.decode()
    assert "their extensions are paused until this is on again" in page
