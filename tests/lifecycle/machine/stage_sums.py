"""Every second of a lead's life belongs to one stage, according to the stored columns alone."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from callbacks.lateness import explained
from callbacks.models import CallAttempt
from callbacks.models.attempt_states import AttemptKind
from leads import sla
from leads.models import Lead, LeadStatus

WAITED = (
    "waited_closed", "waited_chosen", "waited_retry", "waited_extension", "waited_limit",
    "waited_held",
)  # fmt: skip
TIMES = ("provider_time", "leg1_time", "leg2_time", "unknown_time")


def accounted(lead: Lead, attempts: Iterable[CallAttempt]) -> timedelta:
    """The sum of a lead's stages; none may be negative."""
    parts = [getattr(lead, name) for name in WAITED]
    for attempt in attempts:
        times = [getattr(attempt, name) for name in TIMES]
        if attempt.is_live or attempt.kind == AttemptKind.MESSAGE:
            assert times == [None] * 4
        else:
            parts += times
    assert all(part >= timedelta(0) for part in parts), parts
    return sum(parts, timedelta(0))


def accounted_until(lead: Lead, attempts: Iterable[CallAttempt]) -> datetime:
    """The time up to which the columns must account for a lead's life."""
    if lead.status == LeadStatus.CONNECTED:
        assert lead.connected_at
        calls = [it for it in attempts if it.kind == AttemptKind.CALL]
        # Of two calls claimed at the same moment, the first was not even sent: the second counts.
        last = max(calls, key=lambda it: (it.claimed_at, it.pk))
        # The lead was waiting for its next call when the record of the talk came, so it waited
        # until then.
        if last.accounted_until == last.ended_at != lead.connected_at:
            assert lead.closed_at
            return lead.closed_at
        return lead.connected_at
    # The current wait and the current call are added when they end.
    return lead.closed_at or lead.waiting_since


def stages_add_up(leads: Iterable[Lead], attempts: Iterable[CallAttempt]) -> None:
    """To the microsecond, from submission to conversation or closing."""
    of: dict[int, list[CallAttempt]] = {}
    for attempt in attempts:
        of.setdefault(attempt.lead_id, []).append(attempt)
    for lead in leads:
        own = of.get(lead.pk, [])
        wanted = accounted_until(lead, own) - lead.submitted_at
        got = accounted(lead, own)
        assert got == wanted, f"lead {lead.pk}, {lead.status}: {got} instead of {wanted}"


def lateness_adds_up(leads: Iterable[Lead], now: datetime) -> None:
    """To the microsecond, for each late lead, and every second of the lateness has a cause."""
    late = explained.of_leads(leads, now)
    for lead in leads:
        stop = lead.rang_at or lead.closed_at or now
        missed = not lead.rang_at and lead.connected_at
        if not sla.is_counted(lead) or missed or stop <= lead.due_at:
            assert lead.pk not in late
            continue
        its = late[lead.pk]
        assert its.took == stop - lead.due_at, f"lead {lead.pk}: {its}"
        assert sum((it.took for it in its.parts), timedelta(0)) == its.took, (
            f"lead {lead.pk}: {its}"
        )
        assert all(it.took > timedelta(0) for it in its.parts)
        assert its.is_told, f"lead {lead.pk}, {lead.status}: {its}"
