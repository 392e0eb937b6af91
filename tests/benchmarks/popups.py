"""The pop-up requests that the provider sends during calls, and the floor's version of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.load import Answered, NotTaken

# In the order of a call. The phone rings while the salesperson waits for the first one's answer.
STATUSES = ("Ringing", "Talking", "Hangup")


def of_calls(ringing: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Requests with every status of these calls, made from the requests of ringing calls."""
    return [
        {**sent, "status": status, "currentCall": {**sent["currentCall"], "callstatus": status}}
        for status in STATUSES
        for sent in ringing
    ]


def of_the_floor(rows: int, count: int) -> list[dict[str, Any]]:
    """This many questions about the floor's rows, by number."""
    return [{"id": 1 + number % rows} for number in range(count)]


def milliseconds(answers: Sequence[Answered]) -> tuple[float, ...]:
    """How long each took. Raises NotTaken unless every answer says who the lead is, and where."""
    for answer in answers:
        said = json.loads(answer.body) if answer.status == 200 else {}
        if not (said.get("CLIENTNAME") and said.get("URL")):
            words = f"{answer.status}: {answer.body[:300]!r}"
            raise NotTaken(f"a pop-up request was answered with {words}")
    return tuple(answer.milliseconds for answer in answers)
