"""What the guard holds and refuses, measured: held leads that wait for somebody, numbers that
visitors put on the never-call list, entries of the block lists that refuse many.

As in callbacks.alerts.patterns, `number` of the facts is what a receiver's N is compared with, but
for held leads that wait: of these, N is how long the oldest does.
"""

from datetime import datetime, timedelta

from callbacks.alerts.facts import Found
from leads.guard import block_counts
from leads.models import Lead, ListedBy, NeverCallNumber, is_held

MOST = 100
# From so many on a receiver's N can be.
LEAST_HELD = 3
LEAST_LISTED = 3
LEAST_REFUSED = 10
OF_LIST = timedelta(hours=1)


def oldest_held(_now: datetime) -> list[Found]:
    """The lead that has been held for longest."""
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
    """Whether visitors have put many numbers on the never-call list within an hour."""
    listed = NeverCallNumber.objects.filter(asked_by=ListedBy.VISITOR)
    number = listed.filter(added_at__gt=now - OF_LIST).count()
    return [Found("", {"number": number})] if number >= LEAST_LISTED else []


def refusing_entries(now: datetime) -> list[Found]:
    """Entries of the block lists that have refused many requests today."""
    return [
        Found(
            f"entry:{it.entry_id}",
            {"number": it.refused, "entry": str(it.entry), "id": it.entry_id},
        )
        for it in block_counts.refusing_most(now, least=LEAST_REFUSED, most=MOST)
    ]
