"""Widget: how a source's button looks and when it appears. WidgetText: its words in one
language.
"""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads import languages
from leads.models.sources import LeadSource

OUR_BLUE = "#0b57c4"
COLOUR = r"^#[0-9a-f]{6}$"
MOST_SECONDS = 600


class Side(models.TextChoices):
    """The side of a line of text: in a language written from right to left, the sides swap."""

    END = "end", _("right (in Hebrew left)")
    START = "start", _("left (in Hebrew right)")


class Appears(models.TextChoices):
    """When the button appears."""

    AT_ONCE = "at once", _("at once")
    LATER = "later", _("after a delay")
    AT_THE_END = "at the end", _("when the visitor reaches the end of the page")
    NEVER = "never", _("never: the website has its own buttons")


class Widget(models.Model):
    """The button that a website shows. A source without a row has the defaults."""

    source = models.OneToOneField(
        LeadSource, verbose_name=_("source"), on_delete=models.CASCADE, related_name="widget"
    )
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default=OUR_BLUE,
        validators=[RegexValidator(COLOUR, _("Enter a colour like #0b57c4."))],
        help_text=_(
            "The colour of the button, the form and the request page. Text on it is black or "
            "white, whichever is easier to read."
        ),
    )
    side = models.CharField(_("side"), max_length=5, choices=Side.choices, default=Side.END)
    appears = models.CharField(
        _("show the button"), max_length=10, choices=Appears.choices, default=Appears.AT_ONCE
    )
    after_seconds = models.PositiveSmallIntegerField(
        _("after (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SECONDS)],
        help_text=_("Only if the button is shown after a delay."),
    )
    only_open = models.BooleanField(
        _("only in opening hours"),
        default=False,
        help_text=_(
            "The button is hidden while nobody can be called. The website's own buttons still open "
            "the form, which says when we will call."
        ),
    )

    class Meta:
        verbose_name = _("widget")
        verbose_name_plural = _("widgets")
        ordering = ["source"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=~Q(appears=Appears.LATER) | Q(after_seconds__isnull=False),
                name="widget_later_says_when",
                violation_error_message=_("Enter the number of seconds before the button appears."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.source)


class WidgetText(models.Model):
    """What the button and the dialog say in one language. Without a row, they use our own words."""

    source = models.ForeignKey(
        LeadSource,
        verbose_name=_("source"),
        on_delete=models.CASCADE,
        related_name="widget_texts",
    )
    language = models.CharField(
        _("language"), max_length=languages.MAX_LANGUAGE, help_text=_("For example: en, he, ru.")
    )
    button = models.CharField(_("button text"), max_length=40)
    title = models.CharField(_("dialog title"), max_length=80)

    class Meta:
        verbose_name = _("widget text")
        verbose_name_plural = _("widget texts")
        ordering = ["source", "language"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["source", "language"], name="widget_text_once"),
        ]

    def __str__(self) -> str:
        return languages.name_of(self.language)
