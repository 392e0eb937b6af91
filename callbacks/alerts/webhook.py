"""Posts messages to webhooks: signed, retried with growing waits, and stopped after many failures.

The signature follows Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over the message's id,
the time and the body, with the receiver's own secret. If an answer is lost, the message may arrive
twice, with the same id.
"""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.alerts import safe_http
from callbacks.common.aside import Aside
from callbacks.common.made_once import MadeOnce
from callbacks.models import AlertMessage, AlertReceiver
from callbacks.models.alerts import AlertMessageState

log = logging.getLogger(__name__)

# Waits between tries. After the last one, a failure is final.
WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)
# Failed requests in a row that stop a receiver, until it accepts a test.
STOP_AFTER = 10
# Time before another process takes over a message from one that died: longer than a post may take.
_TAKEN_FOR = timedelta(minutes=2)


def wake() -> None:
    """A step of the sweep: posts due messages in another thread. Returns at once."""
    if _due(timezone.now()).exists():
        _aside().wake()


def send_next() -> bool:
    """Posts the message that has been due longest; False if none is due."""
    pk = _due(timezone.now()).order_by("next_try_at", "pk").values_list("pk", flat=True).first()
    if pk is None:
        return False
    deliver(pk)
    return True


def deliver(message_id: int) -> None:
    """Posts a message if it is due and no other process posts it. May run twice."""
    now = timezone.now()
    # The process that changes next_try_at posts the message, without holding a lock.
    taken = _due(now).filter(pk=message_id)
    if not taken.update(next_try_at=now + _TAKEN_FOR, tries=F("tries") + 1):
        return
    message = AlertMessage.objects.select_related("receiver__owner").get(pk=message_id)
    receiver = message.receiver
    if receiver is None or not receiver.is_active:
        _give_up(message, gettext("The receiver is switched off or gone."))
    elif receiver.owner and not receiver.owner.is_active:
        _give_up(message, gettext("The login of the receiver is switched off."))
    elif receiver.stopped_at and not message.is_test:
        _give_up(message, receiver.stopped_because)
    else:
        _post(message, receiver)


def _due(now: datetime) -> QuerySet[AlertMessage]:
    return AlertMessage.objects.filter(next_try_at__lte=now)


@MadeOnce
def _aside() -> Aside:
    return Aside("webhook", send_next)


def signed(message: AlertMessage, secret: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers of a request; `secret` as it was shown to the receiver."""
    timestamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([str(message.public_id).encode(), timestamp.encode(), body])
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "lead-callback-alerts/1",
        "webhook-id": str(message.public_id),
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def _post(message: AlertMessage, receiver: AlertReceiver) -> None:
    body = json.dumps(message.payload, ensure_ascii=False).encode()
    headers = signed(message, receiver.secret, body, timezone.now())
    status: int | None = None
    try:
        # The current URL: a manager may have corrected it.
        status = safe_http.post(receiver.url, body, headers)
    except safe_http.NotSent:
        _put_off(message)
        return
    except (safe_http.NotAllowed, safe_http.NoAnswer) as problem:
        error = str(problem)
    else:
        error = _wrong_with(status)
    log.info("alert posted message=%s tries=%s status=%s", message.pk, message.tries, status)
    if error:
        _failed(message, receiver, status, error)
    else:
        _sent(message, receiver, status)


def _wrong_with(status: int) -> str:
    """What is wrong with an answer, as a sentence; "" if it accepts the message."""
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return gettext("It answered with a redirect (%(status)s); redirects are not followed.") % {
            "status": status
        }
    return gettext("It answered with status %(status)s.") % {"status": status}


def _sent(message: AlertMessage, receiver: AlertReceiver, status: int | None) -> None:
    AlertMessage.objects.filter(pk=message.pk).update(
        state=AlertMessageState.SENT,
        sent_at=timezone.now(),
        next_try_at=None,
        last_status=status,
        last_error="",
    )
    starts = {"stopped_at": None, "stopped_because": ""} if message.is_test else {}
    AlertReceiver.objects.filter(pk=receiver.pk).update(failures=0, **starts)


def _failed(message: AlertMessage, receiver: AlertReceiver, status: int | None, error: str) -> None:
    now = timezone.now()
    is_last = message.is_test or message.tries > len(WAITS)
    AlertMessage.objects.filter(pk=message.pk).update(
        state=AlertMessageState.FAILED if is_last else AlertMessageState.WAITING,
        next_try_at=None if is_last else now + WAITS[message.tries - 1],
        last_status=status,
        last_error=error[:300],
    )
    if message.is_test:
        return
    receivers = AlertReceiver.objects.filter(pk=receiver.pk)
    receivers.update(failures=F("failures") + 1)
    reason = gettext("%(count)s requests in a row failed. %(error)s") % {
        "count": STOP_AFTER, "error": error,
    }  # fmt: skip
    stopped = receivers.filter(failures__gte=STOP_AFTER, stopped_at=None)
    if stopped.update(stopped_at=now, stopped_because=reason[:300]):
        log.warning("alert receiver stopped receiver=%s", receiver.pk)


def _put_off(message: AlertMessage) -> None:
    """Posts it later. It costs no try, because the receiver was not asked."""
    log.warning("alert not posted: no thread could be started message=%s", message.pk)
    if message.is_test:
        _give_up(message, _busy())
        return
    AlertMessage.objects.filter(pk=message.pk).update(
        next_try_at=timezone.now() + WAITS[0],
        tries=F("tries") - 1,
        last_status=None,
        last_error=_busy(),
    )


def _busy() -> str:
    """Why a message was not posted that the receiver has not seen."""
    return gettext("Our server was too busy to send it.")


def _give_up(message: AlertMessage, why: str) -> None:
    AlertMessage.objects.filter(pk=message.pk).update(
        state=AlertMessageState.FAILED, next_try_at=None, last_error=why[:300]
    )
