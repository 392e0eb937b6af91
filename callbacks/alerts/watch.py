"""A step of the sweep: opens and ends alerts, and sends them to their receivers.

One look every ten seconds serves all receivers, whichever process makes it. Two looks at once do no
harm: an alert is open only once (unique index), and only one of them sends it to a receiver
(callbacks.alerts.tell).
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from callbacks.alerts import countries, tell
from callbacks.alerts.facts import MOST, Found
from callbacks.alerts.kind import Kind
from callbacks.alerts.kinds import ALWAYS, KINDS, STOOD_STILL
from callbacks.common import sql
from callbacks.common.one_by_one import one_by_one
from callbacks.models import Alert, AlertMessage, AlertReceiver
from leads.config_cache import one_version

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=10)
# After this long without a look the system was down, as `/readyz` judges the sweep.
_AWAY_AFTER = timedelta(seconds=60)
# How long ended alerts and messages are kept, and how many are deleted at a time.
KEPT_FOR = timedelta(days=90)
_DELETED_AT_ONCE = 500

# Returns the time of the previous look if this look's turn has come; no row otherwise.
_TAKE_TURN = """
    WITH before AS (SELECT id, watched_at FROM callbacks_alertwatch WHERE id = 1),
    taken AS (
        INSERT INTO callbacks_alertwatch (id, watched_at) VALUES (1, %(now)s)
        ON CONFLICT (id) DO UPDATE SET watched_at = EXCLUDED.watched_at
            WHERE callbacks_alertwatch.watched_at <= %(latest)s
                OR callbacks_alertwatch.watched_at > %(now)s
        RETURNING id
    )
    SELECT before.watched_at AS before FROM taken LEFT JOIN before ON true
"""


def watch() -> None:
    """Looks for alerts and sends them, unless another process has just done so."""
    now = timezone.now()
    turn = sql.rows(_TAKE_TURN, {"now": now, "latest": now - EVERY})
    if not turn:
        return
    countries.note(turn[0]["before"], now)
    receivers = list(AlertReceiver.objects.filter(is_active=True).order_by("pk"))
    before = turn[0]["before"]
    wanted = frozenset[str]().union(*(receiver.thresholds for receiver in receivers))
    _end(Alert.objects.filter(ended_at=None).exclude(kind__in=wanted | ALWAYS), now)
    # Kinds that no receiver chose are looked for once a minute: they read the leads of a day.
    is_new_minute = before is None or f"{before:%F %H:%M}" != f"{now:%F %H:%M}"
    _look(wanted | ALWAYS if is_new_minute else wanted, before, now)
    one_by_one(receivers, lambda receiver: tell.tell(receiver.pk, now), lambda it: it.pk)


def _look(wanted: Collection[str], before: datetime | None, now: datetime) -> None:
    if STOOD_STILL in wanted and before and now - before > _away_after():
        Alert.objects.create(kind=STOOD_STILL, began_at=before, ended_at=now)

    def look_at(kind: Kind) -> None:
        _compare(kind.name, kind.find(now), now)

    with one_version():
        one_by_one([it for it in KINDS.values() if it.name in wanted], look_at, lambda it: it.name)


def _away_after() -> timedelta:
    return max(_AWAY_AFTER, timedelta(seconds=5 * settings.SWEEP_EVERY))


def _compare(kind: str, found: list[Found], now: datetime) -> None:
    """Opens new alerts and ends those that are over.

    If MOST were found, none ends: an alert that is not among them may still hold.
    """
    there = {it.subject: it for it in Alert.objects.filter(kind=kind, ended_at=None)}
    new = [_opened(kind, it, now) for it in found if it.subject not in there]
    # Another process may be opening the same alerts.
    Alert.objects.bulk_create(new, ignore_conflicts=True)
    subjects = {it.subject for it in found}
    if len(found) < MOST:
        over = [it.pk for it in there.values() if it.subject not in subjects]
        _end(Alert.objects.filter(pk__in=over, ended_at=None), now)
    for it in found:
        alert = there.get(it.subject)
        if alert and alert.facts != it.facts:
            Alert.objects.filter(pk=alert.pk).update(facts=it.facts)


def _opened(kind: str, found: Found, now: datetime) -> Alert:
    return Alert(
        kind=kind,
        subject=found.subject,
        lead_id=found.lead_id,
        source_id=found.source_id,
        team_id=found.team_id,
        facts=dict(found.facts),
        began_at=found.began_at or now,
    )


def _end(alerts: QuerySet[Alert], now: datetime) -> None:
    # A beginning in the future was read from another machine's clock.
    alerts.update(ended_at=Greatest("began_at", now))


def forget_old(now: datetime) -> None:
    """Deletes messages, and alerts that ended, before KEPT_FOR; some of them at a time."""
    for old in (
        Alert.objects.filter(ended_at__lt=now - KEPT_FOR).order_by("ended_at"),
        AlertMessage.objects.filter(made_at__lt=now - KEPT_FOR).order_by("made_at"),
    ):
        while keys := list(old.values_list("pk", flat=True)[:_DELETED_AT_ONCE]):
            old.model.objects.filter(pk__in=keys).delete()
