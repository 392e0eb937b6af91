"""`voicenter check` with real faults: it says what is wrong and what to do, and rings nobody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from callbacks.console.steps import failure
from callbacks.models import CallAttempt, CallRecord, Extension
from callbacks.telephony import post_secrets
from callbacks.voicenter import NotSent
from leads.models import Lead
from tests.console.conftest import Ended, WebServer
from tests.support.simulator import SimulatorProcess
from tests.support.stack import free_port

Run = Callable[..., Ended]


def failed(ended: Ended) -> dict[str, Any]:
    """The first step that failed; the steps after it were not tried."""
    steps = ended.document["checks"]
    first = next(i for i, step in enumerate(steps) if step["result"] == "failed")
    assert {step["result"] for step in steps[first + 1 :]} <= {"skipped", "failed"}
    assert steps[first]["what_to_do"]
    assert ended.document["exit_code"] == ended.code
    return dict(steps[first])


def nobody_was_rung(simulator: SimulatorProcess) -> bool:
    return not any(entry["accepted"] or entry["leg1"] for entry in simulator.ledger())


def test_it_finds_all_well(run: Run, simulator: SimulatorProcess, extension: Extension) -> None:
    simulator.control(extensions={"101": "online"})
    ended = run("check", "--json")
    assert ended.code == 0
    assert ended.document["ok"] is True
    assert [(step["name"], step["result"]) for step in ended.document["checks"]] == [
        ("settings", "ok"),
        ("connection", "ok"),
        ("code", "ok"),
        ("extensions", "ok"),
        ("records", "skipped"),
        ("secrets", "skipped"),
    ]
    assert nobody_was_rung(simulator)


@pytest.mark.parametrize("method", ["post", "post-json", "get"])
def test_it_looks_the_same_way_whatever_the_method(
    method: str, run: Run, simulator: SimulatorProcess, extension: Extension, settings: Settings
) -> None:
    settings.VOICENTER_METHOD = method
    simulator.control(extensions={"101": "online"})
    assert run("check").code == 0
    assert nobody_was_rung(simulator)


def test_it_explains_a_host_that_has_no_name(run: Run, settings: Settings) -> None:
    settings.VOICENTER_URL = "http://nothing.invalid/ForwardDialer/click2call.aspx"
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"], step["reason"]) == (4, "connection", "dns")
    assert "no host named nothing.invalid" in step["message"]


def test_it_explains_a_port_where_nothing_listens(run: Run, settings: Settings) -> None:
    settings.VOICENTER_URL = f"http://127.0.0.1:{free_port()}/ForwardDialer/click2call.aspx"
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["reason"]) == (4, "refused")
    assert "nothing listens" in step["message"]


def test_it_explains_a_server_without_tls(
    run: Run, settings: Settings, web_server: WebServer
) -> None:
    settings.VOICENTER_URL = f"https://127.0.0.1:{web_server.port}/click2call.aspx"
    ended = run("check", "--json")
    assert (ended.code, failed(ended)["reason"]) == (4, "tls")


def test_it_tells_a_wrong_host_from_the_provider_and_keeps_the_code_from_it(
    run: Run, settings: Settings, web_server: WebServer
) -> None:
    settings.VOICENTER_URL = f"{web_server.url}/ForwardDialer/click2call.aspx"
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"], step["reason"]) == (8, "connection", "unreadable")
    assert "it is not Voicenter" in step["message"]
    assert web_server.told
    assert not any(settings.VOICENTER_CODE.encode() in told for told in web_server.told)


def test_it_explains_a_provider_that_takes_the_connection_and_says_nothing(
    run: Run, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": "stall", "accepted": False}])
    ended = run("check", "--json")
    assert (ended.code, failed(ended)["reason"]) == (8, "read_timeout")


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        ("error_500_before", "http_500", "reports an error of its own"),
        ("html", "unreadable", "it is not Voicenter"),
    ],
)
def test_it_tells_a_provider_in_trouble_from_another_web_server(
    fault: str, reason: str, words: str, run: Run, simulator: SimulatorProcess
) -> None:
    simulator.control(faults=[{"kind": fault}])
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"], step["reason"]) == (8, "connection", reason)
    assert words in step["message"]
    assert "code was not sent there" in step["what_to_do"]


@pytest.mark.parametrize(("name", "service"), [("code", "calllog"), ("extensions", "extensions")])
@pytest.mark.parametrize("fault", ["error_500_before", "html", "reset_before"])
def test_it_does_not_say_that_a_service_which_was_sent_the_code_was_not(
    fault: str, name: str, service: str, run: Run, simulator: SimulatorProcess
) -> None:
    simulator.control(
        extensions={"101": "online"}, faults=[{"kind": fault, "on": service, "count": 2}]
    )
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"]) == (8, name)
    assert "not sent" not in step["what_to_do"]
    assert "ask Voicenter" in step["what_to_do"]
    assert "not Voicenter" not in step["message"]


def test_it_does_not_blame_the_setting_for_a_service_on_another_host() -> None:
    url = "https://calls.example/hub/cdr/"
    step = failure("code", NotSent(reason="refused"), url, knows_code=True)
    assert step.message == "calls.example was found, but nothing listens on this port."
    assert "VOICENTER_URL" not in step.what_to_do


def test_it_explains_an_address_that_is_not_permitted(
    run: Run, simulator: SimulatorProcess
) -> None:
    simulator.control(forbid=True)
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"], step["reason"]) == (3, "connection", "http_403")
    assert "allow-list" in step["what_to_do"]


def test_it_explains_a_wrong_code(
    run: Run, simulator: SimulatorProcess, settings: Settings
) -> None:
    settings.VOICENTER_CODE = "not-the-code"
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"], step["reason"]) == (3, "code", "wrong_code")
    assert "VOICENTER_CODE" in step["what_to_do"]
    assert nobody_was_rung(simulator)


def test_it_does_not_call_a_code_wrong_that_could_not_be_asked_about(
    run: Run, simulator: SimulatorProcess, extension: Extension
) -> None:
    simulator.control(extensions={"101": "online"}, log_per_minute=0)
    ended = run("check", "--json")
    assert ended.code == 0
    assert ended.document["checks"][2]["result"] == "warning"


def test_it_explains_that_the_account_shows_no_extensions(
    run: Run, simulator: SimulatorProcess
) -> None:
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"]) == (9, "extensions")
    assert "A wrong code gets the same answer" in step["message"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("VOICENTER_CODE", "", "VOICENTER_CODE is missing"),
        ("VOICENTER_CODE", " padded ", "without spaces"),
        ("VOICENTER_URL", "voicenter.example", "VOICENTER_URL"),
        ("VOICENTER_METHOD", "put", "VOICENTER_METHOD"),
        ("VOICENTER_MAX_DURATION", -5, "max_duration"),
    ],
)
def test_it_explains_wrong_settings_without_asking_anybody(
    name: str, value: object, words: str, run: Run, simulator: SimulatorProcess, settings: Settings
) -> None:
    setattr(settings, name, value)
    ended = run("check", "--json")
    step = failed(ended)
    assert (ended.code, step["name"]) == (6, "settings")
    assert words in step["message"]
    assert simulator.ledger() == []


@pytest.mark.parametrize("debug", [True, False])
def test_it_says_once_that_the_code_is_missing(
    debug: bool, run: Run, simulator: SimulatorProcess, settings: Settings
) -> None:
    settings.DEBUG, settings.VOICENTER_CODE = debug, ""
    messages = [step["message"] for step in run("check", "--json").document["checks"]]
    assert len([message for message in messages if "VOICENTER_CODE" in message]) == 1


def test_it_names_extensions_of_ours_that_the_account_does_not_have(
    run: Run, simulator: SimulatorProcess, extension: Extension
) -> None:
    simulator.control(extensions={"102": "online"})
    ended = run("check")
    assert ended.code == 0
    assert "not in the account: 101" in ended.out
    assert "1 of them are not here yet" in ended.out


def test_it_says_when_nobody_would_be_rung(run: Run, simulator: SimulatorProcess) -> None:
    simulator.control(extensions={"102": "online"})
    assert "There are none here, so nobody is rung" in run("check").out


def test_people_are_told_what_to_do_below_what_is_wrong(
    run: Run, simulator: SimulatorProcess
) -> None:
    simulator.control(forbid=True)
    ended = run("check")
    lines = ended.out.splitlines()
    wrong = next(i for i, line in enumerate(lines) if line.startswith("FAILED"))
    assert "-> Ask Voicenter to add this machine's public" in lines[wrong + 1]
    assert max(map(len, lines)) <= 96


# --- records ------------------------------------------------------------------------------------


@pytest.fixture
def well(simulator: SimulatorProcess, extension: Extension) -> SimulatorProcess:
    simulator.control(extensions={"101": "online"})
    return simulator


def accepted(lead: Lead, extension: Extension) -> CallAttempt:
    now = timezone.now()
    return CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101",
        state="accepted", call_id="C-1", error_code=0, claimed_at=now,
        hold_until=now + timedelta(hours=1),
    )  # fmt: skip


def test_it_warns_when_calls_are_accepted_and_no_record_comes(
    run: Run, well: SimulatorProcess, extension: Extension, make_lead: Callable[..., Lead]
) -> None:
    attempt = accepted(make_lead(), extension)
    assert "but sent no call records" in run("check").out
    CallRecord.objects.create(
        call_id="C-1", type="Click2Call leg1", leg=1, attempt=attempt, payload={}
    )
    assert "The latest call record arrived" in run("check").out


@pytest.mark.django_db(transaction=True)
def test_it_looks_whether_our_own_address_takes_records_and_stores_none(
    run: Run, well: SimulatorProcess, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_secrets, "_noted", {})
    ended = run("check", "--json", "--site", live_server.url + "/")
    assert ended.code == 0
    [site] = [it for it in ended.document["checks"] if it["name"] == "records"]
    assert (site["result"], "accepts records" in site["message"]) == ("ok", True)
    assert not CallRecord.objects.exists()
    assert not post_secrets._noted  # not the provider, but the check used the secret


def test_it_explains_a_site_that_takes_no_records(
    run: Run, well: SimulatorProcess, web_server: WebServer
) -> None:
    ended = run("check", "--json", "--site", web_server.url)
    assert (ended.code, failed(ended)["reason"]) == (8, "site_wrong")
    ended = run("check", "--json", "--site", f"http://127.0.0.1:{free_port()}")
    assert (ended.code, failed(ended)["reason"]) == (4, "site_unreachable")


def secrets_of(ended: Ended) -> list[tuple[str, str]]:
    steps = ended.document["checks"]
    return [(it["result"], it["message"]) for it in steps if it["name"] == "secrets"]


def test_it_says_which_secrets_are_in_use(
    run: Run, simulator: SimulatorProcess, extension: Extension, settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    simulator.control(extensions={"101": "online"})
    settings.CDR_SECRET_PREVIOUS = "previous-0123456789-abcdefghijkl"
    used = {"CDR_SECRET": 1_774_432_800.0}
    monkeypatch.setattr(post_secrets, "last_used", lambda: used)
    [(_, current), (result, previous)] = secrets_of(run("check", "--json"))
    assert "CDR_SECRET was last used at" in current
    assert (result, previous.endswith("no post has used it.")) == ("warning", True)
    used["CDR_SECRET_PREVIOUS"] = 1_774_432_800.0
    [_, (result, previous)] = secrets_of(run("check", "--json"))
    assert (result, "was last used at" in previous) == ("warning", True)
