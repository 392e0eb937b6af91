"""What managers post on the pages of teams, extensions, sources and schedules."""

from typing import Any

from leads.models import LeadSource
from tests.support.admin_posting import rows


def a_team(*sources: LeadSource, there: int = 0, **values: Any) -> dict[str, Any]:
    """A team's page; `there`: how many of the sources it had before. Empty values mean off."""
    data: dict[str, Any] = {
        "name": "Sales", "is_active": "on", "schedule": "", "strategy": "longest_idle",
        "language_wait": 0, "sticky_agent_days": 30, "sticky_agent_wait": 0,
        "daily_cap": "", "wrap_up": 0,
        "opening_rate": "",
    }  # fmt: skip
    answered = [{"source": source.pk, "overflow_after": 0} for source in sources]
    return data | rows("teamsource_set", *answered, there=there) | values


def an_extension(team: Any, **values: Any) -> dict[str, Any]:
    """An extension's page."""
    data: dict[str, Any] = {
        "number": "101", "kind": "sip", "name": "Dana", "team": team.pk, "is_active": "on",
        "tier": 1, "weight": 1, "languages": "", "daily_cap": "", "wrap_up": "", "schedule": "",
    }  # fmt: skip
    return data | rows("call_parameters") | values


def a_source(**values: Any) -> dict[str, Any]:
    """A source's page."""
    data: dict[str, Any] = {
        "name": "Landing page", "slug": "landing", "language": "en", "is_active": "on",
        "default_country": "IL", "allowed_countries": "IL, GB", "sla_target": 30,
        "sla_clock": "always", "priority": 0, "call_from": "", "call_until": "",
        "offers_times": "on", "allowed_origins": "", "kept_days": "", "after_that": "anonymous",
        "privacy_url": "", "without_key": "accepted",
    }  # fmt: skip
    names = (
        "form_fields",
        "form_field_texts",
        "texts",
        "logo",
        "widget",
        "widget_texts",
        "consent_texts",
        "recorded_messages",
        "call_parameters",
    )
    inlines = {key: value for name in names for key, value in rows(name).items()}
    return data | inlines | values


def a_schedule(
    hours: list[dict[str, Any]], exceptions: list[dict[str, Any]] | None = None, **values: Any
) -> dict[str, Any]:
    """A schedule's page."""
    data: dict[str, Any] = {"name": "Office", "time_zone": "Asia/Jerusalem", **values}
    return data | rows("hours", *hours) | rows("exceptions", *(exceptions or []))
