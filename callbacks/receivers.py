"""What `callbacks` does when `leads` announces or asks something."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from callbacks import dispatch, setup, wakeups
from callbacks.models import OpeningHours, Schedule, ScheduleException, Team, TeamSource
from leads.models import Lead
from leads.signals import lead_received, number_asked


@receiver(lead_received)
def call_the_lead(lead: Lead, **_kwargs: Any) -> None:
    """Queues the call once the lead is committed; should that fail, the sweep finds it."""
    wakeups.call_lead_on_commit(lead.pk)


@receiver([post_save, post_delete], sender=OpeningHours)
@receiver([post_save, post_delete], sender=ScheduleException)
@receiver(post_save, sender=Schedule)
@receiver([post_save, post_delete], sender=Team)
@receiver([post_save, post_delete], sender=TeamSource)
@receiver(m2m_changed, sender=TeamSource)
def tell_waiting_leads_of_other_hours(**_kwargs: Any) -> None:
    """A team that opens earlier than leads were told calls them then; one that closes does not."""
    transaction.on_commit(partial(dispatch.follow_the_hours, changed=True), robust=True)


@receiver(number_asked)
def refuse_our_own_numbers(phone: str, **_kwargs: Any) -> str | None:
    """Our own extensions are never called as leads: two of our phones would ring each other."""
    own = setup.current().own_numbers
    if phone.lstrip("+") in own or _israeli_form(phone) in own:
        return "This is one of our own numbers. Enter the number where we can call you."
    return None


def _israeli_form(phone: str) -> str:
    """ "+972505550101" -> "0505550101": the other way to write it down as an extension."""
    return "0" + phone.removeprefix("+972") if phone.startswith("+972") else phone
