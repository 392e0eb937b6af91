"""Held leads of one sender, by address (in IPv6, a network of 64 bits) or by e-mail domain."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
import ipaddress
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Count, F, Func, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from callbacks.access import others_requests, scope
from leads import visible_rows
from leads.guard import address
from leads.models import Lead, is_held

# What leads.guard.address.customer returns, as SQL.
_NETWORK = RawSQL(
    "CASE family(leads_lead.submitted_from) WHEN 4 THEN host(leads_lead.submitted_from) "
    "ELSE network(set_masklen(leads_lead.submitted_from, 64))::text END",
    [],
    output_field=TextField(),
)
_DOMAIN = Lower(
    Func(F("email"), Value("@"), Value(2), function="split_part", output_field=TextField())
)


def network_of(lead: Lead) -> str:
    """The address the lead came from, or its IPv6 network; "" if unknown."""
    found = address.read(lead.submitted_from or "")
    return address.customer(found) if found else ""


def domain_of(lead: Lead) -> str:
    """The domain of the lead's e-mail; "" without an e-mail."""
    return lead.email.rpartition("@")[2].lower()


def held_for(user: Any) -> QuerySet[Lead]:
    """The held leads that the user may see, without those of which something is hidden."""
    return told_to(user, visible_rows.of(user, Lead.objects.filter(is_held())))


def told_to(user: Any, leads: QuerySet[Any]) -> QuerySet[Any]:
    """The leads that the user may filter by what was written and from where."""
    return others_requests.without_moved(leads, scope.of(user))


def counted_by_address(networks: Iterable[str], held: QuerySet[Lead]) -> "Counter[str]":
    """How many leads in `held` came from each of these addresses or networks."""
    return _counted(_NETWORK, networks, held)


def counted_by_domain(domains: Iterable[str], held: QuerySet[Lead]) -> "Counter[str]":
    """How many leads in `held` have an e-mail in each of these domains."""
    return _counted(_DOMAIN, domains, held)


def _counted(by: Any, values: Iterable[str], held: QuerySet[Lead]) -> "Counter[str]":
    wanted = {value for value in values if value}
    leads = held.alias(same=by).filter(same__in=wanted)
    found = leads.order_by().values(value=by).annotate(number=Count("pk"))
    return Counter({row["value"]: row["number"] for row in found})


def _same(queryset: QuerySet[Any], by: Any, value: str) -> QuerySet[Any]:
    found: QuerySet[Any] = queryset.alias(same=by).filter(same=value)
    return found


def of_address(queryset: QuerySet[Any], submitted_from: str) -> QuerySet[Any]:
    """The leads that came from this address or its IPv6 network."""
    found = address.read(submitted_from)
    return _same(queryset, _NETWORK, address.customer(found)) if found else queryset.none()


class _OfOne(SimpleListFilter):
    """Shown only after following a link in the list."""

    by: Any

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The one choice."""
        value = self.value()
        return [(value, value)] if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads of this sender."""
        value = self.value()
        if not value:
            return queryset
        return _same(told_to(request.user, queryset), self.by, value.lower())


class AddressFilter(_OfOne):
    """By address."""

    title = _("address")
    parameter_name = "address"
    by = _NETWORK

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The leads from this address; in IPv6, from its whole network."""
        value = self.value()
        if not value:
            return queryset
        try:
            network = ipaddress.ip_network(value, strict=False)
        except ValueError:
            return queryset.none()
        leads = told_to(request.user, queryset)
        return _same(leads, self.by, address.customer(network.network_address))


class DomainFilter(_OfOne):
    """By e-mail domain."""

    title = _("e-mail domain")
    parameter_name = "domain"
    by = _DOMAIN
