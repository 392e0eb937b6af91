"""After the talk: what a salesperson writes about a call, and what happens to further calls.

1. Each writing is a row (CallNote). The newest row of a call stands, and the lead repeats the
   disposition of its newest call that has one.
2. The effects happen at once, or, while the lead is being called, when that call ends
   (`when_over`, in the transaction of its outcome). A number goes on the never-call list at once.
3. "Call again" moves the next call of a lead that waits anyway. For a closed lead it creates a new
   lead, the follow-up, which waits and is claimed and called like any other.
4. A changed writing undoes the effects of the one before it that have not happened yet.

A writer locks the row of the call and the row of the lead's live call. So a second tap, a manager
at the same moment, and the end of the call are handled one after another.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext

from callbacks.calling.manual_requests import CannotCall
from callbacks.common import sql
from callbacks.models import CallAttempt, CallNote
from callbacks.models.attempt_states import LIVE_STATES, AttemptKind
from callbacks.routing import config
from callbacks.scheduling import call_times, pacing
from callbacks.scheduling.next_call import next_call
from leads import intake, log_context, never_call, ports, transitions
from leads.models import (
    OPEN_STATUSES,
    Disposition,
    DispositionEffect,
    Lead,
    LeadStatus,
    ListedBy,
)
from leads.submission import Submission

log = logging.getLogger(__name__)

# For this long salespeople may take a number off the never-call list that they put there.
TAKES_BACK_WITHIN = timedelta(minutes=15)

_KEEP = "SELECT id FROM leads_disposition WHERE id = %(id)s FOR KEY SHARE"

# A try fails only if somebody claims the lead, or ends its call, at the same moment.
_TRIES = 5
_STOPS = (DispositionEffect.STOP, DispositionEffect.SPAM, DispositionEffect.NEVER_CALL)


@dataclass(frozen=True)
class Writing:
    """What somebody writes about a call. `call_again_at`: for a disposition that calls again."""

    disposition: Disposition | None = None
    note: str = ""
    call_again_at: datetime | None = None

    @property
    def effect(self) -> str:
        """The effect of the disposition; NONE for a note alone."""
        return self.disposition.effect if self.disposition else DispositionEffect.NONE


def write(
    attempt_id: int,
    writing: Writing,
    user: object,
    now: datetime,
    *,
    seen: int | None,
    by_manager: bool = False,
) -> CallNote:
    """Stores the writing and applies its effect. The same writing again changes nothing.

    `seen`: the id of the note that stood when `user` began to write. Returns the note that stands
    now. Raises CannotCall with a sentence if somebody else wrote meanwhile, if the call or the
    disposition no longer exists, or if the call was a recorded message.
    """
    with transaction.atomic():
        attempt = _held(attempt_id)
        _keep(writing.disposition)
        log_context.follow(attempt.lead_id)
        before = CallNote.objects.filter(attempt=attempt, stands=True).first()
        if before and _says(before) == writing:
            return before
        if before and before.pk != seen and before.written_by_id != _id(user):
            raise CannotCall(_meanwhile(before))
        note = CallNote(
            attempt=attempt,
            lead=attempt.lead,
            disposition=writing.disposition,
            note=writing.note,
            call_again_at=writing.call_again_at,
            written_by_id=_id(user),
            written_at=max(now, before.written_at) if before else now,
        )
        goes_on = before is not None and _asks_the_same(before, writing)
        if writing.effect == DispositionEffect.CALL_AGAIN and not goes_on:
            pacing.take_turns()
        if before:
            CallNote.objects.filter(pk=before.pk).update(stands=False, is_pending=False)
            if goes_on:
                _inherit(note, before)
            else:
                _take_back(before, note, now, by_manager=by_manager)
        note.save(force_insert=True)
        if not goes_on:
            _follow(note, now)
        _show_on_lead(attempt.lead_id)
    log.info("call note attempt=%s follows=%s user=%s", attempt_id, writing.effect, _id(user))
    return note


def take_turns(lead_id: int) -> None:
    """For the lock order: call before locking a lead whose call ended or was corrected.

    A call that was agreed with the lead may take a turn at an opening.
    """
    agreed = Q(is_pending=True) | Q(follow_up=lead_id, stands=True)
    if CallNote.objects.filter(agreed, lead=lead_id, call_again_at__isnull=False).exists():
        pacing.take_turns()


def when_over(lead_id: int, now: datetime) -> None:
    """Applies what was written during a call to the lead that ends in this transaction.

    If that fails, the call still ends.
    """
    pending = CallNote.objects.filter(lead=lead_id, is_pending=True)
    # Few calls have a note: reading only the keys is cheaper than reading the rows.
    for note_id in pending.order_by("pk").values_list("pk", flat=True):
        try:
            with transaction.atomic():
                whole = CallNote.objects.select_related("attempt", "lead__source", "disposition")
                _do(whole.get(pk=note_id), now)
        except Exception:
            log.exception("the effect of a call note failed note=%s", note_id)


def keep_what_was_agreed(lead_id: int, now: datetime) -> None:
    """Keeps an agreed call of a lead that a late record moved or closed.

    The lead is still called at the agreed time; a closed lead gets a follow-up.
    """
    moved = CallNote.objects.filter(lead=lead_id, follow_up=lead_id, stands=True)
    for note in moved.select_related("attempt", "lead__source", "disposition"):
        _do(note, now)


def standing(attempt_id: int) -> CallNote | None:
    """The note that stands for a call; None if there is none."""
    found = CallNote.objects.select_related("disposition", "follow_up", "written_by")
    return found.filter(attempt=attempt_id, stands=True).first()


def _held(attempt_id: int) -> CallAttempt:
    """The call, locked together with the lead's live call."""
    lead_id = CallAttempt.objects.filter(pk=attempt_id).values("lead")
    its_own = Q(pk=attempt_id) | Q(lead__in=lead_id, state__in=LIVE_STATES)
    locked = CallAttempt.objects.select_for_update(of=("self",)).select_related("lead__source")
    found = {it.pk: it for it in locked.filter(its_own).order_by("pk")}
    attempt = found.get(attempt_id)
    if attempt is None:
        raise CannotCall(gettext("That call no longer exists. Nothing was saved."))
    if attempt.kind == AttemptKind.MESSAGE:
        raise CannotCall(gettext("Nobody talked: this call only played a recorded message."))
    if attempt.lead.erased_at:
        raise CannotCall(gettext("This person's data was erased, so no notes can be added."))
    return attempt


def _keep(disposition: Disposition | None) -> None:
    """Keeps the disposition from being deleted before the commit; others may use it meanwhile."""
    if disposition and not list(sql.rows(_KEEP, {"id": disposition.pk})):
        raise CannotCall(gettext("That choice is no longer available. Choose another."))


def _says(note: CallNote) -> Writing:
    return Writing(note.disposition, note.note, note.call_again_at)


def _asks_the_same(before: CallNote, writing: Writing) -> bool:
    """Whether only the text of the note differs: the effects stay as they are."""
    was = _says(before)
    return (was.disposition, was.call_again_at) == (writing.disposition, writing.call_again_at)


def _inherit(note: CallNote, before: CallNote) -> None:
    note.is_pending = before.is_pending
    note.has_stopped = before.has_stopped
    note.has_listed = before.has_listed
    note.follow_up_id = before.follow_up_id


def _show_on_lead(lead_id: int) -> None:
    """Has the lead repeat the disposition of its newest call that has one."""
    newest = CallNote.objects.filter(lead=lead_id, stands=True, disposition__isnull=False)
    found = newest.order_by("-attempt_id").values_list("disposition", flat=True).first()
    Lead.objects.filter(pk=lead_id).update(disposition=found)


# --- effects --------------------------------------------------------------------------------------


def _follow(note: CallNote, now: datetime) -> None:
    """Applies the effect now, or marks it as pending until the live call ends."""
    _do(note, now)
    if _says(note).effect == DispositionEffect.NEVER_CALL:
        reason = note.note or str(note.disposition)
        note.has_listed |= never_call.add(
            note.lead.phone, reason, note.written_by, ListedBy.SALESPERSON
        )
        note.save(update_fields=["has_listed"])


def _do(note: CallNote, now: datetime) -> None:
    """Applies the effect, unless the lead is being called. A claim may come in between."""
    effect = _says(note).effect
    done = effect == DispositionEffect.NONE
    for _ in range(_TRIES):
        note.is_pending = not done and _is_called(note.lead_id)
        if done or note.is_pending:
            break
        if effect in _STOPS:
            done = _stop(note, now)
        else:
            done = note.call_again_at is None or _plan(note, note.call_again_at, now)
    note.save(update_fields=["is_pending", "has_stopped", "follow_up"])


def _is_called(lead_id: int) -> bool:
    """Whether the lead has a live call. The end of that call waits for this transaction."""
    live = CallAttempt.objects.filter(lead=lead_id, kind=AttemptKind.CALL, state__in=LIVE_STATES)
    return live.select_for_update(of=("self",)).first() is not None


def _stop(note: CallNote, now: datetime) -> bool:
    """Has nobody call the lead again automatically. False: the lead has just been claimed."""
    said = gettext("After the talk: %(disposition)s") % {"disposition": note.disposition}
    if transitions.cancel(note.lead_id, now, said):
        note.has_stopped = True
    planned = Lead.objects.filter(follow_up_of=note.lead_id, status=LeadStatus.WAITING)
    for follow_up_id in planned.values_list("pk", flat=True):
        transitions.cancel(follow_up_id, now, said)
    return not Lead.objects.filter(pk=note.lead_id, status=LeadStatus.CALLING).exists()


def _plan(note: CallNote, at: datetime, now: datetime) -> bool:
    """Plans the next call: moves a waiting lead to that time; a closed lead gets a follow-up.

    False: the lead has just been claimed.
    """
    lead = Lead.objects.select_related("source").get(pk=note.lead_id)
    if lead.status == LeadStatus.WAITING:
        times = call_times.reserving(config.current(), lead.source_id, lead.phone)
        found = next_call(times, now, chosen_at=at)
        note.follow_up = lead
        return transitions.put_off(
            lead.pk,
            found.call_after or at,
            now,
            gap_until=found.gap_until,
            closed_until=found.closed_until,
        )
    if lead.status == LeadStatus.CALLING:
        return False
    planned = Lead.objects.filter(
        phone=lead.phone, status=LeadStatus.WAITING, follow_up_of__isnull=False
    )
    for waiting in planned.select_related("source"):
        plan = ports.plan(waiting.source, waiting.phone, now, at)
        if transitions.plan_anew(waiting.pk, now, at, plan):
            note.follow_up = waiting
            return True
    note.follow_up = intake.store(_submission(lead, at, note), now)
    return True


def _submission(lead: Lead, at: datetime, note: CallNote) -> Submission:
    """A follow-up, which shows the salesperson the newest request of the lead."""
    newest = lead.newest_request()
    return Submission(
        source=lead.source,
        key=intake.key_from("follow-up", str(note.pk)),
        name=newest.name,
        phone=lead.phone,
        phone_extension=newest.phone_extension,
        email=newest.email,
        message=newest.message,
        language=lead.language,
        chosen_at=at,
        submitter=lead.submitter,
        follow_up_of=lead,
    )


# --- undoing --------------------------------------------------------------------------------------


def _take_back(before: CallNote, note: CallNote, now: datetime, *, by_manager: bool) -> None:
    """Undoes the effects of `before`, unless `note` has the same effect."""
    effect = _says(note).effect
    if before.has_listed:
        if effect == DispositionEffect.NEVER_CALL:
            note.has_listed = True
        elif by_manager or now - before.written_at <= TAKES_BACK_WITHIN:
            never_call.take_back(before.lead.phone, before.written_by_id)
    if before.has_stopped:
        if effect in _STOPS:
            note.has_stopped = True
        elif effect == DispositionEffect.NONE:
            _wait_again(before.lead_id, now)
    if before.follow_up_id and before.follow_up_id != before.lead_id:
        _withdraw(before.follow_up_id, effect, now)


def _wait_again(lead_id: int, now: datetime) -> None:
    """The stopped lead goes on waiting as before. If it was held, it stays cancelled and its page
    says how to go on: only people who may release held leads have it called.
    """
    lead = Lead.objects.get(pk=lead_id)
    if lead.status != LeadStatus.CANCELLED or never_call.entry(lead.phone):
        return
    if lead.cancelled_while_held:
        said = gettext(
            "What was entered after the talk has been corrected. The request was held before and "
            "nobody has released it, so it stays cancelled until a manager has it called (“Call "
            "now”)."
        )
        stopped = Lead.objects.filter(pk=lead_id, status=LeadStatus.CANCELLED)
        stopped.update(error_code=None, error_message=said)
        return
    try:
        with transaction.atomic():
            transitions.open_again(
                lead.pk,
                max(lead.call_after, now),
                now,
                gap_until=lead.gap_until,
                closed_until=lead.closed_until,
            )
    except IntegrityError:
        log.info("not opened again: the number has another open lead")


def _withdraw(follow_up_id: int, effect: str, now: datetime) -> None:
    """Cancels a follow-up that nobody has called and no other request has joined.

    If another time is agreed, `_plan` moves the follow-up instead.
    """
    follow_up = Lead.objects.get(pk=follow_up_id)
    if follow_up.status == LeadStatus.DUPLICATE:
        transitions.leave(follow_up.pk)
    elif (
        effect != DispositionEffect.CALL_AGAIN
        and follow_up.status in OPEN_STATUSES
        and follow_up.attempts == 0
        and not follow_up.duplicates.exists()
    ):
        said = gettext("The salesperson changed the disposition.")
        transitions.cancel(follow_up.pk, now, said)


def _meanwhile(before: CallNote) -> str:
    words = {"who": before.written_by, "what": before.disposition or before.note}
    return (
        gettext(
            "Meanwhile, %(who)s wrote “%(what)s” about this call. Your entry is not saved yet: "
            "read theirs, then choose again."
        )
        % words
    )


def _id(user: object) -> int | None:
    return getattr(user, "pk", None)
