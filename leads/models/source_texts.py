"""SourceText: what a source's pages say in one language, in the manager's words."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads import languages
from leads.models.sources import LeadSource


class SourceText(models.Model):
    """Each text may be empty; our own words then replace it. leads.source_texts chooses the
    language.
    """

    source = models.ForeignKey(
        LeadSource,
        verbose_name=_("source"),
        on_delete=models.CASCADE,
        related_name="texts",
    )
    language = models.CharField(
        _("language"), max_length=languages.MAX_LANGUAGE, help_text=_("For example: en, he, ru.")
    )
    title = models.CharField(
        _("title"),
        max_length=80,
        blank=True,
        help_text=_("The heading of the form. Leave this empty for “Contact us”."),
    )
    intro = models.CharField(
        _("introduction"),
        max_length=300,
        blank=True,
        help_text=_("Shown below the title. Leave this empty to say that someone will call back."),
    )
    thanks = models.CharField(
        _("thank-you text"),
        max_length=300,
        blank=True,
        help_text=_("Shown on the request page until we call. You can leave this empty."),
    )
    privacy_url = models.URLField(
        _("privacy notice"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        validators=[URLValidator(["http", "https"])],
        help_text=_(
            "The address of your privacy notice in this language. Leave this empty for the "
            "source's own."
        ),
    )

    class Meta:
        verbose_name = _("text of the form")
        verbose_name_plural = _("texts of the form")
        ordering = ["source", "language"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["source", "language"], name="source_text_once"),
            models.CheckConstraint(
                condition=~Q(title="", intro="", thanks="", privacy_url=""),
                name="source_text_says_something",
            ),
        ]

    def __str__(self) -> str:
        return languages.name_of(self.language)
