"""A source's button on other websites, on the source's page: the line to copy, look, preview."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminTextInputWidget

from callbacks.admin.leads import typed_language
from leads import language_choice
from leads.branding import contrast
from leads.models import Appears, LeadSource, Widget, WidgetText


class OfItsSource:
    """Mixin for inlines of a source: the right to change the source includes its parts."""

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


class WidgetForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The button's look. The number of seconds is required only if the button appears later."""

    class Meta:
        model = Widget
        fields = ["colour", "side", "appears", "after_seconds", "only_open"]
        widgets = {"colour": UnfoldAdminColorInputWidget}

    def clean_colour(self) -> str:
        """The colour in lower case."""
        return str(self.cleaned_data["colour"]).lower()

    def clean(self) -> dict[str, Any]:
        """Requires seconds if the button appears later; otherwise drops them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("appears") != Appears.LATER:
            cleaned["after_seconds"] = None
        elif cleaned.get("after_seconds") is None and "after_seconds" not in self.errors:
            sentence = gettext("Enter the number of seconds before the button appears.")
            self.add_error("after_seconds", sentence)
        return cleaned


class WidgetInline(OfItsSource, StackedInline):  # type: ignore[misc]  # unfold has no types
    """How the button looks, when it shows, and a preview."""

    model = Widget
    form = WidgetForm
    verbose_name = _("colour and button on other websites")
    verbose_name_plural = verbose_name
    extra = 1
    max_num = 1
    can_delete = False
    hide_title = True
    fields = [("colour", "side"), ("appears", "after_seconds"), "only_open", "preview"]
    readonly_fields = ["preview"]

    @property
    def media(self) -> forms.Media:
        """Adds the script and styles of the preview."""
        media: forms.Media = super().media
        return media + forms.Media(
            js=["admin_extra/widget_preview.js"],
            css={"all": ["admin_extra/widget_preview.css"]},
        )

    @display(description=_("Preview"))  # type: ignore[untyped-decorator]  # unfold has no types
    def preview(self, obj: Widget) -> str:
        """The stored button; the script updates it while somebody types."""
        texts = list(obj.source.widget_texts.all()) if obj.source_id else []
        ink = contrast.text_on(obj.colour)
        context = {
            "widget": obj,
            "ink": ink,
            "ratio": f"{contrast.ratio(ink, obj.colour):.1f}",
            "texts": [_card(it) for it in texts] or [_card(None)],
            "default": _card(None),
        }
        return render_to_string("admin/widget_preview.html", context)


class WidgetTextForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The texts in one language."""

    class Meta:
        model = WidgetText
        fields = ["language", "button", "title"]
        widgets = {
            # A column heading does not label the inputs below it.
            "language": UnfoldAdminTextInputWidget(attrs={"aria-label": _("Language")}),
            "button": UnfoldAdminTextInputWidget(
                attrs={"dir": "auto", "aria-label": _("Button text")}
            ),
            "title": UnfoldAdminTextInputWidget(
                attrs={"dir": "auto", "aria-label": _("Dialog title")}
            ),
        }

    def clean_language(self) -> str:
        """The language code in use. Raises ValidationError if the language already has a text."""
        code = typed_language.code(self.cleaned_data["language"])
        same = WidgetText.objects.filter(source=self.instance.source_id, language=code)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(gettext("This language already has a text."))
        return code


class WidgetTextsInline(OfItsSource, TabularInline):  # type: ignore[misc]  # unfold has no types
    """The texts of the button and the dialog, one language per row."""

    model = WidgetText
    form = WidgetTextForm
    verbose_name = _("language")
    verbose_name_plural = _("What the button on other websites says")
    fields = ["language", "button", "title"]
    extra = 0


def snippet(request: HttpRequest, source: LeadSource) -> SafeString:
    """The line that a website puts into its pages."""
    address = request.build_absolute_uri(reverse("leads:widget-script"))
    return format_html('<script src="{}" data-source="{}" async></script>', address, source.slug)


def _card(text: WidgetText | None) -> dict[str, str]:
    """What the preview shows of a text; None: our standard texts."""
    if text is None:
        return {
            "language": "en",
            "dir": "ltr",
            "button": gettext("Call me back"),
            "title": gettext("We will call you back"),
        }
    return {
        "language": text.language,
        "dir": language_choice.direction(text.language),
        "button": text.button,
        "title": text.title,
    }
