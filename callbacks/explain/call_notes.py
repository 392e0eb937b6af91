"""What follows from a note on a call, in words."""

from datetime import datetime, tzinfo

from django.utils.translation import gettext

from callbacks.common.formatting import when
from callbacks.models import CallNote
from leads.models import DispositionEffect, LeadStatus


def follows(note: CallNote, now: datetime, zone: tzinfo) -> str:
    """What a note means for further calls of its lead, as a sentence; "" for nothing.

    Reads the note's disposition and follow-up.
    """
    effect = note.disposition.effect if note.disposition else DispositionEffect.NONE
    if effect == DispositionEffect.NEVER_CALL:
        return gettext("Nobody calls this number any more.")
    if effect in (DispositionEffect.STOP, DispositionEffect.SPAM):
        return gettext("Nobody calls for this request again by itself.")
    if effect != DispositionEffect.CALL_AGAIN or note.call_again_at is None:
        return ""
    words = {"time": when(note.call_again_at, now, zone)}
    if note.is_pending:
        return gettext("The next call is planned when this one is over: %(time)s.") % words
    follow_up = note.follow_up
    if follow_up is None:
        return ""
    if follow_up.status == LeadStatus.HELD:
        return (
            gettext(
                "The number is on the never-call list: the call of %(time)s is held for a manager."
            )
            % words
        )
    if follow_up.status == LeadStatus.DUPLICATE:
        return (
            gettext(
                "The number has another open request, which is called by %(time)s at the latest."
            )
            % words
        )
    if follow_up.status == LeadStatus.WAITING and follow_up.call_after > now:
        words = {"time": when(follow_up.call_after, now, zone)}
        return gettext("The next call is planned: %(time)s.") % words
    return gettext("The call that was planned for %(time)s: %(status)s.") % {
        **words,
        "status": follow_up.get_status_display(),
    }
