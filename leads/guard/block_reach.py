"""What entries of the block lists would have done to the requests of the last days."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leads.guard import address, block_values
from leads.models import BlockKind, Lead

OVER = timedelta(days=7)
# How many of the newest requests are checked: about a second's work.
MOST = 10_000


Entry = tuple[str, str]  # kind, and value as block_values.read writes it


@dataclass(frozen=True)
class Reach:
    """Of `looked_at` requests, `fitted` would have matched an entry; with `talked` of those we
    talked.

    `by_entry`: how many requests each entry would have matched, without entries that matched none.
    """

    looked_at: int
    fitted: int
    talked: int
    by_entry: Mapping[Entry, int] = field(default_factory=dict)


def of(entries: Iterable[Entry], now: datetime, without: Collection[int] = ()) -> Reach:
    """The reach of `entries` over the requests of the last seven days, except the leads
    `without`.
    """
    values: dict[str, set[str]] = defaultdict(set)
    for kind, value in entries:
        values[kind].add(value)
    leads = Lead.objects.filter(submitted_at__gt=now - OVER, follow_up_of=None)
    leads = leads.exclude(pk__in=without)
    asked = leads.select_related("answers").only(
        "phone", "submitted_from", "email", "name", "message", "connected_at", "answers__given"
    )
    newest = asked.order_by("-submitted_at")[:MOST]
    looked_at = fitted = talked = 0
    by_entry: Counter[Entry] = Counter()
    for lead in newest:
        looked_at += 1
        found = {
            (kind, value)
            for kind, its in values.items()
            for value in its.intersection(_OF[BlockKind(kind)](lead))
        }
        if found:
            fitted += 1
            talked += lead.connected_at is not None
            by_entry.update(found)
    return Reach(looked_at, fitted, talked, by_entry)


def _of_address(lead: Lead) -> set[str]:
    found = address.read(lead.submitted_from or "")
    return block_values.of_address(found) if found else set()


def _texts(lead: Lead) -> list[str]:
    row = getattr(lead, "answers", None)
    return [lead.name, lead.message, *(block_values.written(row.given) if row else [])]


_OF: dict[BlockKind, Callable[[Lead], Collection[str]]] = {
    BlockKind.NUMBER: lambda lead: block_values.of_number(lead.phone),
    BlockKind.ADDRESS: _of_address,
    BlockKind.DOMAIN: lambda lead: block_values.of_mail(lead.email),
    BlockKind.WORD: lambda lead: {
        word for text in _texts(lead) for word in block_values.of_text(text)
    },
}
