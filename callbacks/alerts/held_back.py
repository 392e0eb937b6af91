"""Measures what the guard holds and refuses: held leads that nobody has decided on, numbers that
visitors put on the never-call list, block list entries that refuse many requests.

As in callbacks.alerts.patterns, a receiver's N is compared with `number` of the facts, except for
held leads: there N is the minutes that the oldest has been held.
"""

from datetime import datetime, timedelta

from callbacks.alerts.facts import Found
from leads.guard import block_counts
from leads.models import Lead, ListedBy, NeverCallNumber, is_held

MOST = 100
# The lowest N that a receiver can have.
LEAST_HELD = 3
LEAST_LISTED = 3
LEAST_REFUSED = 10
OF_LIST = timedelta(hours=1)


def oldest_held(_now: datetime) -> list[Found]:
    """The lead that has been held longest."""
    held = Lead.objects.filter(is_held())
    oldest = held.select_related("source").order_by("waiting_since", "pk").first()
    if oldest is None:
        return []
    facts = {"lead": oldest.pk, "source": oldest.source.name, "held": held.count()}
    return [
        Found(
            f"lead:{oldest.pk}",
            facts,
            oldest.waiting_since,
            lead_id=oldest.pk,
            source_id=oldest.source_id,
        )
    ]


def many_held(_now: datetime) -> list[Found]:
    """Whether many leads are held."""
    number = Lead.objects.filter(is_held()).count()
    return [Found("", {"number": number})] if number >= LEAST_HELD else []


def listed_by_visitors(now: datetime) -> list[Found]:
    """Whether visitors put many numbers on the never-call list within an hour."""
    listed = NeverCallNumber.objects.filter(asked_by=ListedBy.VISITOR)
    number = listed.filter(added_at__gt=now - OF_LIST).count()
    return [Found("", {"number": number})] if number >= LEAST_LISTED else []


def refusing_entries(now: datetime) -> list[Found]:
    """Block list entries that have refused many requests today."""
    return [
        Found(
            f"entry:{it.entry_id}",
            {"number": it.refused, "entry": str(it.entry), "id": it.entry_id},
        )
        for it in block_counts.refusing_most(now, least=LEAST_REFUSED, most=MOST)
    ]
