"""The proof of work that a held request's browser was asked for, in words for managers."""

from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone
from django.utils.translation import gettext

from leads.models import Challenge, Lead


def sentence(lead: Lead) -> str:
    """The state of a held lead's challenge; "" if solving one would not release the lead."""
    challenge = _of(lead)
    if challenge and challenge.solved_at:
        return gettext("The visitor's browser solved the challenge at %(time)s.") % {
            "time": _time(challenge.solved_at)
        }
    findings = list(lead.findings.all())
    if not findings or not all(it.is_mild for it in findings):
        return ""
    if challenge:
        return gettext(
            "The visitor's browser was asked to solve a challenge at %(time)s "
            "and has not solved it yet. Once it does, the lead is called."
        ) % {"time": _time(challenge.asked_at)}
    return gettext(
        "No browser asked for the challenge that would release this "
        "request: the sender's browser runs no scripts, or the page of the "
        "request was never opened."
    )


def is_solved(lead: Lead) -> bool:
    """Whether the visitor's browser has solved the challenge."""
    challenge = _of(lead)
    return challenge is not None and challenge.solved_at is not None


def steps(lead: Lead) -> list[tuple[datetime, str]]:
    """When the challenge was asked and solved, for the lead's page."""
    challenge = _of(lead)
    if challenge is None:
        return []
    told = [(challenge.asked_at, gettext("The visitor's browser was asked to solve a challenge"))]
    if challenge.solved_at:
        told.append((challenge.solved_at, gettext("The visitor's browser solved the challenge")))
    return told


def _of(lead: Lead) -> Challenge | None:
    try:
        return lead.challenge
    except ObjectDoesNotExist:
        return None


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M:%S}"
