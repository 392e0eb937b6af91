"""Leads that share something with a given lead: the sender's address, the number or the country.

Alerts link here by the lead's id, so that they contain no address and no telephone number.
"""

# ruff: noqa: ARG002  # the methods' parameters are Django's
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import phonenumbers
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin.leads.held_filters import of_address, told_to
from leads import one_line, visible_rows
from leads.models import Lead

# Only leads submitted within this much time of the given lead are listed.
_BESIDE = timedelta(days=1)
_ASKED = re.compile(r"(address|number|country)-([0-9]{1,18})")


def _same_address(leads: QuerySet[Any], lead: Lead) -> QuerySet[Any]:
    return of_address(leads, lead.submitted_from) if lead.submitted_from else leads.none()


def _same_number(leads: QuerySet[Any], lead: Lead) -> QuerySet[Any]:
    return leads.filter(phone__in=one_line.spellings(lead.phone))


def _same_country(leads: QuerySet[Any], lead: Lead) -> QuerySet[Any]:
    """By the country calling code, which a few countries share."""
    code = phonenumbers.parse(lead.phone).country_code
    return leads.filter(phone__startswith=f"+{code}")


_BY: dict[str, Callable[[QuerySet[Any], Lead], QuerySet[Any]]] = {
    "address": _same_address,
    "number": _same_number,
    "country": _same_country,
}


class AlikeFilter(SimpleListFilter):
    """Shown only after following a link."""

    title = _("alike")
    parameter_name = "alike"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one choice, in words."""
        asked = _ASKED.fullmatch(self.value() or "")
        if asked is None:
            return []
        words = {
            "address": gettext("Same address as lead %(number)s, within a day"),
            "number": gettext("Same number as lead %(number)s, within a day"),
            "country": gettext("Same country as lead %(number)s, within a day"),
        }
        return [(asked[0], words[asked[1]] % {"number": asked[2]})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads like it, from one day before it to one day after."""
        asked = _ASKED.fullmatch(self.value() or "")
        if asked is None:
            return queryset
        # Otherwise the list would reveal the number of a lead that the user does not see.
        lead = visible_rows.of(request.user, Lead.objects.filter(pk=int(asked[2]))).first()
        if lead is None:
            return queryset.none()
        if asked[1] == "address":
            queryset = told_to(request.user, queryset)
        near = (lead.submitted_at - _BESIDE, lead.submitted_at + _BESIDE)
        return _BY[asked[1]](queryset.filter(submitted_at__range=near), lead)
