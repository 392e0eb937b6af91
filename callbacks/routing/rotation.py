"""An extension's place in the queue of its team, and what moves it.

The end of a call sets its place and its wrap-up, and counts its calls of the day. A team that
changes its strategy, and an extension that changes its team, begin with new places.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast, Coalesce, Extract
from django.utils import timezone

from callbacks.common import sql
from callbacks.models import CallAttempt, Extension, Team
from callbacks.models.attempt_states import AttemptKind
from callbacks.policy.rules import Outcome, rang_the_salesperson
from callbacks.routing import config, rules

# Their positions are times; the others' are turns that were had (callbacks.routing.rules).
_BY_TIME = (Team.Strategy.LONGEST_IDLE, Team.Strategy.ROUND_ROBIN)

# Calls with these do not count as calls of the extension's day.
_NO_CALL = [it.value for it in Outcome if not rang_the_salesperson(it)]

# rules.position_after, in the one statement that a call's end takes.
_AFTER = f"""
    UPDATE callbacks_extension extension SET
        queue_position = CASE
            WHEN team.strategy = '{rules.LONGEST_IDLE}'
            THEN EXTRACT(epoch FROM %(now)s::timestamptz)
            WHEN team.strategy = '{rules.WEIGHTED}' AND NOT %(rang)s
                OR team.strategy = '{rules.FAIR}' AND NOT %(talked)s
            THEN queue_position - 1.0 / weight
            ELSE queue_position END,
        wrap_up_until = CASE WHEN %(rang)s THEN %(now)s::timestamptz
            + make_interval(secs => NULLIF(COALESCE(extension.wrap_up, team.wrap_up), 0))
            ELSE wrap_up_until END
    FROM callbacks_team team
    WHERE extension.id = %(extension)s AND team.id = extension.team_id
    RETURNING team.id AS team_id, COALESCE(extension.daily_cap, team.daily_cap) AS cap
"""  # noqa: S608  # put together from constants only


def after_call(extension_id: int, outcome: Outcome, now: datetime) -> None:
    """In the transaction in which its attempt has ended."""
    parameters = {
        "extension": extension_id,
        "now": now,
        "rang": rang_the_salesperson(outcome),
        "talked": outcome is Outcome.BRIDGED,
    }
    for row in sql.rows(_AFTER, parameters):
        if row["cap"] is not None:
            _keep_to_the_cap(extension_id, row["team_id"], row["cap"], now)


def _keep_to_the_cap(extension_id: int, team_id: int, cap: int, now: datetime) -> None:
    today, tomorrow = day_of(team_id, now)
    calls = (
        CallAttempt.objects.filter(
            extension_id=extension_id, claimed_at__gte=today, kind=AttemptKind.CALL
        )
        .exclude(outcome__in=_NO_CALL)
        .count()
    )
    Extension.objects.filter(pk=extension_id).update(
        capped_until=tomorrow if calls >= cap else None
    )


def day_of(team_id: int, at: datetime) -> tuple[datetime, datetime]:
    """The midnights between which `at` lies, in the team's time zone."""
    zone = config.current().zone_of(team_id) or timezone.get_current_timezone_name()
    local = at.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight, midnight + timedelta(days=1)


def reset_positions(team_id: int) -> None:
    """Of all its extensions: by time, whoever was called last stays last; by turns, all begin
    anew.
    """
    extensions: QuerySet[Extension] = Extension.objects.filter(team=team_id)
    if Team.objects.filter(pk=team_id, strategy__in=_BY_TIME).exists():
        extensions.update(
            queue_position=Coalesce(
                Cast(Extract(F("last_called_at"), "epoch", tzinfo=UTC), FloatField()), 0.0
            )
        )
    else:
        extensions.update(queue_position=0)
