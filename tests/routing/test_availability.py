"""The claim respects pauses and presence, which end at their time, swept or not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks import tasks
from callbacks.calling import dispatch
from callbacks.extensions import presence
from callbacks.models import CallAttempt, Extension, Team
from leads.models import Lead
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)


def seconds(count: int) -> Any:
    return timezone.now() + timedelta(seconds=count)


@pytest.mark.parametrize(
    ("values", "rung"),
    [
        ({"is_paused": True}, False),
        ({"is_paused": True, "paused_until": 60}, False),
        ({"is_paused": True, "paused_until": -1}, True),
        ({"provider_busy_until": 9, "provider_busy_as": "lunch"}, False),
        ({"provider_busy_until": -1, "provider_busy_as": "lunch"}, True),
    ],
    ids=str,
)
def test_an_extension_is_rung_when_nothing_keeps_it_out_any_more(
    values: dict[str, Any], rung: bool,
    make_lead: Callable[..., Lead], extension: Extension, simulator: SimulatorProcess,
) -> None:  # fmt: skip
    Extension.objects.update(
        **{key: seconds(it) if key.endswith("until") else it for key, it in values.items()}
    )
    lead = make_lead()
    assert (dispatch.call_lead(lead.pk) is not None) is rung


def test_a_sweep_that_sees_somebody_on_another_call_has_the_lead_wait_for_somebody_else(
    make_lead: Callable[..., Lead], extension: Extension, team: Team, simulator: SimulatorProcess
) -> None:
    simulator.control(mode="manual", extensions={"101": "online", "102": "online"})
    assert simulator.call(phone="101", target="972505550199")["ERRORCODE"] == 0
    lead = make_lead()
    assert presence.look()
    queued(empty=True)
    tasks.sweep()
    assert queued() == []
    assert dispatch.call_lead(lead.pk) is None
    other = Extension.objects.create(number="102", team=team)
    assert dispatch.call_lead(lead.pk) is not None
    assert CallAttempt.objects.get().extension_id == other.pk
