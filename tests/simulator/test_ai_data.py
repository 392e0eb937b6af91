"""The AI data of a talk, right or wrong, with the record or after it."""

import json
from typing import Any

import pytest

from callbacks.simulator.engine import ai_data
from tests.support.simulator import Receiver, SimulatorProcess, eventually

LEAD = "0505550101"


def records(hook: Receiver, count: int) -> list[dict[str, Any]]:
    return eventually(lambda: hook.taken if len(hook.taken) >= count else [])


def size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def test_by_itself_it_sends_none(sim: SimulatorProcess, hook: Receiver) -> None:
    sim.control(cdr_url=hook.url)
    sim.call(phone="101", target=LEAD)
    assert not any("aiData" in record for record in records(hook, 2))


@pytest.mark.parametrize(
    ("kind", "said"), [("english", "Do you deliver to Haifa?"), ("hebrew", "אתם מגיעים לחיפה?")]
)
def test_the_record_of_the_talk_has_the_documented_shape(
    sim: SimulatorProcess, hook: Receiver, kind: str, said: str
) -> None:
    sim.control(cdr_url=hook.url, ai_data=kind)
    sim.call(phone="101", target=LEAD)
    first, second = records(hook, 2)
    assert "aiData" not in first
    sent = second["aiData"]
    assert set(sent) == {"insights", "emotions", "transcript"}
    assert set(sent["insights"]) == {"summary", "questions", "participants"}
    assert set(sent["insights"]["questions"][0]) == {"key", "question", "data_type", "answer"}
    mood = {"emotion", "emotion_direction", "confidence_emotion"}
    assert set(sent["emotions"]["sentences"][0]) == mood
    assert said in sent["transcript"][1]["text"]
    assert sent["transcript"][1]["speaker"] == "Speaker1"


def test_it_comes_after_the_record_which_is_repeated_with_it(
    sim: SimulatorProcess, hook: Receiver
) -> None:
    sim.control(cdr_url=hook.url, ai_data="english", ai_data_after=0.05)
    sim.call(phone="101", target=LEAD)
    _, second, repeated = records(hook, 3)
    assert "aiData" not in second
    assert repeated == second | {"aiData": repeated["aiData"]}


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("text", str), ("list", list), ("number", int), ("null", type(None)), ("wrong", dict)],
)
def test_it_may_be_of_another_shape(
    sim: SimulatorProcess, hook: Receiver, kind: str, shape: type
) -> None:
    sim.control(cdr_url=hook.url, ai_data=kind)
    sim.call(phone="101", target=LEAD)
    assert isinstance(records(hook, 2)[1]["aiData"], shape)


def test_it_may_be_too_large_or_too_deep() -> None:
    assert 3_000_000 < size(ai_data.KINDS["large"]()) < 5_000_000
    assert size(ai_data.KINDS["huge"]()) > 8_000_000
    depth, value = 0, ai_data.KINDS["deep"]()
    while isinstance(value, dict):
        depth, value = depth + 1, value["insights"]
    assert depth == 300


def test_without_a_talk_there_is_none(sim: SimulatorProcess, hook: Receiver) -> None:
    sim.control(cdr_url=hook.url, ai_data="english", answers={LEAD: "busy"})
    sim.call(phone="101", target=LEAD)
    assert not any("aiData" in record for record in records(hook, 2))


def test_it_is_an_option_of_the_command_too(hook: Receiver) -> None:
    with SimulatorProcess(cdr_url=hook.url, arguments=["--ai-data", "english"]) as sim:
        sim.call(phone="101", target=LEAD)
        assert "aiData" in records(hook, 2)[1]
