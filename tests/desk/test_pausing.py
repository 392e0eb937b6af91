"""Salespeople make themselves available or pause, on their own phones only, and it is logged."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.models import Extension, Team
from tests.support.queue import queued

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem


def pause(client: Client, extension: Extension, **values: str) -> int:
    answer = client.post(f"/desk/{extension.pk}/pause/", values)
    extension.refresh_from_db()
    return answer.status_code


def available(client: Client, extension: Extension) -> int:
    answer = client.post(f"/desk/{extension.pk}/available/")
    extension.refresh_from_db()
    return answer.status_code


def logged() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


@pytest.mark.parametrize(
    ("values", "until", "reason", "entry"),
    [
        (
            {"lasts": "15", "reason": "lunch"},
            NOON + timedelta(minutes=15), "lunch", "Paused until 12:15: lunch",
        ),
        (
            {"lasts": "day", "reason": "meeting", "note": "with Haifa"},
            NOON + timedelta(hours=12), "meeting, with Haifa",
            "Paused until 26 Mar 00:00: meeting, with Haifa",
        ),
        (
            {"lasts": "open", "reason": "", "note": "בהדרכה"},
            None, "בהדרכה", "Paused until un-paused: בהדרכה",
        ),
        ({"lasts": "open"}, None, "", "Paused until un-paused"),
    ],
)  # fmt: skip
def test_a_salesperson_pauses_their_phone(
    values: dict[str, str], until: datetime | None, reason: str, entry: str,
    hers: Client, dana: User, extension: Extension,
) -> None:  # fmt: skip
    with time_machine.travel(NOON, tick=False):
        hers.force_login(dana)
        assert hers.get(f"/desk/{extension.pk}/pause/").status_code == 200
        assert pause(hers, extension, **values) == 303
        page = hers.get("/desk/").content.decode()
    assert (extension.is_paused, extension.paused_until) == (True, until)
    assert extension.pause_reason == reason
    [found] = LogEntry.objects.all()
    assert (found.user, found.object_id) == (dana, str(extension.pk))
    assert found.change_message == entry
    assert "Paused" in page
    assert reason in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Choose how long."),
        ({"lasts": "99"}, "Choose one of these times."),
        ({"lasts": "15", "reason": "x"}, "Choose one of these reasons."),
        ({"lasts": "15", "note": "x" * 81}, "at most 80 characters"),
        ({"lasts": "15", "note": "a\x00b"}, "Null characters"),
    ],
)
def test_what_cannot_be_understood_is_said_and_nothing_is_done(
    values: dict[str, str], words: str, hers: Client, extension: Extension
) -> None:
    answer = hers.post(f"/desk/{extension.pk}/pause/", values)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    extension.refresh_from_db()
    assert not extension.is_paused
    assert logged() == []


def test_available_ends_the_pause_whoever_made_it_and_wakes_the_team(
    hers: Client, extension: Extension
) -> None:
    Extension.objects.update(is_paused=True, missed_in_a_row=3, pause_reason="missed 3 in a row")
    queued(empty=True)
    assert available(hers, extension) == 303
    assert (extension.is_paused, extension.missed_in_a_row) == (False, 0)
    assert extension.pause_reason == ""
    assert logged() == ["Un-paused"]
    assert queued() == [("callbacks.work_team", extension.team_id)]


def test_available_brings_a_phone_back_that_was_left_out(
    hers: Client, extension: Extension
) -> None:
    Extension.objects.update(
        unavailable_until=timezone.now() + timedelta(minutes=5), unavailable_reason="did not answer"
    )
    assert "I am available" in hers.get("/desk/").content.decode()
    available(hers, extension)
    assert (extension.unavailable_until, extension.unavailable_reason) == (None, "")
    assert logged() == ["Brought back"]


def test_buttons_pressed_twice_or_too_late_change_log_and_wake_nothing_more(
    hers: Client, extension: Extension
) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(2):
            assert pause(hers, extension, lasts="15", reason="lunch") == 303
    assert len(logged()) == 1
    queued(empty=True)
    for _ in range(2):
        assert available(hers, extension) == 303
    assert len(logged()) == 2
    assert queued() == [("callbacks.work_team", extension.team_id)]


def test_a_pause_is_made_longer_without_the_phone_ringing_in_between(
    hers: Client, extension: Extension
) -> None:
    pause(hers, extension, lasts="15", reason="lunch")
    first = extension.paused_until
    queued(empty=True)
    pause(hers, extension, lasts="60", reason="lunch")
    assert extension.paused_until
    assert first
    assert extension.paused_until > first
    assert queued() == []


@pytest.mark.parametrize("what", ["pause", "available"])
def test_another_persons_phone_is_not_there(
    what: str, hers: Client, team: Team, extension: Extension
) -> None:
    theirs = Extension.objects.create(
        number="102", team=team, user=User.objects.create_user("omer"), is_paused=True
    )
    nobodys = Extension.objects.create(number="103", team=team, is_paused=True)
    for pk in (theirs.pk, nobodys.pk, 0, 99_999_999_999_999_999_999):
        answer = hers.post(f"/desk/{pk}/{what}/", {"lasts": "15"})
        assert answer.status_code == 404
        assert "That is not your phone" in answer.content.decode()
    assert Extension.objects.filter(is_paused=True, paused_until=None).count() == 2
    assert logged() == []


def test_who_comes_back_to_a_button_by_a_login_finds_the_page(
    hers: Client, extension: Extension
) -> None:
    answer = hers.get(f"/desk/{extension.pk}/available/")
    assert (answer.status_code, answer["Location"]) == (303, "/desk/")
    assert logged() == []


@pytest.mark.parametrize("values", [{"is_active": False}, {"is_blocked": True}], ids=str)
def test_what_a_salesperson_cannot_change_is_not_offered(
    values: dict[str, bool], hers: Client, extension: Extension
) -> None:
    Extension.objects.update(**values)
    page = hers.get("/desk/").content.decode()
    assert f"/desk/{extension.pk}/pause/" not in page
    assert "Ask your sales manager" in page
