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
from callbacks.models.calls import LIVE_STATES, AttemptState
from callbacks.outcomes import A_DAY
from callbacks.policy import policy

# The one who stored a lead and the one who calls it may be on machines whose clocks differ a
# little; without this a lead would wait for the next sweep.
CLOCK_TOLERANCE = timedelta(seconds=1)

# Losing this often against others means that every extension is being taken: the lead waits.
_TRIES = 5

# Constants in the statement, as in the condition of the partial index that is to be used for it.
_LIVE = ", ".join(f"'{state.value}'" for state in LIVE_STATES)

# Attempts of which it is known that the lead's phone has not rung, unless its leg's record says so;
# all others count.
_DID_NOT_RING = ", ".join(
    f"'{state.value}'"
    for state in (
        AttemptState.NOT_SENT,
        AttemptState.REFUSED,
        AttemptState.AGENT_NO_ANSWER,
        AttemptState.NEVER_PLACED,
    )
)
_RANG = "'ANSWER', 'NOANSWER', 'BUSY', 'VOICEMAIL'"  # of the lead's leg, in the provider's words


def _rests_until(phone: str, since: str) -> str:
    """Until when a number may not be rung (SQL; NULL: it may be): outcomes' gap and daily bound.

    Calls that ended before `since` make no gap. Only the last `calls_a_day` calls are looked at:
    the earliest of them is the one that has to be a day ago.
    """
    return f"""(
        SELECT GREATEST(
            max(ended_at) FILTER (WHERE ended_at > {since}) + %(gap)s,
            CASE WHEN count(*) = %(calls_a_day)s THEN min(rung_at) + %(a_day)s END
        )
        FROM (
            SELECT COALESCE(sent_at, claimed_at) AS rung_at, ended_at
            FROM callbacks_callattempt rung
            WHERE rung.phone = {phone} AND (
                rung.state NOT IN ({_DID_NOT_RING})
                -- The salesperson hung up while it rang: the first leg's record does not say so.
                OR EXISTS (
                    SELECT FROM callbacks_callrecord record
                    WHERE record.attempt_id = rung.id AND record.leg = 2
                        AND (record.dial_time > 0 OR record.status IN ({_RANG}))
                )
            )
            ORDER BY claimed_at DESC LIMIT %(calls_a_day)s
        ) last_calls
    )"""  # noqa: S608  # put together from constants only


# A manager's wish (counted anew, later than it was submitted) passes the gap, not the daily bound.
_LEAD_RESTS_UNTIL = _rests_until(
    "lead.phone",
    "CASE WHEN lead.counted_from > lead.submitted_at THEN lead.counted_from ELSE '-infinity' END",
)

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
        SELECT id, phone, waiting_since, ARRAY(
            SELECT extension_id FROM callbacks_callattempt
            WHERE lead_id = lead.id AND error_code = 1
        ) AS refused_with
        FROM leads_lead lead
        WHERE id = %(lead)s AND status = 'waiting' AND call_after <= %(due)s
            AND (NUMBER_RESTS_UNTIL <= %(now)s) IS NOT FALSE
        FOR UPDATE SKIP LOCKED
    ), the_extension AS (
        SELECT extension.id, extension.number, extension.kind
        FROM the_lead, callbacks_extension extension
        WHERE EXTENSION_IS_SUITABLE
            -- "Invalid parameters" with this extension: rather another one, if there is one free.
            AND (%(refused_too)s OR extension.id <> ALL(the_lead.refused_with))
        ORDER BY extension.tier, extension.position, extension.id
        LIMIT 1
        FOR UPDATE OF extension SKIP LOCKED
    ), attempt AS (
        INSERT INTO callbacks_callattempt (
            public_id, kind, lead_id, extension_id, phone, extension_number, record_name, state,
            claimed_at, sent_at, hold_until, call_id, error_message, reason, recording_url
        )
        SELECT gen_random_uuid(), 'call', the_lead.id, the_extension.id, the_lead.phone,
            the_extension.number, '', 'dialing',
            -- Not before the wait that it ends began, by a clock that is behind.
            GREATEST(%(now)s, the_lead.waiting_since), %(sent_at)s, %(hold_until)s, '', '', '', ''
        FROM the_lead, the_extension
        RETURNING *
    ), lead_calling AS (
        -- A lead mirrors its newest attempt, of which nothing is known yet.
        UPDATE leads_lead SET status = 'calling', attempts = leads_lead.attempts + 1,
            call_id = '', error_code = NULL, error_message = '', picked_up_at = NULL
        FROM attempt WHERE leads_lead.id = attempt.lead_id
    ), extension_called AS (
        UPDATE callbacks_extension SET last_called_at = %(now)s,
            position = EXTRACT(epoch FROM %(now)s::timestamptz)
        FROM attempt WHERE callbacks_extension.id = attempt.extension_id
    )
    SELECT attempt.*, the_extension.kind AS extension_kind FROM attempt, the_extension
"""
_CLAIM = _CLAIM.replace("NUMBER_RESTS_UNTIL", _LEAD_RESTS_UNTIL)
_CLAIM_FREE = _CLAIM.replace(
    "EXTENSION_IS_SUITABLE", f"extension.team_id = ANY(%(teams)s) AND {_EXTENSION_IS_FREE}"
)
_CLAIM_CHOSEN = _CLAIM.replace("EXTENSION_IS_SUITABLE", _EXTENSION_IS_CHOSEN)

# Urgency is the moment that was promised: a new lead's due time, a retry's time to call. Overdue
# leads come first, read in that order from an index (lead_waiting_by_promise), and PostgreSQL
# stops as soon as it has enough of them. Only when there are not enough does it read all that is
# due (lead_waiting_by_time). So neither a long queue nor many leads that are due another day cost
# anything, which no single index could promise.
_NEXT_LEADS = f"""
    WITH free AS (
        SELECT count(*) AS extensions FROM (
            SELECT FROM callbacks_extension extension
            WHERE extension.team_id = %(team)s AND {_EXTENSION_IS_FREE}
            LIMIT %(at_most)s
        ) up_to
    )
    SELECT lead.id
    FROM callbacks_team_sources answered, LATERAL (
        (
            SELECT lead.id, GREATEST(lead.due_at, lead.call_after) AS urgency FROM leads_lead lead
            WHERE LEAD_CAN_BE_CALLED AND GREATEST(lead.due_at, lead.call_after) <= %(due)s
            ORDER BY GREATEST(lead.due_at, lead.call_after), lead.id
            LIMIT (SELECT extensions FROM free)
        )
        UNION ALL
        (
            SELECT lead.id, lead.due_at AS urgency FROM leads_lead lead
            WHERE LEAD_CAN_BE_CALLED AND lead.call_after <= %(due)s AND lead.due_at > %(due)s
            ORDER BY lead.due_at, lead.id
            LIMIT (SELECT extensions FROM free)
        )
        LIMIT (SELECT extensions FROM free)
    ) lead
    WHERE answered.team_id = %(team)s
    ORDER BY lead.urgency, lead.id
    LIMIT (SELECT extensions FROM free)
""".replace(  # noqa: S608  # put together from constants only
    "LEAD_CAN_BE_CALLED",
    f"""lead.source_id = answered.leadsource_id AND lead.status = 'waiting'
            AND lead.id <> ALL(%(taken)s)
            -- A number that is on a call cannot be dialled; its lead must not keep others waiting.
            AND NOT EXISTS (
                SELECT FROM callbacks_callattempt live
                WHERE live.phone = lead.phone AND live.state IN ({_LIVE})
                OFFSET 0
            )""",
)

# One look into an index (lead_waiting_by_time) for each source: however many leads wait, the first
# one tells. Asked for in its order, or a planner without statistics might read them all.
_A_LEAD_IS_DUE = """
    (
        SELECT lead.call_after FROM leads_lead lead
        WHERE lead.source_id = SOURCE AND lead.status = 'waiting'
        ORDER BY lead.call_after LIMIT 1
    ) <= %(due)s
"""
_SOURCES_WITH_DUE_LEADS = "SELECT id FROM leads_leadsource source WHERE A_LEAD_IS_DUE".replace(
    "A_LEAD_IS_DUE", _A_LEAD_IS_DUE.replace("SOURCE", "source.id")
)
_TEAM_WITH_DUE_LEADS = """
    SELECT extension.team_id FROM callbacks_extension extension
    JOIN callbacks_team_sources answered ON answered.team_id = extension.team_id
    WHERE extension.id = %(extension)s AND A_LEAD_IS_DUE
    LIMIT 1
""".replace("A_LEAD_IS_DUE", _A_LEAD_IS_DUE.replace("SOURCE", "answered.leadsource_id"))


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


def next_new_opening(teams: list[Team], after: datetime) -> datetime | None:
    """When the first of `teams` opens anew, at or after `after`; None when all are always open."""
    openings = [
        schedule.next_new_opening(team.schedule.calendar(), after)
        for team in teams
        if team.schedule
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
    free, or when the lead's number is on a call or may not be rung yet. `hold` bounds how long the
    extension is kept should no record of the call come. The attempt is the caller's to send, at
    once. Raises RuntimeError inside a transaction.
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
        **_bounds(),
    }


def _bounds() -> dict[str, Any]:
    rules = policy()
    return {"gap": rules.gap, "calls_a_day": rules.calls_a_day, "a_day": A_DAY}


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


def number_rests_until(phone: str, now: datetime, since: datetime | None = None) -> datetime | None:
    """Until when `phone` may not be rung, by the rule of the claim; None when it may be now.

    Calls that ended before `since` make no gap, but count for the day.
    """
    since_or_ever = "COALESCE(%(since)s::timestamptz, '-infinity')"
    statement = "SELECT " + _rests_until("%(phone)s", since_or_ever)
    return _later_than(now, statement, {"phone": phone, "since": since})


def lead_rests_until(lead_id: int, now: datetime) -> datetime | None:
    """The same for a lead's number, as the claim asks it for this lead."""
    statement = f"SELECT {_LEAD_RESTS_UNTIL} FROM leads_lead lead WHERE id = %(lead)s"  # noqa: S608
    return _later_than(now, statement, {"lead": lead_id})


def _later_than(now: datetime, statement: str, parameters: dict[str, Any]) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, **_bounds()})
        row = cursor.fetchone()
    return row[0] if row and row[0] and row[0] > now else None


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
    return _first_column(_NEXT_LEADS, parameters)


def team_with_waiting_leads(extension_id: int, now: datetime) -> int | None:
    """The extension's team, if a lead that it answers waits to be called now."""
    parameters = {"extension": extension_id, "due": now + CLOCK_TOLERANCE}
    return next(iter(_first_column(_TEAM_WITH_DUE_LEADS, parameters)), None)


def sources_with_due_leads(now: datetime) -> list[int]:
    """The sources with a lead that waits to be called now."""
    return _first_column(_SOURCES_WITH_DUE_LEADS, {"due": now})


def teams_with_due_leads(now: datetime) -> list[Team]:
    """The active, open teams that answer a source with a lead waiting to be called now."""
    current = setup.current()
    teams = {
        team.pk: team
        for source_id in sources_with_due_leads(now)
        for team in current.teams_for(source_id)
    }
    return [team for team in teams.values() if is_open(team, now)]


def _first_column(statement: str, parameters: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]
