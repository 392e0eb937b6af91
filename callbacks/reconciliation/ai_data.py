"""Stores what the provider's AI says about a call, and erases it.

AI data is stored after its record and separately: whatever happens to it, the record is kept. AI
data often arrives minutes later, in a repeated record.
"""

import logging
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from callbacks.models import AiData, CallAttempt, CallRecord
from callbacks.reconciliation import erased_people
from callbacks.voicenter import Cdr, read_analysis

log = logging.getLogger(__name__)

# For records that were stored before AI data had its own table. Names are case-insensitive.
_OUT_OF_PAYLOADS = """
    UPDATE callbacks_callrecord SET payload = payload - ARRAY(
        SELECT key FROM jsonb_object_keys(payload) key WHERE lower(btrim(key)) = 'aidata'
    )
    WHERE id = ANY(%s) AND jsonb_typeof(payload) = 'object'
"""


def keep(cdr: Cdr) -> bool:
    """Stores the AI data of a stored record; False if the record has some, or it was erased.

    Data that was lost earlier, because it was too large or unreadable, may arrive again.
    """
    with transaction.atomic():
        record = CallRecord.objects.get(call_id=cdr.call_id, type=cdr.type)
        if record.attempt_id and _is_erased(record.attempt_id):
            return False
        if record.attempt_id is None and erased_people.is_of_one(cdr):
            return False
        record = CallRecord.objects.select_for_update(no_key=True).get(pk=record.pk)
        if AiData.objects.filter(record=record, data__isnull=False).exists():
            return False
        AiData.objects.update_or_create(
            record=record,
            defaults={"data": cdr.ai_data, "loss": cdr.ai_data_loss, **digest(cdr.ai_data)},
        )
    log.info("AI data kept=%s loss=%s call_id=%s", cdr.ai_data is not None,
             cdr.ai_data_loss or "-", cdr.call_id)  # fmt: skip
    return True


def digest(data: Any) -> dict[str, Any]:
    """What lists and exports need: the columns of AiData except `data`."""
    analysis = read_analysis(data)
    return {
        "summary": analysis.summary,
        "answers": [[it.question, it.answer] for it in analysis.answers],
        "mood": analysis.mood[:20],
    }


def forget_ai_data(lead_id: int) -> int:
    """Erases the AI data of all calls of a lead, and stores none that arrives later.

    Also erases it from records as they were received. Returns how many records had some.
    """
    with transaction.atomic():
        attempts = CallAttempt.objects.filter(lead_id=lead_id)
        # First: this waits for any process that is storing AI data, because it holds these rows.
        attempts.update(ai_data_erased_at=timezone.now())
        call_ids = attempts.exclude(call_id="").values("call_id")
        records = CallRecord.objects.filter(
            Q(attempt__in=attempts) | Q(attempt__isnull=True, call_id__in=call_ids)
        )
        ids = list(records.values_list("pk", flat=True))
        _deleted, by_model = AiData.objects.filter(record__in=ids).delete()
        with connection.cursor() as cursor:
            cursor.execute(_OUT_OF_PAYLOADS, [ids])
    log.info("AI data erased records=%s", by_model.get("callbacks.AiData", 0))
    return by_model.get("callbacks.AiData", 0)


def _is_erased(attempt_id: int) -> bool:
    """Locks the attempt, so that an erasure waits until the data being stored can be erased too."""
    attempt = CallAttempt.objects.select_for_update(no_key=True).only("ai_data_erased_at")
    return attempt.get(pk=attempt_id).ai_data_erased_at is not None
