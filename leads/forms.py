"""The rules of a submission, one copy for the form and the API: LeadForm, bound to a source."""

import re
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import EmailValidator, MaxLengthValidator, RegexValidator
from django.utils import timezone

from leads import callback_times, number_guard, ports
from leads.intake import Submission
from leads.models import LANGUAGE, LeadSource
from leads.phones import PhoneRefused

MAX_NAME = 120
MAX_EMAIL = 254
MAX_MESSAGE = 2000

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029]")
# Control characters; the marks that turn the direction of what stands around them, since a name
# must not rearrange the list of leads it is shown in; halves of surrogate pairs, which JSON can
# carry and UTF-8 cannot; and characters that show nothing at all. The joiners of emoji and of
# Persian stay, and so do the single direction marks that Hebrew and Arabic writers need.
_NOT_TEXT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff"
    r"\ud800-\udfff]"
)


def clean_text(text: str) -> str:
    """`text` with newlines as "\\n" and without characters that are not text."""
    lines = _LINE_ENDS.sub("\n", text).split("\n")
    kept = "\n".join(_NOT_TEXT.sub("", line.replace("\t", " ")).rstrip() for line in lines).strip()
    return kept if _shows_something(kept) else ""


def clean_line(text: str) -> str:
    """The same in one line, with single spaces."""
    return " ".join(clean_text(text).split())


def _shows_something(text: str) -> bool:
    return any(unicodedata.category(char) not in {"Cf", "Zs", "Cc"} for char in text)


class _LineField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")

    def bound_data(self, data: Any, initial: Any) -> str:  # noqa: ARG002
        """What is shown again beside an error: as typed, without what is not text."""
        return self.to_python(data)


class _TextField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value) or "")

    def bound_data(self, data: Any, initial: Any) -> str:  # noqa: ARG002
        """As for a line."""
        return self.to_python(data)


def _at_most(limit: int) -> MaxLengthValidator:
    # A validator and not max_length: the attribute of that name would have browsers cut off what
    # is pasted, without a word, and count an emoji twice.
    return MaxLengthValidator(
        limit, "Use at most %(limit_value)d characters; these are %(show_value)d."
    )


class LeadForm(forms.Form):
    """One submission for `source`. After is_valid(), `submission` is what to store.

    `data` maps field names to strings. Errors are sentences for the visitor, by field.
    """

    name = _LineField(
        label="Name",
        validators=[_at_most(MAX_NAME)],
        error_messages={"required": "Enter your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    phone = _LineField(
        label="Phone",
        error_messages={"required": "Enter your phone number."},
        # Numbers are written left to right in every language.
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "dir": "ltr"}
        ),
    )
    email = _LineField(
        label="Email",
        required=False,
        validators=[
            EmailValidator("Enter an email address like name@example.com, or leave this empty."),
            _at_most(MAX_EMAIL),
        ],
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "dir": "ltr"}
        ),
    )
    call_at = _LineField(
        label="When should we call?",
        required=False,
        widget=forms.Select(choices=[("", "As soon as possible")]),
    )
    message = _TextField(
        label="Message",
        required=False,
        validators=[_at_most(MAX_MESSAGE)],
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, source: LeadSource) -> None:
        super().__init__(data)
        self.source = source

    def clean_phone(self) -> str:
        """The number as E.164, allowed for the source."""
        try:
            return number_guard.accept(self.cleaned_data["phone"], self.source)
        except PhoneRefused as refused:
            raise forms.ValidationError(refused.message, code=refused.code) from None

    def clean(self) -> dict[str, Any]:
        """The chosen time, as one at which this number may be called."""
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
        """Gives the page what there is to choose from; with nothing, the question is not asked."""
        hours = ports.hours(self.source.pk)
        days = callback_times.on_offer(hours, timezone.now()) if self.source.offers_times else []
        field = self.fields["call_at"]
        field.widget.choices += days
        if days:
            # Of a form that was sent Django has made this, with the words of before.
            self["call_at"].help_text = f"Times are {callback_times.name_of(hours.zone)}."
        if not days and "call_at" not in self.errors:
            del self.fields["call_at"]

    def submission(self, key: uuid.UUID) -> Submission:
        """What is to be stored under `key`. Only for a valid form."""
        return Submission(source=self.source, key=key, **self.cleaned_data)


class ApiForm(LeadForm):
    """With what the API takes besides."""

    language = _LineField(
        required=False, validators=[RegexValidator(LANGUAGE, "Use codes like he, en, ru.")]
    )
