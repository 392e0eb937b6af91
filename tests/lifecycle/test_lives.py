"""The random lives of thousands of leads: every second of each belongs to one stage.

The functions are the real ones, on PostgreSQL. The clock is virtual and sometimes goes back a
little, as it does between machines. The provider is the machine's witness.
"""

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

import pytest
import requests
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.calling import dispatch, manual, manual_requests
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, Team
from callbacks.reconciliation import call_progress, holds, manual_resolution, records
from callbacks.telephony import account
from callbacks.voicenter import Cdr, PopUp, PopUpStatus
from callbacks.voicenter.http import transport
from leads import intake
from leads.models import Lead, LeadSource, LeadStatus
from tests.lifecycle.machine.stage_sums import accounted, accounted_until, stages_add_up
from tests.lifecycle.machine.witness import Asked, Dialled, Killed, Plan, Witness

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY_MORNING = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
EXTENSIONS = 40
LIVES = 100
STEPS = 4  # after each submission
PLANS = [*Plan, *[Plan.ACCEPTED] * 24]
STATUSES = ["ANSWER", "NOANSWER", "BUSY", "CANCEL", "NOTCALLED", "NEW", "", None]
ENDINGS = [*[("ANSWER", "ANSWER")] * 4, *[("ANSWER", "NOANSWER")] * 2, ("NOANSWER", None)]
PAUSES = [0, 0.3, 2, 9, 20, 70]
LONG_PAUSES = [400, 3600, 9 * 3600]


class World:
    """Leads and what may happen to them, chosen by `chance`."""

    def __init__(self, source: LeadSource, team: Team, seed: int) -> None:
        self.source, self.team = source, team
        self.chance = random.Random(seed)
        self.office = Schedule.objects.get()
        self.extensions = list(Extension.objects.values_list("pk", flat=True))
        self.clock = time_machine.travel(MONDAY_MORNING, tick=False)
        self.moves = self.clock.start()
        numbers = [str(n) for n in range(101, 101 + EXTENSIONS)]
        self.witness = Witness(lambda _call: None, self.meanwhile, numbers)

    def submit(self, number: int) -> None:
        """A lead arrives now; some have a chosen time."""
        key = intake.key_from("life", str(number))
        phone = f"+97250{5_550_000 + number}"
        lead = intake.store(intake.Submission(self.source, key, "Noa", phone))
        if self.chance.random() < 0.2:
            at = lead.submitted_at + timedelta(seconds=self.chance.choice([30, 900]))
            Lead.objects.filter(pk=lead.pk).update(
                chosen_at=at, call_after=at, gap_until=at, clock_started_at=at,
                due_at=at + timedelta(seconds=60),
            )  # fmt: skip

    def step(self) -> None:
        """Time passes, and something happens to one of the leads."""
        jitter = timedelta(microseconds=self.chance.randrange(-400_000, 400_000))
        pauses = LONG_PAUSES if self.chance.random() < 0.01 else PAUSES
        self.moves.shift(timedelta(seconds=self.chance.choice(pauses)) + jitter)
        if self.chance.random() < 0.01:
            self.team.schedule = self.chance.choice([None, self.office])
            self.team.save()
        if self.chance.random() < 0.02:
            self.witness.asked = Asked.TOLD if self.chance.random() < 0.7 else Asked.SILENT
            tasks.sweep()
        leads = Lead.objects.order_by("pk")
        if self.chance.random() < 0.85:
            leads = leads.filter(status__in=(LeadStatus.WAITING, LeadStatus.CALLING))
        if not (known := leads.values_list("pk", "status")):
            return
        lead, status = self.chance.choice(known)
        with suppress(manual_requests.CannotCall, Killed):
            self.happens_to(lead, status)
        self.witness.plan = Plan.ACCEPTED

    def happens_to(self, lead: int, status: str) -> None:
        chance = self.chance.random()
        if status == LeadStatus.WAITING:
            if chance < 0.04:
                manual.cancel(lead, None)
            elif chance < 0.10:
                manual.call_now(lead, None)
            elif chance < 0.15:
                manual.call_with(lead, self.chance.choice(self.extensions), None)
            else:
                self.witness.plan = self.chance.choice(PLANS)
                dispatch.call_lead(lead)
        elif status == LeadStatus.CALLING or chance < 0.2:
            self.news_of(lead)
        elif chance < 0.4:
            manual.call_now(lead, None)
        elif question := manual_resolution.open_questions().filter(lead=lead).first():
            manual_resolution.they_talked(question.pk, None)

    def news_of(self, lead: int) -> None:
        """News of its newest call or an earlier one: a pop-up, or the records of its legs."""
        of_lead = CallAttempt.objects.filter(lead=lead).order_by()
        attempts = {str(it) for it in of_lead.values_list("public_id", flat=True)}
        calls = [it for it in self.witness.ledger if it.attempt in attempts]
        if not calls:
            return
        call = calls[-1] if self.chance.random() < 0.9 else self.chance.choice(calls)
        if self.chance.random() < 0.35:
            status = self.chance.choice([PopUpStatus.RINGING, PopUpStatus.TALKING])
            custom = {"attempt": call.attempt}
            call_progress.follow(
                PopUp(call.call_id, status, extension=call.extension, custom=custom)
            )
            return
        ending = self.chance.choice([*ENDINGS, self.chance.choices(STATUSES, k=2)])
        for leg in self.chance.choice([(1, 2), (2, 1)]):
            if (status := ending[leg - 1]) is not None:
                self.deliver(call, leg, status)

    def meanwhile(self, plan: Plan, call: Dialled) -> None:
        if plan is Plan.LATE:
            self.moves.shift(account.answer_is_lost_after() + timedelta(seconds=1))
            holds.give_up_lost_dials()
        elif plan in (Plan.RECORD_FIRST, Plan.RECORD_FIRST_AND_LOST):
            self.deliver(call, 2, "ANSWER")

    def deliver(self, call: Dialled, leg: int, status: str) -> None:
        """The record's times are whole seconds of the provider's clock, which may be wrong or in
        another zone.
        """
        call.ends(timezone.now())
        call.lead_answered = call.lead_answered or (leg == 2 and status == "ANSWER")
        off = self.chance.choice([None, 0, 0, 0, -90, 90, 7200])
        at = call.at.replace(microsecond=0) + timedelta(seconds=self.chance.randrange(30))
        records.receive(
            Cdr(
                call_id=call.call_id,
                type=f"Click2Call leg{leg}",
                leg=leg,
                status=status,
                started_at=None if off is None else at + timedelta(seconds=off),
                dial_time=self.chance.choice([None, 0, 3, 12, 40]),
                talk_time=self.chance.choice([None, 0, 100]),
                custom={"attempt": call.attempt},
                raw={},
            )
        )


@pytest.fixture
def _ready(
    source: LeadSource, team: Team, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.VOICENTER_URL = f"http://lives-{os.getpid()}.invalid/ForwardDialer/click2call.aspx"
    Extension.objects.bulk_create(
        Extension(number=str(n), team=team) for n in range(101, 101 + EXTENSIONS)
    )
    office = Schedule.objects.create(name="Office", time_zone="UTC")
    for weekday in range(5):
        OpeningHours.objects.create(
            schedule=office, weekday=weekday, opens_at=time(9), closes_at=time(17)
        )


def lived(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Submits the leads and lets things happen to them; yields after each lead, for checks."""

    def session() -> requests.Session:
        made = requests.Session()
        made.mount("http://", world.witness)
        return made

    monkeypatch.setattr(transport, "_new_session", session)
    account.client.cache_clear()
    for number in range(LIVES):
        world.submit(number)
        for _ in range(STEPS):
            world.step()
        yield


@pytest.mark.usefixtures("_ready")
@pytest.mark.parametrize("seed", range(20))
def test_the_stages_of_every_lead_add_up_exactly(
    seed: int, source: LeadSource, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(source, team, seed)
    try:
        for number, _ in enumerate(lived(world, monkeypatch)):
            if number % 50 == 0:
                stages_add_up(Lead.objects.all(), CallAttempt.objects.all())
        leads, attempts = list(Lead.objects.all()), list(CallAttempt.objects.all())
    finally:
        world.clock.stop()
        account.client.cache_clear()
    stages_add_up(leads, attempts)
    connected = [it for it in leads if it.status == LeadStatus.CONNECTED]
    # The test would show nothing if all leads lived the same life.
    assert len(leads) == LIVES
    assert len({it.status for it in leads}) > 3
    assert len(connected) >= LIVES / 20
    at_once = []
    for lead in connected:
        assert lead.connected_at
        own = [it for it in attempts if it.lead_id == lead.pk]
        if accounted_until(lead, own) != lead.connected_at:
            continue  # its record came late: stages_add_up checked it
        at_once.append(lead)
        talked_after = lead.connected_at - lead.clock_started_at
        before_the_clock = lead.clock_started_at - lead.submitted_at
        assert accounted(lead, own) - before_the_clock == talked_after
    assert len(at_once) > len(connected) / 2
