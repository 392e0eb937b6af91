"""Assigns a lead to a salesperson, who is then rung first, or takes the assignment back.

How an assignment changes the lead's calls is in callbacks.routing.rules and Lead.has_owner.
"""

import logging

from django.db import transaction
from django.utils.translation import gettext

from callbacks.access.scope import Scope
from callbacks.calling.manual_requests import CannotCall, user_id
from callbacks.common import task_publisher
from callbacks.routing import assignable
from leads import log_context
from leads.models import Lead, LeadStatus

log = logging.getLogger(__name__)


def assign(lead_id: int, person_id: int, seen: Scope, user: object) -> bool:
    """Assigns the lead to this salesperson. False: it is assigned to them already.

    `seen`: the teams that the user may see. The salesperson needs a phone in one of these teams,
    and the team has to answer the lead's source. Raises CannotCall with a sentence.
    """
    with transaction.atomic():
        lead = _locked(lead_id)
        person = assignable.assignee(person_id, seen)
        if person is None:
            raise CannotCall(gettext("Their login or phones have been switched off."))
        if lead.source_id not in person.sources:
            sentence = gettext("%(name)s has no phone in a team that answers %(source)s.")
            raise CannotCall(sentence % {"name": person.name, "source": lead.source})
        if lead.assigned_to_id == person.pk:
            return False
        _hand_over(lead, person.pk)
    log.info("assigned to=%s user=%s", person.pk, user_id(user))
    return True


def take_back(lead_id: int, user: object) -> bool:
    """Ends the assignment. False: there is none. Raises CannotCall with a sentence."""
    with transaction.atomic():
        lead = _locked(lead_id)
        if lead.assigned_to_id is None:
            return False
        _hand_over(lead, None)
    log.info("assignment taken back user=%s", user_id(user))
    return True


def _locked(lead_id: int) -> Lead:
    lead = Lead.objects.select_for_update(of=("self",)).select_related("source").get(pk=lead_id)
    log_context.follow(lead.pk)
    if lead.erased_at:
        raise CannotCall(gettext("It was erased, so nobody is called for it."))
    if lead.status == LeadStatus.DUPLICATE:
        sentence = gettext("This is a repeated request. Open lead %(number)s, the first one.")
        raise CannotCall(sentence % {"number": lead.duplicate_of_id})
    return lead


def _hand_over(lead: Lead, person_id: int | None) -> None:
    """The new owner may be free, so a worker looks at the lead if it waits."""
    Lead.objects.filter(pk=lead.pk).update(assigned_to=person_id)
    if lead.status == LeadStatus.WAITING:
        task_publisher.call_lead_on_commit(lead.pk)
