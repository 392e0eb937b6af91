"""The ways a visitor's request can stand, in words.

They reveal nothing internal: no name, number, CALLID, error or attempt. One status, `received`,
covers every lead that a colleague has to look at (held, failed, or from a source that no team
answers). leads.visitor_status chooses the standing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from leads.dated_sentences import DatedSentence
from leads.models import WhyTakenBack
from leads.ports import Presence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Standing:
    """How a lead stands. Only `scheduled` has a `call_after`, in the zone that its message names;
    `final` standings do not change.

    `title`, `message` and `estimate` are plain text, to show on a page or read out. `estimate`: how
    long it usually takes, "" if unknown.
    """

    status: str
    title: "StrOrPromise"
    message: "StrOrPromise"
    final: bool
    call_after: datetime | None = None
    # Seconds until it may have changed; an imminent change is worth frequent requests.
    changes_in: int = 1
    estimate: str = ""


WAITING: "dict[Presence, StrOrPromise]" = {
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
# A free colleague calls within seconds. If nobody has by then, the reason is unknown: perhaps
# nobody is trying, because somebody else chose a later time for the number (joining.join).
STILL_WAITING = _("We will call you as soon as we can.")
# The same from the beginning, in hours when people who did not ask for it are not rung.
AT_NIGHT = _(
    "If we can call you now, your phone will ring in a moment. Otherwise we will call you later."
)
CALLING = Standing(
    "calling",
    _("We are getting someone on the line for you"),
    _("A colleague's phone is ringing. When they pick up, yours will ring: please answer it."),
    final=False,
)
# The provider's answer was lost: the visitor's phone may ring, or never ring.
UNCERTAIN = Standing(
    "checking",
    _("We have your request"),
    _(
        "We are checking whether our call to you went through. If your phone rings, please "
        "answer it; if it does not, we will call again or get back to you."
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
# A record will tell how it went.
HUNG_UP = Standing(
    "checking",
    _("Our call to you has ended"),
    _("If we did not get to talk, we will call again or get back to you."),
    final=False,
    changes_in=5,
)
CONNECTED = Standing(
    "connected", _("We reached you"), _("Thank you for taking our call."), final=True
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
# source: a page that kept asking would reveal which of the reasons for this status applies.
RECEIVED = Standing(
    "received",
    _("We have your request"),
    _("Thank you. We will get back to you."),
    final=True,
)
CANCELLED = Standing(
    "cancelled",
    _("This request is closed"),
    _("We will not call you about it again. If you would like a call, ask for another one."),
    final=True,
)
# The submitter sent another number instead.
SENT_ANOTHER = Standing(
    "cancelled",
    _("You sent another number"),
    _("We will no longer call this number about your request, only the one you sent later."),
    final=True,
)
# For a lead that waits and is never called automatically; its status is that of RECEIVED.
FOR_A_PERSON = Standing(
    "received",
    _("We have your request"),
    _("We cannot call you automatically. A colleague will read your request and get back to you."),
    final=True,
)

# What the submitter did on the page; the second text is for while a call that had begun by then may
# still be on.
TAKEN_BACK = {
    WhyTakenBack.CANCELLED: (
        Standing(
            "cancelled",
            _("You cancelled this request"),
            _("We will not call you about it. If you would like a call, ask for another one."),
            final=True,
        ),
        _(
            "A call to you had already started, so your phone may still ring once. After that, "
            "we will not call you about it."
        ),
    ),
    WhyTakenBack.NOT_THEIRS: (
        Standing(
            "cancelled",
            _("We will not call this number"),
            _("Thank you for telling us. We will not call this number about your request again."),
            final=True,
        ),
        _(
            "Thank you for telling us. A call to this number had already started, so it may "
            "still ring once. After that, we will not call it about your request."
        ),
    ),
    WhyTakenBack.CORRECTED: (
        SENT_ANOTHER,
        _(
            "A call to this number had already started, so it may still ring once. After that, "
            "we will only call the number you sent later."
        ),
    ),
    WhyTakenBack.RETIMED: (
        Standing(
            "cancelled",
            _("You chose another time"),
            _("We will call you at the time you chose."),
            final=True,
        ),
        _(
            "A call to you had already started, so your phone may still ring once. After that, "
            "we will call you at the time you chose."
        ),
    ),
    WhyTakenBack.NEVER: (
        Standing(
            "cancelled",
            _("We will not call you again"),
            _("We will never call this number again."),
            final=True,
        ),
        _("We will never call this number again. A call that has already started continues."),
    ),
}


CLOSED = DatedSentence(
    _("We are closed now. We will call you today at %(time)s."),
    _("We are closed now. We will call you tomorrow, %(weekday)s, at %(time)s."),
    _("We are closed now. We will call you on %(date)s, at %(time)s."),
)
# The limit of calls is reached, or enough calls wait for the opening.
FULL = DatedSentence(
    _("We cannot make any more calls right now. We will call you today at %(time)s."),
    _(
        "We cannot make any more calls right now. We will call you tomorrow, %(weekday)s, at "
        "%(time)s."
    ),
    _("We cannot make any more calls right now. We will call you on %(date)s, at %(time)s."),
)
FIRST_CALL = DatedSentence(
    _("We will call you today at %(time)s."),
    _("We will call you tomorrow, %(weekday)s, at %(time)s."),
    _("We will call you on %(date)s, at %(time)s."),
)
# For somebody who asks at night, and is called at once only if somebody is there.
IF_NOT_BEFORE = DatedSentence(
    _("Unless your phone rings sooner, we will call you today at %(time)s."),
    _("Unless your phone rings sooner, we will call you tomorrow, %(weekday)s, at %(time)s."),
    _("Unless your phone rings sooner, we will call you on %(date)s, at %(time)s."),
)
NEXT_CALL = DatedSentence(
    _("We will call you again today at %(time)s."),
    _("We will call you again tomorrow, %(weekday)s, at %(time)s."),
    _("We will call you again on %(date)s, at %(time)s."),
)


def usually(wait: timedelta) -> str:
    """ "Usually your phone rings within 40 seconds." `wait`: whole minutes, or less than one."""
    seconds = round(wait.total_seconds())
    if seconds < 60:
        return ngettext(
            "Usually your phone rings within %(seconds)d second.",
            "Usually your phone rings within %(seconds)d seconds.",
            seconds,
        ) % {"seconds": seconds}
    return ngettext(
        "Usually your phone rings within %(minutes)d minute.",
        "Usually your phone rings within %(minutes)d minutes.",
        seconds // 60,
    ) % {"minutes": seconds // 60}
