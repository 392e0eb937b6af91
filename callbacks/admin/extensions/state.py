"""What extensions are doing now: loading it in a few queries, and showing it."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from callbacks.admin import html, labels
from callbacks.models import CallAttempt, Extension
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.scheduling import calling_hours
from leads.models import Lead


def loaded(extensions: QuerySet[Extension]) -> QuerySet[Extension]:
    """Loads what `shown` needs: the team, both schedules, the live attempt, and the person's other
    phones with their live attempts.
    """
    live = CallAttempt.objects.filter(state__in=LIVE_STATES)
    on = Prefetch("call_attempts", live, to_attr="live_attempts")
    phones = Prefetch("user__extensions", Extension.objects.prefetch_related(on), to_attr="phones")
    return extensions.select_related("team__schedule", "schedule", "user").prefetch_related(
        "team__schedule__hours",
        "team__schedule__exceptions",
        "schedule__hours",
        "schedule__exceptions",
        on,
        phones,
    )


def live_attempt(extension: Extension) -> CallAttempt | None:
    """The live attempt of a `loaded` extension."""
    live: list[CallAttempt] = getattr(extension, "live_attempts", [])
    return live[0] if live else None


def shown(extension: Extension, now: datetime, *, linked: bool = True) -> SafeString:
    """The state as a label, with a link to the live attempt's lead if `linked`."""
    said = labels.extension_now(
        extension,
        live_attempt(extension),
        calling_hours.is_open(extension.team, now),
        calling_hours.is_on_shift(extension, now),
        now,
        timezone.get_current_timezone(),
    )
    lead = html.page_of(Lead, said.lead_id) if said.lead_id and linked else ""
    return html.label(said.text, said.colour, said.note, lead)
