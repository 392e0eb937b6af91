"""Call now with a chosen extension."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.calling import dial
from callbacks.models import CallAttempt, Extension, Team
from leads.models import Lead
from tests.support.admin_posting import confirm, said
from tests.support.queue import queued
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
CLOSED = {"status": "unreached", "closed_at": "2026-01-01T00:00Z"}


def address(lead: Lead) -> str:
    return f"/admin/leads/lead/{lead.pk}/call-with/"


def options(client: Client, lead: Lead) -> dict[str, Any]:
    """{the words of the label: whether the extension can be chosen}."""
    form = client.get(address(lead)).context["question"].form
    return {
        " ".join(str(radio.choice_label).replace("<", " <").split()): not radio.data["attrs"].get(
            "disabled"
        )
        for radio in form["extension"]
    }


@pytest.fixture
def other(extension: Extension) -> Extension:
    return Extension.objects.create(number="102", name="Omer", team=extension.team, is_paused=True)


@pytest.mark.django_db(transaction=True)
def test_the_chosen_extension_rings_and_the_log_names_it(
    managing: Client, manager: User, make_lead: MakeLead, other: Extension,
    simulator: SimulatorProcess,
) -> None:  # fmt: skip
    lead = make_lead(**CLOSED)
    queued(empty=True)
    answer = confirm(managing, address(lead), extension=other.pk)
    assert said(answer) == [f"{lead.name}: Extension 102 rings now, then the lead."]
    assert simulator.ledger() == []
    attempt = CallAttempt.objects.get()
    assert queued() == [("callbacks.dial", attempt.pk)]
    dial.dial_committed(attempt.pk)
    [entry] = simulator.ledger()
    assert (entry["phone"], entry["target"]) == ("102", lead.phone.lstrip("+"))
    assert LogEntry.objects.get().user == manager
    assert "dana: Call now with extension 102 Omer" in (
        managing.get(f"/admin/leads/lead/{lead.pk}/change/").content.decode()
    )


def test_it_offers_the_extensions_that_answer_the_source_with_what_each_is_doing(
    managing: Client, make_lead: MakeLead, extension: Extension, other: Extension, team: Team
) -> None:
    elsewhere = Team.objects.create(name="Elsewhere")
    Extension.objects.create(number="900", team=elsewhere)
    Extension.objects.create(number="901", team=team, is_active=False)
    Extension.objects.create(number="103", team=team, is_blocked=True)
    busy = Extension.objects.create(number="100", team=team)
    on_it = make_lead("+972505550180", status="calling")
    CallAttempt.objects.create(
        lead=on_it, extension=busy, phone=on_it.phone, extension_number="100", state="accepted",
        call_id="C-1", claimed_at=timezone.now(), hold_until=timezone.now(),
    )  # fmt: skip
    offered = options(managing, make_lead("+972505550181"))
    shown = [
        (label.split(" </bdi>")[0].removeprefix("<bdi>"), can) for label, can in offered.items()
    ]
    assert shown == [("101 Dana", True), ("102 Omer", True), ("100", False), ("103", False)]
    for label, state in zip(offered, ("free", "paused", "on a call", "blocked"), strict=True):
        assert state in label


def test_more_extensions_cost_no_more_queries(
    managing: Client, make_lead: MakeLead, extension: Extension, team: Team
) -> None:
    lead = make_lead()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            managing.get(address(lead))
        return len(captured)

    queries()
    with_one = queries()
    for number in range(200, 220):
        Extension.objects.create(number=str(number), team=team)
    queries()  # loads what is set up, once
    assert queries() == with_one


@pytest.mark.parametrize(
    ("posted", "words"),
    [({}, "Choose an extension."), ({"extension": "x"}, "Choose one of these"),
     ({"extension": "-1"}, "Choose one of these"), ({"extension": "elsewhere"}, "Choose one of")],
    ids=str,
)  # fmt: skip
def test_who_is_none_of_them_is_refused_beside_the_choice(
    posted: dict[str, str], words: str, managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    lead = make_lead(**CLOSED)
    if posted.get("extension") == "elsewhere":
        team = Team.objects.create(name="Elsewhere")
        posted = {"extension": str(Extension.objects.create(number="900", team=team).pk)}
    answer = managing.post(address(lead), {"confirmed": "yes", **posted})
    assert words in answer.content.decode()
    assert not CallAttempt.objects.exists()
    assert not LogEntry.objects.exists()


def test_an_extension_that_was_taken_meanwhile_is_told_and_nothing_changes(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    lead = make_lead(**CLOSED)
    Extension.objects.update(is_blocked=True)
    [message] = said(confirm(managing, address(lead), extension=extension.pk))
    assert "Nothing was changed" in message
    lead.refresh_from_db()
    assert lead.status == "unreached"
    assert not LogEntry.objects.exists()


def test_a_source_that_nobody_answers_is_said_at_once(
    managing: Client, make_lead: MakeLead
) -> None:
    lead = make_lead()
    answer = managing.get(address(lead), follow=True)
    assert said(answer) == ["No extension answers leads from Website."]


def test_looking_and_forged_posts_do_nothing(
    managing: Client, manager: User, staff_with: Callable[..., Client], make_lead: MakeLead,
    extension: Extension,
) -> None:  # fmt: skip
    lead = make_lead(**CLOSED)
    managing.get(address(lead), {"confirmed": "yes", "extension": extension.pk})
    managing.post(address(lead), {"extension": extension.pk})
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(manager)
    answers = [
        forging.post(address(lead), {"confirmed": "yes", "extension": extension.pk}),
        staff_with("leads.view_lead").post(
            address(lead), {"confirmed": "yes", "extension": extension.pk}
        ),
        staff_with("leads.call_lead").post(
            address(lead), {"confirmed": "yes", "extension": extension.pk}
        ),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert not CallAttempt.objects.exists()
    assert not LogEntry.objects.exists()


def test_it_is_offered_to_those_who_may_and_while_no_call_is_on(
    managing: Client, staff_with: Callable[..., Client], make_lead: MakeLead, extension: Extension
) -> None:
    lead = make_lead()
    page = f"/admin/leads/lead/{lead.pk}/change/"
    assert address(lead) in managing.get(page).content.decode()
    assert address(lead) not in staff_with("leads.view_lead").get(page).content.decode()
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number="101",
        state="accepted", call_id="C-1", claimed_at=timezone.now(), hold_until=timezone.now(),
    )  # fmt: skip
    assert address(lead) not in managing.get(page).content.decode()
