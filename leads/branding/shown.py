"""The colour and logo that a source's pages show."""

from dataclasses import dataclass

from django.urls import reverse

from leads import config_cache
from leads.branding import palette
from leads.models import LeadSource, Logo
from leads.models.widgets import OUR_BLUE


@dataclass(frozen=True)
class Branding:
    """`stylesheet`: its address, "" if the source uses the colours of site.css. `address`: the
    logo's address.
    """

    stylesheet: str = ""
    logo: Logo | None = None
    address: str = ""


def branding(source: LeadSource) -> Branding:
    """The branding of a source's pages; they use the button's colour."""
    logo = config_cache.logos.get().get(source.pk)
    return Branding(
        stylesheet=_stylesheet(source),
        logo=logo,
        address=reverse("leads:logo", args=[logo.digest]) if logo else "",
    )


def _stylesheet(source: LeadSource) -> str:
    widget = config_cache.widgets.get().get(source.pk)
    colour = widget.colour if widget else OUR_BLUE
    if colour == OUR_BLUE:
        return ""
    query = {"v": palette.version(colour)}
    return reverse("leads:colours", args=[colour.removeprefix("#")], query=query)
