"""What entries of the block lists would have done to the requests of the last days."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.guard import address, block_values
from leads.models import BlockKind, Lead

OVER = timedelta(days=7)
# So many of the newest requests are looked at: a second's work.
MOST = 10_000


@dataclass(frozen=True)
class Reach:
    """Of `looked_at` requests so many would have fitted; with so many of these we have talked."""

    looked_at: int
    fitted: int
    talked: int


def of(entries: Iterable[tuple[str, str]], now: datetime, without: Collection[int] = ()) -> Reach:
    """Of entries (kind, and value as block_values.read writes it) over the requests of the last
    seven days, but for those leads.
    """
    values: dict[str, set[str]] = defaultdict(set)
    for kind, value in entries:
        values[kind].add(value)
    leads = Lead.objects.filter(submitted_at__gt=now - OVER, follow_up_of=None)
    leads = leads.exclude(pk__in=without)
    newest = leads.order_by("-submitted_at").only(
        "phone", "submitted_from", "email", "name", "message", "connected_at"
    )[:MOST]
    looked_at = fitted = talked = 0
    for lead in newest:
        looked_at += 1
        if any(not its.isdisjoint(_OF[BlockKind(kind)](lead)) for kind, its in values.items()):
            fitted += 1
            talked += lead.connected_at is not None
    return Reach(looked_at, fitted, talked)


def _of_address(lead: Lead) -> set[str]:
    found = address.read(lead.submitted_from or "")
    return block_values.of_address(found) if found else set()


_OF: dict[BlockKind, Callable[[Lead], Collection[str]]] = {
    BlockKind.NUMBER: lambda lead: block_values.of_number(lead.phone),
    BlockKind.ADDRESS: _of_address,
    BlockKind.DOMAIN: lambda lead: block_values.of_mail(lead.email),
    BlockKind.WORD: lambda lead: (
        block_values.of_text(lead.name) | block_values.of_text(lead.message)
    ),
}
