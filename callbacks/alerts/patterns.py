"""Patterns that suggest an attack: many numbers from one address, many sources for one number,
calls that reach nobody, a country never seen before.

Each look measures them again: a receiver's N is compared with `number` of the facts. Only the leads
of the last day and the calls of the last hours are read; the usual share of calls that reach nobody
is read once an hour.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from callbacks.alerts.facts import Found
from callbacks.common import sql
from callbacks.models import SeenCountry
from callbacks.policy.rules import Outcome
from leads import countries
from leads.guard import address
from leads.models import LeadSource

MOST = 100
# The lowest N that a receiver can have.
LEAST_NUMBERS = 3
LEAST_SOURCES = 2
LEAST_POINTS = 10
OF_ADDRESS = timedelta(hours=1)
OF_NUMBER = timedelta(days=1)
OF_CALLS = timedelta(hours=3)
OF_COUNTRY = timedelta(days=1)
# The period before, whose share is the usual one.
USUAL = timedelta(days=28)
# The share of fewer calls means nothing.
LEAST_CALLS = 20
LEAST_USUAL_CALLS = 100
# In the first days of an installation every country is new.
FIRST_DAYS = timedelta(days=7)

# An IPv6 customer has a network of 64 bits (leads.guard.address.customer).
_ADDRESSES = """
    SELECT CASE family(submitted_from) WHEN 4 THEN host(submitted_from)
            ELSE network(set_masklen(submitted_from, 64))::text END AS network,
        min(host(submitted_from)) AS one, count(DISTINCT phone) AS number, max(id) AS lead
    FROM leads_lead WHERE submitted_at > %(since)s AND submitted_from IS NOT NULL
        AND api_client_id IS NULL
    GROUP BY 1 HAVING count(DISTINCT phone) >= %(least)s ORDER BY number DESC LIMIT %(most)s
"""
_NUMBERS = """
    SELECT phone, count(DISTINCT COALESCE(first_source_id, source_id)) AS number, max(id) AS lead
    FROM leads_lead WHERE submitted_at > %(since)s AND follow_up_of_id IS NULL
    GROUP BY 1 HAVING count(DISTINCT COALESCE(first_source_id, source_id)) >= %(least)s
    ORDER BY number DESC LIMIT %(most)s
"""
_REACHED = (Outcome.BRIDGED, Outcome.SHORT_TALK)
_NOT_REACHED = (Outcome.LEAD_NO_ANSWER, Outcome.LEAD_BUSY, Outcome.BAD_NUMBER)
_CALLS = """
    SELECT count(*) AS calls, count(*) FILTER (WHERE outcome = ANY(%(not_reached)s)) AS unreached
    FROM callbacks_callattempt
    WHERE claimed_at >= %(since)s AND claimed_at < %(until)s AND outcome = ANY(%(all)s)
"""


def many_numbers(now: datetime) -> list[Found]:
    """Addresses from which calls to many different numbers were requested within an hour.

    Excludes addresses in RATES_EXEMPT, which are our own offices and servers, and requests with an
    API key.
    """
    given = {"since": now - OF_ADDRESS, "least": LEAST_NUMBERS, "most": MOST}
    found = []
    for row in sql.rows(_ADDRESSES, given):
        known = address.read(row["one"])
        if known is None or not address.is_in(known, settings.RATES_EXEMPT):
            found.append(_of_lead("address", row["network"], row))
    return found


def many_sources(now: datetime) -> list[Found]:
    """Numbers for which calls were requested through many sources within a day."""
    given = {"since": now - OF_NUMBER, "least": LEAST_SOURCES, "most": MOST}
    return [_of_lead("number", row["phone"], row) for row in sql.rows(_NUMBERS, given)]


def unreached(now: datetime) -> list[Found]:
    """Whether many more calls than usual reached nobody.

    Compares the share of calls whose visitor did not answer, was busy or had a wrong number, among
    calls that a salesperson picked up: the last three hours with the 28 days before.
    """
    calls, share = _share(now - OF_CALLS, now)
    usual_calls, usual = _usual(now.replace(minute=0, second=0, microsecond=0) - OF_CALLS)
    if calls < LEAST_CALLS or usual_calls < LEAST_USUAL_CALLS:
        return []
    points = round(100 * (share - usual))
    if points < LEAST_POINTS:
        return []
    facts = {
        "number": points,
        "calls": calls,
        "share": round(100 * share),
        "usual": round(100 * usual),
        "hours": int(OF_CALLS / timedelta(hours=1)),
    }
    return [Found("", facts)]


def new_countries(now: datetime) -> list[Found]:
    """Countries to which a call was requested for the first time, within the last day.

    Excludes the default countries of sources, and an installation's first days.
    """
    first = SeenCountry.objects.order_by("first_seen_at").first()
    if first is None or now - first.first_seen_at < FIRST_DAYS:
        return []
    expected = set(LeadSource.objects.values_list("default_country", flat=True))
    seen = SeenCountry.objects.filter(first_seen_at__gt=now - OF_COUNTRY, lead__isnull=False)
    return [
        Found(
            f"country:{it.country}",
            {"country": str(countries.name(it.country)), "lead": it.lead},
            it.first_seen_at,
        )
        for it in seen.exclude(country__in=expected).order_by("first_seen_at")[:MOST]
    ]


def _of_lead(what: str, value: str, row: dict[str, Any]) -> Found:
    """Replaces the address or number by a hash: an alert contains no data about visitors."""
    digest = salted_hmac("callbacks.alerts.patterns", value, algorithm="sha256").hexdigest()
    return Found(f"{what}:{digest[:32]}", {"number": row["number"], "lead": row["lead"]})


@lru_cache(maxsize=2)
def _usual(until: datetime) -> tuple[int, float]:
    return _share(until - USUAL, until)


def _share(since: datetime, until: datetime) -> tuple[int, float]:
    """The number of calls, and the share of them that reached nobody."""
    given = {
        "since": since,
        "until": until,
        "not_reached": [it.value for it in _NOT_REACHED],
        "all": [it.value for it in (*_REACHED, *_NOT_REACHED)],
    }
    row = next(iter(sql.rows(_CALLS, given)))
    return row["calls"], row["unreached"] / row["calls"] if row["calls"] else 0.0
