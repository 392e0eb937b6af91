"""Call parameters of a source or an extension, edited on its page (CallParameters)."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.widgets import (
    UnfoldAdminNullBooleanSelectWidget,
    UnfoldAdminTextareaWidget,
)

from callbacks.models import CallParameters
from callbacks.models.parameters import MAX_VARIABLES

_EXAMPLE = "campaign = spring"


class VariablesField(forms.Field):
    """Names and texts, one pair per line: `campaign = spring`. A dict in the code."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        """The lines for a dict; typed text stays as typed."""
        if isinstance(value, dict):
            return "\n".join(f"{name} = {text}" for name, text in sorted(value.items()))
        return value

    def to_python(self, value: Any) -> dict[str, str]:
        """The dict for the lines. Raises ValidationError, naming the line."""
        found: dict[str, str] = {}
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not line.strip():
                continue
            name, equals, text = (part.strip() for part in line.partition("="))
            if not equals:
                raise ValidationError(
                    gettext("Line %(number)s: write it like %(example)s")
                    % {"number": number, "example": _EXAMPLE}
                )
            if name in found:
                raise ValidationError(
                    gettext("Line %(number)s: %(name)s appears twice.")
                    % {"number": number, "name": name}
                )
            found[name] = text
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the lines differ from the dict."""
        try:
            return self.to_python(data) != (initial or {})
        except ValidationError:
            return True


class CallParametersForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Any parameter may be left to the next place, so a yes or no has three choices."""

    variables = VariablesField(
        required=False,
        label=_("Custom variables"),
        help_text=format_lazy(
            _(
                "One per line, up to {count}: {example}. The provider returns them with the "
                "call's records."
            ),
            count=MAX_VARIABLES,
            example=_EXAMPLE,
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.NullBooleanField):
                field.widget = UnfoldAdminNullBooleanSelectWidget()
                field.widget.choices = [
                    ("unknown", gettext("not set")),
                    ("true", "yes"),
                    ("false", "no"),
                ]
        self.fields["variables"].widget.attrs["rows"] = 3


class CallParametersInline(StackedInline):  # type: ignore[misc]  # unfold has no types
    """Shown on the page of the source or the extension."""

    model = CallParameters
    form = CallParametersForm
    verbose_name = _("call parameters")
    verbose_name_plural = verbose_name
    extra = 1
    max_num = 1
    can_delete = False
    hide_title = True
    classes = ["collapse", "parameters"]
    template = "admin/parameters_inline.html"
    fieldsets = [
        (
            None,
            {
                "description": _(
                    "A value that is empty or not set is taken from the next place in this order: "
                    "the extension, the lead's source, the settings, the provider's default."
                ),
                "fields": [
                    ("record", "language"),
                    ("target_caller_id", "target_caller_name"),
                    ("phone_caller_id", "phone_caller_name"),
                    ("phone_max_dial_time", "target_max_dial_time"),
                    ("max_duration", "vm_id"),
                    ("phone_auto_answer", "target_auto_answer"),
                    ("check_phone_device_state", "check_target_device_state"),
                    "variables",
                ],
            },
        )
    ]


class SourceParametersInline(CallParametersInline):
    """For a source."""

    fk_name = "source"


class ExtensionParametersInline(CallParametersInline):
    """For an extension."""

    fk_name = "extension"
