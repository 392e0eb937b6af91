"""Finding leads and calls by what a manager has at hand.

A number in any spelling or part of one, part of a name, an e-mail or a message, "lead 105", a
CALLID or its end, or the id in the address of a visitor's page. Each kind of search uses its own
index and gives at most MOST ids, newest first; lists then show the rows with these ids.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import phonenumbers
from django.db.models import Q, QuerySet
from django.db.models.functions import Reverse, Upper
from django.utils.translation import gettext

from callbacks.access import others_requests, scope
from callbacks.access.scope import Scope
from callbacks.models import CallAttempt
from leads import one_line, phones, text_search, visible_rows
from leads.models import Lead, LeadSource

# At most this many leads are listed; typing more narrows the search.
MOST = 1000
# Fewer digits than this occur in nearly every number.
_FEWEST_DIGITS = 3
# Fewer final characters than this would match many CALLIDs.
_FEWEST_OF_CALL_ID = 6
# What may be a whole number within a text.
_NUMBER = re.compile(r"\+?\d[\d\s()./\u2010-\u2015-]{5,}\d")
# Lists cut off the beginning of a CALLID.
_CUT = "…. "
_LEAD = re.compile(r"(?P<word>[^\W\d_]*)[\s:]*(?:#|no\b\.?)?\s*(?P<number>[0-9]{1,18})")
# As in a line of the log, and in the address of the lead's page.
_LEAD_OF_LOG = re.compile(r'\blead(?:=|/|": "?)(?P<number>[0-9]{1,18})(?![\w-])', re.ASCII)
_PUBLIC_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The ids of the leads found, newest first, and a sentence for the manager or "". `number`: the
    whole number typed (E.164), if a lead has it.
    """

    ids: list[int]
    said: str = ""
    number: str = ""


def leads(typed: str, user: Any) -> Found:
    """The leads that match `typed`. `number` is set only if `user` may see a lead with it."""
    typed, seen = typed.strip(), scope.of(user)
    words = text_search.words_of(typed)
    found = {
        *_ids(Lead.objects.filter(_whole(typed, seen)).order_by("-pk")),
        *_attempts(typed, seen).values_list("lead_id", flat=True)[:MOST],
        *_by_words(typed, words, seen),
    }
    ids = sorted(found, reverse=True)
    if not ids and not text_search.can_be_found(words):
        sentence = gettext(
            "The search is too short. Type at least the first two letters of a "
            "word, three letters from anywhere in a word, or three digits of a "
            "number."
        )
        return Found([], sentence)
    if len(ids) > MOST:
        sentence = gettext(
            "More than %(most)d leads match. Only the newest are listed. Type "
            "more to narrow the search."
        )
        return Found(ids[:MOST], sentence % {"most": MOST}, _number(typed, user))
    return Found(ids, number=_number(typed, user))


def attempts(typed: str, user: Any) -> list[int]:
    """The ids of the newest attempts with a CALLID that matches, or for leads that `typed` finds
    for `user`.
    """
    of_leads = CallAttempt.objects.filter(lead__in=leads(typed, user).ids).order_by(
        "-lead_id", "-pk"
    )
    return sorted({*_ids(of_leads), *_ids(_attempts(typed, scope.of(user)))}, reverse=True)[:MOST]


def is_lead_number(typed: str) -> int | None:
    """105 for "lead 105", "#105" and "105", for a log line with "lead=105", and for the address of
    the lead's page; else None.
    """
    found = _LEAD.fullmatch(typed.strip().casefold())
    if found and found["word"] in {"", "lead", gettext("lead").casefold()}:
        return int(found["number"])
    within = _LEAD_OF_LOG.search(typed)
    return int(within["number"]) if within else None


def by_phone(typed: str, field: str) -> Q | None:
    """For a short table: the condition on `field` (stored E.164) for a number or part of one, as
    typed; None if `typed` has neither. One query.
    """
    condition = Q()
    for part in _parts_of_numbers(typed):
        condition |= Q(**{f"{field}__contains": part})
    for number in whole_numbers(typed):
        condition |= Q(**{f"{field}__in": one_line.spellings(number)})
    return condition or None


def whole_numbers(typed: str) -> set[str]:
    """`typed` as a whole number (E.164), read in the default country of each source."""
    return {form for form in _forms(typed) if form.startswith("+")}


def _by_words(typed: str, words: list[str], seen: Scope) -> set[int]:
    """By part of a text or a number. A lead that came from another team is found only by its
    number: the rest could be guessed letter by letter and digit by digit.
    """
    parts = list(_parts_of_numbers(typed))
    # Each word anywhere; all words in a row; or the digits of a number.
    spellings = {tuple(words), (" ".join(words),), *((part,) for part in parts)}
    found = {lead for spelling in spellings for lead in text_search.find(spelling, MOST + 1)}
    if not seen.is_limited:
        return found
    moved = Lead.objects.filter(others_requests.moved_here(seen.sources), pk__in=found)
    return found - {
        pk
        for pk, phone in moved.values_list("pk", "phone")
        if not any(part in phone for part in parts)
    }


def _whole(typed: str, seen: Scope) -> Q:
    """By what identifies one lead or a few: phone number, newest CALLID, id or public id. A user
    who does not see all calls finds a CALLID only through the calls they see (_attempts).
    """
    condition = Q(call_id=typed) & ~Q(call_id="") if not seen.is_limited else Q(pk__in=())
    if (number := is_lead_number(typed)) is not None:
        condition |= Q(pk=number)
    if visitors_id := _PUBLIC_ID.search(typed):  # alone, or within an address
        condition |= Q(public_id=UUID(visitors_id[0]))
    if whole := whole_numbers(typed):
        condition |= Q(phone__in={it for number in whole for it in one_line.spellings(number)})
    return condition


def _number(typed: str, user: Any) -> str:
    spellings = {it for number in whole_numbers(typed) for it in one_line.spellings(number)}
    having = Lead.objects.filter(phone__in=spellings) if spellings else Lead.objects.none()
    having = visible_rows.of(user, having)
    return next(iter(having.order_by().values_list("phone", flat=True)[:1]), "")


def _attempts(typed: str, seen: Scope) -> QuerySet[CallAttempt]:
    """The `seen` attempts whose CALLID is, or ends with, `typed`."""
    end, calls = typed.strip().lstrip(_CUT), CallAttempt.objects.filter(seen.calls())
    if len(end) < _FEWEST_OF_CALL_ID:
        return calls.filter(call_id=end).exclude(call_id="").order_by()
    ends = calls.annotate(from_its_end=Reverse(Upper("call_id")))
    return ends.filter(from_its_end__startswith=end.upper()[::-1]).exclude(call_id="").order_by()


def _ids(rows: QuerySet[Any]) -> Iterable[int]:
    return rows.values_list("pk", flat=True)[: MOST + 1]


def _parts_of_numbers(typed: str) -> Iterator[str]:
    """Runs of digits to look for in stored numbers."""
    for part in {form for form in _forms(typed) if not form.startswith("+")}:
        if len(part) >= _FEWEST_DIGITS:
            yield part
            yield from one_line.other_beginnings(part)


def _forms(typed: str) -> set[str]:
    """As in stored numbers: whole numbers with their plus, parts as digits. One query.

    From a text with words ("Noa, 050-555 0101", "tel:...", "... ext 12"), only the whole number.
    """
    has_words = any(character.isalpha() for character in typed)
    if has_words:
        number = _NUMBER.search(typed)
        typed = number[0] if number else ""
    if len(phonenumbers.normalize_digits_only(typed)) < _FEWEST_DIGITS:
        return set()
    countries = LeadSource.objects.order_by().values_list("default_country", flat=True).distinct()
    forms = {phones.search_forms(typed, country) for country in {*countries} or {"IL"}} - {""}
    return {form for form in forms if form.startswith("+") or not has_words}
