"""Why an extension was rung, in words."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callbacks.explain import routing_reason

ZONE = ZoneInfo("Asia/Jerusalem")
AT = datetime(2026, 11, 25, 10, 30, tzinfo=ZONE)


def epoch(*moment: int) -> float:
    return datetime(*moment, tzinfo=ZONE).timestamp()  # type: ignore[misc,arg-type]


def kept(rule: str, free: int = 1, *looked: list[Any]) -> dict[str, Any]:
    return {"rule": rule, "team": "Sales", "free": free, "looked": list(looked)}


SENTENCES = {
    "as in the design": (
        kept(
            "longest_idle",
            3,
            ["101", None, None],
            ["102", "on_call", None],
            ["104", "off_shift", epoch(2026, 11, 25, 14)],
        ),
        "101, idle longest of 3 free; 102 on a call, 104 off shift until 14:00",
    ),
    "nobody else": (kept("longest_idle", 1, ["101", None, None]), "101, the only one free"),
    "in turn": (kept("round_robin", 2), "101, next in turn of 2 free"),
    "weights": (kept("weighted", 2), "101, next by weight of 2 free"),
    "conversations": (kept("fair", 2), "101, next by conversations of 2 free"),
    "owner": (kept("owner", 2), "101, talked with this number before"),
    "language": (kept("language", 2), "101, speaks ru"),
    "by hand": (kept("chosen"), "101, chosen by a manager"),
    "another day": (
        kept("fair", 2, ["104", "off_shift", epoch(2026, 11, 29, 9)]),
        "101, next by conversations of 2 free; 104 off shift until Sun 29 Nov 09:00",
    ),
    "another year": (
        kept("fair", 2, ["104", "paused", epoch(2027, 1, 3, 9)]),
        "101, next by conversations of 2 free; 104 paused until Sun 03 Jan 2027 09:00",
    ),
    "in a moment": (
        kept("fair", 2, ["104", "resting", epoch(2026, 11, 25, 10, 30, 45)]),
        "101, next by conversations of 2 free; 104 resting until 10:30:45",
    ),
    "every reason": (
        kept(
            "language",
            1,
            ["1", "off", None],
            ["2", "blocked", None],
            ["3", "out", None],
            ["4", "capped", epoch(2026, 11, 26)],
            ["5", "seen_busy", None],
            ["6", "language", None],
        ),
        (
            "101, speaks ru; 1 off, 2 blocked by the provider, 3 out, 4 at the "
            "daily limit until Thu 26 Nov 00:00, 5 busy according to the "
            "provider, 6 not speaking ru"
        ),
    ),
    "for want of another": (
        kept("fair", 0, ["101", "refused", None], ["102", "on_call", None]),
        "101, next by conversations; 102 on a call",
    ),
    "nothing was kept": ({}, ""),
}


@pytest.mark.parametrize(("content", "said"), SENTENCES.values(), ids=SENTENCES)
def test_it_says_who_was_rung_and_why_not_the_others(content: Any, said: str) -> None:
    assert routing_reason.sentence(content, "101", AT, ZONE, "ru") == said


def test_of_a_team_of_hundreds_a_few_are_named_and_the_others_counted() -> None:
    looked: list[list[Any]] = [[str(number), "on_call", None] for number in range(102, 500)]
    looked += [["900", "off_shift", epoch(2026, 11, 25, 14)], ["901", "refused", None]]
    said = routing_reason.sentence(kept("longest_idle", 2, *looked), "101", AT, ZONE)
    assert said.startswith("101, idle longest of 2 free; 102 on a call, 103 on a call, ")
    assert said.endswith(
        "107 on a call, and 392 more on a call, 1 more off shift, 1 more "
        "refused for this lead before"
    )
    assert len(said) < 300


def test_times_are_those_of_the_zone_that_is_asked_for() -> None:
    content = kept("fair", 2, ["104", "off_shift", epoch(2026, 11, 25, 14)])
    assert "until 12:00" in routing_reason.sentence(content, "101", AT, ZoneInfo("UTC"))


MALFORMED = [
    None,
    [],
    "why",
    7,
    {"rule": None},
    {"rule": ["owner"]},
    {"rule": "something new", "looked": [["102", "on_call", None]]},
]


@pytest.mark.parametrize("content", MALFORMED, ids=str)
def test_what_cannot_be_understood_shows_nothing(content: Any) -> None:
    assert routing_reason.sentence(content, "101", AT, ZONE) == ""


@pytest.mark.parametrize("free", [None, True, -1, "3", 1.5, [3]], ids=str)
def test_a_count_that_is_none_is_left_out(free: Any) -> None:
    assert routing_reason.sentence({"rule": "fair", "free": free}, "101", AT, ZONE) == (
        "101, next by conversations"
    )


@pytest.mark.parametrize(
    "row",
    [
        None,
        "102",
        [],
        ["102"],
        [102, "on_call", None],
        ["102", "something new", None],
        ["102", ["on_call"], None],
        {"number": "102"},
    ],
    ids=str,
)
def test_a_row_that_cannot_be_read_is_left_out(row: Any) -> None:
    content = kept("owner", 1, row, ["103", "on_call", None])
    assert routing_reason.sentence(content, "101", AT, ZONE).endswith("before; 103 on a call")


@pytest.mark.parametrize(
    "until", ["soon", True, -5, 1e300, float("inf"), float("nan"), {}], ids=str
)
def test_a_time_that_is_none_is_left_out(until: Any) -> None:
    content = kept("owner", 1, ["103", "paused", until])
    assert routing_reason.sentence(content, "101", AT, ZONE).endswith("before; 103 paused")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_NEAR = st.fixed_dictionaries(
    {},
    optional={
        "rule": st.sampled_from(["owner", "language", "fair", "chosen"]) | _JSON,
        "free": st.integers() | _JSON,
        "looked": st.lists(
            st.lists(st.sampled_from(["101", "on_call", "language"]) | _JSON, max_size=4)
        )
        | _JSON,
    },
)


@given(content=_JSON | _NEAR)
@example(content={"rule": "fair", "looked": [["1", "paused", 10**400]]})
def test_nothing_that_may_be_in_it_raises_or_makes_a_long_sentence(content: Any) -> None:
    said = routing_reason.sentence(content, "101", AT, ZONE)
    assert len(said) < 900, json.dumps(content)
