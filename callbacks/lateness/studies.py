"""Studies: asked for on a page, calculated by a worker, one at a time, in limited time.

A worker's threads share one processor with the calls, so a study rests between its steps, and ends
with an explanation when its time is up.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callbacks.common import task_publisher
from callbacks.common.translation import Text
from callbacks.lateness import causes, remedies
from callbacks.lateness.causes import TooManyLate
from callbacks.models import Study
from callbacks.models.studies import StudyKind
from callbacks.replay import playing
from callbacks.replay.changes import Change
from callbacks.replay.engine import NothingToDrawFrom
from callbacks.replay.history import Period
from callbacks.replay.playing import TooManyLeads, Variant
from callbacks.reports import filters
from callbacks.reports.filters import Asked, NotUnderstood
from leads import sla, unavailable

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=30)
# More leads would take too long.
MOST_LATE, MOST_LEADS = 20_000, 20_000
_LONGEST = 90.0
# A study without progress for so long has lost its worker.
_SILENT_FOR = timedelta(minutes=3)
_TELL_EVERY = 0.5
# Seconds: it works for the first, then rests for the second.
_WORKS, _RESTS = 0.02, 0.005
# Instead of a cause: all late leads.
ALL = "all"
# For so many of the largest causes, a remedy is tried.
LARGEST = 3
# Seconds within which phones rang, for the picture.
LIMITS = (10, 30, 60, 120, 300, 900, 3600, 14_400)

# Why there is no result: Study.problem, and its sentence.
_TOO_LONG, _TOO_MANY, _NO_CALLS = "too_long", "too_many", "no_calls"
_TOO_FEW, _BROKEN_OFF = "too_few", "broken_off"
_PROBLEMS: dict[str, Text] = {
    _TOO_LONG: _(
        "This would take more than a minute and a half. Choose fewer days or a single source."
    ),
    _TOO_MANY: _("There are more than 20,000 leads in these days. Choose fewer days."),
    _NO_CALLS: _("No calls were made to these leads, so there is nothing to base a replay on."),
    _TOO_FEW: _("The team does not have that many people to remove."),
    _BROKEN_OFF: _("The calculation was interrupted. Start it again."),
}


class _TimeIsUp(Exception):  # noqa: N818
    """The study has taken too long."""


def ask(kind: StudyKind, asked: str, user: Any, now: datetime) -> Study:
    """Stores a study and has a worker start it. Deletes old ones."""
    with transaction.atomic():
        Study.objects.filter(asked_at__lt=now - KEPT_FOR).delete()
        study = Study.objects.create(kind=kind, asked=asked, asked_by=user, asked_at=now)
        task_publisher.work_out_on_commit(study.pk)
    return study


def newest(kind: StudyKind, asked: str) -> Study | None:
    """The newest study for exactly this query."""
    return Study.objects.filter(kind=kind, asked=asked).first()


def look_after(study: Study, now: datetime) -> None:
    """For a page that waits for the study. Publishes it again if nobody has started it; marks it
    as broken off if it has lost its worker.
    """
    if study.finished_at:
        return
    if study.started_at is None:
        # Each view of the page publishes it again; without workers, the tasks would pile up.
        task_publisher.publish(task_publisher.WORK_OUT, study.pk, expires=60)
    elif (study.told_at or study.started_at) < now - _SILENT_FOR:
        try:
            Study.objects.filter(pk=study.pk, finished_at__isnull=True).update(
                finished_at=now, problem=_BROKEN_OFF
            )
        except Error as error:
            if unavailable.cause(error) is None:  # else the next view of the page marks it
                raise


def run(study_id: int) -> None:
    """Calculates the study if nobody has started it and no other is running; then the next ones."""
    begun: int | None = study_id
    while begun is not None:
        now = timezone.now()
        with transaction.atomic():
            # Locks all unfinished studies, so that two workers cannot both start one.
            rows = Study.objects.select_for_update().filter(finished_at__isnull=True)
            waiting = {it.pk: it for it in rows.order_by("asked_at", "pk")}
            under_way = [
                it for it in waiting.values()
                if it.started_at and (it.told_at or it.started_at) > now - _SILENT_FOR
            ]  # fmt: skip
            study = waiting.get(begun)
            if under_way or study is None or study.started_at:
                return
            study.started_at = study.told_at = now
            study.save(update_fields=["started_at", "told_at"])
        _work(study, now)
        left = Study.objects.filter(finished_at__isnull=True, started_at__isnull=True)
        begun = left.order_by("asked_at", "pk").values_list("pk", flat=True).first()


def _work(study: Study, now: datetime) -> None:
    result, problem = None, ""
    try:
        work = _WORK[StudyKind(study.kind)]
        result = work(QueryDict(study.asked), now, _progress(study))
    except _TimeIsUp:
        problem = _TOO_LONG
    except (TooManyLate, TooManyLeads):
        problem = _TOO_MANY
    except NothingToDrawFrom:
        problem = _NO_CALLS
    except NotUnderstood as wrong:
        problem = str(wrong)  # for example, a source or person was deleted meanwhile
    except ValueError:
        problem = _TOO_FEW
    except Exception:
        problem = _BROKEN_OFF
        log.exception("study failed study=%s", study.pk)
    Study.objects.filter(pk=study.pk).update(
        finished_at=timezone.now(), result=result, problem=problem
    )


def _progress(study: Study) -> Callable[[int, int], None]:
    """Records the progress, rests, and stops the study when its time is up."""
    began = rested = told = time.monotonic()

    def progress(done: int, of: int) -> None:
        nonlocal rested, told
        at = time.monotonic()
        if at - began > _LONGEST:
            raise _TimeIsUp
        if at - rested > _WORKS:
            time.sleep(_RESTS)
            rested = time.monotonic()
        if at - told > _TELL_EVERY:
            told = at
            Study.objects.filter(pk=study.pk).update(done=done, of=of, told_at=timezone.now())

    return progress


# --- lateness -------------------------------------------------------------------------------------


def _lateness(
    query: QueryDict, now: datetime, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    asked = filters.read(query, now)
    found = causes.causes(asked, now, most=MOST_LATE, progress=progress)
    largest = found.by_cause[:LARGEST]
    result: dict[str, Any] = {
        "leads": len(found.leads),
        "all": found.leads,
        "seconds": found.seconds,
        "causes": [
            {"key": it.key, "seconds": it.seconds, "leads": it.leads} for it in found.by_cause
        ],
    }
    if not largest:
        return result
    try:
        tried = remedies.tried(asked, largest, now, most=MOST_LEADS, progress=progress)
    except (TooManyLeads, NothingToDrawFrom):
        return result  # the causes are shown without remedies
    return result | {
        "really": tried.really,
        "simulated": tried.simulated,
        "remedies": [it.stored() for it in tried.remedies],
    }


# --- replay ---------------------------------------------------------------------------------------


def _replay(
    query: QueryDict, now: datetime, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    asked = filters.read(query, now)
    variant = variant_of(query)
    found = playing.played(
        _period(asked, now),
        set(asked.leads().filter(sla.counted()).values_list("pk", flat=True)),
        [variant] if variant else [],
        now,
        most=MOST_LEADS,
        progress=progress,
    )
    return {
        "really": _told(found.really),
        "simulated": _told(found.simulated),
        "changed": _told(found.changed[0]) if found.changed else None,
    }


def _period(asked: Asked, now: datetime) -> Period:
    start, end = asked.bounds
    return Period(start, min(end, now))


def variant_of(query: Mapping[str, Any]) -> Variant | None:
    """The change in an address of the replay page; None if there is none. The form checked it."""
    if not query.get("change_team"):
        return None
    change = Change(
        team=int(query["change_team"]),
        people=int(query.get("people") or 0),
        wrap_up=int(query["wrap_up"]) if query.get("wrap_up") else None,
        waits=int(query.get("waits") or 100) / 100,
        earlier=60 * int(query.get("earlier") or 0),
        strategy=str(query.get("strategy") or ""),
    )
    schedule = int(query["schedule"]) if query.get("schedule") else None
    if schedule is None and change == Change(team=change.team):
        return None
    return Variant(change, schedule)


def _told(times: playing.Times) -> dict[str, Any]:
    of = times.figures
    rang = [sum(it <= limit for it in times.times) for limit in LIMITS]
    return {**asdict(of), "within": [it / of.leads if of.leads else 0 for it in rang]}


_WORK = {StudyKind.LATENESS: _lateness, StudyKind.REPLAY: _replay}


def problem_of(study: Study) -> str:
    """Why there is no result, as a sentence; "" if there is one."""
    return str(_PROBLEMS.get(study.problem, study.problem))


def leads_of(study: Study, cause: str) -> list[int]:
    """The ids of the leads with a cause; ALL: of all late leads."""
    if cause == ALL:
        return list((study.result or {}).get("all", []))
    for it in (study.result or {}).get("causes", []):
        if it["key"] == cause:
            return list(it["leads"])
    return []
