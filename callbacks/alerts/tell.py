"""Sends one receiver the alerts that are due: stores a message, and which alerts it contains, in
one transaction. Mail is stored in the outbox with it; a webhook is posted afterwards
(callbacks.alerts.webhook).

The transaction locks the receiver's row, and a process that finds the row locked skips it. So
several looks at once send one message, and a look that dies half-way sends none.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.alerts import plan as planning
from callbacks.alerts import words
from callbacks.alerts.kinds import KINDS
from callbacks.alerts.plan import Digest, Plan, Seen, Wishes
from callbacks.mailing import outbox
from callbacks.models import (
    Alert,
    AlertMessage,
    AlertReceiver,
    AlertTelling,
    OutgoingMail,
    TeamSource,
)
from callbacks.models.alerts import AlertChannel, AlertMessageState, AlertTiming
from callbacks.opening_hours import typed_hours
from callbacks.opening_hours.calendar import Calendar

# Alerts that ended earlier are not sent, however long nothing could be sent.
_OLDEST = timedelta(days=7)
# Another look, whose alerts ended a moment ago, may not be committed yet.
_OVERLAP = timedelta(minutes=1)


def tell(receiver_id: int, now: datetime) -> AlertMessage | None:
    """Sends the receiver what is due; None if nothing is due or another process is sending it."""
    with transaction.atomic():
        found = AlertReceiver.objects.select_for_update(skip_locked=True, of=("self",))
        receiver = found.select_related("owner", "schedule").filter(pk=receiver_id).first()
        if receiver is None or silence(receiver):
            return None
        alerts = list(_candidates(receiver, now))
        told = _told(receiver, alerts)
        due = planning.plan(
            wishes_of(receiver),
            [_seen(it, is_told=it.pk in told) for it in alerts if told.get(it.pk) is not True],
            _rests_until(receiver, now),
            now,
        )
        if not due.held_back:
            settled = now - _OVERLAP
            if receiver.settled_until < settled:
                AlertReceiver.objects.filter(pk=receiver.pk).update(settled_until=settled)
        return None if due.is_empty else _send(receiver, alerts, due, now)


def _seen(alert: Alert, *, is_told: bool) -> Seen:
    number = alert.facts.get("number", 0)
    return Seen(alert.pk, alert.kind, alert.began_at, alert.ended_at, is_told, number)


def silence(receiver: AlertReceiver) -> str:
    """Why nothing is sent to a receiver, as a sentence; "" if messages can be sent."""
    if not receiver.is_active:
        return gettext("The receiver is switched off, so nothing is sent.")
    if receiver.owner and not receiver.owner.is_active:
        return gettext("The login %(name)s is switched off, so nothing is sent.") % {
            "name": receiver.owner.get_username()
        }
    if receiver.stopped_at:
        return gettext("Stopped: %(why)s Send a test to start it again.") % {
            "why": receiver.stopped_because
        }
    if receiver.channel == AlertChannel.MAIL and not receiver.mail_to:
        return gettext("The receiver has no mail address, so nothing is sent.")
    if receiver.channel == AlertChannel.MAIL and not settings.EMAIL_HOST:
        return gettext("No mail server is set (EMAIL_URL), so nothing is sent by mail.")
    if receiver.channel == AlertChannel.WEBHOOK and not receiver.url:
        return gettext("The receiver has no webhook address, so nothing is sent.")
    if not receiver.thresholds:
        return gettext("No kind of alert is chosen, so nothing is sent.")
    return ""


def recipient(receiver: AlertReceiver) -> str:
    """Where the messages go, for display: only the host of a webhook, whose URL may be secret."""
    if receiver.channel == AlertChannel.WEBHOOK:
        return urlsplit(receiver.url).hostname or ""
    return receiver.mail_to


def wishes_of(receiver: AlertReceiver) -> Wishes:
    """What the receiver chose, for the rules of callbacks.alerts.plan."""
    return Wishes(
        thresholds={
            name: KINDS[name].threshold(number)
            for name, number in receiver.thresholds.items()
            if name in KINDS
        },
        time_zone=receiver.time_zone,
        hours=hours_of(receiver),
        digest=_digest_of(receiver),
        tells_end=receiver.tells_end,
    )


def hours_of(receiver: AlertReceiver) -> Calendar | None:
    """When messages may be sent to the receiver; None: at any hour."""
    if receiver.schedule:
        return receiver.schedule.calendar()
    if not receiver.hours.strip():
        return None
    try:
        week = typed_hours.read_week(receiver.hours, {})
    except typed_hours.NotHours:  # not written by the form: rather at any hour than never
        return None
    return Calendar(receiver.time_zone, week)


def send_test(receiver: AlertReceiver) -> AlertMessage:
    """Stores a message that says it is a test, and sends it like any other."""
    now, message_id = timezone.now(), uuid.uuid4()
    subject = gettext("This is a test of the alerts")
    text = gettext('The alert receiver "%(name)s" gets messages.') % {"name": receiver.name}
    content = words.Content(
        subject, text, "", words.payload(receiver, message_id, subject, now, is_test=True)
    )
    with transaction.atomic():
        return _store(receiver, message_id, content, [], now, is_test=True)


def _digest_of(receiver: AlertReceiver) -> Digest | None:
    if receiver.timing == AlertTiming.EVERY:
        return Digest(every=timedelta(minutes=receiver.digest_minutes))
    if receiver.timing == AlertTiming.DAILY:
        return Digest(at=receiver.digest_at)
    return None


def _candidates(receiver: AlertReceiver, now: datetime) -> QuerySet[Alert]:
    """Open alerts, sent alerts whose end was not sent, and those that ended after settled_until."""
    its = AlertTelling.objects.filter(receiver=receiver, alert=OuterRef("pk"))
    is_over = Q(ended_at__gte=now - _OLDEST)
    since = is_over & Q(ended_at__gte=receiver.settled_until)
    alerts = Alert.objects.filter(kind__in=list(receiver.thresholds))
    alerts = alerts.filter(
        Q(ended_at=None)
        | (since & ~Exists(its))
        | (is_over & Exists(its.filter(over_message=None)))
    )
    return alerts.filter(about(receiver)).select_related("source", "team").order_by("pk")


def about(receiver: AlertReceiver) -> Q:
    """The alerts about the receiver's teams and sources, and those about no team or source.

    A team includes its sources, and a source includes the teams that answer it.
    """
    sources = set(receiver.sources.values_list("pk", flat=True))
    teams = set(receiver.teams.values_list("pk", flat=True))
    if not sources and not teams:
        return Q()
    answers = TeamSource.objects.filter(Q(team__in=teams) | Q(source__in=sources))
    pairs = list(answers.values_list("team", "source"))
    all_sources = sources | {source for team, source in pairs if team in teams}
    all_teams = teams | {team for team, source in pairs if source in sources}
    of_none = Q(source=None, team=None)
    return of_none | Q(source__in=all_sources) | Q(team__in=all_teams)


def _told(receiver: AlertReceiver, alerts: Iterable[Alert]) -> dict[int, bool]:
    """For each alert that was sent to the receiver: whether its end was sent too."""
    tellings = AlertTelling.objects.filter(receiver=receiver, alert__in=[it.pk for it in alerts])
    return {
        alert_id: over_id is not None
        for alert_id, over_id in tellings.values_list("alert", "over_message")
    }


def _rests_until(receiver: AlertReceiver, now: datetime) -> dict[str, datetime]:
    """The kinds that were sent within the receiver's gap, and when each may be sent again."""
    gap = timedelta(minutes=receiver.least_gap)
    lately = receiver.messages.filter(made_at__gt=now - gap, is_test=False).order_by("made_at")
    return {
        kind: made_at + gap
        for made_at, kinds in lately.values_list("made_at", "kinds")
        for kind in kinds
    }


def _send(receiver: AlertReceiver, alerts: list[Alert], due: Plan, now: datetime) -> AlertMessage:
    message_id = uuid.uuid4()
    begun = [it for it in alerts if it.pk in due.begun]
    over = [it for it in alerts if it.pk in due.over | due.was]
    content = words.compose(receiver, message_id, begun, over, now)
    kinds = sorted({it.kind for it in [*begun, *over]})
    message = _store(receiver, message_id, content, kinds, now)
    AlertTelling.objects.bulk_create(
        AlertTelling(
            receiver=receiver,
            alert=it,
            message=message,
            over_message=message if it.pk in due.was else None,
        )
        for it in alerts
        if it.pk in due.begun | due.was
    )
    AlertTelling.objects.filter(receiver=receiver, alert__in=due.over).update(over_message=message)
    return message


def _store(
    receiver: AlertReceiver,
    message_id: uuid.UUID,
    content: words.Content,
    kinds: Sequence[str],
    now: datetime,
    *,
    is_test: bool = False,
) -> AlertMessage:
    by_webhook = receiver.channel == AlertChannel.WEBHOOK
    mail, refused = (None, "") if by_webhook else _mailed(receiver, message_id, content)
    state = AlertMessageState.WAITING if by_webhook else AlertMessageState.SENT
    return AlertMessage.objects.create(
        public_id=message_id,
        receiver=receiver,
        receiver_name=receiver.name,
        channel=receiver.channel,
        to=recipient(receiver),
        is_test=is_test,
        kinds=list(kinds),
        subject=content.subject[:200],
        text=content.text,
        payload=content.payload if by_webhook else None,
        made_at=now,
        next_try_at=now if by_webhook else None,
        mail=mail,
        state=AlertMessageState.FAILED if refused else state,
        last_error=refused,
        sent_at=now if mail else None,
    )


def _mailed(
    receiver: AlertReceiver, message_id: uuid.UUID, content: words.Content
) -> tuple[OutgoingMail | None, str]:
    """The mail in the outbox, or why there is none."""
    try:
        mail = outbox.post(
            "alert",
            receiver.mail_to,
            content.subject,
            content.text,
            content.html,
            key=f"alert:{message_id}",
        )
    except ValueError:
        return None, gettext("%(to)s is not a mail address.") % {"to": receiver.mail_to}
    return mail, ""
