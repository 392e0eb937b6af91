"""Everything about one number: its leads and calls, and whether it may be called now."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from callbacks.access import scope
from callbacks.admin import html, labels
from callbacks.admin.attempts.unknown_outcomes import sees_attempts
from callbacks.admin.leads.calls_shown import add_calls, who
from callbacks.common.formatting import in_words
from callbacks.explain import number_now
from callbacks.models import CallAttempt, CallRecord
from callbacks.models.call_notes import note_of, standing_notes
from leads import one_line, phones, visible_rows
from leads.models import Lead

# At most this many leads and calls are shown; the search lists the others.
SHOWN = 100


def address_of(phone: str) -> str:
    """The page's address for a number (E.164)."""
    return reverse("number", args=[phone.lstrip("+")])


def phone_with_link(lead: Lead) -> SafeString:
    """The lead's number with a link to its page; an erased lead has no link."""
    shown = html.phone(lead.phone, lead.phone_extension)
    if lead.erased_at:
        return shown
    page = format_html(
        '<a class="quiet-link" href="{}">{}</a>',
        address_of(lead.phone),
        gettext("Everything about this number"),
    )
    return html.below(shown, page)


@require_safe
def number_page(request: HttpRequest, digits: str) -> HttpResponse:
    """For users who may see leads. Calls and recordings only for those who may see attempts."""
    user = request.user
    if not scope.sees_leads(user):
        raise PermissionDenied
    spellings = sorted(one_line.spellings(f"+{digits}"))
    of_number = visible_rows.of(user, Lead.objects.filter(phone__in=spellings))
    of_number = of_number.select_related("source", "disposition")
    leads: list[Any] = list(of_number.order_by("-submitted_at", "-pk")[: SHOWN + 1])
    if not leads:
        raise Http404(gettext("No lead has this number."))
    add_calls(leads)
    for lead in leads:
        # Planned by a salesperson, and not requested by anybody since.
        is_planned = lead.follow_up_of_id and not lead.first_source_id
        notes = [
            gettext("follow-up of lead %(pk)s") % {"pk": lead.follow_up_of_id}
            if is_planned
            else "",
            lead.disposition.name if lead.disposition else "",
        ]
        lead.label = html.label(
            lead.get_status_display(), labels.LEAD_COLOURS.get(lead.status, ""), html.dotted(notes)
        )
        lead.shown_at = html.moment(lead.submitted_at)
        lead.page = html.page_of(Lead, lead.pk)
    now, zone = timezone.now(), timezone.get_current_timezone()
    newest = leads[0]
    context = {
        **admin.site.each_context(request),
        "title": gettext("Everything about %(number)s") % {"number": phones.readable(newest.phone)},
        "numbers": [html.phone(it) for it in spellings],
        "names": list(dict.fromkeys(lead.name for lead in leads)),
        "newest": newest,
        "now": number_now.of(newest.phone, newest.source, now, zone),
        "leads": leads[:SHOWN],
        "more_leads": len(leads) > SHOWN,
        "list": f"{reverse('admin:leads_lead_changelist')}?q=%2B{newest.phone[1:]}",
        "sees_calls": sees_attempts(request),
    }
    if sees_attempts(request):
        calls = _calls(spellings, user)
        context |= {"calls": calls[:SHOWN], "more_calls": len(calls) > SHOWN}
    return TemplateResponse(request, "admin/number.html", context)


def _calls(spellings: list[str], user: Any) -> list[Any]:
    """Calls and messages to this number, newest first, with what each row shows."""
    attempts = (
        visible_rows.of(user, CallAttempt.objects.filter(phone__in=spellings))
        .select_related("extension", "salesperson")
        .prefetch_related(Prefetch("records", CallRecord.objects.all()), standing_notes())
        .order_by("-claimed_at", "-pk")
    )
    calls: list[Any] = list(attempts[: SHOWN + 1])
    for call in calls:
        call.shown_at = html.moment(call.claimed_at)
        call.page = html.page_of(CallAttempt, call.pk)
        call.who = who(call)
        said = call.get_outcome_display() or call.get_state_display()
        call.label = html.label(said, labels.ATTEMPT_COLOURS.get(call.state, ""))
        call.talked = "" if call.talk_time is None else in_words(call.talk_time)
        call.player = html.player(call.recording_url)
        call.note_shown = html.call_note(note_of(call))
        call.words = html.dotted(record.status for record in call.records.all())
    return calls
