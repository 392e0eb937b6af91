"""What the database refuses, whoever writes it."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from callbacks.models import CallAttempt, Extension, Team
from leads.models import Lead

pytestmark = pytest.mark.django_db
NOW = timezone.now()
_LIVE = {"claimed_at": NOW, "hold_until": NOW}


def attempt(lead: Lead, **values: object) -> CallAttempt:
    """An attempt that was just claimed for a call."""
    return CallAttempt(lead=lead, **{**_LIVE, "phone": lead.phone, "state": "dialing", **values})


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"kind": "message"}, "attempt_call_has_an_extension"),
        ({"extension": None}, "attempt_call_has_an_extension"),
        ({"kind": "fax"}, "attempt_call_has_an_extension"),
        ({"kind": "fax", "extension": None}, "attempt_call_has_an_extension"),
        ({"state": "lost", "ended_at": NOW}, "attempt_state_known"),
        ({"ended_at": NOW}, "attempt_ended_has_a_time"),
        ({"state": "accepted", "call_id": "c1", "ended_at": NOW}, "attempt_ended_has_a_time"),
        ({"state": "unknown", "ended_at": NOW}, "attempt_ended_has_a_time"),
        ({"state": "ended"}, "attempt_ended_has_a_time"),
        ({"state": "not_sent"}, "attempt_ended_has_a_time"),
        ({"state": "accepted"}, "attempt_accepted_has_a_call_id"),
        ({"state": "bridged", "ended_at": NOW}, "attempt_bridged_has_a_time"),
        ({"phone": "0505550101"}, "attempt_phone_or_erased"),
    ],
)
def test_an_attempt_that_must_never_be(
    values: dict[str, object], constraint: str, make_lead: Callable[..., Lead], extension: Extension
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        attempt(make_lead(), **{"extension": extension, **values}).save()


def test_attempts_as_they_are(make_lead: Callable[..., Lead], extension: Extension) -> None:
    for number, values in enumerate(
        (
            {"extension": extension},
            {"kind": "message"},
            {"extension": extension, "state": "ended", "ended_at": NOW},
            {"kind": "message", "state": "played", "ended_at": NOW},
        )
    ):
        attempt(make_lead(f"+97250555012{number}"), **values).save()
    assert CallAttempt.objects.count() == 4


@pytest.mark.parametrize("column", ["lead", "extension", "phone"])
def test_of_live_attempts_each_has_its_lead_extension_and_number_to_itself(
    column: str, make_lead: Callable[..., Lead], team: Team
) -> None:
    one, other = make_lead("+972505550121"), make_lead("+972505550122")
    first, second = (Extension.objects.create(number=it, team=team) for it in ("101", "102"))
    attempt(one, extension=first).save()
    apart = {"lead": other, "extension": second, "phone": other.phone}
    shared = {"lead": one, "extension": first, "phone": one.phone}
    beside = {**apart, column: shared[column]}
    ended = {"state": "ended", "ended_at": NOW}
    name = {"phone": "number"}.get(column, column)
    with (
        pytest.raises(IntegrityError, match=f"attempt_one_live_per_{name}"),
        transaction.atomic(),
    ):
        CallAttempt(**_LIVE, **beside, state="dialing").save()
    CallAttempt(**_LIVE, **beside, **ended).save()
    CallAttempt(**_LIVE, **apart, state="dialing").save()


@pytest.mark.parametrize(
    ("kind", "number", "is_kept"),
    [
        ("sip", "SIPSIP_dana-1", True),
        ("sip", "1" + "0" * 63, True),
        ("sip", "", False),
        ("sip", "-dana", False),
        ("sip", "dana levi", False),
        ("phone", "972505550142", True),
        ("phone", "0505550142", False),
        ("phone", "+972505550142", False),
        ("phone", "dana", False),
        ("phone", "9725055501424444", False),
    ],
)
def test_the_number_of_an_extension(kind: str, number: str, is_kept: bool, team: Team) -> None:
    extension = Extension(kind=kind, number=number, team=team)
    if is_kept:
        extension.save()
        return
    with pytest.raises(IntegrityError, match="extension_number_form"), transaction.atomic():
        extension.save()
