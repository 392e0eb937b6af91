"""The engine in whatever order things may happen, on a virtual clock.

Hypothesis chooses the steps. The database is PostgreSQL, the wake-ups go through Redis, and the
provider is a witness with its own ledger (tests.lifecycle.machine). `make nightly` runs far more
examples.
"""

import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks import tasks
from callbacks.calling import hanging_up, manual, manual_requests
from callbacks.common import task_publisher
from callbacks.models import CallAttempt, Extension, OpeningHours, Schedule, SourceMessages, Team
from callbacks.models.attempt_states import LIVE_STATES, AttemptState
from callbacks.policy.from_settings import policy
from callbacks.reconciliation import call_progress, manual_resolution, records
from callbacks.telephony import account
from callbacks.voicenter import Cdr, PopUp, PopUpStatus
from callbacks.voicenter.http import transport
from leads import intake
from leads.models import OPEN_STATUSES, Lead, LeadSource, LeadStatus
from tests.lifecycle.machine import invariants
from tests.lifecycle.machine.ground import empty, new_session
from tests.lifecycle.machine.stage_sums import lateness_adds_up, stages_add_up
from tests.lifecycle.machine.witness import Asked, Dialled, Killed, Plan, Witness
from tests.support.queue import queued

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY_MORNING = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
NUMBERS = [f"+97250555016{n}" for n in range(4)]
STATUSES = ["ANSWER", "NOANSWER", "BUSY", "CANCEL", "VOICEMAIL", "NOTCALLED", "SOMETHINGNEW", ""]
WAITS = [1, 6, 31, 61, 130, 16 * 60, 5400, 2 * 3600 + 61, 3 * 3600, 15 * 3600, 3 * 86_400]
# A long story needs some calls that go well.
PLANS = [*Plan, *[Plan.ACCEPTED] * 6]
_DO = {task_publisher.CALL_LEAD: tasks.call_lead, task_publisher.WORK_TEAM: tasks.work_team}
_DO[task_publisher.DIAL] = tasks.dial


class Engine(RuleBasedStateMachine):
    """One source, one team of three, and four numbers that visitors enter."""

    def __init__(self) -> None:
        super().__init__()
        self.travel = time_machine.travel(MONDAY_MORNING, tick=False)
        self.clock = self.travel.start()
        empty()
        queued(empty=True)
        self.team = Team.objects.get()
        self.source = LeadSource.objects.get()
        self.extensions = list(Extension.objects.order_by("pk"))
        self.witness = Witness(
            self.is_dialled, self.meanwhile, [it.number for it in self.extensions]
        )
        new_session.adapter = self.witness
        account.client.cache_clear()
        self.wakeups: list[tuple[str, int]] = []
        self.receipts: dict[uuid.UUID, uuid.UUID] = {}
        self.states: dict[int, str] = {}
        self.statuses: dict[int, str] = {}
        self.opened: set[int] = set()
        self.by_hand: dict[str, datetime] = {}
        self.said_to_have_talked: set[str] = set()

    def teardown(self) -> None:
        try:
            # After a failed step, pytest should show that step's error.
            if sys.exc_info()[0] is None:
                self.finish()
        finally:
            self.travel.stop()

    # --- visitors -------------------------------------------------------------------------------

    @initialize()
    def some_are_here(self) -> None:
        for key, phone in enumerate(NUMBERS[:3]):
            self.submit(phone, key)

    @rule(phone=st.sampled_from(NUMBERS), key=st.integers(0, 9))
    def submit(self, phone: str, key: int) -> None:
        submission = intake.Submission(
            source=self.source, key=intake.key_from("machine", str(key)), name="Noa", phone=phone
        )
        lead = intake.store(submission)
        # The same submission is the same lead, however often it comes.
        assert self.receipts.setdefault(submission.key, lead.public_id) == lead.public_id

    # --- workers, beat and the broker -----------------------------------------------------------

    @rule(
        plans=st.lists(st.sampled_from(PLANS), min_size=1, max_size=4),
        n=st.integers(0, 9),
        acknowledged=st.booleans(),
    )
    def work(self, plans: list[Plan], n: int, acknowledged: bool) -> None:
        """Wake-ups in any order; one that is not acknowledged is delivered again."""
        for plan in plans:
            self.collect_wakeups()
            if not self.wakeups:
                return
            n %= len(self.wakeups)
            task, key = self.wakeups.pop(n) if acknowledged else self.wakeups[n]
            self.witness.plan = plan
            with suppress(Killed):
                _DO[task](key)
            self.witness.plan = Plan.ACCEPTED

    def collect_wakeups(self) -> None:
        """Sorts the wake-ups, so that the same steps give the same story in whichever order rows
        are read.
        """
        self.wakeups += sorted(queued(empty=True))

    @rule(seconds=st.sampled_from(WAITS), plans=st.lists(st.sampled_from(PLANS), max_size=4))
    def time_passes(self, seconds: int, plans: list[Plan]) -> None:
        """The broker loses all its messages; a sweep runs, and the workers do what it found."""
        self.clock.shift(timedelta(seconds=seconds))
        self.wakeups.clear()
        self.sweep()
        self.work(plans, n=0, acknowledged=True)

    @rule()
    def sweep(self) -> None:
        """The worker that sweeps may be killed while it asks the provider."""
        with suppress(Killed):
            tasks.sweep()

    # --- the provider ---------------------------------------------------------------------------

    def is_dialled(self, call: Dialled) -> None:
        """Called by the witness before it places a call."""
        if call.attempt:
            attempt = CallAttempt.objects.get(public_id=call.attempt)
            assert Lead.objects.get(pk=attempt.lead_id).status == LeadStatus.CALLING
        else:
            attempt = CallAttempt.objects.get(
                kind="message", phone=call.number, state__in=LIVE_STATES
            )
            call.attempt = str(attempt.public_id)
        assert attempt.state == AttemptState.DIALING, f"dialled when {attempt.state}"
        assert attempt.sent_at == timezone.now()
        assert call.attempt not in {it.attempt for it in self.witness.ledger}, "dialled twice"
        on = self.witness.on()
        invariants.nobody_is_on_two_calls([*on, call])

    def meanwhile(self, plan: Plan, call: Dialled) -> None:
        """What happens while the answer is on its way."""
        if plan is Plan.LATE:
            self.clock.shift(account.answer_is_lost_after() + timedelta(seconds=1))
            tasks.sweep()
            tasks.sweep()
        elif plan in (Plan.RECORD_FIRST, Plan.RECORD_FIRST_AND_LOST):
            self.deliver(call, 2, "ANSWER", knows_us=True)

    @rule(asked=st.sampled_from(Asked))
    def active_calls_and_call_log(self, asked: Asked) -> None:
        """The provider's lists answer, or are down, or the worker that asks them is killed."""
        self.witness.asked = asked

    @precondition(lambda self: self.witness.ledger)
    @rule(
        n=st.integers(0, 3),
        leg=st.sampled_from([1, 2]),
        status=st.sampled_from(STATUSES),
        knows_us=st.booleans(),
    )
    def record(self, n: int, leg: int, status: str, knows_us: bool) -> None:
        """A record of one of the last calls: perhaps repeated, contradictory, out of order, or with
        an unknown word.
        """
        calls = self.witness.ledger[-4:]
        self.deliver(calls[n % len(calls)], leg, status, knows_us=knows_us)

    @precondition(lambda self: self.witness.on())
    @rule(status=st.sampled_from(list(PopUpStatus)))
    def popup(self, status: PopUpStatus) -> None:
        call = self.witness.on()[-1]
        if status is PopUpStatus.HANGUP:
            call.ends(timezone.now())
        custom = {"attempt": call.attempt}
        call_progress.follow(PopUp(call.call_id, status, extension=call.extension, custom=custom))

    @precondition(lambda self: self.witness.on())
    @rule(
        rings=st.sampled_from([1, 20, 59]),
        statuses=st.sampled_from(
            [("ANSWER", "ANSWER"), ("ANSWER", "NOANSWER"), ("NOANSWER", None), (None, "BUSY")]
        ),
        legs=st.permutations([1, 2]),
    )
    def call_ends(self, rings: int, statuses: tuple[str | None, ...], legs: list[int]) -> None:
        """A call ends normally: each leg's record comes soon."""
        call = self.witness.on()[0]
        self.clock.shift(timedelta(seconds=rings))
        for leg in legs:
            if status := statuses[leg - 1]:
                self.deliver(call, leg, status, knows_us=True)

    def deliver(self, call: Dialled, leg: int, status: str, *, knows_us: bool) -> None:
        """The record of a leg arrives; with it, the whole call is over."""
        call.ends(timezone.now())
        failed = ("NOANSWER", "BUSY", "CANCEL", "VOICEMAIL", "NOTCALLED")
        if leg == 1 and call.extension and status in failed:
            call.salesperson_did_not_answer = True
        if leg == 2 and status == "NOTCALLED":
            call.lead_was_not_called = True
        if status == "ANSWER" and (leg == 2 or not call.extension):
            call.lead_answered = True
        records.receive(
            Cdr(
                call_id=call.call_id,
                type=f"Click2Call leg{leg}",
                leg=leg,
                status=status,
                custom={"attempt": call.attempt} if knows_us else {},
                raw={},
            )
        )

    # --- our staff ------------------------------------------------------------------------------

    @rule(n=st.integers(0, 2), values=st.sampled_from(["pause", "un-pause", "clear", "block"]))
    def change_extension(self, n: int, values: str) -> None:
        Extension.objects.filter(pk=self.extensions[n].pk).update(
            **{
                "pause": {"is_paused": True},
                "un-pause": {"is_paused": False, "missed_in_a_row": 0},
                "clear": {"is_blocked": False, "unavailable_until": None},
                "block": {"is_blocked": True},
            }[values]
        )
        self.wakeups.append((task_publisher.WORK_TEAM, self.team.pk))

    @rule(office=st.booleans())
    def hours_change(self, office: bool) -> None:
        self.team.schedule = Schedule.objects.get() if office else None
        self.team.save()

    @precondition(lambda self: self.receipts)
    @rule(
        n=st.integers(0, 5),
        wish=st.sampled_from(["call now", "call with", "cancel", "play", "hang up"]),
        plan=st.sampled_from([Plan.ACCEPTED, Plan.LOST_BEFORE, Plan.NOT_SENT]),
    )
    def manager(self, n: int, wish: str, plan: Plan) -> None:
        leads = list(Lead.objects.order_by("-pk")[:6])
        lead = leads[n % len(leads)]
        on = CallAttempt.objects.filter(lead=lead, state__in=LIVE_STATES).first()
        self.witness.plan = plan if wish == "hang up" else Plan.ACCEPTED
        try:
            match wish:
                case "call now":
                    manual.call_now(lead.pk, None)
                case "call with":
                    manual.call_with(lead.pk, self.extensions[n % 3].pk, None)
                case "cancel":
                    manual.cancel(lead.pk, None)
                case "play":
                    manual.play(lead.pk, "a-record", None)
                case "hang up" if on:
                    hanging_up.hang_up(on.pk, None)
        except (manual_requests.CannotCall, Killed):
            pass
        else:
            if wish in ("call now", "call with", "play"):
                self.by_hand[lead.phone] = timezone.now()
            if wish in ("call now", "call with"):
                self.opened.add(lead.pk)
        self.witness.plan = Plan.ACCEPTED

    @rule(n=st.integers(0, 3), talked=st.booleans())
    def decide(self, n: int, talked: bool) -> None:
        """A person says, rightly or wrongly, how a call ended when nobody knows."""
        questions = list(manual_resolution.open_questions().order_by("pk"))
        if not questions:
            return
        question = questions[n % len(questions)]
        if talked:
            manual_resolution.they_talked(question.pk, None)
            self.said_to_have_talked.add(question.phone)
            return
        with suppress(manual_requests.CannotCall):
            manual_resolution.call_again(question.pk, None)
            self.by_hand[question.phone] = timezone.now()
            self.opened.add(question.lead_id)

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def holds(self) -> None:
        self.collect_wakeups()
        attempts = list(CallAttempt.objects.order_by("pk"))
        leads = list(Lead.objects.order_by("pk"))
        now, rules = timezone.now(), policy()
        invariants.only_forward(attempts, self.states)
        invariants.leads_only_forward(leads, self.statuses, self.opened)
        self.opened.clear()
        invariants.nothing_is_held_twice(attempts)
        stages_add_up(leads, attempts)
        invariants.every_lead_gets_on(leads, attempts, now)
        questions = set(manual_resolution.open_questions().values_list("pk", flat=True))
        invariants.who_needs_a_person_is_shown(leads, attempts, questions)
        invariants.tries_are_bounded(leads, attempts, rules)
        invariants.nobody_is_on_two_calls(self.witness.on())
        invariants.nobody_is_rung_too_often(self.witness.ledger, self.by_hand, rules)
        assert set(self.receipts.values()) == {lead.public_id for lead in leads}
        talked = {it.number for it in self.witness.ledger if it.lead_answered}
        talked |= self.said_to_have_talked
        assert {it.phone for it in leads if it.status == LeadStatus.CONNECTED} <= talked

    def finish(self) -> None:
        """From any state, time alone closes every lead or brings it to a person."""
        lateness_adds_up(list(Lead.objects.order_by("pk")), timezone.now())
        if self.witness.asked is Asked.KILLED:
            self.witness.asked = Asked.SILENT
        self.team.schedule = None
        self.team.save()
        Extension.objects.update(is_paused=False, is_blocked=False, unavailable_until=None)
        # Calls are still live: code that dials twice would do so now, and the witness would see it.
        self.clock.shift(account.answer_is_lost_after() + timedelta(seconds=1))
        tasks.sweep()
        self.clock.shift(timedelta(minutes=11))
        for _ in range(100):
            tasks.sweep()
            self.collect_wakeups()
            while self.wakeups:
                task, key = self.wakeups.pop()
                _DO[task](key)
                self.collect_wakeups()
            self.holds()
            if not (dues := self._dues()):
                break
            # A due lead waits for a free phone: time moves on to the moment when a call frees one.
            ahead = [it for it in dues if it > timezone.now()]
            self.clock.move_to(min(ahead, default=timezone.now()) + timedelta(seconds=5))
            for call in self.witness.on():
                self.deliver(call, 2, "NOANSWER", knows_us=False)
        left = Lead.objects.filter(status__in=OPEN_STATUSES).exclude(status=LeadStatus.HELD)
        assert not left.exists(), f"left {list(left.values_list('status', 'call_after'))}"
        assert not CallAttempt.objects.filter(state__in=LIVE_STATES).exists()
        lateness_adds_up(list(Lead.objects.order_by("pk")), timezone.now())

    def _dues(self) -> list[datetime]:
        waiting = Lead.objects.filter(status=LeadStatus.WAITING).values_list(
            "call_after", flat=True
        )
        holds = CallAttempt.objects.filter(state__in=LIVE_STATES).values_list(
            "hold_until", flat=True
        )
        return [*waiting, *holds]


@pytest.fixture
def _ready(
    source: LeadSource,
    team: Team,
    monkeypatch: pytest.MonkeyPatch,
    settings: SettingsWrapper,
) -> Iterator[None]:
    settings.VOICENTER_URL = f"http://witness-{os.getpid()}.invalid/ForwardDialer/click2call.aspx"
    for number in ("101", "102", "103"):
        Extension.objects.create(number=number, team=team)
    office = Schedule.objects.create(name="Office", time_zone="UTC")
    for weekday in range(5):
        OpeningHours.objects.create(
            schedule=office, weekday=weekday, opens_at=time(9), closes_at=time(17)
        )
    SourceMessages.objects.create(source=source, when_closed="closed", when_given_up="sorry")
    monkeypatch.setattr(transport, "_new_session", new_session)
    yield
    account.client.cache_clear()


@pytest.mark.usefixtures("_ready")
def test_nothing_is_lost_called_twice_or_called_too_often() -> None:
    nightly = hypothesis_settings.get_current_profile_name() == "nightly"
    short = hypothesis_settings(max_examples=15, stateful_step_count=30)
    run_state_machine_as_test(Engine, settings=hypothesis_settings() if nightly else short)
