"""Playing a recorded message to a lead, and seeing that it was played."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.calling import dial, recorded_messages
from callbacks.models import CallAttempt, Extension, SourceMessages
from leads.models import Lead, LeadSource
from tests.support.admin_posting import confirm, said
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
CLOSED = {"status": "unreached", "closed_at": "2026-01-01T00:00Z"}


def address(lead: Lead) -> str:
    return f"/admin/leads/lead/{lead.pk}/play/"


def suggested(client: Client, lead: Lead) -> str:
    name: str = client.get(address(lead)).context["question"].form["record_name"].value()
    return name


@pytest.mark.django_db(transaction=True)
def test_the_named_record_is_played_to_the_lead_and_stands_in_its_history(
    managing: Client, manager: User, make_lead: MakeLead, simulator: SimulatorProcess
) -> None:
    lead = make_lead(**CLOSED)
    queued(empty=True)
    answer = confirm(managing, address(lead), record_name="spring-offer")
    assert said(answer) == [f"{lead.name}: The message is being played to the lead."]
    attempt = CallAttempt.objects.get()
    assert queued() == [("callbacks.dial", attempt.pk)]
    dial.dial_committed(attempt.pk)
    [entry] = simulator.ledger()
    assert (entry["action"], entry["phone"], entry["pre_rec"]) == (
        "message", lead.phone.lstrip("+"), "spring-offer",
    )  # fmt: skip
    lead.refresh_from_db()
    assert lead.status == "unreached"
    assert LogEntry.objects.get().user == manager

    page = managing.get(f"/admin/leads/lead/{lead.pk}/change/").content.decode()
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Message to the lead: spring-offer" in text
    assert "dana: Played the message spring-offer" in text
    assert "message spring-offer accepted" in text  # its row among the attempts


def test_the_list_of_attempts_tells_messages_from_calls(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    lead = make_lead()
    recorded_messages.play(lead.pk, lead.phone, "spring-offer", timezone.now())
    called = make_lead()
    CallAttempt.objects.create(
        lead=called, extension=extension, phone=called.phone, extension_number="101",
        state="accepted", call_id="C-1", claimed_at=timezone.now(), hold_until=timezone.now(),
    )  # fmt: skip
    everything = managing.get("/admin/callbacks/callattempt/").content.decode()
    assert "message spring-offer" in everything
    only = managing.get("/admin/callbacks/callattempt/?kind__exact=message")
    assert [row.record_name for row in only.context["cl"].result_list] == ["spring-offer"]
    page = managing.get(
        f"/admin/callbacks/callattempt/{CallAttempt.objects.get(kind='message').pk}/change/"
    ).content.decode()
    assert "spring-offer" in page
    assert "Extension:" not in re.sub(r"<[^>]+>", "", page)


def test_it_suggests_what_the_source_names(
    managing: Client, make_lead: MakeLead, source: LeadSource
) -> None:
    lead, unreached = make_lead(), make_lead(**CLOSED)
    assert suggested(managing, lead) == ""
    names = SourceMessages.objects.create(source=source, when_given_up="we-tried")
    assert suggested(managing, lead) == "we-tried"
    names.when_closed = "we-are-closed"
    names.save()
    assert suggested(managing, lead) == "we-are-closed"
    assert suggested(managing, unreached) == "we-tried"
    page = managing.get(address(lead)).content.decode()
    assert "we-are-closed and we-tried" in page


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "Enter the recording"), ("  ", "Enter the recording"), ("a/b", "without folder"),
     ("a.wav", "without folder and extension"), ("a\tb", "control characters"),
     ("x" * 101, "at most 100")],
)  # fmt: skip
def test_what_is_no_name_is_refused_beside_the_field(
    name: str, words: str, managing: Client, make_lead: MakeLead
) -> None:
    lead = make_lead()
    answer = managing.post(address(lead), {"confirmed": "yes", "record_name": name})
    assert words in answer.content.decode()
    assert not CallAttempt.objects.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"phone": "+19005550101"}, "cannot call"),
        ({"busy": True}, "A message is being played to this number"),
    ],
)
def test_a_lead_that_cannot_be_called_now_is_played_nothing(
    values: dict[str, Any], words: str, managing: Client, make_lead: MakeLead
) -> None:
    lead = make_lead(**{k: v for k, v in values.items() if k != "busy"})
    if "busy" in values:
        recorded_messages.play(lead.pk, lead.phone, "first", timezone.now())
    [message] = said(confirm(managing, address(lead), record_name="hello"))
    assert words in message
    assert not CallAttempt.objects.filter(record_name="hello").exists()
    assert not LogEntry.objects.exists()


def test_looking_and_forged_posts_do_nothing(
    managing: Client, manager: User, staff_with: Callable[..., Client], make_lead: MakeLead
) -> None:
    lead = make_lead()
    wanted = {"confirmed": "yes", "record_name": "hello"}
    managing.get(address(lead), wanted)
    managing.post(address(lead), {"record_name": "hello"})
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(manager)
    for client in (forging, staff_with("leads.view_lead"), staff_with("leads.call_lead")):
        assert client.post(address(lead), wanted).status_code == 403
    assert not CallAttempt.objects.exists()
    page = f"/admin/leads/lead/{lead.pk}/change/"
    assert address(lead) in managing.get(page).content.decode()
    assert address(lead) not in staff_with("leads.view_lead").get(page).content.decode()
