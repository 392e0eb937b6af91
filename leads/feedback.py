"""After the talk: the one question on the page of a request, and what is done with the answer.

It is asked by the standing that the page shows, so that a page tells nothing of what we know of the
number. The answer belongs to the lead that the page stands for; one that was typed with somebody
else's number stays with that request, and no report counts it.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from leads import visitor_status
from leads.input_fields import TextField, at_most
from leads.models import Feedback, Lead
from leads.models.feedback import BEST, MAX_WORDS

log = logging.getLogger(__name__)

# For so long after the first answer it can be changed.
CHANGEABLE = timedelta(hours=1)


class FeedbackForm(forms.Form):
    """The question: `score`, and `words` where the visitor has some."""

    score = forms.TypedChoiceField(
        label=_("Did the call help you?"),
        coerce=int,
        choices=[(it, str(it)) for it in range(1, BEST + 1)],
        error_messages={
            "required": _("Choose a number from 1 to 5."),
            "invalid_choice": _("Choose a number from 1 to 5."),
        },
    )
    words = TextField(label=_("In your own words"), required=False, validators=[at_most(MAX_WORDS)])


def given(lead: Lead) -> Feedback | None:
    """What was answered on the page of this request; one query."""
    return Feedback.objects.filter(lead=visitor_status.shown(lead)).first()


def is_open(feedback: Feedback | None, now: datetime) -> bool:
    """Whether it can be answered, or answered anew."""
    return feedback is None or now < feedback.at + CHANGEABLE


def form_for(feedback: Feedback | None, posted: Mapping[str, str] | None = None) -> FeedbackForm:
    """With what was answered before, or has just been."""
    known = {"score": feedback.score, "words": feedback.words} if feedback else None
    return FeedbackForm(posted, initial=known)


def give(lead: Lead, form: FeedbackForm, now: datetime) -> None:
    """Keeps the answer, instead of an earlier one. The form must be valid, and the question open;
    one that has just been answered in another tab is answered anew.
    """
    about, said = visitor_status.shown(lead), form.cleaned_data
    with transaction.atomic():
        Feedback.objects.update_or_create(
            lead_id=about.pk,
            defaults={"score": said["score"], "words": said["words"]},
            create_defaults={"score": said["score"], "words": said["words"], "at": now},
        )
        Lead.objects.filter(pk=about.pk).update(helped=said["score"])
    log.info("feedback given")
