"""What a request's page says besides its status: how long it usually takes, and which number the
visitor's phone will show.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.explain.usual_wait import LEAST
from callbacks.models import CallParameters, Extension, Team
from leads.models import Lead, LeadSource

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db
SENTENCE = "Usually your phone rings within 40 seconds."


@pytest.fixture
def busy_hour(make_lead: MakeLead, extension: Extension) -> None:
    at = timezone.now() - timedelta(minutes=5)
    took = timedelta(seconds=40)
    for _ in range(LEAST):
        make_lead(
            status="unreached", closed_at=at + took * 2, submitted_at=at, clock_started_at=at,
            rang_at=at + took, time_to_ring=took,
        )  # fmt: skip


def page(lead: Lead, slug: str = "website") -> str:
    return Client().get(f"/contact/{slug}/{lead.public_id}/").text


def told(lead: Lead) -> dict[str, Any]:
    return dict(Client().get(f"/api/leads/{lead.public_id}/").json())


@pytest.mark.usefixtures("busy_hour")
def test_whoever_waits_is_told_how_long_it_usually_takes(make_lead: MakeLead) -> None:
    lead = make_lead()
    assert f"data-estimate>{SENTENCE}</p>" in page(lead)
    assert told(lead)["estimate"] == SENTENCE


@pytest.mark.parametrize(
    "state",
    ["too little", "nobody", "late", "longer already", "chosen", "called before", "rings", "over"],
)
def test_nothing_is_said_where_it_would_not_be_honest(
    state: str, make_lead: MakeLead, busy_hour: None, extension: Extension
) -> None:
    now = timezone.now()
    values: dict[str, dict[str, object]] = {
        "late": {"call_after": now - timedelta(minutes=4)},
        "longer already": {"call_after": now - timedelta(seconds=45)},
        "chosen": {"chosen_at": now},
        "called before": {"attempts": 1},
        "rings": {"status": "calling"},
        "over": {"status": "unreached", "closed_at": now},
    }
    if state == "too little":
        Lead.objects.first().delete()  # type: ignore[union-attr]
    if state == "nobody":
        Extension.objects.update(is_paused=True)
    lead = make_lead(**values.get(state, {}))
    assert told(lead)["estimate"] == ""
    assert "data-estimate hidden></p>" in page(lead)


@pytest.fixture
def usual(settings: SettingsWrapper) -> None:
    settings.VOICENTER_TARGET_CALLER_ID = "97235550100"


@pytest.mark.parametrize(
    ("layers", "number"),
    [
        ({}, "+97235550100"),
        ({"settings": ""}, ""),
        ({"settings": "anonymous"}, ""),
        ({"settings": "Private"}, ""),
        ({"settings": "1700500100"}, ""),
        ({"settings": "972"}, ""),
        ({"settings": "035550100"}, "+97235550100"),
        ({"source": "+442079460101"}, "+442079460101"),
        ({"source": "anonymous"}, ""),
        ({"extension": "0505550199"}, "+972505550199"),
        ({"source": "+442079460101", "extension": "0505550199"}, "+972505550199"),
        ({"extension": "0505550199", "beside": True}, ""),
        ({"extension": "035550100", "beside": True}, "+97235550100"),
        ({"extension": "0505550199", "elsewhere": True}, "+97235550100"),
    ],
    ids=[
        "of the settings", "nobody has set one", "withheld", "withheld, by another word",
        "a short code", "no number", "as it is dialled here", "of the source",
        "withheld by the source", "of the extension", "of the extension, not of the source",
        "one of two extensions has its own", "its own is the same",
        "of an extension that does not call",
    ],
)  # fmt: skip
def test_the_number_that_their_phone_will_show(
    layers: dict[str, Any],
    number: str,
    usual: None,
    settings: SettingsWrapper,
    make_lead: MakeLead,
    source: LeadSource,
    extension: Extension,
) -> None:
    settings.VOICENTER_TARGET_CALLER_ID = layers.get(
        "settings", settings.VOICENTER_TARGET_CALLER_ID
    )
    if "source" in layers:
        CallParameters.objects.create(source=source, target_caller_id=layers["source"])
    if "extension" in layers:
        other = layers.get("elsewhere")
        team = Team.objects.create(name="Another team") if other else extension.team
        its = Extension.objects.create(number="102", team=team) if other else extension
        CallParameters.objects.create(extension=its, target_caller_id=layers["extension"])
        if layers.get("beside"):
            Extension.objects.create(number="103", team=extension.team)
    assert told(make_lead())["caller_number"] == number


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("+972505550155", "03-555-0100"), ("+442079460155", "+972 3-555-0100")],
    ids=["in the same country", "abroad"],
)
def test_it_is_written_as_their_phone_writes_it(
    phone: str, shown: str, usual: None, make_lead: MakeLead, extension: Extension
) -> None:
    sentence = f'Our call will show the number <b class="digits" dir="ltr">{shown}</b>.'
    assert sentence in page(make_lead(phone))


@pytest.mark.parametrize("status", ["connected", "unreached", "cancelled", "held"])
def test_where_no_call_is_due_no_number_is_shown(
    status: str, usual: None, make_lead: MakeLead, extension: Extension
) -> None:
    now = timezone.now()
    values = {} if status == "held" else {"closed_at": now, "connected_at": now}
    lead = make_lead(status=status, **values)
    assert told(lead)["caller_number"] == ""
    assert "data-caller" not in page(lead)
