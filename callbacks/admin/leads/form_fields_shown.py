"""A source's form fields on the source's page; a lead's answers on the lead's page."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from callbacks.access import others_requests
from callbacks.admin.leads import typed_language
from callbacks.admin.leads.widget_shown import OfItsSource
from leads import form_fields, languages
from leads.admin import Admin
from leads.models import FieldKind, FormField, FormFieldText, Lead, LeadSource, Need
from leads.models.form_fields import (
    MAX_KEY,
    MAX_LABEL,
    MOST_CHOICES,
    MOST_OWN,
    OWN_KINDS,
    choice_of,
    lines,
    paired,
)  # fmt: skip

# The most rows of one kind that a browser can post.
LARGEST_FORMSET = 1000


class FormFieldForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """One field. Columns that only own fields use stay empty for the others."""

    class Meta:
        model = FormField
        fields = ["place", "kind", "need", "label", "choices", "key"]
        widgets = {
            # A column heading does not label the inputs below it.
            "place": UnfoldAdminIntegerFieldWidget(attrs={"aria-label": _("Order"), "min": 0}),
            "kind": UnfoldAdminSelectWidget(attrs={"aria-label": _("Field")}),
            "need": UnfoldAdminSelectWidget(attrs={"aria-label": _("Required")}),
            "label": UnfoldAdminTextInputWidget(attrs={"dir": "auto", "aria-label": _("Label")}),
            "choices": UnfoldAdminTextareaWidget(
                attrs={"dir": "auto", "rows": 3, "aria-label": _("Choices, one per line")}
            ),
            "key": UnfoldAdminTextInputWidget(
                attrs={"dir": "ltr", "aria-label": _("Name for programs")}
            ),
        }

    def clean(self) -> dict[str, Any]:
        """Checks what a field of this kind needs, with an error beside each field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind, need = cleaned.get("kind"), cleaned.get("need")
        if kind in OWN_KINDS:
            self._clean_own(kind, cleaned)
            return cleaned
        cleaned |= {"label": "", "choices": "", "key": kind or ""}
        if kind == FieldKind.PHONE and need != Need.MANDATORY:
            self.add_error("need", gettext("A phone number is needed to call anybody."))
        if kind == FieldKind.CALL_AT and need != Need.OPTIONAL:
            sentence = gettext(
                'Whether visitors may choose a time is set above, under "When leads are called".'
            )
            self.add_error("need", sentence)
        return cleaned

    def _clean_own(self, kind: str, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("label"):
            self.add_error("label", gettext("Enter the question the form asks."))
        choices = lines(cleaned.get("choices") or "")
        cleaned["choices"] = "\n".join(choices) if kind == FieldKind.CHOICE else ""
        if kind == FieldKind.CHOICE and not 2 <= len(choices) <= MOST_CHOICES:
            words = {"most": MOST_CHOICES}
            self.add_error("choices", gettext("Enter 2 to %(most)s choices, one per line.") % words)
        elif any(len(it) > MAX_LABEL for it in choices):
            words = {"most": MAX_LABEL}
            self.add_error("choices", gettext("Use at most %(most)s characters per line.") % words)
        if cleaned.get("key") in FieldKind.values:
            self.add_error("key", gettext("Another field has this name."))


class FormFieldsFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # not generic
    """Shows the usual fields even if nothing is stored for them. Once somebody changes a field, all
    are stored, so that they keep their order.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        source = kwargs.get("instance")
        kwargs["initial"] = usual(source)
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        """Names own fields that have no name, and limits their number."""
        kept = [it for it in self.forms if it.is_valid() and it.cleaned_data.get("kind")]
        kept = [it for it in kept if not it.cleaned_data.get("DELETE")]
        own = [it for it in kept if it.cleaned_data["kind"] in OWN_KINDS]
        taken = {it.cleaned_data["key"] for it in own} | set(FieldKind.values)
        for form in own:
            if not form.cleaned_data["key"]:
                key = _name(form.cleaned_data["label"], taken)
                form.cleaned_data["key"] = form.instance.key = key
                taken.add(key)
        if len(own) > MOST_OWN:
            sentence = gettext("A form can have at most %(most)s fields of your own.")
            raise forms.ValidationError(sentence % {"most": MOST_OWN})
        super().clean()

    def save(self, commit: bool = True) -> Any:
        """Also stores the usual fields that had no row."""
        saved = super().save(commit)
        source = self.instance
        if commit and source.form_fields.exists():
            rows = [FormField(source=source, key=it["kind"], **it) for it in usual(source)]
            FormField.objects.bulk_create(rows, ignore_conflicts=True)
        return saved


def usual(source: LeadSource | None) -> list[dict[str, Any]]:
    """The fields of every form that have no row for this source yet."""
    stored = source.form_fields.values_list("kind", flat=True) if source and source.pk else []
    known = set(stored)
    return [
        {"kind": kind.value, "place": place, "need": need.value}
        for kind, (place, need) in form_fields.USUAL.items()
        if kind.value not in known
    ]


def _name(label: str, taken: set[str]) -> str:
    """ "How many rooms?" -> "how_many_rooms"; numbered if that name is taken."""
    begun = slugify(label).replace("-", "_").strip("_0123456789")[: MAX_KEY - 4] or "field"
    names = (begun, *(f"{begun}_{number}" for number in range(2, 99)))
    return next(it for it in names if it not in taken)


class FormFieldsInline(OfItsSource, TabularInline):  # type: ignore[misc]  # unfold has no types
    """Which fields the form has, in which order, and which are mandatory."""

    model = FormField
    form = FormFieldForm
    formset = FormFieldsFormSet
    ordering = ["place", "pk"]
    ordering_field = "place"
    verbose_name = _("field")
    verbose_name_plural = _("Fields of the form")
    template_after = "admin/form_preview.html"

    def get_extra(self, request: HttpRequest, obj: LeadSource | None = None, **kwargs: Any) -> int:
        """The usual fields without a row, and an empty row."""
        return len(usual(obj)) + 1


class FormFieldTextForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The texts of one field in one language."""

    class Meta:
        model = FormFieldText
        fields = ["field", "language", "label", "choices"]
        widgets = {
            "field": UnfoldAdminSelectWidget(attrs={"aria-label": _("Field")}),
            "language": UnfoldAdminTextInputWidget(attrs={"aria-label": _("Language")}),
            "label": UnfoldAdminTextInputWidget(attrs={"dir": "auto", "aria-label": _("Label")}),
            "choices": UnfoldAdminTextareaWidget(
                attrs={
                    "dir": "auto",
                    "rows": 3,
                    "aria-label": _("Translated choices, one per line"),
                }
            ),
        }

    def clean_language(self) -> str:
        """The language code in use."""
        return typed_language.code(self.cleaned_data["language"])

    def clean(self) -> dict[str, Any]:
        """Keeps the translations of existing choices; drops those of removed choices."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        field = cleaned.get("field")
        if field is None:
            return cleaned
        row = _row_of(field, self.data)
        if self.data.get(f"{row}DELETE") and self.has_changed():
            self.add_error(
                "field", gettext("You are removing this field, so its texts are removed too.")
            )
        choices = _choices_as_posted(field, row, self.data)
        known, kept = lines(self.initial.get("choices") or ""), []
        for line in lines(cleaned.get("choices") or ""):
            if choice_of(line, choices):
                kept.append(line)
            elif line in known or choice_of(line, field.listed_choices):
                continue  # its choice was removed, just now or earlier
            if problem := _wrong(line, choices):
                self.add_error("choices", problem)
        cleaned["choices"] = "\n".join(kept)
        return cleaned


def _row_of(field: FormField, posted: Mapping[str, str]) -> str:
    """The prefix of the field's inputs on this page; "" if the page has no row for it."""
    prefix = FormField._meta.get_field("source").remote_field.related_name
    rows = (f"{prefix}-{number}-" for number in range(LARGEST_FORMSET))
    return next((it for it in rows if posted.get(f"{it}id") == str(field.pk)), "")


def _choices_as_posted(field: FormField, row: str, posted: Mapping[str, str]) -> list[str]:
    """The field's choices as posted, or the stored choices if the page has no row for it."""
    if not row:
        return field.listed_choices
    is_choice = posted.get(f"{row}kind") == FieldKind.CHOICE
    return lines(posted.get(f"{row}choices", "")) if is_choice else []


def _wrong(line: str, choices: Sequence[str]) -> str:
    """What is wrong with a choice's translation; "" if nothing is."""
    choice = choice_of(line, choices)
    if not choice and not choices:
        return gettext("This field has no choices.")
    if not choice:
        words = {"line": line, "choices": gettext(", ").join(choices)}
        return (
            gettext(
                "“%(line)s” does not start with one of the choices followed by "
                "“=”. The choices are: %(choices)s."
            )
            % words
        )
    if len(line.removeprefix(choice)) > MAX_LABEL:
        return gettext("Use at most %(most)s characters per line.") % {"most": MAX_LABEL}
    return ""


def missing(source: LeadSource) -> list[str]:
    """A sentence for each field and language in which choices are not translated."""
    found = []
    for field in source.form_fields.filter(kind=FieldKind.CHOICE).prefetch_related("texts"):
        for text in field.texts.all():
            known = paired(text.choices, field.listed_choices)
            if gaps := [it for it in field.listed_choices if it not in known]:
                sentence = gettext(
                    "In %(language)s, these choices of “%(field)s” have no translation "
                    "and are shown as they are: %(choices)s."
                )
                words = {
                    "language": languages.name_of(text.language),
                    "field": field.label,
                    "choices": gettext(", ").join(gaps),
                }
                found.append(sentence % words)
    return found


class FormFieldTextsInline(OfItsSource, TabularInline):  # type: ignore[misc]  # unfold has no types
    """The texts of own fields in other languages. A new field must be saved first."""

    model = FormFieldText
    form = FormFieldTextForm
    verbose_name = _("language")
    verbose_name_plural = _("Your own fields in other languages")
    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offers only the source's own fields."""
        formset = super().get_formset(request, obj, **kwargs)
        own = FormField.objects.filter(source=obj, kind__in=OWN_KINDS) if obj else None
        formset.form.base_fields["field"].queryset = own or FormField.objects.none()
        return formset


class ShowsAnswers(Admin):
    """The part of the leads' admin that shows the answers to a form's own fields."""

    def get_readonly_fields(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """Adds the answers."""
        return [*super().get_readonly_fields(request, obj), "answered"]

    def get_fieldsets(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        """Adds the answers as the second section, if the user may see any."""
        rows = list(super().get_fieldsets(request, obj))
        if obj and _newest(obj):
            rows.insert(1, (gettext("Answers to the form"), {"fields": ["answered"]}))
        return rows

    @display(description=_("answers"))  # type: ignore[untyped-decorator]  # unfold has no types
    def answered(self, obj: Lead) -> SafeString:
        """The answers of the newest request that has any."""
        return format_html(
            '<dl class="answers">{}</dl>',
            format_html_join("", "<dt><bdi>{}</bdi></dt><dd><bdi>{}</bdi></dd>", _newest(obj)),
        )


def _newest(lead: Lead) -> list[tuple[str, str]]:
    """Without requests that the user may not see (callbacks.access.others_requests)."""
    seen = (it for it in reversed(lead.requests_by_age()) if not others_requests.is_hidden(it))
    return next((given for it in seen if (given := form_fields.given_by(it))), [])
