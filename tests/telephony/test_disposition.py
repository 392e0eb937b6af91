"""The records' table, a named row each."""

import pytest

from callbacks.telephony.disposition import Verdict, verdict

ROWS = {
    "they talked": (("ANSWER", "ANSWER"), Verdict.BRIDGED),
    "they talked, leg 1 is not here yet": ((None, "ANSWER"), Verdict.BRIDGED),
    "they talked, leg 1 says something new": (("SOMETHINGNEW", "ANSWER"), Verdict.BRIDGED),
    "nobody picked up in sales": (("NOANSWER", None), Verdict.AGENT_NO_ANSWER),
    "sales was busy": (("BUSY", None), Verdict.AGENT_NO_ANSWER),
    "the salesperson's phone is not reachable": (("CHANUNAVAIL", None), Verdict.AGENT_NO_ANSWER),
    "and the lead was not called": (("NOANSWER", "NOTCALLED"), Verdict.AGENT_NO_ANSWER),
    "the lead did not answer": (("ANSWER", "NOANSWER"), Verdict.LEAD_NO_ANSWER),
    "the lead did not answer, leg 1 is not here yet": ((None, "BUSY"), Verdict.LEAD_NO_ANSWER),
    "the lead's voice mail is no conversation": (("ANSWER", "VOICEMAIL"), Verdict.LEAD_NO_ANSWER),
    "the lead's number could not be called": (("ANSWER", "CONGESTION"), Verdict.LEAD_NO_ANSWER),
    "a word of tomorrow on leg 2": (("ANSWER", "SOMETHINGNEW"), Verdict.LEAD_NO_ANSWER),
    "leg 2 was not called, leg 1 will say why": ((None, "NOTCALLED"), Verdict.OPEN),
    "a word of tomorrow on leg 2 alone": ((None, "SOMETHINGNEW"), Verdict.OPEN),
    "the salesperson answered, leg 2 is to come": (("ANSWER", None), Verdict.OPEN),
    "a word of tomorrow on leg 1 alone": (("SOMETHINGNEW", None), Verdict.OPEN),
    "no record yet": ((None, None), Verdict.OPEN),
    "words of tomorrow on both": (("SOMETHINGNEW", "OTHERTHING"), Verdict.UNCLEAR),
}


@pytest.mark.parametrize(("given", "expected"), ROWS.values(), ids=ROWS.keys())
def test_what_the_records_say(given: tuple[str | None, str | None], expected: Verdict) -> None:
    assert verdict(*given) is expected
