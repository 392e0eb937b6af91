"""The order in which the records of the two legs arrive does not matter: all words, all seconds."""

from collections.abc import Iterator

import pytest

from callbacks.telephony.call_result import CallResult, Leg, call_result
from callbacks.voicenter.values.leg_outcome import OUTCOMES

LEAST = 5
WORDS = (*OUTCOMES, "", "SOMETHINGNEW")
# Results by which a leg 2 that rang corrects a leg 1 that alone said that nobody picked up.
CORRECTED = {
    CallResult.BRIDGED, CallResult.SHORT_TALK, CallResult.LEAD_NO_ANSWER,
    CallResult.LEAD_BUSY,
}  # fmt: skip
BY_LEG_1 = {CallResult.AGENT_NO_ANSWER, CallResult.AGENT_UNREACHED}


def legs() -> Iterator[Leg]:
    for word in WORDS:
        for talk, dial in ((None, None), (0, 0), (0, 12), (3, 12), (60, 12)):
            for is_answered in (None, True, False):
                yield Leg(word, talk, dial, None, is_answered)


def ended_by(*records: tuple[int, Leg]) -> CallResult:
    """How a call ends if its records come in this order, including later corrections."""
    known: dict[int, Leg] = {}
    end = CallResult.OPEN
    for number, leg in records:
        known[number] = leg
        told = call_result(known.get(1), known.get(2), least_talk=LEAST)
        if (
            end is CallResult.OPEN
            or told is CallResult.BRIDGED
            or (end in BY_LEG_1 and told in CORRECTED)
        ):
            end = told
    return end


@pytest.mark.parametrize("word", WORDS)
def test_either_may_come_first(word: str) -> None:
    mine = [leg for leg in legs() if leg.status == word]
    for leg1 in mine:
        for leg2 in legs():
            one, other = ended_by((1, leg1), (2, leg2)), ended_by((2, leg2), (1, leg1))
            assert one is other, (leg1, leg2)
            assert one is not CallResult.OPEN
