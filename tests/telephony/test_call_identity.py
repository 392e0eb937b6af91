"""What the provider's lists prove of a call, a named row each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.telephony import call_identity
from callbacks.telephony.call_identity import Asked, Presence
from callbacks.voicenter import Cdr, ExtensionState, LiveCall

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, OTHERS = "ours", "another's"
PHONE = "+972505550101"
ASKED = Asked(OURS, "", PHONE, "101", NOW, NOW + timedelta(minutes=2))
KNOWN = Asked(OURS, "C1", PHONE, "101", NOW, NOW + timedelta(minutes=2))


def on(*calls: LiveCall, extension: str = "101") -> list[ExtensionState]:
    return [ExtensionState(extension, calls=calls), ExtensionState("109")]


def live(call_id: str = "C1", attempt: str = "", phone: str = "", after: int = 1) -> LiveCall:
    return LiveCall(
        call_id,
        phone=phone,
        custom={"attempt": attempt} if attempt else {},
        started_at=NOW + timedelta(seconds=after),
    )


SIGHTINGS: dict[str, tuple[Asked, list[ExtensionState] | None, Presence]] = {
    "the list is not to be had": (ASKED, None, Presence.UNTOLD),
    "an empty list, as for a wrong code": (ASKED, [], Presence.UNTOLD),
    "our extension is not in it": (ASKED, on(extension="102"), Presence.UNTOLD),
    "the extension is free": (ASKED, on(), Presence.ABSENT),
    "our variable": (ASKED, on(live(attempt=OURS)), Presence.ON),
    "our variable, under another name of the extension": (
        ASKED, on(live(attempt=OURS), extension="A1"), Presence.ON,
    ),
    "another's variable": (ASKED, on(live(attempt=OTHERS, phone="0505550101")), Presence.ABSENT),
    "our CALLID": (KNOWN, on(live("C1")), Presence.ON),
    "another CALLID": (KNOWN, on(live("C2", phone="0505550101")), Presence.ABSENT),
    "our number, in another spelling": (ASKED, on(live(phone="050-555 0101")), Presence.ON),
    "a call to somebody else may be ours": (ASKED, on(live(phone="0505550102")), Presence.UNTOLD),
    "a call to nobody knows whom": (ASKED, on(live()), Presence.UNTOLD),
    "a call that began before": (
        ASKED, on(live(phone="0505550101", after=-600)), Presence.ABSENT,
    ),
    "a call that began before, and ours": (
        ASKED, on(live("C0", after=-600), live(phone="0505550101")), Presence.ON,
    ),
    "another extension's call with our lead's number": (
        ASKED, [*on(), ExtensionState("102", calls=(live(phone="0505550101"),))], Presence.ABSENT,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "states", "expected"), SIGHTINGS.values(), ids=SIGHTINGS)
def test_who_is_on(asked: Asked, states: list[ExtensionState] | None, expected: Presence) -> None:
    assert call_identity.sighting(asked, states).presence is expected


def leg(call_id: str = "C1", number: int = 2, **more: Any) -> Cdr:
    fields: dict[str, Any] = {
        "caller_extension": "101", "target": "0505550101", "started_at": NOW, **more,
    }  # fmt: skip
    return Cdr(call_id, leg=number, **fields)


ALIKE: dict[str, tuple[list[Cdr], set[str]]] = {
    "number and extension": ([leg()], {"C1"}),
    "the extension as the caller's number": (
        [leg(caller_extension="", caller="101", target="972505550101")], {"C1"},
    ),
    "one leg has the number, one the extension": (
        [leg(caller_extension=""), leg(number=1, target="101")], {"C1"},
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
}  # fmt: skip


@pytest.mark.parametrize(("legs", "expected"), ALIKE.values(), ids=ALIKE)
def test_what_looks_like_it(legs: list[Cdr], expected: set[str]) -> None:
    assert call_identity.alike(ASKED, legs) == expected


def test_a_call_says_that_it_is_ours_by_its_call_id_else_by_our_variable() -> None:
    legs = [leg("C1"), leg("C2", custom={"attempt": OURS})]
    assert call_identity.named(KNOWN, legs) == {"C1"}
    assert call_identity.named(ASKED, legs) == {"C2"}


DELAY = timedelta(minutes=5)
NEVER: dict[str, tuple[dict[str, Any], bool]] = {
    "absent from both, long enough": ({}, True),
    "a first look": ({"absent_since": None}, False),
    "a record could still come": ({"absent_since": NOW - DELAY + timedelta(seconds=1)}, False),
    "it is in the log": ({"in_log": True}, False),
    "the log does not tell": ({"in_log": None}, False),
    "the provider gave it a CALLID": ({"asked": KNOWN}, False),
}


@pytest.mark.parametrize(("given", "expected"), NEVER.values(), ids=NEVER)
def test_what_was_never_placed(given: dict[str, Any], expected: bool) -> None:
    facts = {"asked": ASKED, "absent_since": NOW - DELAY, "in_log": False, **given}
    asked = facts.pop("asked")
    assert call_identity.was_never_placed(asked, now=NOW, log_delay=DELAY, **facts) is expected
