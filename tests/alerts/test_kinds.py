"""Each kind of alert: what begins it and what ends it, and that it says what the overview says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from callbacks.admin import dashboard
from callbacks.alerts import words
from callbacks.alerts.facts import MOST
from callbacks.alerts.kinds import KINDS
from callbacks.calling import account_gate
from callbacks.common import heartbeats
from callbacks.explain import nobody_now
from callbacks.models import (
    Alert,
    AlertReceiver,
    CallAttempt,
    Extension,
    OutgoingMail,
    SpendCount,
    SpendLimit,
    Team,
)
from callbacks.models.account_refusals import RefusedFor
from callbacks.monitoring import right_now
from leads.models import Lead, LeadSource
from tests.alerts.conftest import NOON, Clock, MakeReceiver
from tests.alerts.patterns import PATTERN_CASES
from tests.support.simulator import eventually
from tests.support.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db(transaction=True)
MakeLead = Callable[..., Lead]


@dataclass
class World:
    """What the situations below can change."""

    make_lead: MakeLead
    team: Team
    signs: redis.Redis

    def late_lead(self, minutes: float = 1, **values: Any) -> Lead:
        """A lead whose phone should have rung this long before noon."""
        due = NOON - timedelta(minutes=minutes)
        return self.make_lead(
            due_at=due, clock_started_at=due - timedelta(minutes=1), call_after=due, **values
        )

    def call(self, lead: Lead, **values: Any) -> CallAttempt:
        """A call that was claimed at noon, with its own phone in another team."""
        others, _ = Team.objects.get_or_create(name="Others", is_active=False)
        return CallAttempt.objects.create(
            lead=lead,
            extension=Extension.objects.create(number=str(7000 + lead.pk), team=others),
            phone=lead.phone,
            claimed_at=NOON,
            hold_until=NOON + timedelta(hours=1),
            **values,
        )


@pytest.fixture
def world(
    make_lead: MakeLead, team: Team, extension: Extension, broker: redis.Redis, clock: Clock
) -> World:
    """One source, one team with one free extension, and signs of all processes."""
    now = NOON.timestamp()
    broker.set("callbacks:signs_since", now - 3600)
    broker.hset("callbacks:seen", mapping={"beat": now, "sweep": now})
    broker.zadd("callbacks:workers", {"a-worker": now})
    return World(make_lead, team, broker)


def overdue(world: World) -> None:
    world.late_lead()


def rang_in_vain(world: World) -> None:
    Lead.objects.update(rang_at=NOON)


def long_since_called(world: World) -> None:
    world.late_lead(status="connected", closed_at=NOON, connected_at=NOON)


def of_nobody(world: World) -> None:
    other = LeadSource.objects.create(slug="nobodys", name="Nobody's")
    world.make_lead(source=other, due_at=NOON + timedelta(hours=1))


def answered(world: World) -> None:
    world.team.sources.add(LeadSource.objects.get(slug="nobodys"))


def on_a_call(world: World) -> None:
    lead = world.make_lead(status="calling", due_at=NOON + timedelta(hours=1))
    CallAttempt.objects.create(
        lead=lead, extension=Extension.objects.get(number="101"), phone=lead.phone,
        state="accepted", call_id="call-1", claimed_at=NOON, hold_until=NOON + timedelta(hours=1),
    )  # fmt: skip


def over(world: World) -> None:
    CallAttempt.objects.update(state="bridged", ended_at=NOON, connected_at=NOON)


def all_paused(world: World) -> None:
    Extension.objects.update(is_paused=True)


def back(world: World) -> None:
    Extension.objects.update(is_paused=False)


def closed(world: World) -> None:
    Extension.objects.update(is_active=False)


def refused(world: World, calls: int = 3) -> None:
    for _ in range(calls):
        lead = world.make_lead(due_at=NOON + timedelta(hours=1))
        world.call(
            lead, state="refused", outcome="provider_error", error_code=2, ended_at=NOON
        )  # fmt: skip


def refused_twice(world: World) -> None:
    refused(world, calls=2)


def placed(world: World) -> None:
    lead = world.make_lead(due_at=NOON + timedelta(hours=1))
    world.call(lead, state="ended", outcome="no_record", call_id="call-9", ended_at=NOON)


def account_refused(world: World) -> None:
    refused = world.call(
        world.make_lead(), state="refused", outcome="provider_error", ended_at=NOON
    )
    account_gate.note(RefusedFor.CODE, refused, timezone.now())


def account_taken(world: World) -> None:
    account_gate.works(timezone.now())


def four_fifths_used(world: World, calls: int = 4) -> None:
    limit, _ = SpendLimit.objects.update_or_create(scope="all", defaults={"calls_an_hour": 5})
    began_at = NOON.replace(minute=0, second=0, microsecond=0)
    SpendCount.objects.create(limit=limit, span="hour", began_at=began_at, calls=calls)


def half_used(world: World) -> None:
    four_fifths_used(world, calls=3)


def raised(world: World) -> None:
    SpendLimit.objects.update(calls_an_hour=50)


def blocked(world: World) -> None:
    Extension.objects.update(is_blocked=True)


def unblocked(world: World) -> None:
    Extension.objects.update(is_blocked=False)


def never_known(world: World) -> None:
    lead = world.make_lead(status="failed", closed_at=NOON)
    Lead.objects.filter(pk=lead.pk).update(counted_from=NOON - timedelta(hours=1))
    world.call(
        lead, state="ended", outcome="never_known", failure_reason="read_timeout", ended_at=NOON
    )


def settled(world: World) -> None:
    Lead.objects.update(status="connected", connected_at=NOON)


def no_beat(world: World) -> None:
    world.signs.hdel("callbacks:seen", "beat")


def beat_again(world: World) -> None:
    world.signs.hset("callbacks:seen", "beat", timezone.now().timestamp())


def clock_behind(_world: World) -> None:
    heartbeats.clock_seen("worker-1@app2", -300)
    eventually(lambda: not heartbeats._writing)


def clock_right(_world: World) -> None:
    heartbeats.clock_seen("worker-1@app2", 0)
    eventually(lambda: not heartbeats._writing)


def stopped(world: World) -> None:
    AlertReceiver.objects.create(
        name="Another", channel="webhook", url="https://example.com/", stopped_at=NOON
    )


def started(world: World) -> None:
    AlertReceiver.objects.filter(name="Another").update(stopped_at=None)


def refused_mail(world: World) -> None:
    mail(state="sent", to="noa@example.com")
    mail(state="sent")
    mail(state="failed")
    mail(state="waiting", next_at=NOON + timedelta(hours=1))


def taken_mail(world: World) -> None:
    mail(state="sent")


def refused_before(world: World) -> None:
    mail(state="failed")
    mail(state="sent")


def mail(**values: Any) -> None:
    fields = {"kind": "report", "to": "dana@example.com", "subject": "Yesterday", "text": "12"}
    OutgoingMail.objects.create(**fields | values)


def nothing(world: World) -> None:
    """Nothing changes."""


CASES = [
    ("lead_overdue", overdue, 1, rang_in_vain, "leads/lead"),
    ("lead_overdue", long_since_called, 0, nothing, ""),
    ("nobody_will_call", of_nobody, 1, answered, "leads/lead"),
    ("nobody_will_call", overdue, 0, nothing, ""),
    ("no_free_extension", on_a_call, 1, over, "callbacks/extension"),
    ("no_free_extension", all_paused, 1, back, "callbacks/extension"),
    ("no_free_extension", closed, 0, nothing, ""),
    ("nobody_can_be_rung", all_paused, 1, back, "leads/leadsource"),
    ("nobody_can_be_rung", on_a_call, 0, nothing, ""),
    ("provider_refuses", refused, 1, placed, "callbacks/callattempt"),
    ("provider_refuses", refused_twice, 0, nothing, ""),
    ("account_refused", account_refused, 1, account_taken, "callbacks/callattempt"),
    ("spending_near", four_fifths_used, 1, raised, "callbacks/spendlimit"),
    ("spending_near", half_used, 0, nothing, ""),
    ("extension_blocked", blocked, 1, unblocked, "callbacks/extension"),
    ("unknown_outcomes", never_known, 1, settled, "callbacks/unknownoutcome"),
    ("process_away", no_beat, 1, beat_again, ""),
    ("wrong_clock", clock_behind, 1, clock_right, ""),
    ("webhook_stopped", stopped, 1, started, "callbacks/alertreceiver"),
    ("mail_failed", refused_mail, 1, taken_mail, "callbacks/outgoingmail"),
    ("mail_failed", refused_before, 0, nothing, ""),
    *PATTERN_CASES,
    *((kind, nothing, 0, nothing, "") for kind in KINDS),
]


@pytest.mark.parametrize(
    ("kind", "situation", "count", "way_out", "page"),
    [pytest.param(*it, id=f"{it[0]}: {it[1].__name__}, {it[3].__name__}") for it in CASES],
)
def test_what_begins_an_alert_and_what_ends_it(
    kind: str, situation: Callable[[World], None], count: int, way_out: Callable[[World], None],
    page: str, world: World, make_receiver: MakeReceiver, clock: Clock, webhook: WebhookReceiver,
) -> None:  # fmt: skip
    make_receiver(thresholds={kind: KINDS[kind].usual and 1})
    situation(world)
    clock.after(seconds=15)
    alerts = list(Alert.objects.filter(kind=kind))
    assert [it.ended_at for it in alerts] == [None] * count
    for alert in alerts:
        assert f"/admin/{page}" in words.page_of(alert)
        assert resolve(words.page_of(alert).partition("?")[0])
    way_out(world)
    clock.after(seconds=25)
    assert not Alert.objects.filter(kind=kind, ended_at=None).exists()
    assert Alert.objects.filter(kind=kind).count() == count


def test_every_kind_has_a_case_that_begins_it() -> None:
    """Except for the kind that is known only afterwards."""
    begun = {kind for kind, _situation, count, *_ in CASES if count}
    assert begun | {"stood_still"} == set(KINDS)


def test_alerts_count_what_the_tiles_count(
    world: World, make_receiver: MakeReceiver, clock: Clock
) -> None:
    make_receiver()
    for situation in (overdue, overdue, of_nobody, blocked, never_known, refused, all_paused):
        situation(world)
    clock.after(seconds=10)
    tiles = [
        *dashboard.tiles(clock.now),
        *dashboard.of_attempts(right_now.read(clock.now)),
        *dashboard.of_extensions(clock.now),
        dashboard.silent_sources(nobody_now.sources(clock.now)),
    ]
    shown = {it.title: it.count for it in tiles}
    assert {kind: Alert.objects.filter(kind=kind).count() for kind in KINDS} == {
        "lead_overdue": shown["Overdue, not rung yet"],
        "nobody_will_call": shown["Nobody will call"],
        "no_free_extension": 1,
        "nobody_can_be_rung": shown["Sources nobody can take calls for now"],
        "provider_refuses": int(shown["Failed at the provider in the last 30 minutes"] >= 3),
        "account_refused": 0,
        "spending_near": 0,
        "extension_blocked": shown["Extensions blocked by the provider"],
        "unknown_outcomes": shown["Unknown outcomes"],
        "process_away": 0,
        "wrong_clock": 0,
        "stood_still": 0,
        "webhook_stopped": 0,
        "mail_failed": 0,
        "many_numbers": 0,
        "many_sources": 0,
        "unreached_share": 0,
        "new_country": 0,
        "held_waits": 0,
        "many_held": 0,
        "never_call_grows": 0,
        "entry_refuses": 0,
    }
    assert shown["Overdue, not rung yet"] == 2


def test_of_more_than_can_be_looked_at_none_ends_unseen(
    world: World, make_receiver: MakeReceiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("facts", "watch"):
        monkeypatch.setattr(f"callbacks.alerts.{module}.MOST", 3)
    assert MOST > 3
    make_receiver(thresholds={"lead_overdue": 0})
    leads = [world.late_lead(minutes=10 - n) for n in range(5)]
    clock.after(seconds=10)
    assert Alert.objects.count() == 3
    Lead.objects.filter(pk=leads[0].pk).update(rang_at=NOON)
    clock.after(seconds=20)
    assert (Alert.objects.count(), Alert.objects.filter(ended_at=None).count()) == (4, 4)
    Lead.objects.filter(pk__in=[it.pk for it in leads[1:3]]).update(rang_at=NOON)
    clock.after(seconds=30)
    assert (Alert.objects.count(), Alert.objects.filter(ended_at=None).count()) == (5, 2)


def test_a_kind_that_breaks_keeps_no_other_from_its_turn(
    world: World, make_receiver: MakeReceiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_now: object) -> list[Any]:
        raise LookupError

    kind = KINDS["lead_overdue"]
    monkeypatch.setitem(KINDS, "lead_overdue", type(kind)(**{**vars(kind), "find": broken}))
    make_receiver()
    overdue(world)
    blocked(world)
    clock.after(seconds=10)
    assert "extension_blocked" in Alert.objects.values_list("kind", flat=True)


def test_each_alert_leads_a_manager_to_a_page_that_shows_it(
    world: World, make_receiver: MakeReceiver, clock: Clock
) -> None:
    make_receiver()
    for situation in (
        overdue,
        of_nobody,
        blocked,
        never_known,
        refused,
        stopped,
        no_beat,
        refused_mail,
    ):
        situation(world)
    clock.after(seconds=10)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    alerts = list(Alert.objects.all())
    assert len({it.kind for it in alerts}) >= 8
    for alert in alerts:
        assert client.get(words.page_of(alert)).status_code == 200, alert
