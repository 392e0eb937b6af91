"""From a visitor's form to a call, through real processes; the witness is the ledger."""

import re
import signal
import socket
import time
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from callbacks.models import CallAttempt, Extension
from leads.models import Lead
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.tunnel import Tunnel


def submit(stack: Stack, phone: str = "050-555 0101") -> dict[str, Any]:
    """Sends a lead to the API; returns the answer."""
    answer = requests.post(
        f"{stack.url}/api/leads/",
        json={"source": "website", "name": "Noa Levi", "phone": phone},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def status_of(stack: Stack, lead: dict[str, Any]) -> str:
    answer = requests.get(f"{stack.url}/api/leads/{lead['id']}/", timeout=60)
    return str(answer.json()["status"])


def test_a_submitted_lead_makes_one_call_and_all_agree_on_its_call_id(stack: Stack) -> None:
    submitted = submit(stack)
    eventually(lambda: status_of(stack, submitted) == "connected")
    [entry] = stack.simulator.ledger()
    lead, attempt = Lead.objects.get(), CallAttempt.objects.get()
    assert entry["call_id"] == attempt.call_id == lead.call_id != ""
    assert entry["target"] == "972505550101"
    assert (lead.status, attempt.state) == ("connected", "bridged")
    assert lead.first_dialed_at
    assert lead.connected_at
    assert lead.first_dialed_at <= lead.connected_at


def test_the_form_makes_a_call_and_a_second_submit_does_not(stack: Stack) -> None:
    visitor = requests.Session()
    page = visitor.get(f"{stack.url}/contact/website/", timeout=60).text
    fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    fields |= {"name": "Noa Levi", "phone": "+972 50 5550102"}
    pages = {
        visitor.post(f"{stack.url}/contact/website/", data=fields, timeout=60).url for _ in range(3)
    }
    assert len(pages) == 1
    eventually(lambda: Lead.objects.get().status == "connected")
    assert len(stack.simulator.ledger()) == 1


def test_more_leads_than_extensions_are_all_called_as_extensions_become_free(
    stack: Stack,
) -> None:
    leads = [submit(stack, f"05055501{n:02}") for n in range(10, 22)]
    eventually(lambda: all(status_of(stack, lead) == "connected" for lead in leads), within=60)
    ledger = stack.simulator.ledger()
    accepted = [entry["target"] for entry in ledger if entry["accepted"]]
    assert sorted(accepted) == sorted(set(accepted))
    assert len(accepted) == 12


def test_an_extension_that_is_offline_is_passed_over_at_once(stack: Stack) -> None:
    stack.simulator.control(extensions={"101": "offline"})
    submitted = submit(stack)
    eventually(lambda: status_of(stack, submitted) == "connected")
    assert [entry["error_code"] for entry in stack.simulator.ledger()] in ([3, 0], [0])
    assert CallAttempt.objects.get(state="bridged").extension_number == "102"


def test_a_call_whose_answer_and_records_were_lost_is_looked_up_by_the_sweep(
    stack: Stack,
) -> None:
    stack.simulator.control(faults=[{"kind": "reset_after"}, {"kind": "cdr_lost"}])
    submitted = submit(stack)
    # A sweep that finds the call still on looks again a minute later.
    eventually(lambda: status_of(stack, submitted) == "connected", within=240)
    [entry] = stack.simulator.ledger()
    assert entry["cdr_fault"] == "cdr_lost"
    attempt = CallAttempt.objects.get()
    assert (attempt.state, attempt.call_id) == ("bridged", entry["call_id"])


@pytest.mark.parametrize(
    "faults",
    [
        [{"kind": "html", "count": 1}],
        [{"kind": "empty", "count": 1}],
        [{"kind": "error_500_after", "count": 1}],
        [{"kind": "reset_after", "count": 1}],
    ],
    ids=lambda faults: faults[0]["kind"],
)
def test_a_call_whose_answer_was_lost_is_not_repeated_and_its_records_tell_what_happened(
    stack: Stack, faults: list[dict[str, Any]]
) -> None:
    stack.simulator.control(faults=faults)
    submitted = submit(stack)
    eventually(lambda: status_of(stack, submitted) == "connected")
    [entry] = stack.simulator.ledger()
    assert Lead.objects.get().call_id == entry["call_id"]
    other = submit(stack, "050-555 0103")
    eventually(lambda: status_of(stack, other) == "connected")


def test_a_provider_that_has_an_error_is_asked_again(stack: Stack) -> None:
    stack.simulator.control(faults=[{"kind": "application_error", "count": 1}])
    submitted = submit(stack)
    eventually(lambda: status_of(stack, submitted) == "connected", within=60)
    assert [entry["error_code"] for entry in stack.simulator.ledger()] == [2, 0]


def test_a_lead_is_stored_while_redis_is_a_black_hole_and_called_once_it_is_back(
    stack: Stack, tunnel: Tunnel
) -> None:
    tunnel.black_hole()
    started = time.monotonic()
    submitted = submit(stack)
    # No measure of speed: without a bound the request would hang for ever.
    assert time.monotonic() - started < 20
    assert Lead.objects.get().status == "waiting"
    tunnel.open()
    eventually(lambda: status_of(stack, submitted) == "connected", within=90)
    assert len(stack.simulator.ledger()) == 1


def test_clients_that_keep_an_ended_connection_open_do_not_keep_others_waiting(
    stack: Stack,
) -> None:
    with ExitStack() as kept:
        for _ in range(60):
            lazy = kept.enter_context(socket.create_connection(("127.0.0.1", stack.port)))
            lazy.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        # Not a measure of speed: the server would otherwise wait a minute for each of them.
        assert requests.get(f"{stack.url}/healthz", timeout=25).status_code == 200


def test_a_worker_that_is_killed_while_it_dials_leaves_no_second_call(stack: Stack) -> None:
    stack.simulator.control(faults=[{"kind": "stall", "count": 1}])
    submitted = submit(stack)
    eventually(stack.simulator.ledger)
    stack.stop("worker", signal.SIGKILL)
    stack.start("worker")
    # The call was made all the same, as its records say.
    eventually(lambda: status_of(stack, submitted) == "connected", within=60)
    assert len(stack.simulator.ledger()) == 1
    assert Extension.objects.count() == 2
