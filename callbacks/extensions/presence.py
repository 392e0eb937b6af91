"""Who is on the telephone or away right now, from the provider's list of active calls.

One request covers all extensions, for all processes and machines: the process that moves `asked_at`
forward, by a conditional UPDATE, asks. Only while a lead is due: presence keeps that lead's call
from ringing somebody who is already talking. What it shows expires a few seconds after the next
request was due, so stale or failed presence never keeps anybody from being called; the provider's
own check of the device still applies.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from callbacks.common import sql, task_publisher
from callbacks.models import CallAttempt, Extension, Presence
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.models.extensions import LOGGED_OUT, ON_ANOTHER_CALL
from callbacks.routing import queue
from callbacks.telephony import account
from callbacks.voicenter import ExtensionCalls, LoginStatus

log = logging.getLogger(__name__)

# What the provider's users may be doing instead of taking calls, in words. A missing status, or an
# account's own, says nothing.
AWAY: Mapping[LoginStatus, str] = {
    LoginStatus.LOGOUT: LOGGED_OUT,
    LoginStatus.LUNCH: "lunch",
    LoginStatus.ADMINISTRATIVE: "paperwork",
    LoginStatus.PRIVATE: "private",
    LoginStatus.OTHER: "away",
    LoginStatus.TRAINING: "training",
    LoginStatus.TEAM_MEETING: "team meeting",
    LoginStatus.BRIEF: "briefing",
}
# Seconds that the answer may take. A later answer is outdated, and a worker waits for it.
PATIENCE = 5.0
# A process that has not returned by now has died; another one asks.
_TAKEN_FOR = timedelta(seconds=30)
# How long nobody asks after a request failed.
_AFTER_FAILURE = timedelta(seconds=30)
# After the next request is due: time for its answer to arrive and be written.
_BEYOND = timedelta(seconds=PATIENCE)
# One of our calls that ended within this time may still be in the list.
_JUST_OVER = timedelta(seconds=10)

# One row, created by the first request; `asked_at` is in the future while somebody asks.
_TAKE = """
    INSERT INTO callbacks_presence (id, asked_at) VALUES (1, %(taken_until)s)
    ON CONFLICT (id) DO UPDATE SET asked_at = excluded.asked_at
    WHERE callbacks_presence.asked_at <= %(due)s
"""
# Leaves out extensions that somebody else has locked: an extension that just got a call does not
# matter here.
_NOTE = """
    UPDATE callbacks_extension extension
    SET provider_busy_until = %(until)s, provider_busy_as = seen.said
    FROM unnest(%(ids)s::bigint[], %(said)s::text[]) AS seen (id, said)
    WHERE extension.id = seen.id AND extension.id IN (
        SELECT id FROM callbacks_extension WHERE id = ANY(%(ids)s) FOR NO KEY UPDATE SKIP LOCKED
    )
"""
_LOGS_IN = """
    UPDATE callbacks_extension SET logs_in = true WHERE id IN (
        SELECT id FROM callbacks_extension
        WHERE number = ANY(%(numbers)s) AND kind = %(kind)s AND NOT logs_in
        FOR NO KEY UPDATE SKIP LOCKED
    )
"""


@dataclass(frozen=True)
class _Row:
    """One of our extensions that is, or was, seen as not free."""

    pk: int
    team_id: int
    kind: str
    until: datetime | None


def look() -> bool:
    """For the sweep: asks the provider if it is time, and stores who is not free.

    Returns whether the provider was asked and answered.
    """
    every = timedelta(seconds=settings.PRESENCE_EVERY)
    now = timezone.now()
    if not every or not queue.sources_with_due_leads(now):
        return False
    taken = now + max(_TAKEN_FOR - every, timedelta())
    if not _take(taken, due=now - every):
        return False
    states = account.active_calls(PATIENCE)
    # Counted from the request: an answer that took long is already old.
    asked_at = now
    if states is None:
        asked_at = timezone.now() + max(_AFTER_FAILURE - every, timedelta())
    else:
        note(states, now, until=now + lasts(every))
    Presence.objects.filter(asked_at=taken).update(asked_at=asked_at)
    return states is not None


def lasts(every: timedelta) -> timedelta:
    """How long a sighting lasts: until the next one is certain, or nobody asks any more."""
    return every + timedelta(seconds=settings.SWEEP_EVERY) + _BEYOND


def _take(until: datetime, due: datetime) -> bool:
    """Whether this process asks: nobody has since `due`, and nobody else will before `until`."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"taken_until": until, "due": due})
        return bool(cursor.rowcount == 1)


# --- sightings -----------------------------------------------------------------------------------


def note(states: Sequence[ExtensionCalls], now: datetime, until: datetime) -> None:
    """Stores until when extensions are not rung, and clears those that may be rung again.

    The number of statements does not depend on the number of extensions. Only SIP codes in the list
    are ever kept from being rung.
    """
    _note_logins(logged_in_numbers(states))
    away = away_by_number(states, _that_log_in(states))
    on_calls = {state.extension: _call_ids(state) for state in states if state.calls}
    rows = _rows({*away, *on_calls})
    ours = {number: row for number, row in rows.items() if row.kind == Extension.Kind.SIP}
    not_ours = _not_ours({number: on_calls[number] for number in ours if number in on_calls}, now)
    seen = {
        row.pk: away.get(number) or ON_ANOTHER_CALL
        for number, row in ours.items()
        if number in away or number in not_ours
    }
    if seen:
        _write(seen, until)
    _let_in([row for row in rows.values() if row.until and row.pk not in seen], now)


def away_by_number(
    states: Iterable[ExtensionCalls], that_log_in: Collection[str]
) -> dict[str, str]:
    """What people who take no calls are doing, in words, by extension. Pure.

    Only an extension that has been seen logged in can be logged out (`that_log_in`): in some
    accounts only some departments log in, and salespeople who never do would get no calls.
    """
    known = {state.extension: state.status for state in states if state.status in AWAY}
    return {
        number: AWAY[status]
        for number, status in known.items()
        if status and (status is not LoginStatus.LOGOUT or number in that_log_in)
    }


def logged_in_numbers(states: Iterable[ExtensionCalls]) -> set[str]:
    """The extensions that are logged in, whatever their salespeople are doing. Pure."""
    logged_in = set(LoginStatus) - {LoginStatus.LOGOUT}
    return {state.extension for state in states if state.status in logged_in}


def _note_logins(numbers: Collection[str]) -> None:
    """Notes that these extensions log in, so that they can count as logged out."""
    if numbers:
        sql.run(_LOGS_IN, {"numbers": list(numbers), "kind": Extension.Kind.SIP.value})


def _that_log_in(states: Iterable[ExtensionCalls]) -> set[str]:
    logged_out = [it.extension for it in states if it.status is LoginStatus.LOGOUT]
    if not logged_out:
        return set()
    log_in = Extension.objects.filter(number__in=logged_out, logs_in=True).order_by()
    return set(log_in.values_list("number", flat=True))


def _call_ids(state: ExtensionCalls) -> set[str]:
    """The CALLIDs of its calls; "" for a call without one."""
    return {call.call_id for call in state.calls}


def _rows(numbers: Collection[str]) -> dict[str, _Row]:
    """Our extensions with these numbers, and those that were seen as not free before."""
    shown = Q(kind=Extension.Kind.SIP, number__in=numbers) | Q(provider_busy_until__isnull=False)
    found = Extension.objects.filter(shown).order_by()
    return {
        number: _Row(pk, team_id, kind, until)
        for number, pk, team_id, kind, until in found.values_list(
            "number", "pk", "team_id", "kind", "provider_busy_until"
        )
    }


def _not_ours(on_calls: Mapping[str, set[str]], now: datetime) -> set[str]:
    """The extensions on calls that none of our attempts explains.

    A live attempt explains any call of its extension; an attempt that has just ended is recognised
    by its CALLID.
    """
    attempts = CallAttempt.objects.order_by()
    held = set(
        attempts.filter(state__in=LIVE_STATES, extension__number__in=on_calls).values_list(
            "extension__number", flat=True
        )
    )
    call_ids = set().union(*on_calls.values()) - {""}
    just_over = set(
        attempts.filter(call_id__in=call_ids, ended_at__gt=now - _JUST_OVER).values_list(
            "call_id", flat=True
        )
    )
    return {number for number, ids in on_calls.items() if number not in held and ids - just_over}


def _let_in(rows: Sequence[_Row], now: datetime) -> None:
    """Lets these extensions be rung again; if that is sooner, wakes teams with waiting leads."""
    if not rows:
        return
    _write(dict.fromkeys((row.pk for row in rows), ""), None)
    waited_for = {team.pk for team in queue.teams_with_due_leads(now)}
    for row in rows:
        if row.until and row.until > now and row.team_id in waited_for:
            task_publisher.publish(task_publisher.WORK_TEAM, row.team_id)


def _write(said: Mapping[int, str], until: datetime | None) -> None:
    """Writes what each of these extensions is seen as, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"ids": list(said), "said": list(said.values()), "until": until})
