"""The labels that managers read, as tables."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User

from callbacks.admin import labels
from callbacks.admin.extensions import state
from callbacks.models import CallAttempt, Extension, Team
from callbacks.policy.rules import FLAGGED_REASON, UNREACHABLE_REASON
from leads.models import Lead

NOW = datetime(2026, 3, 25, 12, 0, tzinfo=UTC)
JERUSALEM = ZoneInfo("Asia/Jerusalem")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "values"),
    {
        "due in 20 s": {"due_at": at(20)},
        "overdue 3 min 20 s": {"due_at": at(-200)},
        "in time": {"due_at": at(-200), "rang_at": at(-200)},
        "late by 50 s": {"due_at": at(-200), "rang_at": at(-150)},
        "late by 40 s": {
            "due_at": at(-200),
            "rang_at": at(-160),
            "sla_clock": "always",
            "sla_target": 600,
            "time_to_ring": timedelta(seconds=640),
        },
        "late by 15 min of opening hours": {
            "due_at": at(-200_000),
            "rang_at": at(-150),
            "sla_clock": "open",
            "sla_target": 600,
            "time_to_ring": timedelta(minutes=25),
        },
        "its phone never rang": {"due_at": at(-200), "status": "unreached"},
        "not known whether its phone rang": {"due_at": at(-200), "status": "called"},
        "talked; ring time unknown": {
            "connected_at": at(-100),
            "status": "connected",
        },
        "": {"due_at": at(-200), "status": "duplicate"},
    }.items(),
)
def test_how_a_lead_stands_against_its_target(text: str, values: dict[str, object]) -> None:
    assert labels.due(Lead(**{"status": "waiting", **values}), NOW).text == text


LIVE = {"lead_id": 7, "claimed_at": NOW}


@pytest.mark.parametrize(
    ("text", "note", "values", "live", "is_open"),
    [
        ("free", "", {}, None, True),
        ("free", "", {"unavailable_until": at(-1), "unavailable_reason": "offline"}, None, True),
        ("free", FLAGGED_REASON, {"unavailable_reason": FLAGGED_REASON}, None, True),
        ("free", UNREACHABLE_REASON, {"unavailable_reason": UNREACHABLE_REASON}, None, True),
        ("dialing", "lead 7", {}, CallAttempt(state="dialing", **LIVE), True),
        ("on a call with lead 7", "", {}, CallAttempt(state="accepted", **LIVE), True),
        (
            "a call may be in progress",
            "lead 7, no clear answer from the provider",
            {},
            CallAttempt(state="unknown", **LIVE),
            True,
        ),
        (
            "on a call with lead 7",
            "",
            {"is_paused": True},
            CallAttempt(state="accepted", **LIVE),
            False,
        ),
        ("paused", "", {"is_paused": True}, None, True),
        ("paused", "missed 3 in a row", {"is_paused": True, "missed_in_a_row": 3}, None, True),
        ("paused", "lunch", {"is_paused": True, "pause_reason": "lunch"}, None, True),
        (
            "paused until 14:30",
            "lunch",
            {"is_paused": True, "paused_until": at(1800), "pause_reason": "lunch"},
            None,
            True,
        ),
        ("free", "", {"is_paused": True, "paused_until": at(-1)}, None, True),
        ("resting until 14:01", "after its last call", {"wrap_up_until": at(60)}, None, True),
        (
            "call limit reached until 26 Mar 14:00",
            "for today",
            {"capped_until": at(86_400)},
            None,
            True,
        ),
        (
            "lunch",
            "according to the provider",
            {"provider_busy_until": at(9), "provider_busy_as": "lunch"},
            None,
            True,
        ),
        ("free", "", {"provider_busy_until": at(-1), "provider_busy_as": "lunch"}, None, True),
        (
            "out until 14:05",
            "offline",
            {"unavailable_until": at(300), "unavailable_reason": "offline"},
            None,
            True,
        ),
        ("out until 26 Mar 14:00", "", {"unavailable_until": at(86_400)}, None, True),
        ("blocked by the provider", "", {"is_blocked": True, "is_paused": True}, None, True),
        ("off shift", "its team is closed now", {}, None, False),
        ("off", "", {"is_active": False, "is_blocked": True}, None, True),
    ],
)
def test_what_an_extension_is_doing_now(
    text: str, note: str, values: dict[str, object], live: CallAttempt | None, is_open: bool
) -> None:
    extension = Extension(number="101", team=Team(name="Sales"), **{"pause_reason": "", **values})
    said = labels.extension_now(extension, live, is_open, True, NOW, JERUSALEM)
    assert (said.text, said.note) == (text, note)


def test_an_extension_of_a_team_that_is_off_is_off() -> None:
    extension = Extension(number="101", team=Team(name="Sales", is_active=False))
    said = labels.extension_now(extension, None, True, True, NOW, JERUSALEM)
    assert (said.text, said.note) == ("off", "its team is off")


def test_an_extension_whose_own_hours_are_over_is_off_shift() -> None:
    extension = Extension(number="101", team=Team(name="Sales"))
    said = labels.extension_now(extension, None, True, False, NOW, JERUSALEM)
    assert (said.text, said.note) == ("off shift", "outside its own hours")


def test_every_state_and_status_has_a_colour() -> None:
    from callbacks.models.attempt_states import AttemptState
    from leads.models import LeadStatus

    assert set(labels.LEAD_COLOURS) == set(LeadStatus)
    assert set(labels.ATTEMPT_COLOURS) == set(AttemptState)


# --- the person, not the phone --------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("free", {}),
        ("paused", {"is_paused": True}),
        ("paused until 14:05", {"is_paused": True, "paused_until": at(300)}),
        ("resting until 14:01", {"wrap_up_until": at(60)}),
        ("lunch", {"provider_busy_until": at(5), "provider_busy_as": "lunch"}),
        ("free", {"provider_busy_until": at(5), "provider_busy_as": "logged out"}),
        (
            "out until 14:05",
            {"unavailable_until": at(300), "unavailable_reason": "in the conference room"},
        ),
        ("free", {"unavailable_until": at(300), "unavailable_reason": "offline"}),
        ("free", {"is_active": False, "is_paused": True}),
    ],
)
def test_what_keeps_somebody_from_their_other_phone(
    team: Team, text: str, values: dict[str, object]
) -> None:
    dana = User.objects.create_user("dana")
    extension = Extension.objects.create(number="101", team=team, user=dana)
    Extension.objects.create(number="102", team=team, user=dana, **values)
    loaded = state.loaded(Extension.objects.filter(pk=extension.pk)).get()
    said = labels.extension_now(loaded, None, True, True, NOW, JERUSALEM)
    assert (said.text, said.is_free) == (text, text == "free")
    assert said.note == ("" if text == "free" else "on their other phone, 102")
