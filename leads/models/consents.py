"""ConsentText: what a source asks its visitors to agree to. Consent: one visitor's agreement."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads import languages
from leads.models.lead import Lead
from leads.models.sources import LeadSource
from leads.visits import MOST_ADDRESS

MOST_SIGNS = 10_000


class ConsentText(models.Model):
    """One version in one language. It never changes: a changed text is a new version.

    A source's texts share one numbering across languages, so that the source and the number
    identify one text. leads.consent chooses the text to show. A trigger keeps all columns unchanged
    except those of the withdrawal.
    """

    source = models.ForeignKey(
        LeadSource,
        verbose_name=_("source"),
        on_delete=models.CASCADE,
        related_name="consent_texts",
    )
    version = models.PositiveIntegerField(_("version"))
    language = models.CharField(
        _("language"), max_length=languages.MAX_LANGUAGE, help_text=_("For example: en, he, ru.")
    )
    text = models.TextField(
        _("text"),
        validators=[MaxLengthValidator(MOST_SIGNS)],
        help_text=_(
            "Shown exactly as written, with its line breaks and without HTML. A changed text is "
            "a new version. Earlier agreements stay with the version that was shown."
        ),
    )
    added_at = models.DateTimeField(_("added at"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("added by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    withdrawn_at = models.DateTimeField(
        _("withdrawn at"),
        null=True,
        blank=True,
        help_text=_(
            "From this time on nobody can agree to the text. Earlier agreements stay on record."
        ),
    )

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        ordering = ["source", "-version"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["source", "version"], name="consent_text_once"),
            models.CheckConstraint(condition=Q(version__gt=0), name="consent_text_numbered"),
            models.CheckConstraint(condition=~Q(text=""), name="consent_text_says_something"),
        ]

    def __str__(self) -> str:
        words = {"version": self.version, "language": languages.name_of(self.language)}
        return gettext("version %(version)s, %(language)s") % words


class Consent(models.Model):
    """Which text the sender of a request agreed to, when, and on which page.

    How the request came and from which address is on the lead (`came_by`, `submitted_from`).
    `page`: without the part after "?" or "#", so that it holds nothing typed; "" if a program did
    not say. Each request has its own row, even if it joined another.
    """

    lead = models.OneToOneField(
        Lead, verbose_name=_("lead"), on_delete=models.CASCADE, related_name="consent"
    )
    text = models.ForeignKey(
        ConsentText,
        verbose_name=_("consent text"),
        on_delete=models.PROTECT,
        db_index=False,
        related_name="consents",
    )
    agreed_at = models.DateTimeField(_("agreed at"))
    page = models.CharField(_("on the page"), max_length=MOST_ADDRESS, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["pk"]
        default_permissions = ()
        # For a text's newest consent, and for counting them.
        indexes = [models.Index(fields=["text", "id"], name="consent_by_text")]

    def __str__(self) -> str:
        return str(self.text)
