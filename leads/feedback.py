"""After the call: the one question on a request's page, and what is done with the answer.

The question depends on the standing that the page shows, so that the page does not reveal what we
know about the number. The answer belongs to the lead that the page shows. If the visitor typed
somebody else's number, the answer stays with that request and no report counts it.
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

# How long after the first answer it can be changed.
CHANGEABLE = timedelta(hours=1)


class FeedbackForm(forms.Form):
    """The question: `score`, and `words` if the visitor adds any."""

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
    """The answer given on this request's page; one query."""
    return Feedback.objects.filter(lead=visitor_status.shown(lead)).first()


def is_open(feedback: Feedback | None, now: datetime) -> bool:
    """Whether the question can be answered, or its answer changed."""
    return feedback is None or now < feedback.at + CHANGEABLE


def form_for(feedback: Feedback | None, posted: Mapping[str, str] | None = None) -> FeedbackForm:
    """The form, with the earlier answer or with what was just posted."""
    known = {"score": feedback.score, "words": feedback.words} if feedback else None
    return FeedbackForm(posted, initial=known)


def give(lead: Lead, form: FeedbackForm, now: datetime) -> None:
    """Stores the answer, replacing an earlier one. The form must be valid and the question open. An
    answer given in another tab a moment ago is replaced too.
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
