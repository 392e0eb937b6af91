"""How the request of a visitor stands; the words for it: leads.standings.

A lead's public_id is the secret in its address.

Anybody can type anybody's number. So a request that has joined somebody else's reads as it would if
it were the number's only one (`_by_itself`): whether we know the number is told to nobody.
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

# A wait shorter than this is not an appointment: a retry after a few seconds must not make the page
# say "we will call you at 14:35" at 14:35.
SOON = timedelta(minutes=1)
# Whoever has waited so long since they were to be called is told that it takes longer.
LATE = timedelta(minutes=3)
# Within which time of a wait a page in which no script runs loads itself again, every so many
# seconds.
_REFRESH = ((LATE, 5), (timedelta(minutes=15), 15), (timedelta(hours=1), 60))


# Where nobody is free, a call has to end first.
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
    """The lead with that id (of that source), with the columns that `standing` reads. One query."""
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
        # A later request may have moved it; its address stays.
        came_in = Q(source__slug=source_slug, first_source=None) | Q(first_source__slug=source_slug)
        leads = leads.filter(came_in)
    # The version of the configuration, which tells whether any team answers the lead's source.
    leads = leads.annotate(setup_version=RawSQL(f"({VERSION_SQL})", []))  # noqa: S611  # a constant
    return leads.filter(public_id=public_id).first()


def standing(lead: Lead, now: datetime) -> Standing:
    """How `lead` stands at `now`.

    A request that has joined an earlier lead stands as that one does, if the same person has
    submitted both; else by itself. One that was taken back stands so, whatever becomes of others.
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
    """How a request that has joined somebody else's lead `first` would stand as the only one.

    Until its own time it reads when that is, whatever else becomes of the number. From then on
    calls count that were made since it was sent: they are its calls, too. Of several requests of
    its submitter the newest counts, as it would then.
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
    # It may wait for a time that somebody else has chosen.
    chosen_at = appointments.ahead(first.pk, now, sent_before=lead.submitted_at)
    return (
        standings.RECEIVED if chosen_at == first.call_after else _before_a_call(first, now, as_of)
    )


def _of_one_person(lead: Lead, first: Lead) -> list[Lead]:
    """This request, and the others of its submitter that have joined the same lead; by age."""
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
    """How long the first call of those who want it at once usually takes; "" for all others, and
    for whoever has waited longer already.
    """
    if lead.attempts or lead.chosen_at:
        return ""
    usual = ports.usual_wait(lead.source_id, now, as_of)
    return standings.usually(usual) if usual and now - lead.call_after < usual else ""


def shown(lead: Lead) -> Lead:
    """The lead that its page stands for: the one that it has joined, if the same person has sent
    both; else itself.
    """
    first = lead.duplicate_of
    return first if first and joining.are_by_one_person(lead, first) else lead


def taken_back(lead: Lead) -> TakenBack | None:
    """What its submitter has taken back on its page; None: nothing."""
    try:
        return lead.taken_back
    except TakenBack.DoesNotExist:
        return None


def version_of(lead: Lead) -> uuid.UUID | None:
    """The version of the configuration that `find` has read with the lead."""
    return getattr(lead, "setup_version", None)


def _waiting(lead: Lead, presence: Presence, now: datetime, *, is_usual: bool) -> Standing:
    said, every = standings.WAITING[presence], _CHANGES_IN[presence]
    waited, title = now - lead.call_after, _("We have your request")
    if not is_usual:
        said = standings.AT_NIGHT
    if waited < LATE:
        # Whoever is free calls within seconds; if not, nobody knows when.
        every = max(every, 5) if waited > SOON else every
        return Standing("waiting", title, said, False, changes_in=every)
    if not is_usual:
        return Standing("delayed", title, said, False, changes_in=60)
    if presence is Presence.FREE:
        said = standings.STILL_WAITING
    title = _("This is taking longer than usual")
    return Standing("delayed", title, said, False, changes_in=max(every, 10))


def _scheduled(lead: Lead, now: datetime, zone: tzinfo) -> Standing:
    # Of calls that rang only us they know nothing. A joined request has counted those of the first.
    if lead.attempts and (lead.duplicate_of_id or ports.has_rung(lead.pk)):
        title, sentence = gettext("We will try again"), standings.NEXT_CALL
    else:
        title, sentence = gettext("Your call is planned"), standings.FIRST_CALL
    message = sentence.text(lead.call_after, now, zone)
    call_after = timezone.localtime(lead.call_after, zone)
    return Standing("scheduled", title, message, final=False, call_after=call_after)


def ask_after(stands: Standing, now: datetime) -> int | None:
    """Seconds after which a page is to ask again; None: its standing changes no more."""
    if stands.final:
        return None
    if stands.call_after:
        return int(min(max((stands.call_after - now).total_seconds() / 20, 20), 1800))
    return stands.changes_in


def refresh_after(lead: Lead, stands: Standing, now: datetime) -> int | None:
    """Seconds until a page in which no script runs is to look again; None: it need not any more.

    Less often the longer it takes, and no more after an hour.
    """
    if stands.final:
        return None
    if stands.call_after:
        return int(min(max((stands.call_after - now).total_seconds() / 20, 60), 1800))
    waited = now - shown(lead).call_after
    return next((every for within, every in _REFRESH if waited < within), None)


def has_been_called(lead: Lead, now: datetime) -> bool:
    """Whether a call of ours has rung its number since it was asked for: then whoever answers for
    the number knows of the request. Until then anybody may have typed it.

    Of a request that has joined somebody else's, not before its own time: see `_by_itself`.
    """
    first = lead.duplicate_of or lead
    if not joining.are_by_one_person(lead, first) and first is not lead and lead.call_after > now:
        return False
    return first.rang_at is not None and ports.was_called(first.pk, lead.submitted_at)


def caller_number(lead: Lead, stands: Standing) -> str:
    """The number that its phone will show, in E.164; "" where it is unknown, or no call is due."""
    if stands.final or stands.status in {"talking", "cancelled"}:
        return ""
    return ports.caller_number(shown(lead).source_id, version_of(lead))


def last_digits(phone: str) -> str:
    """The last four digits of a number, enough for its owner to recognise it."""
    return phone[-4:]
