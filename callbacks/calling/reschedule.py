"""Moves waiting leads to another time after their calling hours changed."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from callbacks.calling import apply_outcome, due_times
from callbacks.common import task_publisher
from callbacks.common.one_by_one import one_by_one
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptKind
from callbacks.policy.from_settings import policy
from callbacks.policy.number_bounds import narrowed
from callbacks.policy.rules import A_DAY
from callbacks.routing import number_limits, queue
from callbacks.routing.config import RoutingConfig
from callbacks.routing.config import current as current_config
from callbacks.scheduling import call_times, calling_hours, pacing
from callbacks.scheduling.next_call import by_changed_hours, next_call
from leads import appointments, transitions
from leads.models import Lead, LeadStatus, SetupVersion

# At most this many leads of a source are put off in one sweep.
_AT_ONCE = 5000
# After a change, this many of the leads that wait for a later time are looked at in one step.
STEP = 500
# Anybody who read the old hours has stored a plan based on them within this time. A request and its
# transaction take seconds.
SETTLES_IN = timedelta(minutes=1)
_LOOKED_AT = (
    "phone", "call_after", "gap_until", "limit_until", "chosen_at", "counted_from", "submitted_at",
)  # fmt: skip


def follow_the_hours() -> int:
    """For the sweep: puts off due leads that may not be called now. Returns how many were moved.

    Their team has closed, or their local calling window has ended.
    """
    return _put_off_due(current_config(), timezone.now())


def _put_off_due(config: RoutingConfig, now: datetime) -> int:
    due = Lead.objects.filter(status=LeadStatus.WAITING, call_after__lte=now)

    def follow(source_id: int) -> int:
        may_change = calling_hours.ever_opens(config, source_id, now)
        if not may_change or calling_hours.all_may_be_called(config, source_id, now):
            return 0
        return _follow(config, due.filter(source=source_id), source_id, now)

    sources = queue.sources_with_due_leads(now)
    return sum(moved for _, moved in one_by_one(sources, follow, str))


def follow_changed_hours() -> int:
    """After a change of hours, teams or sources: gives a batch of waiting leads a new time.

    Looks at STEP leads at most and has the next step queued. The progress is kept in the database,
    so the sweep, which takes a step too, makes up for a step that was interrupted or never ran. A
    further change starts from the beginning, even if it is followed before this step ends. Two
    processes may do the same step; only one of them queues the next. Returns how many leads were
    moved.

    Meanwhile somebody may plan a lead by the old hours and commit it after this step has passed its
    place. So until SETTLES_IN is over, and once after that, each sweep looks at all leads again.
    """
    state = SetupVersion.objects.first()
    if state is None:
        return 0
    now = timezone.now()
    is_new = state.followed != state.version
    begins = None if is_new else state.followed_to
    since = now if is_new else state.followed_since
    if begins is None and since is None:
        return 0
    config = current_config(state.version)
    # Leads that were due already keep their place: if the opening moves, they come first.
    moved = _put_off_due(config, now)
    if begins is None and since and now >= since + SETTLES_IN:
        since = None  # the last time
    later = Lead.objects.filter(status=LeadStatus.WAITING, call_after__gt=now)
    further = later.filter(pk__gt=begins or 0).order_by("pk").values_list("pk", "source_id")
    step = list(further[:STEP])
    by_source: dict[int, list[int]] = defaultdict(list)
    for pk, source_id in step:
        by_source[source_id].append(pk)

    def follow(of: tuple[int, list[int]]) -> int:
        source_id, pks = of
        return _follow_changed(config, later.filter(pk__in=pks), source_id, now)

    moved += sum(it for _, it in one_by_one(by_source.items(), follow, lambda of: of[0]))
    to = step[-1][0] if len(step) == STEP else None
    due_times.follow(config, due_times.to_follow(begins or 0, to, now), now)
    unchanged = SetupVersion.objects.filter(
        version=state.version, followed=state.followed, followed_to=state.followed_to
    )
    if unchanged.update(followed=state.version, followed_to=to, followed_since=since):
        goes_on = to is not None
    else:
        # Another process may have followed newer hours meanwhile; this step then moved leads by the
        # old hours.
        newer = SetupVersion.objects.exclude(version=state.version)
        goes_on = bool(newer.update(followed=state.version, followed_to=None))
    if goes_on:
        task_publisher.publish(task_publisher.FOLLOW_CHANGED_HOURS)
    return moved


def _follow(config: RoutingConfig, leads: QuerySet[Lead], source_id: int, now: datetime) -> int:
    """Puts off the leads that may not be called now, the most urgent first.

    If they stayed due, they would block leads that may be called.
    """
    ordered = leads.order_by(Greatest("due_at", "call_after"), "pk")
    groups: dict[datetime, list[tuple[int, str]]] = defaultdict(list)
    for pk, phone in ordered.values_list("pk", "phone")[:_AT_ONCE]:
        found = next_call(call_times.unpaced(config, source_id, phone), now)
        opening = look_again_at(config, source_id, now) if found.never else found.call_after
        if opening and opening > now:
            groups[opening].append((pk, phone))
    return sum(_put_off_all(config, leads, source_id, it, of, now) for it, of in groups.items())


def _follow_changed(
    config: RoutingConfig, leads: QuerySet[Lead], source_id: int, now: datetime
) -> int:
    """Gives leads a new time that wait for an opening, a chosen time, a gap or a daily bound.

    A manager may have changed how often a number may be called.
    """
    moved = 0
    groups: dict[datetime, list[tuple[int, str]]] = defaultdict(list)
    rows = list(leads.only(*_LOOKED_AT).order_by("call_after", "pk"))
    last_calls = _last_calls([lead.pk for lead in rows])
    a_day_later = _a_day_after_calls(rows)
    allowed = narrowed(policy(), config.calls_a_day(source_id)).calls_a_day
    for lead in rows:
        last_call = last_calls.get(lead.pk)
        times = call_times.unpaced(config, source_id, lead.phone)
        ended_at = _waits_to_open_anew_since(last_call, now) if last_call else None
        wait = _wait_of(lead, last_call, a_day_later.get(lead.phone, ()), allowed, now)
        found = by_changed_hours(
            times,
            now,
            gap_until=wait.gap_until,
            ended_at=ended_at,
            limited_until=wait.limited_until,
            unasked=wait.unasked,
        )
        opening = found.opens_at
        if opening is None:
            continue
        # Its time is its own, or a manager's "Call now": it takes no turn with others.
        by_hand = lead.counted_from > lead.submitted_at and not last_call
        alone = by_hand or opening == found.gap_until
        if wait.is_another or (alone and lead.call_after != opening):
            moved += transitions.put_off(
                lead.pk,
                opening,
                now,
                gap_until=found.gap_until,
                closed_until=found.closed_until,
            )
        if not alone:
            groups[opening].append((lead.pk, lead.phone))
    return moved + sum(
        _put_off_all(config, leads, source_id, it, of, now) for it, of in groups.items()
    )


class _Wait(NamedTuple):
    """What a lead waits for, apart from opening hours, as of now.

    `unasked`: the lead was put off to a usual hour (calling_hours.is_usual_hour), because nobody
    asked for the hour at which its limit ends. `is_another`: the number may be called at another
    time than the lead was given.
    """

    gap_until: datetime | None
    limited_until: datetime | None = None
    unasked: bool = False
    is_another: bool = False


def _wait_of(
    lead: Lead,
    last_call: CallAttempt | None,
    a_day_later: Collection[datetime],
    allowed: int,
    now: datetime,
) -> _Wait:
    """`a_day_later`: when each call of the number is a day old. `allowed`: calls a day."""
    gap_until = lead.gap_until
    unasked = gap_until is not None and lead.call_after > gap_until
    if gap_until and gap_until == lead.limit_until != lead.chosen_at:
        return _Wait(gap_until, gap_until, unasked)
    if gap_until and gap_until in a_day_later:
        limited_until = number_limits.lead_limited_until(lead.pk, now)
        if gap_until <= now or limited_until == gap_until:
            return _Wait(gap_until, gap_until, unasked)
        return _Wait(_own_wait(lead, last_call, now), limited_until, is_another=True)
    if sum(it > now for it in a_day_later) >= allowed:
        limited_until = number_limits.lead_limited_until(lead.pk, now)
        if limited_until and limited_until > lead.call_after:
            return _Wait(gap_until, limited_until, is_another=True)
    return _Wait(gap_until)


def _own_wait(lead: Lead, last_call: CallAttempt | None, now: datetime) -> datetime | None:
    """Until when the lead would wait if its number had no limit."""
    waits = [lead.chosen_at]
    step = apply_outcome.step_after(last_call, now) if last_call else None
    if last_call and last_call.ended_at and step:
        waits.append(last_call.ended_at + step.after)
    return max((it for it in waits if it), default=None)


def _a_day_after_calls(leads: Collection[Lead]) -> dict[str, list[datetime]]:
    """When the calls of each number are a day old, by number.

    A lead that waits for one of these times waits for its daily bound.
    """
    gaps = [lead.gap_until for lead in leads if lead.gap_until]
    # Calls are sent minutes after their claim at most.
    since = min([timezone.now(), *gaps]) - A_DAY - timedelta(hours=1)
    calls = CallAttempt.objects.filter(phone__in={it.phone for it in leads}, claimed_at__gte=since)
    found: dict[str, list[datetime]] = defaultdict(list)
    for phone, sent_at, claimed_at in calls.values_list("phone", "sent_at", "claimed_at"):
        found[phone].append((sent_at or claimed_at) + A_DAY)
    return found


def _last_calls(pks: list[int]) -> dict[int, CallAttempt]:
    """The last call of each lead, among the calls since `counted_from`."""
    calls = CallAttempt.objects.filter(
        lead__in=pks, kind=AttemptKind.CALL, claimed_at__gte=F("lead__counted_from")
    ).select_related("lead")
    newest = calls.order_by("lead_id", "-claimed_at").distinct("lead_id")
    return {it.lead_id: it for it in newest}


def _waits_to_open_anew_since(last_call: CallAttempt, now: datetime) -> datetime | None:
    """If the lead waits for a team's next opening (Step.at_opening): when its last call ended.

    Otherwise None.
    """
    if not last_call.lead.closed_until or not last_call.lead.gap_until:
        return None
    step = apply_outcome.step_after(last_call, now)
    if step is None or not step.at_opening:
        return None
    chosen_at = appointments.ahead(last_call.lead_id, now, sent_before=last_call.claimed_at)
    return None if chosen_at == last_call.lead.gap_until else last_call.ended_at


def _put_off_all(
    config: RoutingConfig,
    leads: QuerySet[Lead],
    source_id: int,
    opening: datetime,
    of: list[tuple[int, str]],
    now: datetime,
) -> int:
    ours = leads.filter(pk__in=[pk for pk, _phone in of])
    phone = of[0][1]
    return pacing.put_off_all(config, ours, opening, now, source_id=source_id, phone=phone)


def look_again_at(config: RoutingConfig, source_id: int, now: datetime) -> datetime | None:
    """When to look again at a lead that can never be called; None: leave it unchanged.

    While no team is open, such a lead blocks nobody. While a team is open, it would block other
    leads: its calling window and the teams' hours never overlap.
    """
    if any(config.is_open(team, now) for team in config.teams_for(source_id)):
        return now + calling_hours.LOOK_AGAIN
    return None
