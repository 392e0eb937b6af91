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
        return gettext("This number will not be called again.")
    if effect in (DispositionEffect.STOP, DispositionEffect.SPAM):
        return gettext("This request gets no more automatic calls.")
    if effect != DispositionEffect.CALL_AGAIN or note.call_again_at is None:
        return ""
    words = {"time": when(note.call_again_at, now, zone)}
    if note.is_pending:
        return gettext("When this call ends, the next one is planned for %(time)s.") % words
    follow_up = note.follow_up
    if follow_up is None:
        return ""
    if follow_up.status == LeadStatus.HELD:
        return (
            gettext(
                "The number is on the never-call list: the call planned for %(time)s is held "
                "for a manager."
            )
            % words
        )
    if follow_up.status == LeadStatus.DUPLICATE:
        return gettext("Another open request for this number will be called by %(time)s.") % words
    if follow_up.status == LeadStatus.WAITING and follow_up.call_after > now:
        words = {"time": when(follow_up.call_after, now, zone)}
        return gettext("The next call is planned for %(time)s.") % words
    return gettext("Status of the request for the call planned for %(time)s: %(status)s.") % {
        **words,
        "status": follow_up.get_status_display(),
    }
