"""The table of records, one named row for each: every word on either leg, with seconds of talk."""

import pytest

from callbacks.telephony.call_result import CallResult, Leg, call_result
from callbacks.voicenter.values.leg_outcome import OUTCOMES

LEAST = 5  # seconds of talk that count as reached
NEW = "SOMETHINGNEW"

# The word of leg 1, of leg 2, seconds of talk on leg 2; how the call ended.
ROWS: dict[str, tuple[tuple[str | None, str | None, int | None], CallResult]] = {
    "they talked": (("ANSWER", "ANSWER", 60), CallResult.BRIDGED),
    "they talked for just long enough": (("ANSWER", "ANSWER", 5), CallResult.BRIDGED),
    "they talked, nobody says how long": (("ANSWER", "ANSWER", None), CallResult.BRIDGED),
    "they talked, leg 1 is not here yet": ((None, "ANSWER", 60), CallResult.BRIDGED),
    "they talked, leg 1 says something new": ((NEW, "ANSWER", 60), CallResult.BRIDGED),
    "they talked, leg 1 contradicts": (("NOANSWER", "ANSWER", 60), CallResult.BRIDGED),
    "talk by a word of tomorrow": (("ANSWER", NEW, 60), CallResult.BRIDGED),
    "one second of talk": (("ANSWER", "ANSWER", 1), CallResult.SHORT_TALK),
    "four seconds of talk": (("ANSWER", "ANSWER", 4), CallResult.SHORT_TALK),
    "answered, no talk": (("ANSWER", "ANSWER", 0), CallResult.SHORT_TALK),
    "a second of talk, leg 1 is not here yet": ((None, "ANSWER", 1), CallResult.SHORT_TALK),
    "a second of talk by a word of tomorrow": (("ANSWER", NEW, 1), CallResult.SHORT_TALK),
    # Leg 1 alone: what its word says about the salesperson, and what about the network.
    "nobody picked up in sales": (("NOANSWER", None, None), CallResult.AGENT_NO_ANSWER),
    "it was rejected in sales": (("CANCEL", None, None), CallResult.AGENT_NO_ANSWER),
    "it rang out in sales": (("TIMEOUT", None, None), CallResult.AGENT_NO_ANSWER),
    "it was given up in sales": (("ABANDONE", None, None), CallResult.AGENT_NO_ANSWER),
    "voicemail in sales": (("VOICEMAIL", None, None), CallResult.AGENT_NO_ANSWER),
    "sales was busy": (("BUSY", None, None), CallResult.AGENT_UNREACHED),
    "leg 1: congestion": (("CONGESTION", None, None), CallResult.AGENT_UNREACHED),
    "leg 1: no channel": (("CHANUNAVAIL", None, None), CallResult.AGENT_UNREACHED),
    "leg 1: not dialled": (("NOTDIALED", None, None), CallResult.AGENT_UNREACHED),
    "leg 1: not called": (("NOTCALLED", None, None), CallResult.AGENT_UNREACHED),
    "leg 1: wrong arguments": (("INVALIDARGS", None, None), CallResult.AGENT_UNREACHED),
    "leg 1: not allowed through": (("SSWPREAUTH", None, None), CallResult.AGENT_UNREACHED),
    "the salesperson answered, leg 2 is to come": (("ANSWER", None, None), CallResult.OPEN),
    "a word of tomorrow on leg 1 alone": ((NEW, None, None), CallResult.OPEN),
    "a word of queues on leg 1 alone": (("FULL", None, None), CallResult.OPEN),
    # Leg 2 beside a leg 1 that nobody answered: the lead's phone was never dialled.
    "and the lead was not called": (("NOANSWER", "NOTCALLED", None), CallResult.AGENT_NO_ANSWER),
    "busy, and the lead was not called": (
        ("BUSY", "NOTCALLED", None),
        CallResult.AGENT_UNREACHED,
    ),
    "and leg 2 says so by default": (("NOANSWER", "NOANSWER", None), CallResult.AGENT_NO_ANSWER),
    # Leg 2 after the salesperson picked up.
    "the lead did not answer": (("ANSWER", "NOANSWER", None), CallResult.LEAD_NO_ANSWER),
    "it rang out at the lead's": (("ANSWER", "TIMEOUT", None), CallResult.LEAD_NO_ANSWER),
    "sales gave up while it rang": (("ANSWER", "CANCEL", None), CallResult.LEAD_NO_ANSWER),
    "given up at the lead's": (("ANSWER", "ABANDONE", None), CallResult.LEAD_NO_ANSWER),
    "the lead's voicemail": (("ANSWER", "VOICEMAIL", 30), CallResult.LEAD_NO_ANSWER),
    "the lead is busy": (("ANSWER", "BUSY", None), CallResult.LEAD_BUSY),
    "leg 2: wrong arguments": (("ANSWER", "INVALIDARGS", None), CallResult.BAD_NUMBER),
    "leg 2: no channel": (("ANSWER", "CHANUNAVAIL", None), CallResult.BAD_NUMBER),
    "leg 2: congestion": (("ANSWER", "CONGESTION", None), CallResult.LEAD_NOT_RUNG),
    "leg 2: not dialled": (("ANSWER", "NOTDIALED", None), CallResult.LEAD_NOT_RUNG),
    "leg 2: not called": (("ANSWER", "NOTCALLED", None), CallResult.LEAD_NOT_RUNG),
    "leg 2: not allowed through": (("ANSWER", "SSWPREAUTH", None), CallResult.LEAD_NOT_RUNG),
    "a word of tomorrow on leg 2, no talk": (("ANSWER", NEW, 0), CallResult.LEAD_NO_ANSWER),
    "a word of tomorrow on leg 2, no seconds": (("ANSWER", NEW, None), CallResult.UNCLEAR),
    "a word of queues on leg 2": (("ANSWER", "JOINEMPTY", None), CallResult.UNCLEAR),
    "answered, as other programs write it": (("ANSWERED", "ANSWERED", 60), CallResult.BRIDGED),
    "no answer, with a space": (("ANSWER", "NO ANSWER", None), CallResult.LEAD_NO_ANSWER),
    "no answer in sales, with a space": (("NO ANSWER", None, None), CallResult.AGENT_NO_ANSWER),
    "cancelled, with two letters l": (("ANSWER", "Cancelled", None), CallResult.LEAD_NO_ANSWER),
    "rejected in sales": (("Call Rejected", None, None), CallResult.AGENT_NO_ANSWER),
    "congestion, and leg 1 says something new": (
        (NEW, "CONGESTION", None),
        CallResult.LEAD_NOT_RUNG,
    ),
    "words of tomorrow on both": ((NEW, "OTHERTHING", None), CallResult.UNCLEAR),
    # Leg 2 alone, which leg 1 may explain.
    "busy without a second of ringing, leg 1 is to come": ((None, "BUSY", None), CallResult.OPEN),
    "no answer without a second of ringing": ((None, "NOANSWER", None), CallResult.OPEN),
    "cancelled without a second of ringing": ((None, "CANCEL", 0), CallResult.OPEN),
    "the lead's voicemail spoke, leg 1 is to come": (
        (None, "VOICEMAIL", 20),
        CallResult.LEAD_NO_ANSWER,
    ),
    "voicemail of no second, leg 1 is to come": ((None, "VOICEMAIL", None), CallResult.OPEN),
    "not called, leg 1 will say why": ((None, "NOTCALLED", None), CallResult.OPEN),
    "congestion, leg 1 is not here yet": ((None, "CONGESTION", None), CallResult.OPEN),
    "no channel, leg 1 is not here yet": ((None, "CHANUNAVAIL", None), CallResult.OPEN),
    "a word of tomorrow on leg 2 alone": ((None, NEW, None), CallResult.OPEN),
    "no record yet": ((None, None, None), CallResult.OPEN),
}


@pytest.mark.parametrize(("given", "expected"), ROWS.values(), ids=ROWS.keys())
def test_what_the_records_say(
    given: tuple[str | None, str | None, int | None], expected: CallResult
) -> None:
    leg1, leg2, talk = given
    found = call_result(
        Leg(leg1) if leg1 else None, Leg(leg2, talk) if leg2 else None, least_talk=LEAST
    )
    assert found is expected


def test_each_word_stands_in_the_table_for_each_leg() -> None:
    assert {row[0][0] for row in ROWS.values()} >= set(OUTCOMES) - {
        "EXIT", "JOINEMPTY", "VOEND", "TE", "CANCELED", "CANCELLED", "CALLREJECTED",
    }  # fmt: skip
    assert {row[0][1] for row in ROWS.values()} >= set(OUTCOMES) - {
        "EXIT", "FULL", "VOEND", "TE", "CANCELED", "CANCELLED", "CALLREJECTED",
    }  # fmt: skip


# After waiting for other records has ended: the word and seconds of leg 1, the word of leg 2.
OVER: dict[str, tuple[tuple[str | None, int | None, str | None], CallResult]] = {
    "leg 1 of two seconds alone: the lead's phone cannot have rung for long": (
        ("ANSWER", 2, None),
        CallResult.LEAD_NOT_RUNG,
    ),
    "leg 1 of nine seconds alone: nobody was reached": (
        ("ANSWER", 9, None),
        CallResult.LEAD_NOT_RUNG,
    ),
    "leg 1 of ten seconds alone: they may have talked": (("ANSWER", 10, None), CallResult.OPEN),
    "leg 1 of five minutes alone: they may have talked": (("ANSWER", 300, None), CallResult.OPEN),
    "leg 1 alone, nobody says how long": (("ANSWER", None, None), CallResult.OPEN),
    "leg 2 alone: congestion": ((None, None, "CONGESTION"), CallResult.LEAD_NOT_RUNG),
    "leg 2 alone: not called": ((None, None, "NOTCALLED"), CallResult.LEAD_NOT_RUNG),
    "leg 2 alone: no channel": ((None, None, "CHANUNAVAIL"), CallResult.BAD_NUMBER),
    "leg 2 alone: busy": ((None, None, "BUSY"), CallResult.LEAD_BUSY),
    "leg 2 alone: no answer": ((None, None, "NOANSWER"), CallResult.LEAD_NO_ANSWER),
    "leg 2 alone: cancelled": ((None, None, "CANCEL"), CallResult.LEAD_NO_ANSWER),
    "leg 2 alone: a word of tomorrow": ((None, None, NEW), CallResult.UNCLEAR),
    "leg 1 alone: a word of tomorrow": ((NEW, None, None), CallResult.UNCLEAR),
    "leg 1 alone: no word": (("", None, None), CallResult.UNCLEAR),
    "leg 1 alone: a word of tomorrow, no seconds of talk": (
        (NEW, 0, None),
        CallResult.AGENT_UNREACHED,
    ),
    "leg 1 alone: a word of tomorrow, five minutes": ((NEW, 300, None), CallResult.OPEN),
    "leg 1 of three seconds, leg 2 with a word of tomorrow": (
        ("ANSWER", 3, NEW),
        CallResult.LEAD_NO_ANSWER,
    ),
    "nothing at all": ((None, None, None), CallResult.OPEN),
}


@pytest.mark.parametrize(("given", "expected"), OVER.values(), ids=OVER.keys())
def test_what_they_say_when_nothing_more_comes(
    given: tuple[str | None, int | None, str | None], expected: CallResult
) -> None:
    leg1, seconds, leg2 = given
    found = call_result(
        None if leg1 is None else Leg(leg1, seconds),
        Leg(leg2) if leg2 else None,
        least_talk=LEAST,
        is_over=True,
    )
    assert found is expected


@pytest.mark.parametrize(
    ("leg1", "leg2", "expected"),
    [
        ("CANCEL", "CANCEL", CallResult.LEAD_NO_ANSWER),
        ("NOANSWER", "NOANSWER", CallResult.LEAD_NO_ANSWER),
        ("BUSY", "BUSY", CallResult.LEAD_BUSY),
    ],
)
def test_where_the_leads_phone_rang_the_salesperson_had_picked_up(
    leg1: str, leg2: str, expected: CallResult
) -> None:
    assert call_result(Leg(leg1), Leg(leg2, dial_time=8), least_talk=LEAST) is expected


# A leg 2 that rang without an answer: neither a wrong number nor a fault before it.
RANG = {
    "busy after twelve seconds": ("BUSY", CallResult.LEAD_BUSY),
    "no channel after ringing": ("CHANUNAVAIL", CallResult.LEAD_NO_ANSWER),
    "congestion after ringing": ("CONGESTION", CallResult.LEAD_NO_ANSWER),
    "not called, and rang": ("NOTCALLED", CallResult.LEAD_NO_ANSWER),
    "no answer": ("NOANSWER", CallResult.LEAD_NO_ANSWER),
}


@pytest.mark.parametrize("leg1", [None, "ANSWER", "NOANSWER", "CONGESTION", NEW])
@pytest.mark.parametrize(("word", "expected"), RANG.values(), ids=RANG)
def test_what_a_leg_2_says_that_has_rung(leg1: str | None, word: str, expected: CallResult) -> None:
    found = call_result(Leg(leg1) if leg1 else None, Leg(word, 0, 12), least_talk=LEAST)
    assert found is expected


def test_seconds_that_the_record_itself_denies_make_no_brief_call() -> None:
    """The record does not say whether the salesperson picked up, so nobody is rung again for it."""
    leg1 = Leg(NEW, talk_time=5, is_answered=False)
    assert call_result(leg1, None, is_over=True) is CallResult.UNCLEAR
