"""What the provider's lists prove about a call: a table of named rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.telephony import call_identity
from callbacks.telephony.call_identity import CallPresence, PlacedCall
from callbacks.voicenter import Cdr, ExtensionCalls, LiveCall

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, OTHERS = "ours", "another's"
PHONE = "+972505550101"
ASKED = PlacedCall(OURS, "", PHONE, "101", NOW, NOW + timedelta(minutes=2))
KNOWN = PlacedCall(OURS, "C1", PHONE, "101", NOW, NOW + timedelta(minutes=2))


def on(*calls: LiveCall, extension: str = "101") -> list[ExtensionCalls]:
    return [ExtensionCalls(extension, calls=calls), ExtensionCalls("109")]


def live(call_id: str = "C1", attempt: str = "", phone: str = "", after: int = 1) -> LiveCall:
    return LiveCall(
        call_id,
        phone=phone,
        custom={"attempt": attempt} if attempt else {},
        started_at=NOW + timedelta(seconds=after),
    )


SIGHTINGS: dict[str, tuple[PlacedCall, list[ExtensionCalls] | None, CallPresence]] = {
    "the list is not to be had": (ASKED, None, CallPresence.UNTOLD),
    "an empty list, as for a wrong code": (ASKED, [], CallPresence.UNTOLD),
    "our extension is not in it": (ASKED, on(extension="102"), CallPresence.UNTOLD),
    "the extension is free": (ASKED, on(), CallPresence.ABSENT),
    "our variable": (ASKED, on(live(attempt=OURS)), CallPresence.ON),
    "our variable, under another name of the extension": (
        ASKED,
        on(live(attempt=OURS), extension="A1"),
        CallPresence.ON,
    ),
    "another's variable": (
        ASKED,
        on(live(attempt=OTHERS, phone="0505550101")),
        CallPresence.ABSENT,
    ),
    "our CALLID": (KNOWN, on(live("C1")), CallPresence.ON),
    "another CALLID": (KNOWN, on(live("C2", phone="0505550101")), CallPresence.ABSENT),
    "our number, in another spelling": (ASKED, on(live(phone="050-555 0101")), CallPresence.ON),
    "a call to somebody else may be ours": (
        ASKED,
        on(live(phone="0505550102")),
        CallPresence.UNTOLD,
    ),
    "a call to nobody knows whom": (ASKED, on(live()), CallPresence.UNTOLD),
    "a call that began before": (
        ASKED,
        on(live(phone="0505550101", after=-600)),
        CallPresence.ABSENT,
    ),
    "a call that began before, and ours": (
        ASKED,
        on(live("C0", after=-600), live(phone="0505550101")),
        CallPresence.ON,
    ),
    "another extension's call with our lead's number": (
        ASKED,
        [*on(), ExtensionCalls("102", calls=(live(phone="0505550101"),))],
        CallPresence.ABSENT,
    ),
}


@pytest.mark.parametrize(("asked", "states", "expected"), SIGHTINGS.values(), ids=SIGHTINGS)
def test_who_is_on(
    asked: PlacedCall, states: list[ExtensionCalls] | None, expected: CallPresence
) -> None:
    assert call_identity.sighting(asked, states).presence is expected


def leg(call_id: str = "C1", number: int = 2, **more: Any) -> Cdr:
    fields: dict[str, Any] = {
        "caller_extension": "101",
        "target": "0505550101",
        "started_at": NOW,
        **more,
    }
    return Cdr(call_id, leg=number, **fields)


ALIKE: dict[str, tuple[list[Cdr], set[str]]] = {
    "number and extension": ([leg()], {"C1"}),
    "the extension as the caller's number": (
        [leg(caller_extension="", caller="101", target="972505550101")],
        {"C1"},
    ),
    "one leg has the number, one the extension": (
        [leg(caller_extension=""), leg(number=1, target="101")],
        {"C1"},
    ),
    "two calls": ([leg("C1"), leg("C2")], {"C1", "C2"}),
    "another number": ([leg(target="0505550102")], set()),
    "a withheld number": ([leg(target="Anonymous")], set()),
    "another extension": ([leg(caller_extension="102")], set()),
    "a SIP code that differs by case": ([leg(caller_extension="1O1")], set()),
    "somebody's variable": ([leg(custom={"attempt": OTHERS})], set()),
    "before it was sent": ([leg(started_at=NOW - timedelta(minutes=5))], set()),
    "long after its phones have rung": ([leg(started_at=NOW + timedelta(minutes=5))], set()),
    "at no time": ([leg(started_at=None)], set()),
}


@pytest.mark.parametrize(("legs", "expected"), ALIKE.values(), ids=ALIKE)
def test_what_looks_like_it(legs: list[Cdr], expected: set[str]) -> None:
    assert call_identity.similar(ASKED, legs) == expected


@pytest.mark.parametrize("minutes", [-7, 7])
def test_a_provider_whose_clock_differs_is_given_as_much_room(minutes: int) -> None:
    asked = replace(ASKED, clocks_differ=timedelta(minutes=7))
    theirs = timedelta(minutes=minutes)
    assert call_identity.similar(asked, [leg(started_at=NOW + theirs)]) == {"C1"}
    assert call_identity.similar(asked, [leg(started_at=NOW + 2 * theirs)]) == set()
    seconds = theirs.total_seconds()
    on_now = on(live(phone="0505550101", after=int(seconds)))
    assert call_identity.sighting(asked, on_now).presence is CallPresence.ON


def test_a_call_says_that_it_is_ours_by_its_call_id_or_by_our_variable() -> None:
    """Each leg may have an id of its own."""
    legs = [leg("C1"), leg("C2", custom={"attempt": OURS})]
    assert call_identity.named(KNOWN, legs) == {"C1", "C2"}
    assert call_identity.named(ASKED, legs) == {"C2"}


DELAY = timedelta(minutes=5)
NEVER: dict[str, tuple[dict[str, Any], bool]] = {
    "absent from both, long enough": ({}, True),
    "a first look": ({"missing_since": None}, False),
    "a record could still come": ({"missing_since": NOW - DELAY + timedelta(seconds=1)}, False),
    "it is in the log": ({"in_log": True}, False),
    "the log does not tell": ({"in_log": None}, False),
    "the provider gave it a CALLID": ({"asked": KNOWN}, False),
}


@pytest.mark.parametrize(("given", "expected"), NEVER.values(), ids=NEVER)
def test_what_was_never_placed(given: dict[str, Any], expected: bool) -> None:
    facts = {"asked": ASKED, "missing_since": NOW - DELAY, "in_log": False, **given}
    asked = facts.pop("asked")
    assert call_identity.was_never_placed(asked, now=NOW, log_delay=DELAY, **facts) is expected
