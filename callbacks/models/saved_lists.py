"""SavedList: a named filter of the managers' list of leads."""

from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_QUERY = 1000
# Parameters that do not select leads: pages, pop-ups, error notes, sorting.
_NO_FILTER = frozenset(
    {"p", "o", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters"}
)


class SavedList(models.Model):
    """A filter (the part of the list's address behind "?"), for one person or for all.

    `version` grows with every change. Somebody who saves an older version is told that it was
    changed meanwhile.
    """

    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("saved by"),
        on_delete=models.CASCADE,
        related_name="saved_lists",
    )
    is_shared = models.BooleanField(
        _("shared"),
        default=False,
        help_text=_(
            "Everybody who can see leads can see and change this list. If off, only you can."
        ),
    )
    query = models.TextField(_("filter"), max_length=LONGEST_QUERY)
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("saved list")
        verbose_name_plural = _("saved lists")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_list_name_once",
                violation_error_message=_("You already have a saved list with this name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


def filter_of(query: str) -> str:
    """The part of an address that selects leads, sorted, so that equal filters are equal texts."""
    pairs = parse_qsl(query.lstrip("?"), max_num_fields=100)
    return urlencode(sorted(pair for pair in pairs if pair[0] not in _NO_FILTER))
