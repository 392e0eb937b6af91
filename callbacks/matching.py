"""Which extension for this lead, and which lead for a free extension. The claim.

A claim is one statement: it takes the lead and the extension by row locks nobody waits for
(`FOR UPDATE SKIP LOCKED`), and writes the attempt. The partial unique indexes over live attempts
are the second lock on the door: should two claims meet all the same, one of them ends in an
IntegrityError and takes another extension.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from callbacks import schedule, setup
from callbacks.constraints import violated
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.calls import LIVE_STATES
from leads.models import Lead, LeadStatus

# The one who stored a lead and the one who calls it may be on machines whose clocks differ a
# little; without this a lead would wait for the next sweep.
CLOCK_TOLERANCE = timedelta(seconds=1)

# Losing this often against others means that every extension is being taken: the lead waits.
_TRIES = 5

# Constants in the statement, as in the condition of the partial index that is to be used for it.
_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)

# OFFSET 0 keeps PostgreSQL from turning the question into a join. On statistics from a quieter
# hour it would join by reading all attempts once for every extension; this way it asks the small
# index of live attempts about one extension after the other.
_EXTENSION_IS_FREE = f"""
    extension.is_active AND NOT extension.is_paused AND NOT extension.is_blocked
    AND (extension.out_until IS NULL OR extension.out_until <= %(now)s)
    AND extension.id <> ALL(%(off_shift)s)
    AND NOT EXISTS (
        SELECT FROM callbacks_callattempt live
        WHERE live.extension_id = extension.id AND live.state IN ({_LIVE})
        OFFSET 0
    )
"""

# A manager's choice may be paused or out for a while, but not blocked or on a call.
_EXTENSION_IS_CHOSEN = f"""
    extension.id = %(extension)s AND extension.is_active AND NOT extension.is_blocked
    AND NOT EXISTS (
        SELECT FROM callbacks_callattempt live
        WHERE live.extension_id = extension.id AND live.state IN ({_LIVE})
        OFFSET 0
    )
"""

_CLAIM = """
    WITH the_lead AS (
        SELECT id, phone, ARRAY(
            SELECT extension_id FROM callbacks_callattempt
            WHERE lead_id = leads_lead.id AND error_code = 1
        ) AS refused_with
        FROM leads_lead
        WHERE id = %(lead)s AND status = 'waiting' AND call_after <= %(due)s
        FOR UPDATE SKIP LOCKED
    ), the_extension AS (
        SELECT extension.id, extension.number, extension.kind
        FROM the_lead, callbacks_extension extension
        WHERE EXTENSION_IS_SUITABLE
            -- "Invalid parameters" with this extension: rather another one, if there is one free.
            AND (%(refused_too)s OR extension.id <> ALL(the_lead.refused_with))
        ORDER BY extension.last_called_at NULLS FIRST, extension.id
        LIMIT 1
        FOR UPDATE OF extension SKIP LOCKED
    ), attempt AS (
        INSERT INTO callbacks_callattempt (
            public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
            claimed_at, sent_at, hold_until, call_id, error_message, reason, recording_url
        )
        SELECT gen_random_uuid(), 'call', the_lead.id, the_extension.id, the_lead.phone,
            the_extension.number, '', 'dialing',
            %(now)s, %(sent_at)s, %(hold_until)s, '', '', '', ''
        FROM the_lead, the_extension
        RETURNING *
    ), lead_calling AS (
        -- A lead mirrors its newest attempt, of which nothing is known yet.
        UPDATE leads_lead SET status = 'calling', attempts = leads_lead.attempts + 1,
            call_id = '', error_code = NULL, error_message = '', picked_up_at = NULL
        FROM attempt WHERE leads_lead.id = attempt.lead_id
    ), extension_called AS (
        UPDATE callbacks_extension SET last_called_at = %(now)s
        FROM attempt WHERE callbacks_extension.id = attempt.extension_id
    )
    SELECT attempt.*, the_extension.kind AS extension_kind FROM attempt, the_extension
"""
_CLAIM_FREE = _CLAIM.replace(
    "EXTENSION_IS_SUITABLE", f"extension.team_id = ANY(%(teams)s) AND {_EXTENSION_IS_FREE}"
)
_CLAIM_CHOSEN = _CLAIM.replace("EXTENSION_IS_SUITABLE", _EXTENSION_IS_CHOSEN)

_NEXT_LEADS = f"""
    SELECT lead.id FROM leads_lead lead
    WHERE lead.status = 'waiting' AND lead.call_after <= %(due)s
        AND lead.id <> ALL(%(taken)s)
        AND lead.source_id IN (
            SELECT leadsource_id FROM callbacks_team_sources WHERE team_id = %(team)s
        )
        -- A number that is on a call cannot be dialled; its lead must not keep others waiting.
        AND NOT EXISTS (
            SELECT FROM callbacks_callattempt live
            WHERE live.phone = lead.phone AND live.state IN ({_LIVE})
            OFFSET 0
        )
    ORDER BY lead.due_at, lead.id
    LIMIT (
        SELECT count(*) FROM (
            SELECT FROM callbacks_extension extension
            WHERE extension.team_id = %(team)s AND {_EXTENSION_IS_FREE}
            LIMIT %(at_most)s
        ) free
    )
"""  # noqa: S608  # put together from constants only


@dataclass(frozen=True)
class Claim:
    """A lead and an extension reserved for one another by a committed, live attempt."""

    attempt: CallAttempt
    extension_kind: str


def is_open(team: Team, at: datetime) -> bool:
    """Whether the team answers at `at`; one without a schedule always does."""
    return team.schedule is None or schedule.is_open(team.schedule.calendar(), at)


def is_on_shift(extension: Extension, at: datetime) -> bool:
    """Whether its own hours include `at`; without any they always do. Its team's count besides."""
    return extension.schedule is None or schedule.is_open(extension.schedule.calendar(), at)


def next_opening(teams: list[Team], after: datetime) -> datetime | None:
    """When the first of `teams` answers, at or after `after`; None when none ever does."""
    openings = [
        after if team.schedule is None else schedule.next_opening(team.schedule.calendar(), after)
        for team in teams
    ]
    return min((opening for opening in openings if opening), default=None)


def claim(
    lead_id: int,
    team_ids: list[int],
    now: datetime,
    hold: timedelta,
    off_shift: Collection[int] = (),
) -> Claim | None:
    """Reserves the lead and the longest idle free extension of the teams; commits the attempt.

    `off_shift`: extensions of them whose own hours are over (Setup.off_shift).

    None when the lead is not waiting, not due or taken by somebody else, when no extension is
    free, or when the lead's number is on a call already. `hold` bounds how long the extension is
    kept should no record of the call come. The attempt is the caller's to send, at once. Raises
    RuntimeError inside a transaction.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a claim has to be committed before anything is sent")
    parameters = _parameters(lead_id, now, hold) | {
        "teams": team_ids,
        "off_shift": list(off_shift),
        "sent_at": now,
    }
    return _claim_free(parameters | {"refused_too": False}) or _claim_free(
        parameters | {"refused_too": True}
    )


def claim_chosen(lead_id: int, extension_id: int, now: datetime, hold: timedelta) -> Claim | None:
    """Reserves the lead and one extension; in the caller's transaction, to be sent after it.

    None when either is not to be had. Whoever sends it takes it on first (CallAttempt.take_on).
    """
    choice = {"extension": extension_id, "sent_at": None, "refused_too": True}
    try:
        with transaction.atomic():
            return _claim(_CLAIM_CHOSEN, _parameters(lead_id, now, hold) | choice)
    except IntegrityError as error:
        if violated(error).startswith("attempt_one_live_"):
            return None
        raise


def _parameters(lead_id: int, now: datetime, hold: timedelta) -> dict[str, Any]:
    return {
        "lead": lead_id,
        "now": now,
        "due": now + CLOCK_TOLERANCE,
        "hold_until": now + hold,
    }


def _claim_free(parameters: dict[str, Any]) -> Claim | None:
    for _ in range(_TRIES):
        try:
            # One statement is a transaction by itself, without the trips for BEGIN and COMMIT.
            return _claim(_CLAIM_FREE, parameters)
        except IntegrityError as error:
            match violated(error):
                case "attempt_one_live_per_extension":
                    continue
                case "attempt_one_live_per_lead" | "attempt_one_live_per_number":
                    return None
            raise
    return None


def _claim(statement: str, parameters: dict[str, Any]) -> Claim | None:
    found: list[Any] = list(CallAttempt.objects.raw(statement, parameters))
    return Claim(found[0], found[0].extension_kind) if found else None


def next_leads(
    team_id: int, now: datetime, taken: Collection[int] = (), at_most: int = 500
) -> list[int]:
    """The most urgent waiting leads of a team, as many as it has free extensions.

    Without those in `taken`, and no more than `at_most`.
    """
    parameters: dict[str, Any] = {
        "team": team_id,
        "now": now,
        "due": now + CLOCK_TOLERANCE,
        "taken": list(taken),
        "at_most": at_most,
        "off_shift": setup.current().off_shift([team_id], now),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_LEADS, parameters)
        return [row[0] for row in cursor.fetchall()]


def team_with_waiting_leads(extension_id: int, now: datetime) -> int | None:
    """The extension's team, if a lead that it answers waits to be called now."""
    waiting = Lead.objects.filter(status=LeadStatus.WAITING, call_after__lte=now + CLOCK_TOLERANCE)
    teams = Team.objects.filter(extensions=extension_id, sources__leads__in=waiting)
    return teams.order_by().values_list("pk", flat=True).first()


def teams_with_due_leads(now: datetime) -> list[Team]:
    """The active, open teams that answer a source with a lead waiting to be called now."""
    due = Lead.objects.filter(status=LeadStatus.WAITING, call_after__lte=now)
    current = setup.current()
    teams = {
        team.pk: team
        for source_id in due.order_by().values_list("source", flat=True).distinct()
        for team in current.teams_for(source_id)
    }
    return [team for team in teams.values() if is_open(team, now)]
