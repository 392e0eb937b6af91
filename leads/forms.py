"""LeadForm: the rules of a submission, shared by the form on the page and the API."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import EmailValidator, MaxLengthValidator
from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from leads import callback_times, consent, dated_sentences, languages, number_guard, ports
from leads.guard.circumstances import Circumstances
from leads.models import ConsentText, LeadSource
from leads.phones import PhoneRefused
from leads.signals import number_refused
from leads.submission import Submission
from leads.typed_text import clean_line, clean_text

MAX_NAME = 120
MAX_EMAIL = 254
MAX_MESSAGE = 2000


class _LineField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")

    def bound_data(self, data: Any, initial: Any) -> str:  # noqa: ARG002
        """The value to show again beside an error: as typed, but cleaned."""
        return self.to_python(data)


class TextField(forms.CharField):
    """Text of several lines, cleaned."""

    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value) or "")

    def bound_data(self, data: Any, initial: Any) -> str:  # noqa: ARG002
        """The value to show again beside an error: as typed, but cleaned."""
        return self.to_python(data)


def at_most(limit: int) -> MaxLengthValidator:
    """Refuses a longer text, and says by how much."""
    # Not max_length: with that attribute a browser silently cuts off pasted text, and counts an
    # emoji twice.
    return MaxLengthValidator(
        limit,
        ngettext_lazy(
            "Use at most %(limit_value)d character; you have used %(show_value)d.",
            "Use at most %(limit_value)d characters; you have used %(show_value)d.",
            "limit_value",
        ),
    )


class _Box(forms.CheckboxInput):
    """A check box whose value is the version of the text beside it. Never ticked beforehand."""

    def __init__(self, version: str) -> None:
        super().__init__({"value": version}, check_test=lambda ticked: ticked == version)

    def format_value(self, value: Any) -> None:
        """None: what would be sent is the version, whatever was."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:  # noqa: ARG002
        """What was sent, as it was."""
        return data.get(name)


# So many signs in one paragraph are the words beside the box; a longer text stands above it.
_SHORT_CONSENT = 300


class LeadForm(forms.Form):
    """One submission for `source`. After is_valid(), `submission` returns what to store.

    `data` maps field names to strings. The errors of each field are sentences for the visitor.
    `language`: the visitor's; "" is the source's. `consent_text`: what the visitor is asked to
    agree to, or has agreed to; None where nothing is asked.
    """

    # Said where a version was agreed to that is not in use.
    AGREE_ANEW = _(
        "This text has changed in the meantime. Please read it, and agree to it as it is now."
    )

    name = _LineField(
        label=_("Name"),
        validators=[at_most(MAX_NAME)],
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    phone = _LineField(
        label=_("Phone"),
        error_messages={"required": _("Enter your phone number.")},
        # Numbers are written left to right in every language.
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "dir": "ltr"}
        ),
    )
    email = _LineField(
        label=_("Email"),
        required=False,
        validators=[
            EmailValidator(_("Enter an email address like name@example.com, or leave this empty.")),
            at_most(MAX_EMAIL),
        ],
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "dir": "ltr"}
        ),
    )
    call_at = _LineField(
        label=_("When should we call?"),
        required=False,
        widget=forms.Select(choices=[("", _("As soon as possible"))]),
    )
    message = TextField(
        label=_("Message"),
        required=False,
        validators=[at_most(MAX_MESSAGE)],
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, source: LeadSource, language: str = ""
    ) -> None:
        super().__init__(data)
        self.source = source
        agreed = clean_line((data or {}).get("consent") or "")
        self.consent_text = consent.in_use(source, agreed) or consent.shown(source, language)
        if self.consent_text:
            words = self.consent_text.text
            self.consent_is_long = len(words) > _SHORT_CONSENT or "\n" in words
            if self.consent_is_long:
                words = gettext("I have read this text and agree to it.")
            self.fields["consent"] = _LineField(
                label=words,
                required=consent.is_demanded(source),
                error_messages={"required": _("We need your consent before we can call you.")},
                widget=_Box(str(self.consent_text.version)),
            )

    def clean_consent(self) -> ConsentText | None:
        """The text that was agreed to; None for none."""
        agreed = self.cleaned_data["consent"]
        text = consent.in_use(self.source, agreed)
        if agreed and text is None:
            raise forms.ValidationError(self.AGREE_ANEW, code="consent")
        return text

    def clean_phone(self) -> str:
        """The number in E.164, if the source accepts it; what was typed behind it is kept too."""
        try:
            phone = number_guard.accept(self.cleaned_data["phone"], self.source)
        except PhoneRefused as refused:
            number_refused.send(sender=LeadSource, refused=refused)
            raise forms.ValidationError(refused.message, code=refused.code) from None
        self.cleaned_data["phone_extension"] = phone.extension
        return phone.e164

    def clean(self) -> dict[str, Any]:
        """Replaces `call_at` by `chosen_at`, a time at which this number may be called, or None."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        typed = cleaned.pop("call_at", "")
        cleaned["chosen_at"] = None
        if typed:
            hours = ports.hours(self.source.pk, cleaned.get("phone", ""))
            try:
                cleaned["chosen_at"] = callback_times.choose(
                    typed, hours, timezone.now(), offered=self.source.offers_times
                )
            except callback_times.TimeRefused as refused:
                self.add_error("call_at", forms.ValidationError(str(refused), code="time"))
        return cleaned

    def offer_times(self) -> None:
        """For the page: fills in the times to choose from; without any, removes the field."""
        hours = ports.hours(self.source.pk)
        days = callback_times.on_offer(hours, timezone.now()) if self.source.offers_times else []
        field = self.fields["call_at"]
        field.widget.choices += days
        if days:
            # Set on the bound field: Django may have made it already, with the help text of before.
            self["call_at"].help_text = gettext("Times are %(zone)s.") % {
                "zone": dated_sentences.zone_name(hours.zone, timezone.now())
            }
        if not days and "call_at" not in self.errors:
            del self.fields["call_at"]

    def written(self) -> list[str]:
        """What was filled in, as text: two submissions of one page differ where this does."""
        cleaned = dict(self.cleaned_data)
        text = cleaned.pop("consent", None)
        agreed = [str(text.version)] if text else []
        return [str(value or "") for value in cleaned.values()] + agreed

    def submission(
        self,
        key: uuid.UUID,
        submitter: uuid.UUID,
        circumstances: Circumstances,
        fingerprint: str = "",
    ) -> Submission:
        """The submission to store under `key`. The form must be valid."""
        return Submission(
            source=self.source,
            circumstances=circumstances,
            key=key,
            submitter=submitter,
            fingerprint=fingerprint,
            **self.cleaned_data,
        )


class ApiForm(LeadForm):
    """LeadForm with the fields that only the API takes."""

    AGREE_ANEW = _("This version is not in use. Say which version of the text was agreed to.")

    language = _LineField(label=_("Language"), required=False)

    def clean_language(self) -> str:
        """The code; "" for what is none: a hint refuses no lead."""
        return languages.read(self.cleaned_data["language"])
