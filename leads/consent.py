"""Consent: which text a visitor is asked to agree to, and what counts as agreement.

All of a source's texts that are not withdrawn are in use. The newest of them in the visitor's
language is shown (`shown`). A page that lay open, or a program that was not changed, may agree to
an older text that is still in use (`in_use`). A withdrawn text no longer counts: the visitor is
asked again.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from leads import config_cache, languages
from leads.models import Consent, ConsentText, Lead, LeadSource
from leads.submission import Submission


def texts(source: LeadSource) -> list[ConsentText]:
    """The source's texts that are in use, newest first."""
    return config_cache.consent_texts.get().get(source.pk, [])


def shown(
    source: LeadSource, language: str = "", *, without: ConsentText | None = None
) -> ConsentText | None:
    """The text to agree to now, or if `without` were withdrawn; None if there is no text.

    The newest in `language` ("" means the source's); else in the same language of any country; else
    in the source's language; else the newest of all.
    """
    known = [it for it in texts(source) if it != without]
    return languages.nearest(known, language, source.language) or next(iter(known), None)


def in_use(source: LeadSource, version: str) -> ConsentText | None:
    """The text with the version that a request names; None if it does not exist or was
    withdrawn.
    """
    return next((it for it in texts(source) if str(it.version) == version), None)


def is_demanded(source: LeadSource) -> bool:
    """Whether requests without consent are refused. False if there is no text to agree to."""
    return source.demands_consent and bool(texts(source))


def keep(lead: Lead, submission: Submission, at: datetime) -> None:
    """Stores what the sender of a lead agreed to, in the transaction that stores the lead."""
    if submission.continues:
        for agreed in Consent.objects.filter(lead=submission.continues):
            agreed.pk, agreed.lead = None, lead
            agreed.save(force_insert=True)
    if submission.consent is None:
        return
    known = submission.circumstances
    Consent.objects.create(
        lead=lead,
        text=submission.consent,
        agreed_at=at,
        page=known.page if known else "",
    )


def write(
    source: LeadSource, language: str, text: str, by: int | None, now: datetime
) -> ConsentText:
    """Adds a text as the source's next version. `by`: the user's id."""
    with transaction.atomic():
        # Two managers at the same time get different numbers.
        LeadSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        last = ConsentText.objects.filter(source=source).aggregate(last=Max("version"))["last"]
        return ConsentText.objects.create(
            source=source,
            version=(last or 0) + 1,
            language=language,
            text=text,
            added_at=now,
            added_by_id=by,
        )


def withdraw(text: ConsentText, now: datetime) -> bool:
    """Nobody can agree to the text from now on. Returns whether it was in use until now."""
    still = ConsentText.objects.filter(pk=text.pk, withdrawn_at=None)
    return bool(still.update(withdrawn_at=now))
