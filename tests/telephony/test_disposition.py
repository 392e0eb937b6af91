"""The records' table, a named row each: every word on either leg, with its seconds of talk."""

import pytest

from callbacks.telephony.disposition import Disposition, Leg, disposition
from callbacks.voicenter.values.leg_outcome import OUTCOMES

LEAST = 5  # seconds of talk that count as reached
NEW = "SOMETHINGNEW"

# The word of leg 1, of leg 2, seconds of talk on leg 2; how the call ended.
ROWS: dict[str, tuple[tuple[str | None, str | None, int | None], Disposition]] = {
    "they talked": (("ANSWER", "ANSWER", 60), Disposition.BRIDGED),
    "they talked for just long enough": (("ANSWER", "ANSWER", 5), Disposition.BRIDGED),
    "they talked, nobody says how long": (("ANSWER", "ANSWER", None), Disposition.BRIDGED),
    "they talked, leg 1 is not here yet": ((None, "ANSWER", 60), Disposition.BRIDGED),
    "they talked, leg 1 says something new": ((NEW, "ANSWER", 60), Disposition.BRIDGED),
    "they talked, leg 1 contradicts": (("NOANSWER", "ANSWER", 60), Disposition.BRIDGED),
    "talk by a word of tomorrow": (("ANSWER", NEW, 60), Disposition.BRIDGED),
    "one second of talk": (("ANSWER", "ANSWER", 1), Disposition.SHORT_TALK),
    "four seconds of talk": (("ANSWER", "ANSWER", 4), Disposition.SHORT_TALK),
    "answered, no talk": (("ANSWER", "ANSWER", 0), Disposition.SHORT_TALK),
    "a second of talk, leg 1 is not here yet": ((None, "ANSWER", 1), Disposition.SHORT_TALK),
    "a second of talk by a word of tomorrow": (("ANSWER", NEW, 1), Disposition.SHORT_TALK),
    # Leg 1 alone: what is said of the salesperson, and what of the network.
    "nobody picked up in sales": (("NOANSWER", None, None), Disposition.AGENT_NO_ANSWER),
    "it was rejected in sales": (("CANCEL", None, None), Disposition.AGENT_NO_ANSWER),
    "it rang out in sales": (("TIMEOUT", None, None), Disposition.AGENT_NO_ANSWER),
    "it was given up in sales": (("ABANDONE", None, None), Disposition.AGENT_NO_ANSWER),
    "voicemail in sales": (("VOICEMAIL", None, None), Disposition.AGENT_NO_ANSWER),
    "sales was busy": (("BUSY", None, None), Disposition.AGENT_UNREACHED),
    "leg 1: congestion": (("CONGESTION", None, None), Disposition.AGENT_UNREACHED),
    "leg 1: no channel": (("CHANUNAVAIL", None, None), Disposition.AGENT_UNREACHED),
    "leg 1: not dialled": (("NOTDIALED", None, None), Disposition.AGENT_UNREACHED),
    "leg 1: not called": (("NOTCALLED", None, None), Disposition.AGENT_UNREACHED),
    "leg 1: wrong arguments": (("INVALIDARGS", None, None), Disposition.AGENT_UNREACHED),
    "leg 1: not allowed through": (("SSWPREAUTH", None, None), Disposition.AGENT_UNREACHED),
    "the salesperson answered, leg 2 is to come": (("ANSWER", None, None), Disposition.OPEN),
    "a word of tomorrow on leg 1 alone": ((NEW, None, None), Disposition.OPEN),
    "a word of queues on leg 1 alone": (("FULL", None, None), Disposition.OPEN),
    # Leg 2 beside a leg 1 that nobody answered: it was never the lead's turn.
    "and the lead was not called": (("NOANSWER", "NOTCALLED", None), Disposition.AGENT_NO_ANSWER),
    "busy, and the lead was not called": (
        ("BUSY", "NOTCALLED", None),
        Disposition.AGENT_UNREACHED,
    ),
    "and leg 2 says so by default": (("NOANSWER", "NOANSWER", None), Disposition.AGENT_NO_ANSWER),
    # Leg 2 after the salesperson has picked up.
    "the lead did not answer": (("ANSWER", "NOANSWER", None), Disposition.LEAD_NO_ANSWER),
    "it rang out at the lead's": (("ANSWER", "TIMEOUT", None), Disposition.LEAD_NO_ANSWER),
    "sales gave up while it rang": (("ANSWER", "CANCEL", None), Disposition.LEAD_NO_ANSWER),
    "given up at the lead's": (("ANSWER", "ABANDONE", None), Disposition.LEAD_NO_ANSWER),
    "the lead's voicemail": (("ANSWER", "VOICEMAIL", 30), Disposition.LEAD_NO_ANSWER),
    "the lead is busy": (("ANSWER", "BUSY", None), Disposition.LEAD_BUSY),
    "leg 2: wrong arguments": (("ANSWER", "INVALIDARGS", None), Disposition.BAD_NUMBER),
    "leg 2: no channel": (("ANSWER", "CHANUNAVAIL", None), Disposition.BAD_NUMBER),
    "leg 2: congestion": (("ANSWER", "CONGESTION", None), Disposition.LEAD_NOT_RUNG),
    "leg 2: not dialled": (("ANSWER", "NOTDIALED", None), Disposition.LEAD_NOT_RUNG),
    "leg 2: not called": (("ANSWER", "NOTCALLED", None), Disposition.LEAD_NOT_RUNG),
    "leg 2: not allowed through": (("ANSWER", "SSWPREAUTH", None), Disposition.LEAD_NOT_RUNG),
    "a word of tomorrow on leg 2, no talk": (("ANSWER", NEW, 0), Disposition.LEAD_NO_ANSWER),
    "a word of tomorrow on leg 2, no seconds": (("ANSWER", NEW, None), Disposition.UNCLEAR),
    "a word of queues on leg 2": (("ANSWER", "JOINEMPTY", None), Disposition.UNCLEAR),
    "answered, as other programs write it": (("ANSWERED", "ANSWERED", 60), Disposition.BRIDGED),
    "no answer, with a space": (("ANSWER", "NO ANSWER", None), Disposition.LEAD_NO_ANSWER),
    "no answer in sales, with a space": (("NO ANSWER", None, None), Disposition.AGENT_NO_ANSWER),
    "cancelled, with two letters l": (("ANSWER", "Cancelled", None), Disposition.LEAD_NO_ANSWER),
    "rejected in sales": (("Call Rejected", None, None), Disposition.AGENT_NO_ANSWER),
    "congestion, and leg 1 says something new": (
        (NEW, "CONGESTION", None),
        Disposition.LEAD_NOT_RUNG,
    ),
    "words of tomorrow on both": ((NEW, "OTHERTHING", None), Disposition.UNCLEAR),
    # Leg 2 alone, which leg 1 may explain.
    "busy without a second of ringing, leg 1 is to come": ((None, "BUSY", None), Disposition.OPEN),
    "no answer without a second of ringing": ((None, "NOANSWER", None), Disposition.OPEN),
    "cancelled without a second of ringing": ((None, "CANCEL", 0), Disposition.OPEN),
    "the lead's voicemail spoke, leg 1 is to come": (
        (None, "VOICEMAIL", 20),
        Disposition.LEAD_NO_ANSWER,
    ),
    "voicemail of no second, leg 1 is to come": ((None, "VOICEMAIL", None), Disposition.OPEN),
    "not called, leg 1 will say why": ((None, "NOTCALLED", None), Disposition.OPEN),
    "congestion, leg 1 is not here yet": ((None, "CONGESTION", None), Disposition.OPEN),
    "no channel, leg 1 is not here yet": ((None, "CHANUNAVAIL", None), Disposition.OPEN),
    "a word of tomorrow on leg 2 alone": ((None, NEW, None), Disposition.OPEN),
    "no record yet": ((None, None, None), Disposition.OPEN),
}


@pytest.mark.parametrize(("given", "expected"), ROWS.values(), ids=ROWS.keys())
def test_what_the_records_say(
    given: tuple[str | None, str | None, int | None], expected: Disposition
) -> None:
    leg1, leg2, talk = given
    found = disposition(
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


# No other record is waited for any more: the word and seconds of leg 1, the word of leg 2.
OVER: dict[str, tuple[tuple[str | None, int | None, str | None], Disposition]] = {
    "leg 1 of two seconds alone: the lead's phone cannot have rung for long": (
        ("ANSWER", 2, None),
        Disposition.LEAD_NOT_RUNG,
    ),
    "leg 1 of nine seconds alone: nobody was reached": (
        ("ANSWER", 9, None),
        Disposition.LEAD_NOT_RUNG,
    ),
    "leg 1 of ten seconds alone: they may have talked": (("ANSWER", 10, None), Disposition.OPEN),
    "leg 1 of five minutes alone: they may have talked": (("ANSWER", 300, None), Disposition.OPEN),
    "leg 1 alone, nobody says how long": (("ANSWER", None, None), Disposition.OPEN),
    "leg 2 alone: congestion": ((None, None, "CONGESTION"), Disposition.LEAD_NOT_RUNG),
    "leg 2 alone: not called": ((None, None, "NOTCALLED"), Disposition.LEAD_NOT_RUNG),
    "leg 2 alone: no channel": ((None, None, "CHANUNAVAIL"), Disposition.BAD_NUMBER),
    "leg 2 alone: busy": ((None, None, "BUSY"), Disposition.LEAD_BUSY),
    "leg 2 alone: no answer": ((None, None, "NOANSWER"), Disposition.LEAD_NO_ANSWER),
    "leg 2 alone: cancelled": ((None, None, "CANCEL"), Disposition.LEAD_NO_ANSWER),
    "leg 2 alone: a word of tomorrow": ((None, None, NEW), Disposition.UNCLEAR),
    "leg 1 alone: a word of tomorrow": ((NEW, None, None), Disposition.UNCLEAR),
    "leg 1 alone: no word": (("", None, None), Disposition.UNCLEAR),
    "leg 1 alone: a word of tomorrow, no seconds of talk": (
        (NEW, 0, None),
        Disposition.AGENT_UNREACHED,
    ),
    "leg 1 alone: a word of tomorrow, five minutes": ((NEW, 300, None), Disposition.OPEN),
    "leg 1 of three seconds, leg 2 with a word of tomorrow": (
        ("ANSWER", 3, NEW),
        Disposition.LEAD_NO_ANSWER,
    ),
    "nothing at all": ((None, None, None), Disposition.OPEN),
}


@pytest.mark.parametrize(("given", "expected"), OVER.values(), ids=OVER.keys())
def test_what_they_say_when_nothing_more_comes(
    given: tuple[str | None, int | None, str | None], expected: Disposition
) -> None:
    leg1, seconds, leg2 = given
    found = disposition(
        None if leg1 is None else Leg(leg1, seconds),
        Leg(leg2) if leg2 else None,
        least_talk=LEAST,
        is_over=True,
    )
    assert found is expected


@pytest.mark.parametrize(
    ("leg1", "leg2", "expected"),
    [
        ("CANCEL", "CANCEL", Disposition.LEAD_NO_ANSWER),
        ("NOANSWER", "NOANSWER", Disposition.LEAD_NO_ANSWER),
        ("BUSY", "BUSY", Disposition.LEAD_BUSY),
    ],
)
def test_where_the_leads_phone_rang_the_salesperson_had_picked_up(
    leg1: str, leg2: str, expected: Disposition
) -> None:
    assert disposition(Leg(leg1), Leg(leg2, dial_time=8), least_talk=LEAST) is expected


# Seconds of ringing on a leg 2 that nobody answered: it is no wrong number, and no fault before it.
RANG = {
    "busy after twelve seconds": ("BUSY", Disposition.LEAD_BUSY),
    "no channel after ringing": ("CHANUNAVAIL", Disposition.LEAD_NO_ANSWER),
    "congestion after ringing": ("CONGESTION", Disposition.LEAD_NO_ANSWER),
    "not called, and rang": ("NOTCALLED", Disposition.LEAD_NO_ANSWER),
    "no answer": ("NOANSWER", Disposition.LEAD_NO_ANSWER),
}


@pytest.mark.parametrize("leg1", [None, "ANSWER", "NOANSWER", "CONGESTION", NEW])
@pytest.mark.parametrize(("word", "expected"), RANG.values(), ids=RANG)
def test_what_a_leg_2_says_that_has_rung(
    leg1: str | None, word: str, expected: Disposition
) -> None:
    found = disposition(Leg(leg1) if leg1 else None, Leg(word, 0, 12), least_talk=LEAST)
    assert found is expected
