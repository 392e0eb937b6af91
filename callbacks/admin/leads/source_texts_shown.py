"""A source's texts for the form in each language, on its page, and which are missing."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.text import get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from callbacks.admin.leads import typed_language
from leads import consent, languages, source_texts
from leads.admin import privacy_notice
from leads.models import LeadSource, SourceText
from leads.typed_text import clean_line


class SourceTextForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The texts in one language."""

    privacy_url = privacy_notice(SourceText)

    class Meta:
        model = SourceText
        fields = ["language", "title", "intro", "thanks", "privacy_url"]
        widgets = {
            "title": UnfoldAdminTextInputWidget(attrs={"dir": "auto"}),
            "intro": UnfoldAdminTextareaWidget(attrs={"rows": 2, "dir": "auto"}),
            "thanks": UnfoldAdminTextareaWidget(attrs={"rows": 2, "dir": "auto"}),
        }

    def clean_language(self) -> str:
        """The language code in use. Raises ValidationError if the language already has texts."""
        code = typed_language.code(self.cleaned_data["language"])
        same = SourceText.objects.filter(source=self.instance.source_id, language=code)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(gettext("This language already has texts."))
        return code

    def clean(self) -> dict[str, Any]:
        """Puts each text on one line, like visitors' texts; requires at least one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names = ("title", "intro", "thanks")
        cleaned |= {name: clean_line(cleaned[name]) for name in names if name in cleaned}
        if not any(cleaned.get(name, "x") for name in (*names, "privacy_url")):
            self.add_error("title", gettext("Enter at least one text, or remove this language."))
        return cleaned


class SourceTextsInline(StackedInline):  # type: ignore[misc]  # unfold has no types
    """One language each. The right to change the source includes its texts."""

    model = SourceText
    form = SourceTextForm
    verbose_name = _("language")
    verbose_name_plural = _("What the form says")
    fields = ["language", "title", "intro", "thanks", "privacy_url"]
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may see the source."""
        return request.user.has_perm("leads.view_leadsource") or self._may(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may change the source or, for a new one, add it."""
        return self._may(request) or (obj is None and request.user.has_perm("leads.add_leadsource"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may change the source."""
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may change the source."""
        return self._may(request)

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.change_leadsource")


def missing(source: LeadSource) -> list[str]:
    """A sentence for each kind of text that is missing in an offered language."""
    return [
        sentence % {"languages": _names(gaps)}
        for sentence, gaps in (
            (
                gettext(
                    "Your texts for the form are missing in %(languages)s. Visitors "
                    "see them in the source's language or another language instead."
                ),
                source_texts.missing(source, source.texts.exclude(title="", intro="", thanks="")),
            ),
            (
                gettext(
                    "A consent text is missing in %(languages)s. Visitors see it in "
                    "the source's language or another language instead."
                ),
                source_texts.missing(source, consent.texts(source)),
            ),
            (
                gettext(
                    "Your texts for the button on other websites are missing in "
                    "%(languages)s. The button shows the standard text instead."
                ),
                source_texts.missing(source, source.widget_texts.all()),
            ),
        )
        if gaps
    ]


def _names(codes: Sequence[str]) -> str:
    names = [languages.name_of(it) for it in codes]
    return str(get_text_list(names, gettext("and")))
