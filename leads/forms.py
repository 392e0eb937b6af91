"""LeadForm: the rules of a submission, shared by the form on the page and the API."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import EmailValidator
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from leads import (
    callback_times,
    consent,
    countries,
    dated_sentences,
    form_fields,
    input_fields,
    languages,
    number_guard,
    phones,
    ports,
)
from leads.form_fields import Field
from leads.guard.circumstances import Circumstances
from leads.input_fields import Box, ChoiceField, LineField, TextField, at_most
from leads.models import ConsentText, FieldKind, LeadSource, Need
from leads.phones import PhoneRefused
from leads.signals import number_refused
from leads.submission import Submission
from leads.typed_text import clean_line

# The box by which a visitor confirms that their number is complete; its value is the number
# (E.164).
SURE = "phone_sure"

MAX_NAME = 120
MAX_EMAIL = 254
MAX_MESSAGE = 2000


# A one-paragraph text of up to this many characters is the box's label; a longer text stands above
# the box.
_SHORT_CONSENT = 300


def sure_words(e164: str) -> SafeString:
    """What a visitor confirms by ticking the box."""
    number = format_html('<bdi dir="ltr">{}</bdi>', phones.readable(e164))
    return format_html(gettext("Yes, {number} is my full number"), number=number)


def country_choices(source: LeadSource) -> list[tuple[str, str]]:
    """The countries that a number may belong to, as (code, name); empty if there is only one."""
    allowed = source.allowed_countries
    named = [(code, str(countries.NAMES.get(code, code))) for code in allowed]
    return sorted(named, key=lambda it: it[1]) if len(named) > 1 else []


class LeadForm(forms.Form):
    """One submission for `source`. After is_valid(), `submission` returns what to store.

    `data` maps field names to strings. The errors of each field are sentences for the visitor.
    `language`: the visitor's; "" means the source's. `consent_text`: the text that the visitor is
    asked to agree to, or agreed to; None if there is none.
    """

    # For consent to a version that is not in use.
    AGREE_ANEW = _(
        "This text has changed in the meantime. Please read and agree to the new version."
    )

    # For a number that may be incomplete.
    MAY_BE_HALF = _(
        "Part of your number may be missing: we would call %(number)s. If this is your full "
        "number, confirm it below. Otherwise, enter it with + and your country code."
    )
    unsure_of = ""

    name = LineField(
        label=_("Name"),
        validators=[at_most(MAX_NAME)],
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    phone = LineField(
        label=_("Phone"),
        error_messages={"required": _("Enter your phone number.")},
        # Numbers are written left to right in every language.
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "dir": "ltr"}
        ),
    )
    email = LineField(
        label=_("Email"),
        required=False,
        validators=[
            EmailValidator(_("Enter an email address like name@example.com, or leave this empty.")),
            at_most(MAX_EMAIL),
        ],
        error_messages={"required": _("Enter your email address.")},
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "dir": "ltr"}
        ),
    )
    call_at = LineField(
        label=_("When should we call?"),
        required=False,
        widget=forms.Select(choices=[("", _("As soon as possible"))]),
    )
    message = TextField(
        label=_("Message"),
        required=False,
        validators=[at_most(MAX_MESSAGE)],
        error_messages={"required": _("Write a message.")},
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, source: LeadSource, language: str = ""
    ) -> None:
        super().__init__(data)
        self.source = source
        self.own = form_fields.of(source, language)
        self.mark = form_fields.mark(self.own)
        # A page that is shown again requires no more fields than before.
        self.carried_mark = (
            clean_line(data.get(form_fields.MARK) or "")[:32] if data is not None else self.mark
        )
        self._set_up(language)
        agreed = clean_line((data or {}).get("consent") or "")
        self.consent_text = consent.in_use(source, agreed) or consent.shown(source, language)
        if self.consent_text:
            words = self.consent_text.text
            self.consent_is_long = len(words) > _SHORT_CONSENT or "\n" in words
            if self.consent_is_long:
                words = gettext("I have read this text and agree to it.")
            self.fields["consent"] = LineField(
                label=words,
                required=consent.is_demanded(source),
                error_messages={"required": _("We need your consent before we can call you.")},
                widget=Box(str(self.consent_text.version)),
            )

    def asks_for(self, field: Field) -> bool:
        """Whether a field is mandatory. A page made by an older release, or before the fields
        changed, does not have to fill in fields that it did not ask for. The language is not
        mandatory if there is none to choose.
        """
        if field.need is not Need.MANDATORY:
            return False
        if field.kind is FieldKind.LANGUAGE and not self._spoken():
            return False
        if not self.is_bound or self.is_of_today():
            return True
        if field.kind is FieldKind.PHONE:
            return True
        return field.kind is FieldKind.NAME and not self.data.get(form_fields.MARK)

    def is_of_today(self) -> bool:
        """Whether the posted page was made with the current fields."""
        return bool(self.data.get(form_fields.MARK) == self.mark)

    def _set_up(self, language: str) -> None:
        """Adds the source's fields, in its order."""
        for field in self.own:
            is_needed = self.asks_for(field)
            if field.is_own:
                is_free = self.is_bound and not self.is_of_today()
                # The field was hidden after the page was made: what the visitor filled in is kept.
                was_there = is_free and bool((self.data.get(field.name) or "").strip())
                if field.need is not Need.HIDDEN or was_there:
                    self.fields[field.name] = input_fields.own(field, is_needed, is_free=is_free)
                continue
            if field.need is Need.HIDDEN and not (self.data.get(field.name) or "").strip():
                self.fields.pop(field.name, None)
                continue
            if field.kind is FieldKind.LANGUAGE and "language" not in self.fields:
                self.fields["language"] = self._language_field(language, is_needed)
            self.fields[field.name].required = is_needed
            if field.kind is FieldKind.EMAIL and is_needed:
                sentence = gettext("Enter an email address like name@example.com.")
                self.fields["email"].validators[0] = EmailValidator(sentence)
        names = [it.name for it in self.own]
        if choices := self.offered_countries():
            self.fields["country"] = self._country_field(choices)
            names.insert(names.index("phone"), "country")
        self.order_fields(names)

    @classmethod
    def may_be_half(cls, e164: str) -> str:
        """The sentence about a number that may be incomplete, for pages in either writing
        direction.
        """
        return str(cls.MAY_BE_HALF) % {"number": phones.isolated(phones.readable(e164))}

    def offered_countries(self) -> list[tuple[str, str]]:
        """The countries to choose from for a number without a country code."""
        return country_choices(self.source)

    def _country_field(self, choices: list[tuple[str, str]]) -> LineField:
        return ChoiceField(
            choices,
            is_free=True,  # an unknown country counts as none
            otherwise=self.source.default_country,
            label=_("Country of your number"),
            required=False,
            initial=self.source.default_country,
            widget=forms.Select(choices=choices),
        )

    def _spoken(self) -> list[str]:
        """Our languages that somebody at this source speaks."""
        ours = (code for code, _name in settings.LANGUAGES)
        return [code for code in ours if ports.is_spoken(self.source.pk, code)]

    def _language_field(self, language: str, is_needed: bool) -> LineField:
        """Offers each language under its own name."""
        spoken = self._spoken()
        choices = [(code, get_language_info(code)["name_local"]) for code in spoken]
        return ChoiceField(
            choices,
            is_free=True,  # only a hint: it never refuses a lead
            label=_("Language of the call"),
            initial=language if language in spoken else "",
            error_messages={"required": _("Choose a language.")},
            widget=forms.Select(
                choices=[("", _("Please choose") if is_needed else _("Any")), *choices]
            ),
        )

    def clean_language(self) -> str:
        """The code, if somebody at this source speaks the language; else "": the language is only a
        hint, and never refuses a lead.
        """
        code = languages.read(self.cleaned_data["language"])
        return code if code and ports.is_spoken(self.source.pk, code) else ""

    def clean_consent(self) -> ConsentText | None:
        """The text that was agreed to; None if there is none."""
        agreed = self.cleaned_data["consent"]
        text = consent.in_use(self.source, agreed)
        if agreed and text is None:
            raise forms.ValidationError(self.AGREE_ANEW, code="consent")
        return text

    def clean_phone(self) -> str:
        """The number in E.164, if the source accepts it; a typed extension is kept too."""
        try:
            country = self.cleaned_data.get("country", "")
            phone = number_guard.accept(self.cleaned_data["phone"], self.source, country)
        except PhoneRefused as refused:
            number_refused.send(sender=LeadSource, refused=refused)
            raise forms.ValidationError(refused.message, code=refused.code) from None
        if phone.is_doubtful and clean_line(self.data.get(SURE) or "") != phone.e164:
            self.unsure_of = phone.e164
            raise forms.ValidationError(self.may_be_half(phone.e164), code="unsure")
        self.cleaned_data["phone_extension"] = phone.extension
        return phone.e164

    def clean(self) -> dict[str, Any]:
        """Replaces `call_at` with `chosen_at`, a time when this number may be called, or None."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["answers"] = self._answers(cleaned)
        cleaned.pop("country", None)
        if self.unsure_of:
            self._ask_whether_it_is_whole()
        if not cleaned.get("name") and "name" not in self.errors and "phone" in cleaned:
            cleaned["name"] = phones.readable(cleaned["phone"])
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

    def _ask_whether_it_is_whole(self) -> None:
        """Adds a box below the number, which the page shows with the error."""
        self.fields[SURE] = input_fields.BoxField(
            label=sure_words(self.unsure_of),
            widget=Box(self.unsure_of),
        )
        names = [it for it in self.fields if it != SURE]
        names.insert(names.index("phone") + 1, SURE)
        self.order_fields(names)

    def _answers(self, cleaned: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """The answers to the manager's own fields, removed from `cleaned`."""
        given = [(it, cleaned.pop(it.name, None)) for it in self.own if it.is_own]
        return tuple(
            {"key": it.key, "label": it.named, "value": value} for it, value in given if value
        )

    def focus_on_what_is_wrong(self) -> None:
        """For the page: focuses the first field with an error."""
        wrong = next((it for it in self if it.errors), None)
        if wrong is not None:
            wrong.field.widget.attrs["autofocus"] = True

    def offer_times(self) -> None:
        """For the page: fills in the times to choose from; removes the field if there are none."""
        if "call_at" not in self.fields:
            return
        hours = ports.hours(self.source.pk)
        days = callback_times.on_offer(hours, timezone.now()) if self.source.offers_times else []
        field = self.fields["call_at"]
        field.widget.choices += days
        if days:
            # Set on the bound field: Django may have made it already, with the old help text.
            self["call_at"].help_text = gettext("Times are in %(zone)s.") % {
                "zone": dated_sentences.zone_name(hours.zone, timezone.now())
            }
        if not days and "call_at" not in self.errors:
            del self.fields["call_at"]

    def written(self) -> list[str]:
        """The values filled in, as text: two submissions of the same page differ if these
        differ.
        """
        cleaned = dict(self.cleaned_data)
        text, answers = cleaned.pop("consent", None), cleaned.pop("answers", ())
        own = [str(it) for it in answers]
        agreed = [str(text.version)] if text else []
        return [str(value or "") for value in cleaned.values()] + own + agreed

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
    """LeadForm with the fields that only the API accepts."""

    MAY_BE_HALF = _(
        "This may be only part of a number: we would call %(number)s. Send the number with + "
        "and its country code."
    )
    AGREE_ANEW = _("This version is not in use. State which version of the text was agreed to.")

    language = LineField(label=_("Language"), required=False)

    @classmethod
    def may_be_half(cls, e164: str) -> str:
        """The sentence for a program, without direction marks."""
        return str(cls.MAY_BE_HALF) % {"number": phones.readable(e164)}

    def offered_countries(self) -> list[tuple[str, str]]:
        """None: a program sends the country with the number."""
        return []

    def is_of_today(self) -> bool:
        """True: a program has no page that could be outdated."""
        return True

    def unknown(self, fields: Mapping[str, str]) -> dict[str, list[str]]:
        """A sentence for each field that looks like an own field of the source but is not one."""
        known = sorted(it.name for it in self.own if it.is_own and it.need is not Need.HIDDEN)
        sentence = gettext("This source has no field with this name.")
        if known:
            names = gettext(", ").join(known)
            sentence = gettext("This source has no such field. It has: %(names)s.") % {
                "names": names
            }
        strange = (it for it in fields if it.startswith(form_fields.PREFIX) and it not in known)
        return {name: [sentence] for name in strange}

    def clean_language(self) -> str:
        """The code; "" if it is unknown: the language is only a hint, and never refuses a lead."""
        return languages.read(self.cleaned_data["language"])
