"""The block lists: numbers, addresses, mail domains and words that managers have entered.

Asked as a check of the guard when a stranger's request comes in; a salesperson's follow-up is not
asked. Numbers are asked again at the dial: one that is refused is not dialled by anybody, and a
lead that waits with one that holds is held, unless a manager has released it in spite of it.
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
# For a row of leads_lead, in a query that reads it anyway. True for each whose number is blocked,
# and for some whose is not: whether it still holds, and which spelling it is, is asked afterwards.
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
    """What the lists have against a request. One query; what is refused is counted by another."""
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
    """Raises PhoneRefused, with the sentence for a manager, if a number is refused altogether."""
    for entry in _of_number(phone, timezone.now()).filter(verdict=BlockVerdict.REFUSE)[:1]:
        raise PhoneRefused("blocked", sentence(entry))


def holding(phone: str, now: datetime) -> Finding | None:
    """Why a lead with this number has to be looked at before it is called; None: it has not."""
    entry = _of_number(phone, now).filter(verdict=BlockVerdict.HOLD).first()
    return _finding(entry) if entry else None


def sentence(entry: BlockEntry) -> str:
    """Why, for a manager."""
    said = str(_SAID[BlockKind(entry.kind)]) % {"value": entry.value}
    if not (reason := entry.reason.rstrip(". ")):  # the sentence brings its own full stop
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
