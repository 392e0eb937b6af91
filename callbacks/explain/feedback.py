"""What a visitor said about the talk, in words."""

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext

from leads.models import Feedback, Lead


def of(lead: Lead) -> Feedback | None:
    """The visitor's feedback, if any; loads it, unless it was loaded with the lead."""
    if lead.helped is None:
        return None
    try:
        return lead.feedback
    except ObjectDoesNotExist:
        return None


def in_a_sentence(feedback: Feedback) -> str:
    """ "Did it help? 4 out of 5"; the visitor's own words are shown beside it."""
    return gettext("Did it help? %(score)s out of 5") % {"score": feedback.score}
