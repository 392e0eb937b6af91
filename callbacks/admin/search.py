"""Finding leads and calls by what a manager has at hand: a number, "lead 105", part of a CALLID,
the id in the address of a visitor's page.
"""

import re
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext

from leads import phones
from leads.models import LeadSource

# Fewer digits than this would be found in nearly every number.
_FEWEST_DIGITS = 3
# Fewer of the last characters of a CALLID would be those of many.
_FEWEST_OF_CALL_ID = 6
# What may be a whole number among words.
_NUMBER = re.compile(r"\+?\d[\d\s()./\u2010-\u2015-]{5,}\d")
# Lists cut a CALLID at its beginning.
_CUT = "…. "
_LEAD = re.compile(r"(?P<word>[^\W\d_]*)[\s:]*(?:#|no\b\.?)?\s*(?P<number>[0-9]{1,18})")
_PUBLIC_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE)


def by_lead(typed: str, field: str) -> Q | None:
    """The condition on `field` (a lead's id) for "lead 105", "#105" or "105"; else None."""
    found = _LEAD.fullmatch(typed.casefold())
    if found is None or found["word"] not in {"", "lead", gettext("lead").casefold()}:
        return None
    return Q(**{field: int(found["number"])})


def by_public_id(typed: str, field: str) -> Q | None:
    """The condition on `field` for the id of visitors and logs, alone or within an address."""
    found = _PUBLIC_ID.search(typed)
    return Q(**{field: UUID(found[0])}) if found else None


def by_end_of_call_id(typed: str, field: str) -> Q | None:
    """The condition on `field` for the end of a CALLID, as lists show it; None: too little."""
    end = typed.lstrip(_CUT)
    return Q(**{f"{field}__iendswith": end}) if len(end) >= _FEWEST_OF_CALL_ID else None


def by_phone(typed: str, field: str) -> Q | None:
    """The condition on `field` (stored E.164) for a number, or part of one, as typed.

    Read in the default country of every source. Of a text with words ("Noa, 050-555 0101",
    "tel:...", "... ext 12") the whole number in it. None when there is none: too few digits. One
    query.
    """
    has_words = any(character.isalpha() for character in typed)
    number = _NUMBER.search(typed) if has_words else None
    if number:
        typed = number[0]
    digits = sum(character.isdigit() for character in typed)
    if digits < _FEWEST_DIGITS or (has_words and not number):
        return None
    countries = LeadSource.objects.order_by().values_list("default_country", flat=True).distinct()
    forms = {phones.search_forms(typed, country) for country in countries} or {
        phones.search_forms(typed, "IL")
    }
    if has_words:
        forms = {form for form in forms if form.startswith("+")}
    condition = Q()
    for form in sorted(forms - {""}):
        # A whole number is looked up by the index, a part of one is searched for.
        condition |= (
            Q(**{field: form}) if form.startswith("+") else Q(**{f"{field}__contains": form})
        )
    return condition or None
