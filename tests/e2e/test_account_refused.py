"""The running product while the provider refuses this server's address, and afterwards."""

import httpx

from callbacks.models import CallAttempt
from leads.models import Lead, LeadStatus
from tests.support.simulator import eventually
from tests.support.stack import Stack


def submit(stack: Stack, number: int) -> None:
    lead = {"source": "website", "name": "Noa Levi", "phone": f"050-555-01{number:02}"}
    assert httpx.post(f"{stack.url}/api/leads/", json=lead, timeout=60).status_code == 201


def provider(stack: Stack) -> bool:
    return bool(httpx.get(f"{stack.url}/readyz", timeout=60).json()["checks"]["provider"]["ok"])


def test_leads_wait_and_are_called_once_each_when_the_account_is_taken_again(stack: Stack) -> None:
    stack.simulator.control(allowed_ips=["192.0.2.0/24"])
    # One refusal may be about that lead only, so two leads have to meet it.
    submit(stack, 1)
    submit(stack, 2)
    eventually(lambda: not provider(stack), within=60)
    before = CallAttempt.objects.count()
    for number in range(3, 7):
        submit(stack, number)
    assert "the provider refuses the account" in stack.log("worker")
    stack.simulator.control(allowed_ips=None)

    def all_connected() -> bool:
        return Lead.objects.filter(status=LeadStatus.CONNECTED).count() == 6

    eventually(all_connected, within=120)
    assert provider(stack)
    accepted = [it["target"] for it in stack.simulator.ledger() if it["accepted"]]
    assert sorted(accepted) == sorted(set(accepted))
    assert len(accepted) == 6
    # During the refusal, hardly anything was sent: a try after ten seconds, then after twenty.
    refused = CallAttempt.objects.filter(state="refused").count()
    assert before <= refused <= before + 3
    assert "the provider takes the account again" in stack.log("worker")
