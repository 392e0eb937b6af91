"""The course of an erasure: the request is stored, and carried out in steps until nothing is left.

1. The never-call list keeps a hash of the number (leads.never_call).
2. The person's waiting leads are no longer called. A lead that is being called is left until its
   call is over: nobody is cut off, and the outcome of the call is known then.
3. Their leads are erased, each in its own transaction (callbacks.privacy.erasing).
4. All texts in which they may be named are searched (callbacks.privacy.texts).
5. The search terms are deleted. The row remains as the receipt.

The page and the command take the first steps, the sweep all others. Several processes may work on
one erasure: each step locks it. A process that finds it locked takes no step. The page and the
command try again until their time is over, because they report the result.
"""

import logging
import time
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.models import CallAttempt, Erasure
from callbacks.models.attempt_states import LIVE_STATES
from callbacks.models.erasures import ErasureWay
from callbacks.privacy import marks, persons, texts
from callbacks.privacy.erasing import Numbers, erase_lead, recordings_of
from callbacks.privacy.marks import ERASED
from callbacks.privacy.persons import Person
from callbacks.privacy.places import searched
from leads import erased, leaving, never_call, transitions
from leads.models import OPEN_STATUSES, Lead, LeadStatus, NeverCallNumber

log = logging.getLogger(__name__)

# Leads in one step; each has its own transaction.
_LEADS = 50
# Seconds that one sweep spends on an erasure.
_SWEEP_TAKES = 1.0
# Seconds until a process that found the erasure locked tries again. A step takes milliseconds.
_LOOKS_AGAIN = 0.05


class Met(StrEnum):
    """What happened to a lead that is to be erased."""

    ERASED = "erased"  # by this step
    CALL = "call"  # not erased: it is being called, or its call may not be over
    DECISION = "decision"  # not erased: it is held, and others have requested its number too
    OTHERS = "others"  # not erased: another process works on it, or changed it meanwhile


# Leads with these results are left until something else happens.
_WAITS = {Met.CALL, Met.DECISION}


@dataclass(frozen=True)
class Progress:
    """`finished`: nothing is left. `waits`: what the erasure waits for, if another step would
    change nothing. `others`: this step changed nothing, because another process was at work.
    """

    finished: bool
    waits: frozenset[Met] = frozenset()
    others: bool = False


def begin(person: Person, way: ErasureWay, user: object = None, *, never: bool = True) -> Erasure:
    """Stores the request to erase this person. `never`: their numbers are never called again, for
    anybody who requests them.
    """
    now, own = timezone.now(), person.marks()
    found = person.leads(now)
    theirs = persons.names(found.only("name"))
    username = getattr(user, "username", "")
    with transaction.atomic():
        erasure = Erasure.objects.create(
            way=way,
            asked_at=now,
            asked_by_id=getattr(user, "pk", None),
            username=username,
            never_call=never and bool(person.numbers),
            wanted={
                "numbers": sorted(own.numbers),
                "emails": sorted(own.emails),
                "leads": None if person.only is None else sorted(person.only),
                "names": sorted(persons.only_theirs(theirs, found)),
                "placeholders": {},
            },
            digests=sorted(map(erased.digest, person.numbers | person.emails)),
        )
        for number in person.numbers if erasure.never_call else own.numbers:
            _count(erasure, never_call.forget(number, lists=erasure.never_call))
        erasure.save()
    log.info("erasure asked for erasure=%s by=%s", erasure.pk, way)
    return erasure


def receipts_of(person: Person) -> list[Erasure]:
    """The erasures of this person, the newest first."""
    digests = list(erased.digests(person.numbers | person.emails))
    return list(Erasure.objects.filter(digests__overlap=digests))


def go_on_for(erasure_id: int, seconds: float) -> Progress:
    """Takes steps for about this long; waits while another process takes a step."""
    until = time.monotonic() + seconds
    while True:
        progress = step(erasure_id)
        if progress.finished or progress.waits or time.monotonic() >= until:
            return progress
        if progress.others:
            time.sleep(_LOOKS_AGAIN)


def go_on() -> None:
    """A step of the sweep; skips an erasure that another process is working on."""
    for erasure_id in Erasure.objects.filter(finished_at=None).values_list("pk", flat=True)[:20]:
        until = time.monotonic() + _SWEEP_TAKES
        while time.monotonic() < until:
            progress = step(erasure_id)
            if progress.finished or progress.waits or progress.others:
                break


def step(erasure_id: int) -> Progress:
    """Takes one step, of limited size."""
    now = timezone.now()
    erasure = Erasure.objects.get(pk=erasure_id)
    if erasure.finished_at:
        return Progress(finished=True)
    if erasure.place == 0 and (ids := _left(erasure)):
        return _leads(erasure_id, ids, now)
    with _locked(erasure_id) as locked:
        if locked is None:
            return Progress(finished=False, others=True)
        if locked.finished_at:
            return Progress(finished=True)
        if locked.place == 0:
            _numbers(locked, now)
        else:
            _texts(locked)
        if locked.place > len(searched()):
            locked.wanted, locked.finished_at = {}, now
            log.info("erasure finished erasure=%s", erasure_id)
        locked.save()
    return Progress(finished=locked.finished_at is not None)


def told(progress: Progress) -> str:
    """The result, as a sentence for the person who requested the erasure."""
    if progress.finished:
        return gettext("Everything about this person is erased. The receipt says what was done.")
    sentences = {
        Met.CALL: gettext(
            "A call to this person is in progress, or it is not known yet that it has ended. It "
            "is not cut off: its request is erased as soon as it ends, and nobody has to do "
            "anything."
        ),
        Met.DECISION: gettext(
            "A request of this person is held, and somebody else has asked for its number too: it "
            "is erased as soon as a manager has released or rejected it."
        ),
    }
    if progress.waits:
        return " ".join(sentences[it] for it in Met if it in progress.waits)
    return gettext("The erasure has begun and continues automatically.")


@contextmanager
def _locked(erasure_id: int) -> Iterator[Erasure | None]:
    """The erasure, locked for a transaction; None if another process has locked it."""
    with transaction.atomic():
        rows = Erasure.objects.select_for_update(skip_locked=True, of=("self",))
        yield rows.filter(pk=erasure_id).first()


def _person(erasure: Erasure) -> Person:
    wanted = erasure.wanted
    only = wanted.get("leads")
    return Person(
        frozenset(wanted["numbers"]),
        frozenset(wanted["emails"]),
        None if only is None else frozenset(only),
    )


def _left(erasure: Erasure) -> list[int]:
    """The next leads with data left to erase. Leads under a legal hold are kept."""
    person = _person(erasure)
    theirs = person.leads(erasure.asked_at).filter(legal_hold=None)
    done = Q(erased_at__isnull=False) & ~Q(call_attempts__phone__in=person.numbers)
    return list(theirs.exclude(done).order_by("pk").values_list("pk", flat=True)[:_LEADS])


def _leads(erasure_id: int, ids: Sequence[int], now: datetime) -> Progress:
    """Erases the leads that can be erased now."""
    met = {_erase(erasure_id, lead_id, now) for lead_id in ids}
    waits = frozenset(met) if met <= _WAITS else frozenset()
    return Progress(finished=False, waits=waits, others=not waits and Met.ERASED not in met)


def _erase(erasure_id: int, lead_id: int, now: datetime) -> Met:
    with _locked(erasure_id) as erasure:
        if erasure is None or erasure.place > 0:
            return Met.OTHERS
        theirs = set(_person(erasure).leads(erasure.asked_at).values_list("pk", flat=True))
    _call_no_more(lead_id, theirs, now)
    with _locked(erasure_id) as erasure:
        if erasure is None or erasure.place > 0:
            return Met.OTHERS
        recordings = recordings_of(lead_id)
        numbers = Numbers(erasure.wanted["placeholders"])
        done = erase_lead(lead_id, numbers, now)
        if done is None:
            return _why_not(lead_id)
        _count(erasure, done)
        erasure.wanted["placeholders"] = numbers.made
        erasure.recordings = sorted({*erasure.recordings, *recordings})
        erasure.save()
    return Met.ERASED


def _why_not(lead_id: int) -> Met:
    if CallAttempt.objects.filter(lead=lead_id, state__in=LIVE_STATES).exists():
        return Met.CALL
    held = Lead.objects.filter(pk=lead_id, status=LeadStatus.HELD, legal_hold=None)
    return Met.DECISION if held.exclude(duplicates=None).exists() else Met.OTHERS


def _call_no_more(lead_id: int, theirs: Container[int], now: datetime) -> None:
    """Takes a lead that is not being called out of the queue. Other people's requests for its
    number stay in it.
    """
    lead = Lead.objects.select_related("source", "duplicate_of").get(pk=lead_id)
    first = lead.duplicate_of
    if first and first.status in OPEN_STATUSES and first.pk not in theirs:
        leaving.withdraw([lead], now)
    elif lead.status in (LeadStatus.HELD, LeadStatus.WAITING):
        joined = Lead.objects.filter(duplicate_of=lead).values_list("pk", flat=True)
        if all(pk in theirs for pk in joined):
            transitions.cancel(lead_id, now)
        else:
            leaving.withdraw([lead], now)


def _numbers(erasure: Erasure, now: datetime) -> None:
    """Erases what is found by the number, and records the leads that must be kept."""
    person = _person(erasure)
    kept = person.leads(erasure.asked_at).filter(legal_hold__isnull=False)
    erasure.kept = sorted(kept.values_list("pk", flat=True))
    erased.note(person.numbers, now)
    lists = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(NeverCallNumber))
    for number in person.numbers:  # the log has the last digits of each number on the list
        lists.filter(object_repr__contains=number[-4:]).update(object_repr=ERASED)
    erasure.place, erasure.row = 1, 0


def _texts(erasure: Erasure) -> None:
    person, place = _person(erasure), searched()[erasure.place - 1]
    sought = marks.of(person.numbers, person.emails, erasure.wanted["names"])
    changed, last = texts.take_out(place, erasure.row, sought)
    _count(erasure, {place.model: changed})
    if last is None:
        erasure.place, erasure.row = erasure.place + 1, 0
    else:
        erasure.row = last


def _count(erasure: Erasure, done: Mapping[str, int]) -> None:
    erasure.counts = dict(+(Counter(erasure.counts) + Counter(done)))
