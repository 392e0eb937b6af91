"""How a visitor's request stands; leads.standings has the words.

A lead's public_id is the secret in the address of its page.

Anybody can type anybody's number. So a request that joined another person's lead reads as if it
were the only request for the number (`_by_itself`): nobody learns whether we know the number.
"""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads import appointments, joining, ports, standings
from leads.config_cache import VERSION_SQL
from leads.models import Lead, LeadStatus, TakenBack, WhyTakenBack
from leads.ports import CallStage, Presence
from leads.standings import Standing

# A shorter wait is not an appointment: a retry after a few seconds must not make the page say "we
# will call you at 14:35" at 14:35.
SOON = timedelta(minutes=1)
# After waiting this long past their time, visitors are told that it takes longer.
LATE = timedelta(minutes=3)
# How often a page without scripts reloads itself: (while the wait is shorter than, seconds).
_REFRESH = ((LATE, 5), (timedelta(minutes=15), 15), (timedelta(hours=1), 60))


# If nobody is free, a call has to end first.
_CHANGES_IN = {Presence.FREE: 1, Presence.BUSY: 10, Presence.NOBODY: 15}

_BY_STAGE = {
    CallStage.UNCERTAIN: standings.UNCERTAIN,
    CallStage.RINGING_US: standings.CALLING,
    CallStage.PICKED_UP: standings.ON_THE_PHONE,
    CallStage.TALKING: standings.TALKING,
    CallStage.OVER: standings.HUNG_UP,
}
_BY_STATUS = {
    LeadStatus.CONNECTED: standings.CONNECTED,
    LeadStatus.CALLED: standings.CALLED,
    LeadStatus.UNREACHED: standings.UNREACHED,
    LeadStatus.CANCELLED: standings.CANCELLED,
}


def find(public_id: uuid.UUID, source_slug: str | None = None) -> Lead | None:
    """The lead with that id (and source), with the columns that `standing` reads. One query."""
    leads = Lead.objects.select_related("duplicate_of", "taken_back").only(
        "taken_back__why",
        "taken_back__at",
        "taken_back__was_called",
        "public_id",
        "first_source",
        "rang_at",
        "duplicate_of__rang_at",
        "source",
        "phone",
        "language",
        "submitter",
        "submitted_at",
        "status",
        "call_after",
        "attempts",
        "is_held_back",
        "duplicate_of__source",
        "duplicate_of__phone",
        "duplicate_of__language",
        "duplicate_of__submitter",
        "duplicate_of__submitted_at",
        "duplicate_of__status",
        "duplicate_of__call_after",
        "duplicate_of__attempts",
        "duplicate_of__duplicate_of",
        "chosen_at",
        "duplicate_of__chosen_at",
        "closed_at",
        "duplicate_of__closed_at",
    )
    if source_slug is not None:
        # A later request may have moved the lead to another source; its address stays.
        came_in = Q(source__slug=source_slug, first_source=None) | Q(first_source__slug=source_slug)
        leads = leads.filter(came_in)
    # The version of the configuration, which says whether any team answers the lead's source.
    leads = leads.annotate(setup_version=RawSQL(f"({VERSION_SQL})", []))  # noqa: S611  # a constant
    return leads.filter(public_id=public_id).first()


def standing(lead: Lead, now: datetime) -> Standing:
    """How `lead` stands at `now`.

    A request that joined an earlier lead stands as that lead does, if the same person submitted
    both; else as if alone. A request that was taken back says so, whatever happens to others.
    """
    if taken := taken_back(lead):
        stands, had_begun = standings.TAKEN_BACK[WhyTakenBack(taken.why)]
        if taken.was_called and ports.is_still_on(lead.phone, taken.at):
            return replace(stands, message=had_begun, final=False, changes_in=5)
        return stands
    as_of = version_of(lead)
    shown = lead.duplicate_of or lead
    if shown is not lead and not joining.are_by_one_person(lead, shown):
        return _by_itself(lead, shown, now, as_of)
    if shown.status == LeadStatus.CALLING:
        stage = ports.call_stage(shown.pk)
        return _BY_STAGE[stage] if stage else standings.CALLING
    if shown.status == LeadStatus.CANCELLED and joining.has_sent_another_number(shown):
        return standings.SENT_ANOTHER
    if shown.status != LeadStatus.WAITING:
        return _BY_STATUS.get(LeadStatus(shown.status), standings.RECEIVED)
    return _before_a_call(shown, now, as_of)


def _by_itself(lead: Lead, first: Lead, now: datetime, as_of: uuid.UUID | None) -> Standing:
    """How a request that joined somebody else's lead `first` would stand if it were alone.

    Until its own time it shows that time, whatever else happens to the number. After that, calls
    made since it was sent count as its calls too. If its submitter sent several requests, the
    newest counts, as it would if alone.
    """
    theirs = _of_one_person(lead, first)
    asks = next((it for it in reversed(theirs) if not it.is_held_back), None)
    if asks is None:
        return standings.RECEIVED
    if len(theirs) > 1 and ports.has_rung(first.pk, theirs[0].submitted_at):
        asks.attempts = 1
    lead = asks
    before = _before_a_call(lead, now, as_of)
    if before.status == "scheduled" or before is standings.FOR_A_PERSON:
        return before
    if first.status == LeadStatus.CALLING:
        stage = ports.call_stage(first.pk, lead.submitted_at)
        return _BY_STAGE[stage] if stage else before
    if not ports.was_called(first.pk, lead.submitted_at):
        return before if first.status == LeadStatus.WAITING else standings.RECEIVED
    if first.status != LeadStatus.WAITING:
        return _BY_STATUS.get(LeadStatus(first.status), standings.RECEIVED)
    # The lead may be waiting for a time that somebody else chose.
    chosen_at = appointments.ahead(first.pk, now, sent_before=lead.submitted_at)
    return (
        standings.RECEIVED if chosen_at == first.call_after else _before_a_call(first, now, as_of)
    )


def _of_one_person(lead: Lead, first: Lead) -> list[Lead]:
    """This request and its submitter's other requests that joined the same lead, oldest first."""
    if lead.submitter is None:
        return [lead]
    same = Lead.objects.filter(duplicate_of=first, submitter=lead.submitter)
    return list(same.order_by("submitted_at", "pk"))


def _before_a_call(lead: Lead, now: datetime, as_of: uuid.UUID | None) -> Standing:
    hours = ports.hours(lead.source_id, lead.phone, as_of)
    if hours.next_time(now) is None or not ports.is_spoken(lead.source_id, lead.language, as_of):
        return standings.FOR_A_PERSON
    if lead.call_after <= now + SOON:
        presence = ports.presence(lead.source_id, now, as_of, lead.language)
        stands = _waiting(lead, presence, now, is_usual=hours.is_usual(now))
        if stands.status != "waiting" or presence is Presence.NOBODY or not hours.is_usual(now):
            return stands
        return replace(stands, estimate=_estimate(lead, now, as_of))
    return _scheduled(lead, now, hours.zone)


def _estimate(lead: Lead, now: datetime, as_of: uuid.UUID | None) -> str:
    """How long the first call usually takes for people who want it at once; "" for all others, and
    for a visitor who has already waited longer.
    """
    if lead.attempts or lead.chosen_at:
        return ""
    usual = ports.usual_wait(lead.source_id, now, as_of)
    return standings.usually(usual) if usual and now - lead.call_after < usual else ""


def shown(lead: Lead) -> Lead:
    """The lead that a request's page shows: the lead that it joined, if the same person sent both;
    else itself.
    """
    first = lead.duplicate_of
    return first if first and joining.are_by_one_person(lead, first) else lead


def taken_back(lead: Lead) -> TakenBack | None:
    """How the submitter took the request back on its page; None: they did not."""
    try:
        return lead.taken_back
    except TakenBack.DoesNotExist:
        return None


def version_of(lead: Lead) -> uuid.UUID | None:
    """The version of the configuration that `find` read with the lead."""
    return getattr(lead, "setup_version", None)


def _waiting(lead: Lead, presence: Presence, now: datetime, *, is_usual: bool) -> Standing:
    said, every = standings.WAITING[presence], _CHANGES_IN[presence]
    waited, title = now - lead.call_after, _("We have your request")
    if not is_usual:
        said = standings.AT_NIGHT
    if waited < LATE:
        # A free colleague calls within seconds; if nobody has, the time is unknown.
        every = max(every, 5) if waited > SOON else every
        return Standing("waiting", title, said, False, changes_in=every)
    if not is_usual:
        return Standing("delayed", title, said, False, changes_in=60)
    if presence is Presence.FREE:
        said = standings.STILL_WAITING
    title = _("This is taking longer than usual")
    return Standing("delayed", title, said, False, changes_in=max(every, 10))


def _scheduled(lead: Lead, now: datetime, zone: tzinfo) -> Standing:
    # Visitors know nothing of calls that rang only us. A joined request has counted the first
    # lead's.
    if lead.attempts and (lead.duplicate_of_id or ports.has_rung(lead.pk)):
        title, sentence = gettext("We will try again"), standings.NEXT_CALL
    else:
        title, sentence = gettext("Your call is planned"), standings.FIRST_CALL
    message = sentence.text(lead.call_after, now, zone)
    call_after = timezone.localtime(lead.call_after, zone)
    return Standing("scheduled", title, message, final=False, call_after=call_after)


def ask_after(stands: Standing, now: datetime) -> int | None:
    """Seconds until a page should ask again; None: its standing will not change."""
    if stands.final:
        return None
    if stands.call_after:
        return int(min(max((stands.call_after - now).total_seconds() / 20, 20), 1800))
    return stands.changes_in


def refresh_after(lead: Lead, stands: Standing, now: datetime) -> int | None:
    """Seconds until a page without scripts should reload; None: it need not any more.

    Less often the longer it takes; never after an hour.
    """
    if stands.final:
        return None
    if stands.call_after:
        return int(min(max((stands.call_after - now).total_seconds() / 20, 60), 1800))
    waited = now - shown(lead).call_after
    return next((every for within, every in _REFRESH if waited < within), None)


def has_been_called(lead: Lead, now: datetime) -> bool:
    """Whether a call of ours has rung the number since the request: then the number's owner knows
    about the request. Until then anybody may have typed the number.

    For a request that joined somebody else's lead, false before its own time: see `_by_itself`.
    """
    first = lead.duplicate_of or lead
    if not joining.are_by_one_person(lead, first) and first is not lead and lead.call_after > now:
        return False
    return first.rang_at is not None and ports.was_called(first.pk, lead.submitted_at)


def caller_number(lead: Lead, stands: Standing) -> str:
    """The number that the lead's phone will show, in E.164; "" if it is unknown, or no call is
    due.
    """
    if stands.final or stands.status in {"talking", "cancelled"}:
        return ""
    return ports.caller_number(shown(lead).source_id, version_of(lead))


def last_digits(phone: str) -> str:
    """The last four digits of a number, enough for its owner to recognise it."""
    return phone[-4:]
