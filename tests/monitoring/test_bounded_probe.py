"""A question that hangs delays nobody beyond its time limit, and is not asked twice at once."""

import threading

import pytest

from callbacks.monitoring.bounded_probe import Probe
from tests.support.simulator import eventually
from tests.support.threads import no_thread_starts


def test_it_answers() -> None:
    assert Probe("two", lambda: 2, 10).answer() == 2


def test_it_raises_what_the_question_ended_in_and_names_only_its_type(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def ask() -> None:
        raise OSError("connection to db.example.com failed")

    with pytest.raises(OSError, match="db"):
        Probe("database", ask, 10).answer()
    assert "probe=database error=OSError" in caplog.text
    assert "example.com" not in caplog.text


def test_a_question_that_hangs_is_given_up_and_not_asked_again_until_it_ends() -> None:
    asked = 0
    answered = threading.Event()

    def ask() -> int:
        nonlocal asked
        asked += 1
        answered.wait(60)
        return asked

    probe = Probe("silent", ask, 0.05)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            probe.answer()
    eventually(lambda: asked)  # the thread may start late
    assert asked == 1
    answered.set()
    assert Probe("other", lambda: asked, 10).answer() == 1


def test_who_comes_meanwhile_gets_the_same_answer() -> None:
    asked = 0
    go = threading.Event()

    def ask() -> int:
        nonlocal asked
        asked += 1
        go.wait(60)
        return asked

    probe = Probe("slow", ask, 60)
    probe.start()
    answers: list[int] = []
    waiting = [threading.Thread(target=lambda: answers.append(probe.answer())) for _ in range(5)]
    for thread in waiting:
        thread.start()
    go.set()
    for thread in waiting:
        thread.join(60)
    assert len(answers) == 5
    assert answers.count(1) >= 1


def test_an_answer_is_kept_for_as_long_as_it_was_told() -> None:
    asked = 0

    def ask() -> int:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise BlockingIOError
        return asked

    kept = Probe("kept", ask, 10, kept=3600)
    assert [kept.answer() for _ in range(20)] == [1] * 20
    assert Probe("not kept", ask, 10).answer() == 2
    failed = Probe("failed", ask, 10, kept=3600)
    for _ in range(20):
        with pytest.raises(BlockingIOError):
            failed.answer()
    assert asked == 3


def test_a_question_for_which_no_thread_can_be_started_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe = Probe("two", lambda: 2, 60)
    with no_thread_starts(monkeypatch), pytest.raises(RuntimeError):
        probe.answer()
    assert probe.answer() == 2
