"""`voicenter calllog | activecalls | extensions`, and what all commands have in common."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from callbacks.console.exits import MEANINGS, Exit, table
from leads.models import LeadSource
from tests.console.conftest import Ended, WebServer
from tests.support.simulator import SimulatorProcess, eventually

Run = Callable[..., Ended]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "command-line.md"


def a_call(simulator: SimulatorProcess) -> str:
    call_id: str = simulator.call(phone="101", target="0505550101")["CALLID"]
    return call_id


def test_the_call_log_lists_both_legs_of_a_call(run: Run, simulator: SimulatorProcess) -> None:
    call_id = a_call(simulator)
    simulator.ended()
    ended = run("calllog")
    assert ended.code == 0
    assert ended.out.count(call_id) == 2
    assert ended.out.splitlines()[0].startswith("STARTED")
    records = run("calllog", "--json", "--from", "10m").document["records"]
    assert [(it["leg"], it["status"], it["call_id"]) for it in records] == [
        (1, "ANSWER", call_id),
        (2, "ANSWER", call_id),
    ]
    assert "raw" not in records[0]


def test_the_call_log_is_searched_by_call_kind_and_number(
    run: Run, simulator: SimulatorProcess
) -> None:
    call_id = a_call(simulator)
    simulator.ended()
    a_call(simulator)
    simulator.ended(2)
    found = run("calllog", "--json", "--call-id", call_id, "--type", "10").document["records"]
    assert [it["leg"] for it in found] == [2]
    assert run("calllog", "--json", "--phone", "050-555 0199").document["records"] == []
    assert len(run("calllog", "--json", "--limit", "1").document["records"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "yesterday"), "is not a time"),
        (("--from", "2026-13-45T00:00"), "is not a time"),
        (("--from", "1h", "--to", "2h"), "to_time: must be later"),
        (("--phone", "x"), "phones: must be E.164"),
        (("--limit", "0"), "must be a number from 1"),
    ],
)
def test_a_search_that_makes_no_sense_is_wrong_usage(
    arguments: tuple[str, ...], words: str, run: Run, simulator: SimulatorProcess
) -> None:
    ended = run("calllog", *arguments)
    assert ended.code == 2
    assert words in ended.err


def test_no_records_are_no_error(run: Run, simulator: SimulatorProcess) -> None:
    ended = run("calllog")
    assert (ended.code, ended.out.strip()) == (
        0,
        "There are no records. They appear a few minutes after a call.",
    )


def test_active_calls_say_who_talks_and_who_is_free(run: Run, simulator: SimulatorProcess) -> None:
    simulator.control(extensions={"101": "online", "102": "online"}, talk=60)
    call_id = a_call(simulator)
    eventually(lambda: simulator.ledger()[0]["leg2"])
    ended = run("activecalls")
    lines = {line.split()[0]: line for line in ended.out.splitlines()}
    assert call_id in lines["101"]
    assert "free" in lines["102"]
    [state] = run("activecalls", "--json", "--extension", "101").document["extensions"]
    assert state["calls"][0]["call_id"] == call_id


def test_extensions_are_listed(run: Run, simulator: SimulatorProcess) -> None:
    simulator.control(extensions={"101": "online"}, names={"101": "Dana Levi"})
    assert "Dana Levi" in run("extensions").out
    [one] = run("extensions", "--json").document["extensions"]
    assert (one["sip"], one["name"]) == ("101", "Dana Levi")


def test_a_name_cannot_move_the_terminals_cursor_or_turn_its_line(
    run: Run, settings: Settings, web_server: WebServer
) -> None:
    settings.VOICENTER_URL = web_server.url + "/x"
    name = "a\x1b[2Jb\u202ec\x07"
    web_server.page = json.dumps({"ERR": 0, "EXTENSIONS": [{"SIP": "101", "Name": name}]}).encode()
    shown = run("extensions").out
    assert "101" in shown
    assert not set("\x1b\u202e\x07") & set(shown)


@pytest.mark.parametrize("what", ["extensions", "activecalls"])
def test_an_empty_answer_is_nine_and_may_be_a_wrong_code(
    what: str, run: Run, simulator: SimulatorProcess
) -> None:
    ended = run(what, "--json")
    assert (ended.code, ended.document["extensions"]) == (9, [])
    assert "wrong code" in ended.document["message"]


@pytest.mark.parametrize("what", ["extensions", "activecalls", "calllog"])
def test_no_answer_to_a_question_is_eight_and_may_be_repeated(
    what: str, run: Run, settings: Settings, web_server: WebServer
) -> None:
    settings.VOICENTER_URL = web_server.url + "/x"
    ended = run(what, "--json")
    assert (ended.code, ended.document["reason"]) == (8, "unreadable")


def test_a_code_that_the_call_log_does_not_know_is_three(
    run: Run, simulator: SimulatorProcess, settings: Settings
) -> None:
    settings.VOICENTER_CODE = "not-the-code"
    ended = run("calllog", "--json")
    assert (ended.code, ended.document["reason"]) == (3, "wrong_code")


def test_a_refusal_that_quotes_the_code_does_not_show_it(
    run: Run, settings: Settings, web_server: WebServer, source: LeadSource
) -> None:
    settings.VOICENTER_URL = web_server.url + "/x"
    words = f"Wrong code: {settings.VOICENTER_CODE}"
    answer = {"ERRORCODE": 1, "ERRORMESSAGE": words, "CALLID": ""}
    web_server.page = json.dumps(answer).encode()
    # `run` looks for the code in every output.
    ended = run("call", "--phone", "101", "--target", "0505550101", "--yes", "--json")
    assert (ended.code, ended.document["error_message"]) == (3, "Wrong code: ***")


def test_every_exit_code_has_a_meaning_and_the_documentation_has_the_same() -> None:
    assert set(MEANINGS) == set(Exit)
    documented = DOCS.read_text()
    for code in Exit:
        assert f"| {code.value} | {MEANINGS[code]} |" in documented
        assert MEANINGS[code] in table()
