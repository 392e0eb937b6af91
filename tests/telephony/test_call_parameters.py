"""Which call parameter applies, and where it comes from."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from callbacks.calling import dispatch
from callbacks.models import CallAttempt, CallParameters, Extension
from callbacks.routing import config
from callbacks.telephony import account
from callbacks.telephony.call_parameters import (
    PROVIDER,
    Layer,
    ResolvedParameter,
    resolved,
    resolved_arguments,
)
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]

PLACES = [
    Layer("extension", {"record": False, "max_duration": 60}),
    Layer("source", {"record": True, "language": "he"}),
    Layer("settings", {"max_duration": 7200, "phone_max_dial_time": 30}),
]


@pytest.mark.parametrize(
    "expected",
    [
        ResolvedParameter("record", False, "extension"),
        ResolvedParameter("max_duration", 60, "extension"),
        ResolvedParameter("language", "he", "source"),
        ResolvedParameter("phone_max_dial_time", 30, "settings"),
        ResolvedParameter("target_max_dial_time", 60, PROVIDER),
        ResolvedParameter("vm_id", None, PROVIDER),
    ],
    ids=lambda each: f"{each.name} from {each.origin}",
)
def test_the_most_particular_place_that_says_something_holds(expected: ResolvedParameter) -> None:
    assert expected in resolved(PLACES)


def test_what_nobody_says_is_not_sent() -> None:
    assert resolved_arguments(PLACES) == {
        "record": False,
        "phone_max_dial_time": 30,
        "max_duration": 60,
        "language": "he",
    }


def test_who_is_called_is_no_parameter() -> None:
    names = {each.name for each in resolved(PLACES)}
    assert not names & {"phone", "target", "phone_login_code"}


@pytest.mark.django_db(transaction=True)
def test_a_call_is_made_as_its_extension_and_its_source_want_it(
    make_lead: MakeLead, source: LeadSource, extension: Extension, simulator: SimulatorProcess
) -> None:
    CallParameters.objects.create(
        source=source, record=True, language="he", variables={"campaign": "spring"}
    )
    CallParameters.objects.create(extension=extension, language="ru", max_duration=600)
    dispatch.call_lead(make_lead().pk)
    [entry] = simulator.ledger()
    assert (entry["record"], entry["language"], entry["maxduration"]) == ("true", "ru", "600")
    assert entry["var_campaign"] == "spring"
    assert entry["var_attempt"] == str(CallAttempt.objects.get().public_id)


@pytest.mark.django_db(transaction=True)
def test_an_extension_is_held_as_long_as_its_own_longest_call(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess
) -> None:
    CallParameters.objects.create(
        extension=extension, phone_max_dial_time=10, target_max_dial_time=20, max_duration=300
    )
    dispatch.call_lead(make_lead().pk)
    attempt = CallAttempt.objects.get()
    assert (attempt.hold_until - attempt.claimed_at).total_seconds() == 10 + 20 + 300 + 60


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"max_duration": 0}, "max_duration"),
        ({"language": "Hebrew"}, "language"),
        ({"target_caller_id": "03 555 0100"}, "target_caller_id"),
        ({"phone_caller_name": "line\nbreak"}, "phone_caller_name"),
        ({"variables": ["x"]}, "variables"),
        ({"variables": {"Name": "x"}}, "variables"),
        ({"variables": {"lead": "x"}}, "variables"),
        ({"variables": {f"v{n}": "x" for n in range(9)}}, "variables"),
        ({"variables": {"x": 1}}, "variables"),
    ],
    ids=str,
)
def test_what_the_provider_would_refuse_is_refused_beside_its_field(
    source: LeadSource, values: dict[str, object], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        CallParameters(source=source, **values).full_clean()
    assert field in refused.value.message_dict


@pytest.mark.django_db
def test_parameters_belong_to_one_source_or_one_extension(
    source: LeadSource, extension: Extension
) -> None:
    for owners in ({}, {"source": source, "extension": extension}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CallParameters.objects.create(**owners)


@pytest.mark.django_db
def test_nothing_set_says_nothing(source: LeadSource) -> None:
    CallParameters.objects.create(source=source)
    places = account.places(config.current(), source.pk, None)
    assert [place.name for place in places] == ["source", "settings"]
    assert places[0].values == {}
