"""Wallboard: a link that shows today's figures on a television to anybody who has it."""

import uuid

from django.conf import settings
from django.core import signing
from django.db import models
from django.utils.translation import gettext_lazy as _


def _signer() -> signing.Signer:
    return signing.Signer(salt="callbacks.wallboard", sep=".")


class Wallboard(models.Model):
    """One link. It is read-only, needs no login, and works until it is withdrawn.

    The address holds `link_id` signed with the secret key, so a copy of the database is not enough
    to make it. A new `link_id` ends the old address.
    """

    name = models.CharField(
        _("name"), max_length=100, help_text=_("Shown at the top of the board.")
    )
    link_id = models.UUIDField(_("link ID"), default=uuid.uuid4, unique=True, editable=False)
    shows_first_names = models.BooleanField(
        _("show first names"),
        default=False,
        help_text=_("Show the first names of waiting leads, as they typed them."),
    )
    language = models.CharField(
        _("language"),
        max_length=2,
        blank=True,
        db_default="",
        help_text=_(
            "Empty: the language of the screen's browser. Add ?lang=he to the address for Hebrew."
        ),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(
        _("withdrawn at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("From this time on the link shows nothing."),
    )
    last_shown_at = models.DateTimeField(
        _("last shown at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When a screen last loaded the board, to the minute."),
    )

    class Meta:
        verbose_name = _("wallboard")
        verbose_name_plural = _("wallboards")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def token(self) -> str:
        """The part of the address that names it: `link_id` and a signature."""
        return _signer().sign(self.link_id.hex)


def link_id_of(token: str) -> uuid.UUID | None:
    """The `link_id` of a token; None if we did not sign the token.

    The signature is compared in constant time. Does not check whether the link was withdrawn.
    """
    try:
        return uuid.UUID(_signer().unsign(token))
    except (signing.BadSignature, ValueError):
        return None
