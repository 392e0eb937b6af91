"""Every way to dial a number, and every way to forbid one."""

import contextlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from callbacks.calling import conference, dial, dispatch, manual, recorded_messages
from callbacks.calling.manual_requests import CannotCall
from callbacks.explain import number_now
from callbacks.models import CallAttempt, Extension
from leads import intake, leaving, never_call
from leads.guard import held
from leads.models import BlockEntry, Lead, LeadSource, NeverCallNumber
from leads.phones import PhoneRefused
from tests.support.admin_posting import confirm, said
from tests.support.simulator import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+972595550167"  # a line with two country codes
STORED = "+970595550167"
WHY = re.compile("never-call list|block list")


def _by_a_manager() -> None:
    NeverCallNumber.objects.create(phone=STORED, reason="asked us to stop")


def _by_its_other_spelling() -> None:
    NeverCallNumber.objects.create(phone=PHONE, reason="asked us to stop")


def _after_an_erasure() -> None:
    never_call.forget(STORED)
    assert not NeverCallNumber.objects.exclude(phone=None).exists()


def _refused_as(value: str) -> None:
    BlockEntry.objects.create(kind="number", value=value, verdict="refuse", reason="a prank")


FORBIDDEN = {
    "by a manager": _by_a_manager,
    "by its other spelling": _by_its_other_spelling,
    "after an erasure": _after_an_erasure,
    "refused by the block list": partial(_refused_as, STORED),
    "refused as a prefix": partial(_refused_as, "+97059"),
    "refused as the other prefix": partial(_refused_as, "+97259"),
}


@dataclass(frozen=True)
class World:
    source: LeadSource
    extension: Extension
    admin: Client
    forbid: Callable[[], None]

    def lead(self, **values: Any) -> Lead:
        lead = intake.store(
            intake.Submission(source=self.source, key=uuid.uuid4(), name="Noa", phone=STORED)
        )
        Lead.objects.filter(pk=lead.pk).update(**values)
        lead.refresh_from_db()
        return lead

    def closed(self) -> Lead:
        return self.lead(status="unreached", closed_at=timezone.now())


def _refused(action: Callable[[], object]) -> None:
    with pytest.raises((CannotCall, PhoneRefused), match=WHY):
        action()


def _waiting(world: World, **values: Any) -> None:
    lead = world.lead(**values)
    world.forbid()
    Lead.objects.filter(pk=lead.pk).update(status="waiting", closed_at=None)
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    assert lead.status == "failed"
    assert WHY.search(lead.error_message)


def _is_not_called(lead: Lead) -> bool:
    Lead.objects.filter(pk=lead.pk).update(call_after=timezone.now())
    assert dispatch.call_lead(lead.pk) is None
    lead.refresh_from_db()
    return lead.status == "failed"


def _new_request(world: World) -> None:
    world.forbid()
    typed = {"source": "website", "name": "Noa", "phone": STORED}
    assert world.admin.post("/api/leads/", typed).status_code in {201, 403}
    assert set(Lead.objects.values_list("status", flat=True)) <= {"held"}


def _follow_up(world: World) -> None:
    before = world.closed()
    world.forbid()
    planned = intake.store(
        intake.Submission(
            source=world.source, key=uuid.uuid4(), name="Noa", phone=STORED, follow_up_of=before,
            chosen_at=timezone.now() + timedelta(hours=1),
        )
    )  # fmt: skip
    assert planned.status == "held" or _is_not_called(planned)


def _released(world: World) -> None:
    world.forbid()
    lead = world.lead(status="held", is_held_back=True)
    _refused(lambda: held.release(lead.pk, timezone.now()))


def _released_in_bulk(world: World) -> None:
    world.forbid()
    lead = world.lead(status="held", is_held_back=True)
    chosen = {"action": "release_selected", "_selected_action": [str(lead.pk)]}
    assert WHY.search(str(said(confirm(world.admin, "/admin/leads/heldlead/", **chosen))))


def _call_now(world: World) -> None:
    lead = world.closed()
    world.forbid()
    address = f"/admin/leads/lead/{lead.pk}/call-now/"
    assert WHY.search(str(said(confirm(world.admin, address))))


def _called_in_bulk(world: World) -> None:
    lead = world.closed()
    world.forbid()
    chosen = {"action": "call_selected", "_selected_action": [str(lead.pk)]}
    assert WHY.search(str(said(confirm(world.admin, "/admin/leads/lead/", **chosen))))


def _call_with(world: World) -> None:
    lead = world.closed()
    world.forbid()
    _refused(lambda: manual.call_with(lead.pk, world.extension.pk, None))


def _message(world: World) -> None:
    lead = world.closed()
    world.forbid()
    _refused(lambda: manual.play(lead.pk, "hello", None))


def _committed(world: World, begin: Callable[[Lead], object]) -> None:
    """An attempt that was committed before the number was forbidden."""
    lead = world.closed()
    begin(lead)
    attempt = CallAttempt.objects.get()
    world.forbid()
    dial.dial_committed(attempt.pk)
    attempt.refresh_from_db()
    assert attempt.state == "refused"
    assert WHY.search(attempt.error_message)


def _committed_call(world: World) -> None:
    _committed(world, lambda lead: manual.call_with(lead.pk, world.extension.pk, None))


def _committed_message(world: World) -> None:
    _committed(
        world, lambda lead: recorded_messages.play(lead.pk, lead.phone, "hello", timezone.now())
    )


def _after_a_call(world: World) -> None:
    """A request that came during a call is not called after it."""
    first = world.closed()
    later = world.lead()
    Lead.objects.filter(pk=later.pk).update(
        status="duplicate", duplicate_of=first, closed_at=timezone.now()
    )
    world.forbid()
    leaving.release(first.pk, later.submitted_at, timezone.now())
    later.refresh_from_db()
    assert later.status == "duplicate" or _is_not_called(later)


def _swept(world: World) -> None:
    lead = world.lead()
    world.forbid()
    Lead.objects.filter(pk=lead.pk).update(status="waiting", closed_at=None)
    dispatch.call_due_leads()
    dispatch.work_team(world.extension.team_id)
    lead.refresh_from_db()
    assert lead.status == "failed"


def _judged_again(world: World) -> None:
    lead = world.lead(status="held", is_held_back=True)
    lead.findings.create(asked="rates", verdict="hold", reason="nobody to ask", is_unanswered=True)
    world.forbid()
    Lead.objects.filter(pk=lead.pk).update(status="held", closed_at=None)
    held.judge_again()
    lead.refresh_from_db()
    assert lead.status == "held"


def _own_extension(world: World) -> None:
    """A salesperson's own telephone rings first, and is a number like any other."""
    lead = intake.store(
        intake.Submission(source=world.source, key=uuid.uuid4(), name="Noa", phone="+972505550102")
    )
    Extension.objects.filter(pk=world.extension.pk).update(kind="phone", number=STORED[1:])
    world.forbid()
    dispatch.call_lead(lead.pk)
    attempt = CallAttempt.objects.get()
    assert attempt.state == "refused"
    assert WHY.search(attempt.error_message)


def _conference(world: World) -> None:
    Extension.objects.filter(pk=world.extension.pk).update(kind="phone", number=STORED[1:])
    world.forbid()
    _refused(lambda: conference.call_into_room(world.extension.pk, "1234", None))


def _command(world: World, *asked: tuple[str, ...]) -> None:
    world.forbid()
    for arguments in asked:
        for options in ((), ("--any-number",)):
            with pytest.raises(CommandError, match=WHY):
                call_command("voicenter", *arguments, "--yes", *options)


def _command_call(world: World) -> None:
    call = ("call", "--phone", "101", "--target")
    _command(world, (*call, "0595550167"), (*call, STORED), (*call, PHONE))


def _command_rings_first(world: World) -> None:
    _command(world, ("call", "--phone", PHONE, "--target", "0505550102"))


def _command_message(world: World) -> None:
    _command(world, ("message", "--phone", STORED, "--pre-rec", "hello"))


def _replayed(world: World) -> None:
    """Replayed days ring nobody, whatever the number."""
    lead = world.closed()
    world.forbid()
    with contextlib.suppress(CommandError):  # raised when too little has happened
        call_command(
            "voicenter",
            "replay",
            "--days",
            "1",
            "--team",
            str(world.extension.team),
            stdout=StringIO(),
        )
    assert not CallAttempt.objects.filter(lead=lead).exists()


def _said_beforehand(world: World) -> None:
    """The page about a number says that it may not be called."""
    world.forbid()
    found = number_now.of(STORED, world.source, timezone.now(), timezone.get_current_timezone())
    assert WHY.search(str(found.refusals))


def _unreached(world: World) -> None:
    _waiting(world, attempts=2)


def _chosen_time(world: World) -> None:
    _waiting(world, chosen_at=timezone.now() - timedelta(seconds=1))


WAYS: dict[str, Callable[[World], None]] = {
    "a new request": _new_request,
    "a follow-up that a salesperson plans": _follow_up,
    "a lead that waits": _waiting,
    "a retry": _unreached,
    "a chosen time": _chosen_time,
    "the sweep, and an extension that is free": _swept,
    "a request that came during a call": _after_a_call,
    "a held lead that is released": _released,
    "held leads that are released together": _released_in_bulk,
    "a held lead that is judged again": _judged_again,
    "Call now": _call_now,
    "Call now, of several": _called_in_bulk,
    "Call with": _call_with,
    "Play a message": _message,
    "a call that was committed before": _committed_call,
    "a message that was committed before": _committed_message,
    "an extension with that number": _own_extension,
    "a conference": _conference,
    "voicenter call": _command_call,
    "voicenter call, rung first": _command_rings_first,
    "voicenter message": _command_message,
    "a replay": _replayed,
    "what is said before anybody dials": _said_beforehand,
}


@pytest.mark.parametrize("forbidden", FORBIDDEN)
@pytest.mark.parametrize("way", WAYS)
def test_it_is_not_dialled(
    way: str,
    forbidden: str,
    source: LeadSource,
    extension: Extension,
    admin_client: Client,
    simulator: SimulatorProcess,
) -> None:
    LeadSource.objects.update(allowed_countries=["IL", "PS"])
    source.refresh_from_db()
    WAYS[way](World(source, extension, admin_client, FORBIDDEN[forbidden]))
    assert simulator.ledger() == []
