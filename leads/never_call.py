"""The never-call list: numbers that nobody dials until a manager takes them off the list.

The list is checked when a lead is stored: the lead is held, and the visitor sees the ordinary page
(leads.guard). It is checked again before each dial, whoever asked for it (leads.number_guard). An
entry is found by each spelling of its line (leads.one_line.spellings).

For a person who was erased, the list keeps only a keyed hash of the number (`forget`): with
SECRET_KEY the number is recognised when it comes again, and without it nobody can read it.
"""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from leads import one_line, ports, transitions
from leads.models import OPEN_STATUSES, BlockEntry, BlockKind, Lead, ListedBy, NeverCallNumber
from leads.phones import PhoneRefused

# Wishes that a manager's or salesperson's change of mind does not take back with their own.
_OWN_WISH = (ListedBy.VISITOR, ListedBy.ERASURE)
_TRIES = 3
_AT_A_TIME = 500

# For a row of leads_lead, in a query that reads the row anyway. True for every listed number and
# for some that are not listed: only `entry` compares hashes.
MAY_BE_LISTED_SQL = f"""(
    EXISTS (
        SELECT FROM leads_nevercallnumber listed
        WHERE listed.phone = ANY {one_line.sql_spellings("leads_lead.phone")}
    )
    OR EXISTS (SELECT FROM leads_nevercallnumber listed WHERE listed.phone IS NULL)
)"""  # noqa: S608  # put together from constants only


def entry(phone: str) -> NeverCallNumber | None:
    """The list's entry for this number (E.164), in any spelling; None if it may be called."""
    return NeverCallNumber.objects.filter(of_number(phone)).order_by("pk").first()


def hashes(phone: str) -> list[str]:
    """The keyed hashes that the list may have for this number: first the hash that a new entry
    gets, then those of other spellings and of earlier keys.
    """
    line = one_line.identity(phone)
    # An earlier release did not know that some of these spellings are one line.
    spelled = [line, *sorted(one_line.spellings(phone) - {line})]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_hash(it, key) for it in spelled for key in keys]


def refusal(found: NeverCallNumber) -> str:
    """The sentence that tells a manager why this number is not called."""
    if not (reason := found.reason.rstrip(". ")):  # the sentence has its own full stop
        return gettext(
            "This number is on the never-call list. Nobody calls it until a manager removes it."
        )
    return gettext(
        "This number is on the never-call list: %(reason)s. Nobody calls it until a manager "
        "removes it."
    ) % {"reason": reason}


def check(phone: str) -> None:
    """Raises PhoneRefused, with a sentence for a manager, if the number is on the list."""
    if found := entry(phone):
        raise PhoneRefused("never_call", refusal(found))


def add(
    phone: str,
    reason: str,
    user: object,
    asked_by: ListedBy = ListedBy.MANAGER,
    lead: Lead | None = None,
) -> bool:
    """Puts a number (E.164) on the list, and closes its lead that waits or is held.

    `lead`: the request on whose page the visitor asked for it.

    A running call goes on, and no other follows it. Returns False if the number was listed already;
    its first reason stays. Call it before the transaction locks a lead.
    """
    with transaction.atomic():
        listed = entry(phone)
        if listed is None:
            found, is_new = NeverCallNumber.objects.get_or_create(
                phone=one_line.identity(phone),
                defaults={
                    "reason": reason[:200],
                    "asked_by": asked_by,
                    "added_by_id": getattr(user, "pk", None),
                    "added_at": timezone.now(),
                    "lead": lead,
                },
            )
        else:
            found, is_new = listed, False
        if asked_by in _OWN_WISH and found.asked_by not in _OWN_WISH:
            NeverCallNumber.objects.filter(pk=found.pk).update(asked_by=asked_by)
        _close(phone, refusal(found))
    return is_new


def add_all(reasons: Mapping[str, str], user: object) -> int:
    """`add` by a manager for many numbers (E.164), each with a reason. Returns how many are new."""
    with transaction.atomic():
        known = which_are_listed(reasons)
        new = {one_line.identity(it): reason for it, reason in reasons.items() if it not in known}
        NeverCallNumber.objects.bulk_create(
            [
                NeverCallNumber(
                    phone=phone, reason=reason[:200], added_by_id=getattr(user, "pk", None)
                )
                for phone, reason in new.items()
            ],
            batch_size=_AT_A_TIME,
            ignore_conflicts=True,
        )
        spellings = [spelling for phone in new for spelling in one_line.spellings(phone)]
        opened = Lead.objects.filter(phone__in=spellings, status__in=OPEN_STATUSES)
        for phone in sorted(set(opened.values_list("phone", flat=True))):
            if found := entry(phone):
                _close(phone, refusal(found))
    return len(new)


def which_are_listed(numbers: Collection[str]) -> set[str]:
    """Which of these numbers (E.164) are on the list, in any spelling."""
    spelled = {it: one_line.spellings(it) for it in numbers}
    there = NeverCallNumber.objects.filter(phone__in=set().union(*spelled.values()))
    by_phone = set(there.values_list("phone", flat=True))
    kept = NeverCallNumber.objects.exclude(number_hash=None).values_list("number_hash", flat=True)
    by_hash = set(kept)
    return {
        it
        for it, its in spelled.items()
        if its & by_phone or (by_hash and by_hash & set(hashes(it)))
    }


def forget(phone: str, *, lists: bool = True) -> dict[str, int]:
    """For an erasure: the number (E.164) is never called again, and only a keyed hash of it
    remains.

    `lists` False: only changes a number that is on the list already. Deletes the entry's reason and
    who added it, and block list entries for exactly this number. Runs in the erasure's transaction,
    before that locks a lead. Returns how many rows were deleted, by model.
    """
    with transaction.atomic():
        listed = NeverCallNumber.objects.filter(of_number(phone))
        if not (lists or listed.exists()):
            return {}
        by_number = listed.exclude(phone=None)
        since = by_number.values_list("added_at", flat=True).order_by("added_at").first()
        gone = {"leads.NeverCallNumber": by_number.delete()[0]}
        found, _is_new = NeverCallNumber.objects.get_or_create(
            number_hash=hashes(phone)[0],
            defaults={
                "reason": gettext("the person was erased"),
                "asked_by": ListedBy.ERASURE,
                "added_at": since or timezone.now(),
            },
        )
        blocked = BlockEntry.objects.filter(
            kind=BlockKind.NUMBER, value__in=one_line.spellings(phone)
        )
        gone["leads.BlockEntry"] = blocked.delete()[0]
        _close(phone, refusal(found))
    return gone


def take_back(phone: str, user_id: int | None) -> None:
    """Takes a number off the list that this user put there, unless the person asked for it."""
    own = NeverCallNumber.objects.filter(of_number(phone), added_by=user_id)
    own.exclude(asked_by__in=_OWN_WISH).delete()


def of_number(phone: str) -> Q:
    """Selects the entries for this number (E.164), including those that only keep its hash."""
    return Q(phone__in=one_line.spellings(phone)) | Q(number_hash__in=hashes(phone))


def _hash(phone: str, key: str | bytes) -> str:
    return salted_hmac("leads.never_call", phone, secret=key, algorithm="sha256").hexdigest()


def _close(phone: str, sentence: str) -> None:
    """Stops calls for the number's open leads."""
    opened = Lead.objects.filter(phone__in=one_line.spellings(phone), status__in=OPEN_STATUSES)
    for lead_id in opened.values_list("pk", flat=True):
        any(_is_closed(lead_id, sentence) for _ in range(_TRIES))


def _is_closed(lead_id: int, sentence: str) -> bool:
    """False if the lead was claimed, or waits again, between the two steps; then the caller tries
    again.
    """
    now = timezone.now()
    return ports.stop(lead_id, now) or transitions.cancel(lead_id, now, sentence)
