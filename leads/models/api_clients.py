"""ApiClient and ApiKey: programs that use the API under a name, and their keys."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.guard import rate
from leads.models.sources import LeadSource


class ApiScope(models.TextChoices):
    """What a client may do."""

    SUBMIT = "submit", _("Submit leads")


def validate_rate(text: str) -> None:
    """Raises ValidationError if the text is not a rate."""
    try:
        rate.read(text)
    except ValueError:
        raise ValidationError(
            gettext(
                "Enter a rate like 600/10m, 10000/d: at most 600 in 10 minutes and 10000 a day."
            )
        ) from None


def default_scopes() -> list[str]:
    """What a new client may do."""
    return [ApiScope.SUBMIT.value]


class ApiClient(models.Model):
    """One of our programs, or a partner's. Its requests are counted by client, not by address.

    `sources`: those it may submit to; none means all. Clients are never deleted, because leads name
    their sender.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(
        _("is active"), default=True, help_text=_("If off, none of its keys is accepted.")
    )
    scopes = ArrayField(
        models.CharField(max_length=20, choices=ApiScope.choices),
        default=default_scopes,
        blank=True,
        verbose_name=_("may"),
    )
    sources = models.ManyToManyField(
        LeadSource,
        related_name="+",
        blank=True,
        verbose_name=_("sources"),
        help_text=_("The sources it may submit to. None chosen: all sources."),
    )
    rate = models.CharField(
        _("rate"),
        max_length=100,
        default="600/10m, 10000/d",
        validators=[validate_rate],
        help_text=_(
            "How many requests the client may send: 600/10m, 10000/d is at most 600 in 10 "
            "minutes and 10000 a day. Further requests are refused, and the answer says when to "
            "try again."
        ),
    )

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        ordering = ["name"]
        default_permissions = ("view", "add", "change")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves the rate in the form that was validated."""
        self.rate = self.rate.strip()
        super().save(*args, **kwargs)


class ApiKey(models.Model):
    """One key of a client: its beginning, and a hash of the whole key (leads.api_keys).

    `expires_at`: when it stops working; empty means never. A replaced key expires when the overlap
    is over. `ended_at`: when somebody ended it.
    """

    client = models.ForeignKey(
        ApiClient, on_delete=models.CASCADE, related_name="keys", verbose_name=_("client")
    )
    prefix = models.CharField(_("begins with"), max_length=20, unique=True)
    digest = models.CharField(_("hash"), max_length=64)
    made_at = models.DateTimeField(_("created at"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    last_used_at = models.DateTimeField(
        _("last used at"), null=True, blank=True, help_text=_("Accurate to the minute.")
    )

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-made_at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.prefix}…"

    def holds(self, now: datetime) -> bool:
        """Whether the key itself is still valid."""
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)
