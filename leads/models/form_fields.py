"""FormField: one field of a source's form. FormFieldText: its words in another language. Answers:
the answers to a manager's own fields.
"""

from collections.abc import Iterable, Sequence

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads import languages
from leads.models.lead import Lead
from leads.models.sources import LeadSource

# The most own fields of a source, and the most choices of a field.
MOST_OWN = 10
MOST_CHOICES = 50
MAX_KEY = 30
MAX_LABEL = 120
MAX_ANSWER = 500


class FieldKind(models.TextChoices):
    """The kind of a field: a standard one, or one of the manager's own."""

    NAME = "name", _("Name")
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    CALL_AT = "call_at", _("Time of the call")
    LANGUAGE = "language", _("Language")
    MESSAGE = "message", _("Message")
    TEXT = "text", _("Your own field: text")
    CHOICE = "choice", _("Your own field: choice")
    BOX = "box", _("Your own field: check box")


OWN_KINDS = (FieldKind.TEXT, FieldKind.CHOICE, FieldKind.BOX)


class Need(models.TextChoices):
    """Whether a field is shown, and whether it is mandatory."""

    HIDDEN = "hidden", _("not shown")
    OPTIONAL = "optional", _("optional")
    MANDATORY = "mandatory", _("required")


class FormField(models.Model):
    """A field of a source's form. A standard field without a row has the defaults
    (leads.form_fields).

    `key`: an own field's name for programs, after "field_"; for standard fields, the kind. `label`
    and `choices` (one a line) belong to own fields, in the source's language.
    """

    source = models.ForeignKey(
        LeadSource,
        verbose_name=_("source"),
        on_delete=models.CASCADE,
        related_name="form_fields",
    )
    kind = models.CharField(
        _("field"), max_length=8, choices=FieldKind.choices, default=FieldKind.TEXT
    )
    place = models.PositiveSmallIntegerField(
        _("order"),
        default=100,
        help_text=_("The form shows the fields in this order, lowest number first."),
    )
    need = models.CharField(
        _("required"), max_length=9, choices=Need.choices, default=Need.OPTIONAL
    )
    label = models.CharField(
        _("label"),
        max_length=MAX_LABEL,
        blank=True,
        help_text=_("Only for your own fields, in the source's language."),
    )
    choices = models.TextField(
        _("choices"),
        blank=True,
        help_text=_("Only for your own choice fields. One choice on each line."),
    )
    key = models.CharField(
        _("name for programs"),
        max_length=MAX_KEY,
        blank=True,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9_]*$",
                _("Use small Latin letters, digits and _, beginning with a letter."),
            )
        ],
        help_text=_(
            "The name of your own field in the API and in exported files. Leave this empty to "
            "make a name from the label."
        ),
    )

    class Meta:
        verbose_name = _("field of the form")
        verbose_name_plural = _("fields of the form")
        ordering = ["source", "place", "pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="form_field_once"),
            models.CheckConstraint(
                condition=~Q(kind=FieldKind.PHONE) | Q(need=Need.MANDATORY),
                name="form_field_phone_is_there",
                violation_error_message=_("A phone number is needed to call anybody."),
            ),
        ]

    def __str__(self) -> str:
        return self.label or str(self.get_kind_display())

    @property
    def is_own(self) -> bool:
        """Whether a manager added the field."""
        return self.kind in OWN_KINDS

    @property
    def listed_choices(self) -> list[str]:
        """The choices, one from each line that is not empty."""
        return lines(self.choices)


def lines(text: str) -> list[str]:
    """The lines that are not empty, stripped and without repeats."""
    return list(dict.fromkeys(it for it in (line.strip() for line in text.splitlines()) if it))


def paired(text: str, choices: Sequence[str]) -> dict[str, str]:
    """The words of each choice that has any; a line of `text` is "Large = גדול".

    A line belongs to the longest choice that it begins with, because a choice may contain "=".
    """
    found = {}
    for line in lines(text):
        choice = choice_of(line, choices)
        words = line.removeprefix(choice).partition("=")[2].strip() if choice else ""
        if words:
            found[choice] = words
    return found


def choice_of(line: str, choices: Iterable[str]) -> str:
    """The choice that a line such as "Large = גדול" belongs to; "" if it belongs to none."""
    begun = (it for it in choices if line.startswith(it))
    followed = (it for it in begun if line.removeprefix(it).lstrip().startswith("="))
    return max(followed, key=len, default="")


class FormFieldText(models.Model):
    """The words of an own field in a language other than the source's. `source`: the field's
    source.
    """

    source = models.ForeignKey(
        LeadSource,
        verbose_name=_("source"),
        on_delete=models.CASCADE,
        related_name="form_field_texts",
    )
    field = models.ForeignKey(
        FormField,
        verbose_name=_("field"),
        on_delete=models.CASCADE,
        related_name="texts",
    )
    language = models.CharField(
        _("language"), max_length=languages.MAX_LANGUAGE, help_text=_("For example: en, he, ru.")
    )
    label = models.CharField(_("label"), max_length=MAX_LABEL)
    choices = models.TextField(
        _("choices"),
        blank=True,
        help_text=_(
            "One line for each choice: the choice as written above, =, and its translation. For "
            "example: Large = גדול. A choice without a translation is shown as written above."
        ),
    )

    class Meta:
        verbose_name = _("text of a field in another language")
        verbose_name_plural = _("texts of the fields in other languages")
        ordering = ["field", "language"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["field", "language"], name="form_field_text_once"),
        ]

    def __str__(self) -> str:
        words = {"label": self.label, "language": languages.name_of(self.language)}
        return gettext("%(label)s (%(language)s)") % words


class Answers(models.Model):
    """What the sender of a request filled into the manager's own fields.

    `given`: a list of {key, label, value}, in the form's order at that time; later changes to a
    field do not change answers. `label` is in the source's language; `value` is a text, the choice
    in the source's language, or true for a ticked box.
    """

    lead = models.OneToOneField(
        Lead,
        verbose_name=_("lead"),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="answers",
    )
    given = models.JSONField(_("answers"), default=list)

    class Meta:
        verbose_name = _("answers")
        verbose_name_plural = _("answers")
        default_permissions = ()

    def __str__(self) -> str:
        return f"Lead {self.lead_id}"
