"""The outbox: `post` stores a mail in the caller's transaction; workers hand it to the server.

    waiting ──claim──> sending ──┬─ accepted ────────────────────────────> sent
       ▲  ▲               │      ├─ refused permanently ─────────────────> failed ──┐
       │  │               │      ├─ not now ── a wait of WAITS ──> waiting          │
       │  └───────────────┘      │             no wait is left ──────────> failed   │ a manager:
       │    unknown, once        └─ unknown, for the second time ────────> failed   │ send again
       └────────────────────────────────────────────────────────────────────────────┘

If the answer for a mail was lost, or the process that sent it died, it is sent once more: a report
that arrives twice does less harm than one that does not arrive. Both have the same Message-ID. A
mail to which this happens twice is not sent again automatically.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.common import task_publisher
from callbacks.common.db_errors import violated
from callbacks.mailing import delivery
from callbacks.mailing.backends import LONGEST
from callbacks.mailing.delivery import Outcome, Verdict
from callbacks.models import MailAttachment, OutgoingMail
from callbacks.models.outgoing_mail import MailState

log = logging.getLogger(__name__)

# The waits after failed tries; after one more try the mail is given up: 12 hours in all.
WAITS = tuple(timedelta(minutes=it) for it in (1, 5, 15, 60, 180, 480))
# A process that has not reported a result for this long is dead: a try takes LONGEST at most.
GIVEN_UP_AFTER = timedelta(seconds=LONGEST + 75)
MOST_DOUBTS = 2
# For all attachments of a mail together. Many servers accept 25 MB, about a third of it encoding.
MOST_BYTES = 10 * 1024 * 1024
_LONGEST_SUBJECT = 250
_ONE_OF_EACH_KEY = "callbacks_outgoingmail_key"


@dataclass(frozen=True)
class Attachment:
    """A file that is attached to a mail."""

    name: str
    content_type: str
    data: bytes


def post(
    kind: str,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    attachments: Iterable[Attachment] = (),
    headers: Mapping[str, str] | None = None,
    key: str = "",
    lead_id: int | None = None,
) -> OutgoingMail | None:
    """Stores a mail in the caller's transaction; it is sent once that is committed.

    `kind`: a short word for lists and logs. `to`: one address. `key`: if a mail with the same key
    exists, even one stored at the same moment, nothing is stored and None is returned. `lead_id`:
    the visitor's lead, with which the mail is erased. Raises ValueError for an invalid address, and
    for attachments of more than MOST_BYTES.
    """
    try:
        validate_email(to)
    except ValidationError:
        raise ValueError("this is not a mail address") from None
    files = tuple(attachments)
    if sum(len(file.data) for file in files) > MOST_BYTES:
        raise ValueError(f"the attachments have more than {MOST_BYTES} bytes")
    mail = OutgoingMail(
        kind=kind,
        key=key or None,
        to=to,
        lead_id=lead_id,
        # A line break would begin another header.
        subject=" ".join(subject.split())[:_LONGEST_SUBJECT],
        text=text,
        html=html,
        headers=dict(headers or {}),
        message_id=f"<{uuid.uuid4()}@{_domain()}>",
        next_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            mail.save(force_insert=True)
            MailAttachment.objects.bulk_create(
                MailAttachment(
                    mail=mail, name=file.name, content_type=file.content_type, data=file.data
                )
                for file in files
            )
    except IntegrityError as error:
        if violated(error).startswith(_ONE_OF_EACH_KEY):
            return None
        raise
    task_publisher.send_mail_on_commit()
    return mail


def send_again(mail_id: int, now: datetime) -> bool:
    """Sends a failed mail again, or a waiting mail at once, because a manager asked for it.

    Returns False if the mail is neither failed nor waiting any more.
    """
    changed = OutgoingMail.objects.filter(
        pk=mail_id, state__in=(MailState.FAILED, MailState.WAITING)
    ).update(state=MailState.WAITING, next_at=now, tries=0, doubts=0)
    task_publisher.send_mail_on_commit()
    return bool(changed)


def is_anything_due(now: datetime) -> bool:
    """Whether any mail is due. One small query, on an index of unfinished mail."""
    return OutgoingMail.objects.filter(next_at__lte=now).exists()


def send_next() -> bool:
    """Sends the mail that has been due longest; False if none is due.

    Several processes at once take different mail. No transaction is open while the server is asked.
    """
    mail = _claim(timezone.now())
    if mail is None:
        return False
    if mail.state == MailState.SENDING:
        _settle(mail, delivery.hand_over(mail), timezone.now())
    return True


def forget_old(now: datetime) -> int:
    """Deletes sent or failed mail older than MAIL_KEPT_DAYS; returns how many rows."""
    over = OutgoingMail.objects.filter(
        next_at=None, created_at__lt=now - timedelta(days=settings.MAIL_KEPT_DAYS)
    )
    deleted, _ = over.delete()
    return deleted


def _claim(now: datetime) -> OutgoingMail | None:
    """The next due mail, now `sending`; or `failed`, if its sending was lost a second time."""
    with transaction.atomic():
        mail = (
            OutgoingMail.objects.select_for_update(skip_locked=True)
            .filter(next_at__lte=now)
            .order_by("next_at", "pk")
            .first()
        )
        if mail is None:
            return None
        if mail.state == MailState.SENDING:
            mail.doubts += 1
            mail.error = gettext(
                "The process that sent the mail was interrupted. The mail may have arrived."
            )
        if mail.doubts >= MOST_DOUBTS:
            mail.state, mail.next_at = MailState.FAILED, None
        else:
            mail.state, mail.next_at = MailState.SENDING, now + GIVEN_UP_AFTER
            mail.tries += 1
        mail.save(update_fields=["state", "next_at", "tries", "doubts", "error"])
    return mail


def _settle(mail: OutgoingMail, outcome: Outcome, now: datetime) -> None:
    """Stores the result of a try, unless another process has claimed the mail meanwhile."""
    doubts = mail.doubts + (outcome.verdict is Verdict.IN_DOUBT)
    wait = WAITS[mail.tries - 1] if mail.tries <= len(WAITS) else None
    state, next_at, sent_at = MailState.FAILED, None, None
    if outcome.verdict is Verdict.SENT:
        state, sent_at = MailState.SENT, now
    elif outcome.verdict is not Verdict.REFUSED and wait is not None and doubts < MOST_DOUBTS:
        state, next_at = MailState.WAITING, now + wait
    OutgoingMail.objects.filter(
        pk=mail.pk, state=MailState.SENDING, tries=mail.tries, next_at=mail.next_at
    ).update(state=state, next_at=next_at, sent_at=sent_at, doubts=doubts, error=outcome.error)
    level = logging.INFO if state == MailState.SENT else logging.WARNING
    log.log(level, "mail %s id=%s kind=%s tries=%s", state, mail.pk, mail.kind, mail.tries)


def _domain() -> str:
    """The domain for our Message-IDs: the sender's."""
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"
