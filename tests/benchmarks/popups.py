"""What the provider asks while calls are on: the pop-up requests, and the floor's idea of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.load import Answered, NotTaken

# In the order of a call. The salesperson waits for the first one's answer, with the phone ringing.
STATUSES = ("Ringing", "Talking", "Hangup")


def of_calls(ringing: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every status of all these calls, from their requests while they ring."""
    return [
        {**sent, "status": status, "currentCall": {**sent["currentCall"], "callstatus": status}}
        for status in STATUSES
        for sent in ringing
    ]


def of_the_floor(rows: int, count: int) -> list[dict[str, Any]]:
    """As many questions for one of the floor's rows, by its number."""
    return [{"id": 1 + number % rows} for number in range(count)]


def milliseconds(answers: Sequence[Answered]) -> tuple[float, ...]:
    """How long each took. Raises NotTaken unless every answer says who the lead is, and where."""
    for answer in answers:
        said = json.loads(answer.body) if answer.status == 200 else {}
        if not (said.get("CLIENTNAME") and said.get("URL")):
            words = f"{answer.status}: {answer.body[:300]!r}"
            raise NotTaken(f"a pop-up request was answered with {words}")
    return tuple(answer.milliseconds for answer in answers)
