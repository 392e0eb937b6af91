"""The block lists: numbers, addresses, mail domains and words that managers entered.

The guard checks a stranger's request against them; a salesperson's follow-up is not checked.
Numbers are checked again before dialling: a refused number is not dialled by anybody, and a waiting
lead whose number an entry holds is held, unless a manager released it anyway.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads import one_line
from leads.guard import block_counts, block_values
from leads.guard.verdicts import Finding, Verdict
from leads.models import BlockEntry, BlockKind, BlockVerdict
from leads.phones import PhoneRefused
from leads.submission import Submission

NAME = "blocked"
# For a row of leads_lead, in a query that reads the row anyway. True for every blocked number and
# for some that are not blocked: a second query checks whether the entry is still in force.
MAY_BE_BLOCKED_SQL = f"""EXISTS (
    SELECT FROM leads_blockentry blocked WHERE blocked.kind = 'number' AND blocked.value IN (
        SELECT left(spelling, digits) FROM generate_series(2, 16) digits, unnest(
            {one_line.sql_spellings("leads_lead.phone")}
        ) spelling
    )
)"""  # noqa: S608  # put together from constants only
_SAID = {
    BlockKind.NUMBER: _("Its number is on the block list: %(value)s."),
    BlockKind.ADDRESS: _("The address that sent it is on the block list: %(value)s."),
    BlockKind.DOMAIN: _("Its mail domain is on the block list: %(value)s."),
    BlockKind.WORD: _("A word in it is on the block list: %(value)s."),
}
_VERDICTS = {BlockVerdict.HOLD: Verdict.HOLD, BlockVerdict.REFUSE: Verdict.REFUSE}


def check(submission: Submission, now: datetime) -> Iterator[Finding]:
    """The findings of the lists against a request. One query; a second counts refusals."""
    known = submission.circumstances
    address = known.address if known else None
    texts = (submission.name, submission.message, *block_values.written(submission.answers))
    text = {word for it in texts for word in block_values.of_text(it)}
    entries = _in_force(now).filter(
        _fits(BlockKind.NUMBER, block_values.of_number(submission.phone))
        | _fits(BlockKind.ADDRESS, block_values.of_address(address) if address else set())
        | _fits(BlockKind.DOMAIN, block_values.of_mail(submission.email))
        | _fits(BlockKind.WORD, text)
    )
    found = list(entries.order_by("kind", "pk"))
    if refusing := [it.pk for it in found if it.verdict == BlockVerdict.REFUSE]:
        block_counts.note(refusing, now)
    yield from map(_finding, found)


def check_number(phone: str) -> None:
    """Raises PhoneRefused, with a sentence for a manager, if an entry refuses the number."""
    for entry in _of_number(phone, timezone.now()).filter(verdict=BlockVerdict.REFUSE)[:1]:
        raise PhoneRefused("blocked", sentence(entry))


def holding(phone: str, now: datetime) -> Finding | None:
    """Why somebody must look at a lead with this number before it is called; None if nobody
    must.
    """
    entry = _of_number(phone, now).filter(verdict=BlockVerdict.HOLD).first()
    return _finding(entry) if entry else None


def sentence(entry: BlockEntry) -> str:
    """The reason, for a manager."""
    said = str(_SAID[BlockKind(entry.kind)]) % {"value": entry.value}
    if not (reason := entry.reason.rstrip(". ")):  # the sentence has its own full stop
        return said
    return gettext("%(sentence)s Reason: %(reason)s.") % {"sentence": said, "reason": reason}


def _of_number(phone: str, now: datetime) -> QuerySet[BlockEntry]:
    return _in_force(now).filter(_fits(BlockKind.NUMBER, block_values.of_number(phone)))


def _in_force(now: datetime) -> QuerySet[BlockEntry]:
    return BlockEntry.objects.filter(Q(until=None) | Q(until__gt=now))


def _fits(kind: BlockKind, values: set[str]) -> Q:
    return Q(kind=kind, value__in=values)


def _finding(entry: BlockEntry) -> Finding:
    return Finding(NAME, _VERDICTS[BlockVerdict(entry.verdict)], sentence(entry))
