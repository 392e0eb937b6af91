"""A manager's commands for held leads: release, reject, block the number."""

from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin.commands import NothingToDo
from callbacks.admin.leads.commands import LeadCommand
from callbacks.calling import manual
from callbacks.calling.manual_requests import CannotCall
from leads import never_call
from leads.guard import held
from leads.models import Lead, LeadStatus, is_held
from leads.phones import PhoneRefused


class HeldCommand(LeadCommand):
    """A decision about held leads. Logged at the lead itself."""

    def log_entry(self, thing: Lead) -> tuple[Model, str]:
        """Logs at the lead, whose page tells the whole story."""
        return Lead(pk=thing.pk), str(self.logged)


def _release(lead: Lead, _user: object) -> str:
    try:
        released = held.release(lead.pk, timezone.now())
    except PhoneRefused as refused:
        raise CannotCall(refused.message) from None
    if not released:
        raise NothingToDo(gettext("The request is no longer held."))
    lead.refresh_from_db(fields=["status"])
    if lead.status == LeadStatus.DUPLICATE:
        return gettext("The request counts from now on. The request it joined is called for both.")
    return gettext("It will be called as soon as its hours allow and a salesperson is free.")


def reject(lead: Lead, user: object) -> str:
    """Cancels a held lead; returns a sentence. Raises NothingToDo if it is no longer held."""
    _see_that_it_is_held(lead)
    if not held.reject(lead.pk):
        manual.cancel(lead.pk, user)
    return gettext("The request will not be called.")


def _see_that_it_is_held(lead: Lead) -> None:
    if not Lead.objects.filter(is_held(), pk=lead.pk).exists():
        raise NothingToDo(gettext("The request is no longer held."))


RELEASE = HeldCommand(
    run=_release,
    logged=_("Released"),
    title=_("Release the request?"),
    title_of_several=_("Release these %(count)d requests?"),
    explanation=_(
        "The phone of a free salesperson rings first. When they answer, "
        "this number is called and the two are connected. The time the "
        "visitor has waited counts. A request that joined another request "
        "for the same number is no longer ignored: its wishes count there."
    ),
    button=_("Release"),
)
REJECT = HeldCommand(
    run=reject,
    logged=_("Rejected"),
    title=_("Reject the request?"),
    title_of_several=_("Reject these %(count)d requests?"),
    explanation=_(
        "The request is not called, and the visitor is told that it is "
        "closed. Requests that joined a held request are rejected with it. "
        "A later request from the same number is checked again."
    ),
    button=_("Reject"),
    danger=True,
)


def _not_chosen_yet(_lead: Lead, _user: Any) -> str:
    raise NothingToDo(gettext("Nothing was chosen."))


BLOCK = HeldCommand(
    run=_not_chosen_yet,
    logged=_("Blocked the number"),
    title=_("Never call this number?"),
    title_of_several=_("Never call these %(count)d numbers?"),
    explanation=_(
        "The request is rejected, and the number is added to the "
        "never-call list. It is not called for this request or any later "
        "one until somebody removes it from that list."
    ),
    button=_("Block"),
    danger=True,
)


def block(reason: str) -> HeldCommand:
    """BLOCK with the reason, which the never-call list keeps."""

    def run(lead: Lead, user: object) -> str:
        _see_that_it_is_held(lead)
        never_call.add(lead.phone, reason, user)  # this also closes the lead
        return gettext("The number is on the never-call list.")

    return BLOCK.doing(run, str(BLOCK.logged))
