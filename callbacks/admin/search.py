"""Finding leads and calls by a number in any spelling."""

from django.db.models import Q

from leads import phones
from leads.models import LeadSource

# Fewer digits than this would be found in nearly every number.
_FEWEST_DIGITS = 3


def by_phone(typed: str, field: str) -> Q | None:
    """The condition on `field` (stored E.164) for a number, or part of one, as typed.

    Read in the default country of every source. None when it is not a number: it has letters, or
    too few digits. One query.
    """
    digits = sum(character.isdigit() for character in typed)
    if digits < _FEWEST_DIGITS or any(character.isalpha() for character in typed):
        return None
    countries = LeadSource.objects.order_by().values_list("default_country", flat=True).distinct()
    forms = {phones.search_forms(typed, country) for country in countries} or {
        phones.search_forms(typed, "IL")
    }
    condition = Q()
    for form in sorted(forms - {""}):
        # A whole number is looked up by the index, a part of one is searched for.
        condition |= (
            Q(**{field: form}) if form.startswith("+") else Q(**{f"{field}__contains": form})
        )
    return condition or None
