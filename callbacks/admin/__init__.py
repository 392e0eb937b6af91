"""The admin: what a sales manager sees and does.

Lead and LeadSource are registered here: their pages show calls, of which `leads` knows nothing.

Nothing here decides what may happen to a lead or an extension's call: it asks `by_hand`, shows the
answer and writes it into Django's log.
"""

from callbacks.admin import (
    access,
    calls,
    extensions,
    leads,
    records,
    routing,
    schedules,
    sources,
    unknowns,
)

__all__ = [
    "access",
    "calls",
    "extensions",
    "leads",
    "records",
    "routing",
    "schedules",
    "sources",
    "unknowns",
]
