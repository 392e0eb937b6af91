"""An account whose active calls are requested, and a lead that waits for its extensions."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from callbacks.extensions import presence
from callbacks.models import Extension, Presence, Team
from leads.models import Lead
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess


@pytest.fixture
def sim(simulator: SimulatorProcess) -> Iterator[SimulatorProcess]:
    """An account with three extensions, whose phones ring until somebody clicks."""
    simulator.control(mode="manual", extensions={"101": "online", "102": "online", "103": "online"})
    return simulator


@pytest.fixture
def due(make_lead: Callable[..., Lead]) -> Lead:
    """A lead that waits to be called now."""
    lead = make_lead()
    queued(empty=True)
    return lead


@pytest.fixture
def other(team: Team) -> Extension:
    return Extension.objects.create(number="102", name="Omer", team=team)


def asked(sim: SimulatorProcess) -> int:
    """How often the provider was asked for its active calls."""
    return sum(it["service"] == "activecalls" for it in sim.seen("/requests"))


def strangers_call(sim: SimulatorProcess, extension: str) -> None:
    """Puts an extension on a call that is not ours."""
    assert sim.call(phone=extension, target="972505550199")["ERRORCODE"] == 0


def seen(extension: Extension) -> str:
    """The provider's state that keeps the extension from being rung; "" if there is none."""
    extension.refresh_from_db()
    return extension.provider_busy_as if extension.provider_busy_until else ""


def is_over(extension: Extension, at: datetime) -> bool:
    """Whether the provider's state no longer keeps the extension from being rung at `at`."""
    extension.refresh_from_db()
    return extension.provider_busy_until is None or extension.provider_busy_until <= at


def again() -> bool:
    """Looks again, as if the next look were due."""
    Presence.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    return presence.look()
