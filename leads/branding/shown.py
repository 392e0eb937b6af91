"""What the pages of a source show of its colour and logo."""

from dataclasses import dataclass

from django.urls import reverse

from leads import config_cache
from leads.branding import palette
from leads.models import LeadSource, Logo
from leads.models.widgets import OUR_BLUE


@dataclass(frozen=True)
class Branding:
    """`stylesheet`: its address, "" where the colours of site.css are the source's. `address`: the
    logo's.
    """

    stylesheet: str = ""
    logo: Logo | None = None
    address: str = ""


def branding(source: LeadSource) -> Branding:
    """Of a source's pages; the button's colour is theirs."""
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
