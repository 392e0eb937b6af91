"""The records' table, a named row each."""

import pytest

from callbacks.telephony.disposition import Disposition, disposition

ROWS = {
    "they talked": (("ANSWER", "ANSWER"), Disposition.BRIDGED),
    "they talked, leg 1 is not here yet": ((None, "ANSWER"), Disposition.BRIDGED),
    "they talked, leg 1 says something new": (("SOMETHINGNEW", "ANSWER"), Disposition.BRIDGED),
    "nobody picked up in sales": (("NOANSWER", None), Disposition.AGENT_NO_ANSWER),
    "sales was busy": (("BUSY", None), Disposition.AGENT_NO_ANSWER),
    "the salesperson's phone is not reachable": (
        ("CHANUNAVAIL", None),
        Disposition.AGENT_NO_ANSWER,
    ),
    "and the lead was not called": (("NOANSWER", "NOTCALLED"), Disposition.AGENT_NO_ANSWER),
    "the lead did not answer": (("ANSWER", "NOANSWER"), Disposition.LEAD_NO_ANSWER),
    "the lead did not answer, leg 1 is not here yet": ((None, "BUSY"), Disposition.LEAD_NO_ANSWER),
    "the lead's voice mail is no conversation": (
        ("ANSWER", "VOICEMAIL"),
        Disposition.LEAD_NO_ANSWER,
    ),
    "the lead's number could not be called": (("ANSWER", "CONGESTION"), Disposition.LEAD_NO_ANSWER),
    "a word of tomorrow on leg 2": (("ANSWER", "SOMETHINGNEW"), Disposition.LEAD_NO_ANSWER),
    "leg 2 was not called, leg 1 will say why": ((None, "NOTCALLED"), Disposition.OPEN),
    "a word of tomorrow on leg 2 alone": ((None, "SOMETHINGNEW"), Disposition.OPEN),
    "the salesperson answered, leg 2 is to come": (("ANSWER", None), Disposition.OPEN),
    "a word of tomorrow on leg 1 alone": (("SOMETHINGNEW", None), Disposition.OPEN),
    "no record yet": ((None, None), Disposition.OPEN),
    "words of tomorrow on both": (("SOMETHINGNEW", "OTHERTHING"), Disposition.UNCLEAR),
}


@pytest.mark.parametrize(("given", "expected"), ROWS.values(), ids=ROWS.keys())
def test_what_the_records_say(given: tuple[str | None, str | None], expected: Disposition) -> None:
    assert disposition(*given) is expected
