"""The sentences that tell a visitor how their request stands.

They show nothing of how we work inside: no name, number, CALLID, error or attempt. One status,
`received`, covers every lead that a colleague has to look at (held, failed, or from a source that
no team answers). A lead's public_id is the secret in its address.

Anybody can type anybody's number. So a request that has joined somebody else's reads as it would if
it were the number's only one (`_by_itself`): whether we know the number is told to nobody.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads import appointments, joining, ports
from leads.config_cache import VERSION_SQL
from leads.dated_sentences import DatedSentence
from leads.models import Lead, LeadSource, LeadStatus, TakenBack, WhyTakenBack
from leads.ports import CallStage, Presence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A wait shorter than this is not an appointment: a retry after a few seconds must not make the page
# say "we will call you at 14:35" at 14:35.
SOON = timedelta(minutes=1)
# Whoever has waited so long since they were to be called is told that it takes longer.
LATE = timedelta(minutes=3)
# Within which time of a wait a page in which no script runs loads itself again, every so many
# seconds.
_REFRESH = ((LATE, 5), (timedelta(minutes=15), 15), (timedelta(hours=1), 60))


@dataclass(frozen=True)
class Standing:
    """How a lead stands. Only `scheduled` has a `call_after`; `final` standings do not change.

    `title` and `message` are plain text, to be shown on a page or read out.
    """

    status: str
    title: "StrOrPromise"
    message: "StrOrPromise"
    final: bool
    call_after: datetime | None = None
    # Seconds after which it may have changed; what is about to happen is worth asking often.
    changes_in: int = 1


# Where nobody is free, a call has to end first.
_CHANGES_IN = {Presence.FREE: 1, Presence.BUSY: 10, Presence.NOBODY: 15}
_WAITING: "dict[Presence, StrOrPromise]" = {
    Presence.FREE: _("We are finding someone who can talk to you now. Keep your phone at hand."),
    Presence.BUSY: _(
        "Everyone on our team is busy right now. We will call you as soon as one of us is free. "
        "Keep your phone at hand."
    ),
    Presence.NOBODY: _(
        "Nobody from our team can take calls at the moment. We will call you as soon as somebody "
        "can."
    ),
}
# Whoever is free calls within seconds. If nobody has by then, it is not known why: nobody may be
# trying, since somebody else has chosen a later time for the number (joining.join).
_STILL_WAITING = _("We will call you as soon as we can.")
# The same from the beginning, at hours at which nobody is rung who has not asked for it.
_AT_NIGHT = _(
    "If we can call you now, your phone will ring in a moment. Otherwise we will call you later."
)
CALLING = Standing(
    "calling",
    _("We are getting someone on the line for you"),
    _("A colleague's phone is ringing. When they pick up, yours will ring: please answer it."),
    final=False,
)
# The provider's answer was lost: the visitor's phone may ring, or never.
UNCERTAIN = Standing(
    "checking",
    _("We have your request"),
    _(
        "We are making sure that our call to you went through. If your phone rings, please answer "
        "it; if it does not, we will call again or get back to you."
    ),
    final=False,
    changes_in=5,
)
ON_THE_PHONE = Standing(
    "on_the_phone",
    _("Someone is on the line for you"),
    _("Our colleague has picked up and your phone is ringing. Please answer it."),
    final=False,
)
TALKING = Standing(
    "talking",
    _("You are on the phone with us"),
    _("Our colleague is on the line."),
    final=False,
    changes_in=5,
)
# How it went, a record will tell.
HUNG_UP = Standing(
    "checking",
    _("Our call to you has ended"),
    _("If we did not get to talk, we will call again or get back to you."),
    final=False,
    changes_in=5,
)
CONNECTED = Standing(
    "connected", _("We have reached you"), _("Thank you for taking our call."), final=True
)
CALLED = Standing(
    "called",
    _("We tried to call you"),
    _("If we missed each other, send your request again and we will try once more."),
    final=True,
)
UNREACHED = Standing(
    "unreached",
    _("We could not reach you"),
    _("We called and could not get through. Send your request again whenever it suits you."),
    final=True,
)
# Final, although a colleague may still act on the lead or a manager may set up a team for its
# source: a page that kept asking would reveal which of the causes behind this status it is.
RECEIVED = Standing(
    "received",
    _("We have your request"),
    _("Thank you. We will get back to you."),
    final=True,
)
CANCELLED = Standing(
    "cancelled",
    _("This request is closed"),
    _("We will not call you about it any more. If you would like a call, ask for another one."),
    final=True,
)
# Its submitter has sent another number instead.
SENT_ANOTHER = Standing(
    "cancelled",
    _("You have sent another number"),
    _("We will not call this number about your request any more, only the one you sent later."),
    final=True,
)
# Of a lead that waits and is never called by itself; its status is the one of RECEIVED.
FOR_A_PERSON = Standing(
    "received",
    _("We have your request"),
    _("We cannot call you automatically. A colleague will look at it and get back to you."),
    final=True,
)

# What the submitter has done on the page; the second one where a call had begun by then.
_TAKEN_BACK = {
    WhyTakenBack.CANCELLED: (
        Standing(
            "cancelled",
            _("You have cancelled this request"),
            _("We will not call you about it. If you would like a call, ask for another one."),
            final=True,
        ),
        _(
            "A call to you had begun by then, so your phone may still ring once. After that we "
            "will not call you about it."
        ),
    ),
    WhyTakenBack.NOT_THEIRS: (
        Standing(
            "cancelled",
            _("We will not call this number"),
            _("Thank you for telling us. Nobody calls this number for your request any more."),
            final=True,
        ),
        _(
            "Thank you for telling us. A call to this number had begun by then, so it may still "
            "ring once. After that nobody calls it for your request."
        ),
    ),
    WhyTakenBack.CORRECTED: (
        SENT_ANOTHER,
        _(
            "A call to this number had begun by then, so it may still ring once. After that we "
            "only call the number you sent later."
        ),
    ),
    WhyTakenBack.RETIMED: (
        Standing(
            "cancelled",
            _("You have chosen another time"),
            _("We will call you at the time that you chose."),
            final=True,
        ),
        _(
            "A call to you had begun by then, so your phone may still ring once. After that we "
            "will call you at the time that you chose."
        ),
    ),
    WhyTakenBack.NEVER: (
        Standing(
            "cancelled",
            _("We will not call you again"),
            _("Nobody here will call this number any more."),
            final=True,
        ),
        _("Nobody here will call this number any more. A call that had begun by then goes on."),
    ),
}


CLOSED = DatedSentence(
    _("We are closed now. We will call you today at %(time)s."),
    _("We are closed now. We will call you tomorrow, %(weekday)s, at %(time)s."),
    _("We are closed now. We will call you on %(date)s, at %(time)s."),
)
FIRST_CALL = DatedSentence(
    _("We will call you today at %(time)s."),
    _("We will call you tomorrow, %(weekday)s, at %(time)s."),
    _("We will call you on %(date)s, at %(time)s."),
)
NEXT_CALL = DatedSentence(
    _("We will call you again today at %(time)s."),
    _("We will call you again tomorrow, %(weekday)s, at %(time)s."),
    _("We will call you again on %(date)s, at %(time)s."),
)

_BY_STAGE = {
    CallStage.UNCERTAIN: UNCERTAIN,
    CallStage.RINGING_US: CALLING,
    CallStage.PICKED_UP: ON_THE_PHONE,
    CallStage.TALKING: TALKING,
    CallStage.OVER: HUNG_UP,
}
_BY_STATUS = {
    LeadStatus.CONNECTED: CONNECTED,
    LeadStatus.CALLED: CALLED,
    LeadStatus.UNREACHED: UNREACHED,
    LeadStatus.CANCELLED: CANCELLED,
}


def find(public_id: uuid.UUID, source_slug: str | None = None) -> Lead | None:
    """The lead with that id (of that source), with the columns that `standing` reads. One query."""
    leads = Lead.objects.select_related("duplicate_of", "taken_back").only(
        "taken_back__why",
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
        stands, had_begun = _TAKEN_BACK[WhyTakenBack(taken.why)]
        return replace(stands, message=had_begun) if taken.was_called else stands
    as_of = version_of(lead)
    shown = lead.duplicate_of or lead
    if shown is not lead and not joining.are_by_one_person(lead, shown):
        return _by_itself(lead, shown, now, as_of)
    if shown.status == LeadStatus.CALLING:
        stage = ports.call_stage(shown.pk)
        return _BY_STAGE[stage] if stage else CALLING
    if shown.status == LeadStatus.CANCELLED and joining.has_sent_another_number(shown):
        return SENT_ANOTHER
    if shown.status != LeadStatus.WAITING:
        return _BY_STATUS.get(LeadStatus(shown.status), RECEIVED)
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
        return RECEIVED
    if len(theirs) > 1 and ports.was_called(first.pk, theirs[0].submitted_at):
        asks.attempts = 1
    lead = asks
    before = _before_a_call(lead, now, as_of)
    if before.status == "scheduled" or before is FOR_A_PERSON:
        return before
    if first.status == LeadStatus.CALLING:
        stage = ports.call_stage(first.pk, lead.submitted_at)
        return _BY_STAGE[stage] if stage else before
    if not ports.was_called(first.pk, lead.submitted_at):
        return before if first.status == LeadStatus.WAITING else RECEIVED
    if first.status != LeadStatus.WAITING:
        return _BY_STATUS.get(LeadStatus(first.status), RECEIVED)
    # It may wait for a time that somebody else has chosen.
    chosen_at = appointments.ahead(first.pk, now, sent_before=lead.submitted_at)
    return RECEIVED if chosen_at == first.call_after else _before_a_call(first, now, as_of)


def _of_one_person(lead: Lead, first: Lead) -> list[Lead]:
    """This request, and the others of its submitter that have joined the same lead; by age."""
    if lead.submitter is None:
        return [lead]
    same = Lead.objects.filter(duplicate_of=first, submitter=lead.submitter)
    return list(same.order_by("submitted_at", "pk"))


def _before_a_call(lead: Lead, now: datetime, as_of: uuid.UUID | None) -> Standing:
    hours = ports.hours(lead.source_id, lead.phone, as_of)
    if hours.next_time(now) is None or not ports.is_spoken(lead.source_id, lead.language, as_of):
        return FOR_A_PERSON
    if lead.call_after <= now + SOON:
        presence = ports.presence(lead.source_id, now, as_of, lead.language)
        return _waiting(lead, presence, now, is_usual=hours.is_usual(now))
    return _scheduled(lead, now, hours.zone)


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
    said, every = _WAITING[presence], _CHANGES_IN[presence]
    waited, title = now - lead.call_after, _("We have your request")
    if not is_usual:
        said = _AT_NIGHT
    if waited < LATE:
        # Whoever is free calls within seconds; if not, nobody knows when.
        every = max(every, 5) if waited > SOON else every
        return Standing("waiting", title, said, False, changes_in=every)
    if not is_usual:
        return Standing("delayed", title, said, False, changes_in=60)
    if presence is Presence.FREE:
        said = _STILL_WAITING
    title = _("This is taking longer than usual")
    return Standing("delayed", title, said, False, changes_in=max(every, 10))


def expectation(source: LeadSource, now: datetime) -> str:
    """What a visitor is told before sending, where nobody would call them at once; else ""."""
    hours = ports.hours(source.pk)
    opens_at = hours.next_time(now)
    if opens_at is None or not ports.is_spoken(source.pk, source.language):
        return gettext(
            "We cannot call you right away. Leave your number, and we will get back to you."
        )
    if opens_at > now:
        return CLOSED.text(opens_at, now, hours.zone)
    match ports.presence(source.pk, now, language=source.language):
        case Presence.NOBODY:
            return gettext(
                "Nobody from our team can take calls at the moment, so it may take longer than "
                "usual before we call you."
            )
        case Presence.BUSY:
            return gettext(
                "Everyone on our team is busy right now. We will call you as soon as one of us is "
                "free."
            )
    return ""


def _scheduled(lead: Lead, now: datetime, zone: tzinfo) -> Standing:
    if lead.attempts:
        title, sentence = gettext("We will try again"), NEXT_CALL
    else:
        title, sentence = gettext("Your call is planned"), FIRST_CALL
    message = sentence.text(lead.call_after, now, zone)
    return Standing("scheduled", title, message, final=False, call_after=lead.call_after)


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
    first = lead.duplicate_of
    shown = first if first and joining.are_by_one_person(lead, first) else lead
    waited = now - shown.call_after
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


def last_digits(phone: str) -> str:
    """The last four digits of a number, enough for its owner to recognise it."""
    return phone[-4:]
