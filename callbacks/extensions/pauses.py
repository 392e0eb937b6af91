"""What people decide about an extension: pauses, un-pausing, and clearing other obstacles.

Managers do this in the admin, salespeople on their own page; both call `carry_out`. Each change is
one conditional UPDATE that says whether it won, and is logged. A pause whose time is over has no
effect, whether or not a sweep has cleared it.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common import task_publisher
from callbacks.common.formatting import clock
from callbacks.common.translation import Text
from callbacks.models import Extension
from callbacks.models.extensions import PausedAs

LONGEST_REASON = 100  # Extension.pause_reason


class PauseLength(models.TextChoices):
    """How long somebody pauses an extension."""

    QUARTER = "15", _("15 minutes")
    HALF = "30", _("30 minutes")
    HOUR = "60", _("1 hour")
    DAY = "day", _("Rest of the day")
    OPEN = "open", _("Until un-paused")


@dataclass(frozen=True)
class PauseChange:
    """A change of an extension: `values` are written if `applies` matches.

    `frees`: whether the extension may be rung afterwards, so that a waiting lead is called.
    """

    applies: Q
    values: dict[str, Any]
    logged: Text
    frees: bool


# Un-pausing says that somebody sits there again, so earlier obstacles (missed calls, a cool-down)
# no longer apply.
UNPAUSE = PauseChange(
    applies=Q(is_paused=True),
    values={
        "is_paused": False,
        "paused_until": None,
        "pause_reason": "",
        "paused_as": "",
        "paused_by": None,
        "missed_in_a_row": 0,
        "unavailable_until": None,
        "unavailable_reason": "",
    },
    logged=_("Un-paused"),
    frees=True,
)
CLEAR_BLOCK = PauseChange(
    applies=Q(is_blocked=True),
    values={"is_blocked": False},
    logged=_("Block cleared"),
    frees=True,
)
BRING_BACK = PauseChange(
    applies=Q(unavailable_until__gt=Now()),
    values={"unavailable_until": None, "unavailable_reason": ""},
    logged=_("Brought back"),
    frees=True,
)


def pause(until: datetime | None, reason: str, now: datetime, zone: tzinfo) -> PauseChange:
    """Pauses until `until` (None: until un-paused), or changes an existing pause.

    The same pause again, as by a second click, changes nothing. Times in the log are in `zone`.
    """
    same = Q(is_paused=True, pause_reason=reason) & (
        Q(paused_until__isnull=True) if until is None else Q(paused_until=until)
    )
    ends = (
        gettext("until %(clock)s") % {"clock": clock(until, now, zone)}
        if until
        else gettext("until un-paused")
    )
    return PauseChange(
        applies=~same,
        values={
            "is_paused": True,
            "paused_until": until,
            "pause_reason": reason,
            "paused_as": PausedAs.PERSON,
        },
        logged=gettext("Paused %(ends)s: %(reason)s") % {"ends": ends, "reason": reason}
        if reason
        else gettext("Paused %(ends)s") % {"ends": ends},
        frees=False,
    )


def pause_ends(lasts: PauseLength, now: datetime, zone: tzinfo) -> datetime | None:
    """When a pause from `now` ends, to the minute; None: when somebody un-pauses it.

    The day is a day in `zone`.
    """
    match lasts:
        case PauseLength.OPEN:
            return None
        case PauseLength.DAY:
            tomorrow = now.astimezone(zone).date() + timedelta(days=1)
            return datetime.combine(tomorrow, time(), zone)
    ends = now + timedelta(minutes=int(lasts), seconds=30)
    return ends.replace(second=0, microsecond=0)


def carry_out(change: PauseChange, extension: Extension, user: Any) -> bool:
    """Makes the change if it still applies, logs it, and wakes the team if it frees the extension.

    False: somebody was first, and nothing was written.
    """
    with transaction.atomic():
        values = dict(change.values)
        if values.get("paused_as") == PausedAs.PERSON:
            values["paused_by"] = user.pk
        won = Extension.objects.filter(change.applies, pk=extension.pk).update(**values)
        if won:
            LogEntry.objects.log_actions(
                user.pk, [extension], CHANGE, str(change.logged), single_object=True
            )
            if change.frees:
                task_publisher.work_team_on_commit(extension.team_id)
    return bool(won)


def end_pauses(now: datetime) -> int:
    """For the sweep: clears pauses whose time is over. Returns how many.

    The sweep's next step calls the waiting leads. Leaves out extensions that somebody else has
    locked.
    """
    with transaction.atomic():
        over = Extension.objects.filter(is_paused=True, paused_until__lte=now).order_by()
        free = over.select_for_update(skip_locked=True, no_key=True).values("pk")
        return Extension.objects.filter(pk__in=free, is_paused=True, paused_until__lte=now).update(
            is_paused=False, paused_until=None, pause_reason="", paused_as="", paused_by=None
        )
