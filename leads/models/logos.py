"""Logo: the picture above a source's form."""

import hashlib
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.sources import LeadSource


class Logo(models.Model):
    """The logo as it is sent to visitors: leads.branding.logo read the upload and wrote it again.

    `image`: its bytes. `width`, `height`: on the page, in CSS pixels. `plate`: the background it
    needs (leads.branding.logo.Plate). `digest`: of the bytes; also its address.
    """

    source = models.OneToOneField(
        LeadSource, verbose_name=_("source"), on_delete=models.CASCADE, related_name="logo"
    )
    name = models.CharField(
        _("text of the logo"),
        max_length=80,
        help_text=_(
            "Visitors who cannot see the logo read or hear this text. Usually the company's name."
        ),
    )
    image = models.BinaryField(_("picture"))
    kind = models.CharField(_("content type"), max_length=20, editable=False)
    width = models.PositiveSmallIntegerField(_("width"), editable=False)
    height = models.PositiveSmallIntegerField(_("height"), editable=False)
    plate = models.CharField(_("background"), max_length=5, blank=True, editable=False)
    digest = models.CharField(_("digest"), max_length=32, db_index=True, editable=False)

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")
        ordering = ["source"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    def take(self, read: Any) -> None:
        """Stores what leads.branding.logo.read returned."""
        self.image, self.kind, self.plate = read.image, read.kind, read.plate
        self.width, self.height = read.width, read.height
        self.digest = hashlib.sha256(read.image).hexdigest()[:32]
