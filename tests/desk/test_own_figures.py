"""A salesperson's own figures at the desk: today and this week, and nobody else's figures."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from callbacks.models import CallAttempt, Extension

pytestmark = pytest.mark.django_db
MakeAttempt = Callable[..., CallAttempt]
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # Wednesday, 12:00 in Jerusalem


def lines(page: str) -> dict[str, tuple[str, str]]:
    """By name: the figure of today, and of this week."""
    found = re.findall(
        r'<th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td>',
        page.partition("own-figures")[2],
    )
    return {name: (today, week) for name, today, week in found}


def talk(make: MakeAttempt, phone: Extension, user: User | None, days: int = 0) -> None:
    at = NOON - timedelta(days=days, hours=1)
    make(
        phone, "bridged", at=at, outcome="bridged", salesperson=user, talk_time=90,
        provider_time=timedelta(0), leg1_time=timedelta(seconds=4),
        leg2_time=timedelta(seconds=6), unknown_time=timedelta(0),
        connected_at=at + timedelta(seconds=10),
    )  # fmt: skip


def missed(make: MakeAttempt, phone: Extension, user: User) -> None:
    make(phone, "agent_no_answer", at=NOON - timedelta(minutes=9), outcome="agent_no_answer",
         salesperson=user)  # fmt: skip


def test_today_and_this_week(dana: User, extension: Extension, make_attempt: MakeAttempt) -> None:
    with time_machine.travel(NOON, tick=False):
        for days in (0, 1, 8):  # the last day is in the week before
            talk(make_attempt, extension, dana, days)
        missed(make_attempt, extension, dana)
        client = Client()
        client.force_login(dana)
        for address in ("/desk/", "/desk/figures/"):
            answer = client.get(address)
            assert answer["Cache-Control"] == "no-store, private"
            found = lines(answer.text)
            assert found["Answered"] == ("1 of 2", "2 of 3")
            assert found["Missed"] == ("1", "1")
            assert found["Median time to pick up"] == ("4 s", "4 s")
            assert found["Talks"] == ("1", "2")
            assert found["Talk time"] == ("1 min 30 s", "3 min")
            assert found["Paused"] == ("-", "-")
            assert "as of 12:00" in answer.text


def test_nobody_elses(dana: User, extension: Extension, make_attempt: MakeAttempt) -> None:
    noam = User.objects.create_user("noam")
    his = Extension.objects.create(number="102", team=extension.team, user=noam)
    with time_machine.travel(NOON, tick=False):
        talk(make_attempt, his, noam)
        # On Dana's phone, when Noam had it.
        talk(make_attempt, extension, noam)
        client = Client()
        client.force_login(dana)
        found = lines(client.get("/desk/figures/", {"salesperson": f"user-{noam.pk}"}).text)
        assert found["Talks"] == ("0", "0")
        client.force_login(noam)
        assert lines(client.get("/desk/figures/").text)["Talks"] == ("2", "2")


def test_whoever_has_no_phone_or_is_not_logged_in_sees_none(
    dana: User, extension: Extension, client: Client
) -> None:
    Extension.objects.create(number="102", team=extension.team)  # nobody's
    assert client.get("/desk/figures/").status_code == 401
    client.force_login(User.objects.create_user("gal", is_superuser=True))
    assert client.get("/desk/figures/").status_code == 401
