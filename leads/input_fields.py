"""The kinds of form fields: how they clean what is typed, and how they are shown."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from leads.form_fields import Field
from leads.models import FieldKind
from leads.models.form_fields import MAX_ANSWER
from leads.typed_text import clean_line, clean_text


class LineField(forms.CharField):
    # Error sentences of a manager's own field do not name the field.
    is_own = False

    def to_python(self, value: Any) -> str:
        return clean_line(super().to_python(value) or "")

    def bound_data(self, data: Any, initial: Any) -> str:  # noqa: ARG002
        """The value to show again beside an error: as typed, but cleaned."""
        return self.to_python(data)


class TextField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_text(super().to_python(value) or "")

    def bound_data(self, data: Any, initial: Any) -> str:  # noqa: ARG002
        """The value to show again beside an error: as typed, but cleaned."""
        return self.to_python(data)


def at_most(limit: int) -> MaxLengthValidator:
    # Not max_length: with that attribute a browser silently cuts off pasted text, and counts an
    # emoji as two.
    return MaxLengthValidator(
        limit,
        ngettext_lazy(
            "Use at most %(limit_value)d character; you have used %(show_value)d.",
            "Use at most %(limit_value)d characters; you have used %(show_value)d.",
            "limit_value",
        ),
    )


class Box(forms.CheckboxInput):
    """A check box whose value is the version of its text. Never ticked in advance."""

    def __init__(self, version: str) -> None:
        super().__init__({"value": version}, check_test=lambda ticked: ticked == version)

    def format_value(self, value: Any) -> None:
        """None: the box always sends its version, whatever was sent before."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:  # noqa: ARG002
        """The value as it was sent."""
        return data.get(name)


class BoxField(LineField):
    """A box to tick: True or False. Programs may send it as a word."""

    is_box = True
    _NO = frozenset({"", "0", "false", "no", "off"})

    def to_python(self, value: Any) -> Any:
        """Whether it is ticked."""
        return super().to_python(value).lower() not in self._NO

    def bound_data(self, data: Any, initial: Any) -> str:  # noqa: ARG002
        """The value to show again beside an error."""
        return "1" if self.to_python(data) else ""

    def validate(self, value: Any) -> None:
        """Raises ValidationError if the box is mandatory and not ticked."""
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")


class ChoiceField(LineField):
    """One of several values; with `is_free` any text, from a page that had other choices.

    `otherwise`: the value to show again after another text was sent, or none.
    """

    def __init__(
        self,
        choices: list[tuple[str, str]],
        *,
        is_free: bool,
        otherwise: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._values = {value for value, _words in choices}
        self._is_free = is_free
        self._otherwise = otherwise
        # Nobody can leave it empty, so it is not labelled optional.
        self.always_has_a_value = otherwise is not None

    def bound_data(self, data: Any, initial: Any) -> str:
        """The value to show again beside an error."""
        sent = super().bound_data(data, initial)
        is_one = sent in self._values or self._otherwise is None
        return sent if is_one else str(self._otherwise)

    def validate(self, value: Any) -> None:
        """Raises ValidationError for a value that is not a choice."""
        super().validate(value)
        if value and value not in self._values and not self._is_free:
            sentence = gettext("Choose one of these: %(choices)s.")
            # A choice may contain a comma.
            quoted = (
                gettext("\u201c%(choice)s\u201d") % {"choice": it} for it in sorted(self._values)
            )
            choices = gettext(", ").join(quoted)
            raise forms.ValidationError(sentence % {"choices": choices}, code="choice")


def own(field: Field, is_needed: bool, *, is_free: bool) -> LineField:
    """The input for one of the manager's own fields. `is_free`: the posted page may have had other
    choices.
    """
    # The label is in the manager's language, which may not be the page's.
    label = format_html("<bdi>{}</bdi>", field.label)
    options: dict[str, Any] = {"label": label, "required": is_needed}
    match field.kind:
        case FieldKind.BOX:
            needed = _("Tick this box.")
            found: LineField = BoxField(
                **options, error_messages={"required": needed}, widget=Box("1")
            )
        case FieldKind.CHOICE:
            choices = list(field.choices)
            found = ChoiceField(
                choices,
                is_free=is_free,
                **options,
                validators=[at_most(MAX_ANSWER)],
                error_messages={"required": _("Choose one of these.")},
                widget=forms.Select(choices=[("", _("Please choose")), *choices]),
            )
        case _:
            found = LineField(
                **options,
                validators=[at_most(MAX_ANSWER)],
                error_messages={"required": _("Fill in this field.")},
                widget=forms.TextInput(attrs={"dir": "auto"}),
            )
    found.is_own = True
    return found
