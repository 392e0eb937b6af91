"""The command as a process: a real terminal, real pipes, Ctrl-C."""

import json
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from callbacks.console.exits import table
from leads.models import LeadSource
from tests.support.simulator import SimulatorProcess, eventually

Start = Callable[..., "subprocess.Popen[str]"]
CALL = ("call", "--phone", "101", "--target", "0505550101")
QUESTION = "Ring 101, then +972 50-555-0101? [y/N] "

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("source")]


def wait(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)  # a busy machine may need a minute to start it
    assert "Traceback" not in err
    return process.returncode, out, err


def answered(start: Start, typed: str, *more: str) -> tuple[int, str, str]:
    """What happens when somebody at a terminal types `typed` at the question."""
    ours, theirs = os.openpty()
    process = start(*CALL, *more, stdin=theirs)
    os.close(theirs)
    # The terminal keeps what is typed until it is read.
    os.write(ours, typed.encode())
    ended = wait(process)
    os.close(ours)
    return ended


@pytest.mark.parametrize("typed", ["y\n", "YES\n"])
def test_at_a_terminal_it_asks_and_dials_on_yes(
    typed: str, start: Start, simulator: SimulatorProcess, source: LeadSource
) -> None:
    code, out, err = answered(start, typed)
    assert code == 0
    assert QUESTION in err
    assert simulator.ledger()[0]["call_id"] in out


@pytest.mark.parametrize("typed", ["\n", "n\n", "yup\n", "\x04"])
def test_anything_but_yes_is_no(typed: str, start: Start, simulator: SimulatorProcess) -> None:
    code, _, err = answered(start, typed)
    assert code == 7
    assert QUESTION in err
    assert simulator.ledger() == []


def test_the_question_is_not_in_the_document(start: Start, simulator: SimulatorProcess) -> None:
    code, out, err = answered(start, "y\n", "--json")
    assert code == 0
    assert json.loads(out)["call_id"] == simulator.ledger()[0]["call_id"]
    assert QUESTION in err


def test_without_a_terminal_it_refuses(start: Start, simulator: SimulatorProcess) -> None:
    code, out, err = wait(start(*CALL))
    assert (code, out) == (7, "")
    assert "--yes" in err
    assert simulator.ledger() == []


def test_ctrl_c_at_the_question_changes_nothing(start: Start, simulator: SimulatorProcess) -> None:
    ours, theirs = os.openpty()
    process = start(*CALL, stdin=theirs)
    os.close(theirs)
    assert process.stderr is not None
    asked = ""
    while not asked.endswith("[y/N]"):
        asked += process.stderr.read(1)
    process.send_signal(signal.SIGINT)
    code, _, err = wait(process)
    os.close(ours)
    assert (code, err.strip()) == (130, "Stopped. Nothing was changed.")
    assert simulator.ledger() == []


def test_ctrl_c_while_the_provider_is_asked_leaves_the_outcome_unknown(
    start: Start, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "stall"}])
    process = start(*CALL, "--yes", "--json")
    eventually(simulator.ledger)
    process.send_signal(signal.SIGINT)
    code, out, err = wait(process)
    assert (code, json.loads(out)["reason"]) == (5, "interrupted")
    assert "may have acted" in err
    assert len(simulator.ledger()) == 1


def test_wrong_usage_is_a_document_too(start: Start) -> None:
    code, out, err = wait(start("call", "--phone", "101", "--json"))
    assert code == 2
    assert json.loads(out)["reason"] == "usage"
    assert "--target" in err


def test_a_reader_that_has_enough_is_no_error(start: Start, simulator: SimulatorProcess) -> None:
    simulator.control(extensions={str(n): "online" for n in range(100, 400)})
    process = start("extensions", "--json")
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    # All output may be in the pipe already.
    assert process.wait(300) in (0, 128 + signal.SIGPIPE)


def test_help_says_the_exit_codes(start: Start) -> None:
    for arguments in (("--help",), ("call", "--help"), ("check", "--help")):
        code, out, _ = wait(start(*arguments))
        assert code == 0
        assert table() in out
