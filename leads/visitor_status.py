"""What a visitor may see of a lead: where it stands, in their words.

Nothing of how we work inside: no name, number, CALLID, error or attempt, and one word, `received`,
for everything that needs a person of ours to look (held, failed, cancelled, or nobody ever answers
its source). The address of a lead is its secret public_id.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.formats import date_format

from leads import ports
from leads.config_cache import VERSION_SQL
from leads.models import Lead, LeadStatus

# A wait shorter than this is not an appointment: the provider's hiccup of a few seconds must not
# make the page say "we will call you at 14:35" at 14:35.
SOON = timedelta(minutes=1)


@dataclass(frozen=True)
class Standing:
    """Where a lead stands. `call_after` is given for `scheduled` only; `final`: no change is due.

    `title` and `message` are plain text, for a page or to be read out.
    """

    status: str
    title: str
    message: str
    final: bool
    call_after: datetime | None = None


WAITING = Standing(
    "waiting",
    "We have your request",
    "We are finding someone who can talk to you now. Keep your phone at hand.",
    final=False,
)
CALLING = Standing(
    "calling",
    "We are calling you",
    "Someone from our team is on the line. Your phone rings in a moment; please answer.",
    final=False,
)
ON_THE_PHONE = Standing(
    "on_the_phone",
    "Someone is on the line for you",
    "Our colleague has picked up and your phone is ringing. Please answer it.",
    final=False,
)
CONNECTED = Standing(
    "connected", "We have reached you", "Thank you for taking our call.", final=True
)
CALLED = Standing(
    "called",
    "We called you",
    "If we missed each other, send your request again and we will try once more.",
    final=True,
)
UNREACHED = Standing(
    "unreached",
    "We could not reach you",
    "We called and nobody answered. Send your request again whenever it suits you.",
    final=True,
)
# Final although a person may still act on it, or a team be set up that answers: a page that went on
# asking would tell apart what this one word is to cover.
RECEIVED = Standing(
    "received",
    "We have your request",
    "Thank you. We will get back to you.",
    final=True,
)

_BY_STATUS = {
    LeadStatus.CALLING: CALLING,
    LeadStatus.CONNECTED: CONNECTED,
    LeadStatus.CALLED: CALLED,
    LeadStatus.UNREACHED: UNREACHED,
}


def find(public_id: uuid.UUID, source_slug: str | None = None) -> Lead | None:
    """The lead with that id (of that source), with all that is needed here. One query."""
    leads = Lead.objects.select_related("duplicate_of").only(
        "source",
        "phone",
        "status",
        "call_after",
        "attempts",
        "picked_up_at",
        "duplicate_of__source",
        "duplicate_of__phone",
        "duplicate_of__status",
        "duplicate_of__call_after",
        "duplicate_of__attempts",
        "duplicate_of__picked_up_at",
    )
    if source_slug is not None:
        leads = leads.filter(source__slug=source_slug)
    # With the version of what is set up, which says whether anybody answers it.
    leads = leads.annotate(setup_version=RawSQL(f"({VERSION_SQL})", []))  # noqa: S611  # a constant
    return leads.filter(public_id=public_id).first()


def standing(lead: Lead, now: datetime) -> Standing:
    """Where `lead` stands at `now`; a duplicate stands where the earlier lead does."""
    shown = lead.duplicate_of or lead
    if shown.status == LeadStatus.CALLING and shown.picked_up_at:
        return ON_THE_PHONE
    if shown.status != LeadStatus.WAITING:
        return _BY_STATUS.get(LeadStatus(shown.status), RECEIVED)
    hours = ports.hours(shown.source_id, shown.phone, getattr(lead, "setup_version", None))
    if hours.next_time(now) is None:
        return RECEIVED
    if shown.call_after <= now + SOON:
        return WAITING
    return _scheduled(shown, now, hours.zone)


def _scheduled(lead: Lead, now: datetime, zone: tzinfo) -> Standing:
    when = when_in_words(lead.call_after, now, zone)
    if lead.attempts:
        title, message = "We will try again", f"We will call you again {when}."
    else:
        title, message = "Your call is planned", f"We will call you {when}."
    return Standing("scheduled", title, message, final=False, call_after=lead.call_after)


def when_in_words(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """ "today at 16:30", "tomorrow, Sunday, at 09:00", "on Sunday, 29 November, at 09:00".

    In `zone`, or the current one, as are the words for the days.
    """
    local = timezone.localtime(at, zone)
    today = timezone.localtime(now, zone).date()
    day, clock = day_in_words(local.date(), today), f"{local:%H:%M}"
    match (local.date() - today).days:
        case 0:
            return f"today at {clock}"
        case 1:
            return f"{day.lower()[0]}{day[1:]}, at {clock}"
    return f"on {day}, at {clock}"


def day_in_words(day: date, today: date) -> str:
    """ "Today", "Tomorrow, Sunday", "Sunday, 29 November"."""
    weekday = date_format(day, "l")
    match (day - today).days:
        case 0:
            return "Today"
        case 1:
            return f"Tomorrow, {weekday}"
    return f"{weekday}, {date_format(day, 'j F')}"


def last_digits(phone: str) -> str:
    """The end of a number, enough for its owner to recognise it."""
    return phone[-4:]
