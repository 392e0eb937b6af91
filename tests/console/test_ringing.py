"""`voicenter call | message | callference | terminate`, against the simulator over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from callbacks.models import Extension
from leads.models import LeadSource, NeverCallNumber
from tests.console.conftest import Ended, WebServer
from tests.support.simulator import SimulatorProcess, eventually
from tests.support.stack import free_port

Run = Callable[..., Ended]
CALL = ("call", "--phone", "101", "--target", "0505550101")


@pytest.fixture(autouse=True)
def _source(source: LeadSource) -> None:
    """A source that allows Israeli numbers."""


def test_it_makes_one_call_and_tells_its_id(run: Run, simulator: SimulatorProcess) -> None:
    ended = run(*CALL, "--yes")
    [entry] = simulator.ledger()
    assert ended.code == 0
    assert "Ring 101, then +972 50-555-0101." in ended.out
    assert f"CALLID {entry['call_id']}" in ended.out
    assert (entry["action"], entry["phone"], entry["target"]) == ("call", "101", "0505550101")


def test_it_tells_a_machine_in_one_document(run: Run, simulator: SimulatorProcess) -> None:
    ended = run(*CALL, "--yes", "--json")
    [entry] = simulator.ledger()
    assert ended.document == {
        "ok": True, "exit_code": 0, "action": "call", "call_id": entry["call_id"],
        "error_code": 0, "error_message": "OK",
    }  # fmt: skip


def test_every_parameter_of_the_page_can_be_given(run: Run, simulator: SimulatorProcess) -> None:
    run(
        *CALL, "--yes", "--record", "--phone-caller-id", "0722776772", "--phone-caller-name", "Us",
        "--target-caller-id", "0722776773", "--target-caller-name", "Them",
        "--phone-max-dial-time", "21", "--target-max-dial-time", "22", "--max-duration", "23",
        "--phone-auto-answer", "--no-target-auto-answer", "--check-phone-device-state",
        "--no-check-target-device-state", "--language", "he", "--vm-id", "7",
        "--ignore-dnc-status", "3", "--var", "customer=23=42", "--var", "campaign=spring",
    )  # fmt: skip
    [entry] = simulator.ledger()
    sent = {
        "record": "true", "phonecallerid": "0722776772", "phonecallername": "Us",
        "targetcallerid": "0722776773", "targetcallername": "Them", "phonemaxdialtime": "21",
        "targetmaxdialtime": "22", "maxduration": "23", "phoneautoanswer": "true",
        "targetautoanswer": "false", "checkphonedevicestate": "true",
        "checktargetdevicestate": "false", "language": "he", "vm_id": "7",
        "ignoredncstatus": "3", "var_customer": "23=42", "var_campaign": "spring",
    }  # fmt: skip
    assert {name: entry[name] for name in sent} == sent


def test_what_is_not_given_is_not_sent(run: Run, simulator: SimulatorProcess) -> None:
    run(*CALL, "--yes")
    [entry] = simulator.ledger()
    assert not {"record", "maxduration", "targetcallerid"} & entry.keys()


def test_a_number_is_taken_in_any_spelling_and_a_sip_code_as_it_is(
    run: Run, simulator: SimulatorProcess
) -> None:
    run("call", "--phone", "SipCode.x", "--target", "+972 50-555-0101", "--yes")
    [entry] = simulator.ledger()
    assert (entry["phone"], entry["target"]) == ("SipCode.x", "972505550101")


@pytest.mark.parametrize(
    ("arguments", "asked", "sent"),
    [
        (
            ("message", "--phone", "0505550101", "--pre-rec", "welcome", "--dtmf", "123"),
            "Ring +972 50-555-0101 and play welcome, digits.",
            {"action": "message", "pre_rec": "welcome", "dtmf": "123"},
        ),
        (
            ("callference", "--phone", "101", "--bbbcode", "4711"),
            "Ring 101 and put it into the conference room.",
            {"action": "callference", "bbbcode": "4711"},
        ),
    ],
)
def test_the_other_actions_say_whom_they_ring(
    arguments: tuple[str, ...], asked: str, sent: dict[str, Any], run: Run,
    simulator: SimulatorProcess,
) -> None:  # fmt: skip
    ended = run(*arguments, "--yes")
    [entry] = simulator.ledger()
    assert ended.code == 0
    assert asked in ended.out
    assert {name: entry[name] for name in sent} == sent


def test_terminate_ends_the_call_the_extension_is_on(run: Run, simulator: SimulatorProcess) -> None:
    simulator.control(talk=60)
    run(*CALL, "--yes")
    eventually(lambda: simulator.ledger()[0]["leg2"])
    ended = run("terminate", "--phone", "101", "--yes")
    assert ended.code == 0
    assert "Hang up the call that 101 is on." in ended.out
    eventually(lambda: simulator.ledger()[0]["leg1"]["ended_at"])


# --- asking first -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        CALL,
        ("message", "--phone", "0505550101", "--pre-rec", "welcome"),
        ("callference", "--phone", "101"),
        ("terminate", "--phone", "101"),
    ],
)
def test_without_a_terminal_and_without_yes_nothing_is_done(
    arguments: tuple[str, ...], run: Run, simulator: SimulatorProcess
) -> None:
    ended = run(*arguments, "--json")
    assert (ended.code, ended.document["reason"]) == (7, "not_confirmed")
    assert simulator.ledger() == []


REFUSED_NUMBERS = [
    ("a premium number", "1900123456"),
    ("a premium number with its country", "9721900123456"),
    ("another country", "12125550101"),
    ("a short code", "100"),
    ("no number at all", "5550101"),
]


@pytest.mark.parametrize(
    "target", [case[1] for case in REFUSED_NUMBERS], ids=[case[0] for case in REFUSED_NUMBERS]
)
def test_numbers_that_no_lead_may_have_are_rung_only_when_that_is_said(
    target: str, run: Run, simulator: SimulatorProcess
) -> None:
    ended = run("call", "--phone", "101", "--target", target, "--yes", "--json")
    assert (ended.code, ended.document["reason"]) == (2, "number_not_allowed")
    assert "--any-number" in ended.document["message"]
    assert simulator.ledger() == []
    assert run("call", "--phone", "101", "--target", target, "--yes", "--any-number").code == 0


def test_the_first_phone_is_looked_at_too(run: Run, simulator: SimulatorProcess) -> None:
    ended = run("call", "--phone", "12125550101", "--target", "0505550101", "--yes")
    assert ended.code == 2
    assert run("message", "--phone", "12125550101", "--pre-rec", "x", "--yes").code == 2
    assert simulator.ledger() == []


def test_countries_of_any_source_are_allowed_and_so_are_extensions_of_ours(
    run: Run, simulator: SimulatorProcess, extension: Extension
) -> None:
    LeadSource.objects.create(slug="de", name="D", default_country="DE", allowed_countries=["DE"])
    assert run("call", "--phone", "101", "--target", "4915112345678", "--yes").code == 0
    assert run("call", "--phone", "SipCode", "--target", "101", "--yes").code == 0


OLD_EXTENSIONS = {
    "satellite": ("phone", "881612345678"),
    "satellite, as a SIP code": ("sip", "881612345678"),
    "premium": ("sip", "1900555010"),
    "another country": ("phone", "447400123456"),
}


@pytest.mark.parametrize(
    "arguments", [("--phone", "101", "--target"), ("--target", "101", "--phone")]
)
@pytest.mark.parametrize(("kind", "number"), OLD_EXTENSIONS.values(), ids=OLD_EXTENSIONS)
def test_an_extension_that_is_older_than_the_rules_is_held_to_them(
    kind: str,
    number: str,
    arguments: tuple[str, ...],
    run: Run,
    simulator: SimulatorProcess,
    extension: Extension,
) -> None:
    Extension.objects.create(kind=kind, number=number, team=extension.team)
    ended = run("call", *arguments, number, "--yes", "--json")
    assert (ended.code, ended.document["reason"]) == (2, "number_not_allowed")
    assert simulator.ledger() == []


@pytest.mark.parametrize("target", ["0599123456", "972599123456", "970599123456"])
def test_a_number_on_the_never_call_list_is_known_by_either_country_code(
    target: str, run: Run, simulator: SimulatorProcess
) -> None:
    LeadSource.objects.update(allowed_countries=["IL", "PS"])
    NeverCallNumber.objects.create(phone="+970599123456")
    ended = run("call", "--phone", "101", "--target", target, "--yes")
    assert ended.code == 2
    assert "never-call list" in ended.err
    assert simulator.ledger() == []


# --- what can go wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--max-duration", "0"), "max_duration: must be whole seconds"),
        (("--max-duration", "long"), "invalid int value"),
        (("--var", "customer"), "variables: must be NAME=TEXT"),
        (("--var", "a=1", "--var", "a=2"), "given twice"),
        (("--language", "hebrew"), "language"),
        (("--phone-login-code", "7"), "phone_login_code"),
        (("--unheard-of",), "unrecognized arguments: --unheard-of"),
        (("--max", "5"), "unrecognized arguments: --max"),
    ],
)
def test_wrong_usage_is_two_and_nothing_is_sent(
    more: tuple[str, ...], words: str, run: Run, simulator: SimulatorProcess
) -> None:
    ended = run(*CALL, "--yes", *more)
    assert ended.code == 2
    assert words in ended.err
    assert simulator.ledger() == []


@pytest.mark.parametrize(
    ("state", "code", "reason"), [("offline", 3, "code_3"), ("blocked", 3, "code_4")]
)
def test_a_refusal_is_three(
    state: str, code: int, reason: str, run: Run, simulator: SimulatorProcess
) -> None:
    simulator.control(extensions={"101": state})
    ended = run(*CALL, "--yes", "--json")
    assert (ended.code, ended.document["reason"]) == (code, reason)
    assert ended.document["error_message"]


def test_a_forbidden_address_is_three(run: Run, simulator: SimulatorProcess) -> None:
    simulator.control(forbid=True)
    ended = run(*CALL, "--yes", "--json")
    assert (ended.code, ended.document["reason"]) == (3, "http_403")


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/x", "http://nothing.invalid/x"])
def test_no_connection_is_four(url: str, run: Run, settings: Settings) -> None:
    settings.VOICENTER_URL = url.format(port=free_port())
    ended = run(*CALL, "--yes", "--json")
    assert ended.code == 4
    assert ended.document["reason"] in ("refused", "dns")


@pytest.mark.parametrize("kind", ["reset_after", "error_500_after", "truncated", "html", "stall"])
def test_a_lost_answer_is_five_and_says_not_to_repeat(
    kind: str, run: Run, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": kind}])
    ended = run(*CALL, "--yes", "--json")
    assert ended.code == 5
    assert "check before you repeat it" in ended.document["message"]
    assert len(simulator.ledger()) == 1


def test_a_wrong_host_is_five_since_it_may_have_dialled(
    run: Run, settings: Settings, web_server: WebServer
) -> None:
    settings.VOICENTER_URL = web_server.url + "/x"
    assert run(*CALL, "--yes").code == 5


def test_wrong_settings_are_six(run: Run, settings: Settings) -> None:
    settings.VOICENTER_METHOD = "put"
    ended = run(*CALL, "--yes", "--json")
    assert (ended.code, ended.document["reason"]) == (6, "configuration")


@pytest.mark.parametrize(
    "command",
    [
        CALL,
        ("call", "--phone", "0505550101", "--target", "0505550102"),
        ("message", "--phone", "+972-50-555-0101", "--pre-rec", "hello"),
    ],
    ids=["as target", "rung first", "a message"],
)
def test_a_number_on_the_never_call_list_is_rung_by_no_option(
    run: Run, simulator: SimulatorProcess, command: tuple[str, ...]
) -> None:
    NeverCallNumber.objects.create(phone="+972505550101")
    for options in ((), ("--any-number",)):
        ended = run(*command, "--yes", "--json", *options)
        assert (ended.code, ended.document["reason"]) == (2, "number_never_call")
        assert "it is on the never-call list" in ended.document["message"]
    assert simulator.ledger() == []
