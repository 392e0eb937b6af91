"""A row of the table of personal data (callbacks.privacy.places): what it can say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text

# What several rows say: who sees a table, for how long it is kept, why a field stays.
SEES_LEADS = _("managers, and the salesperson who is called")
SEES_CALLS = _("managers who may see calls")
MANAGERS = _("managers")
UNTIL_DELETED = _("until it is changed or deleted")
OUR_WORDS = _("the product's own words, or random numbers")
CALL_ID = _("the provider's id of the call, by which a late record is matched to it")


class Found(Enum):
    """How a person is found in a table."""

    BY_LEAD = _("by their leads")
    BY_TEXT = _("by their number, address or name in its texts")
    BY_NUMBER = _("by their number")
    NOBODY = _("holds nothing about people who ask to be called")


class Fate(Enum):
    """What an erasure does with a row that is theirs."""

    BLANKED = _("emptied; the row stays for reports")
    DELETED = _("deleted")
    TAKEN_OUT = _("removed from the text")
    KEPT = _("kept")


@dataclass(frozen=True)
class Place:
    """One table.

    `what`: what it holds, and why. `path`: from its rows to their lead. `only`: which of its rows
    are meant, if not all. `blank`: what each field
    becomes. `texts`: fields out of which a person is taken. `kept`: fields of texts that stay, by
    the reason. `told`: what else of a row is shown to the person. `until`: for how long it is kept;
    `seen_by`: who sees it.
    """

    model: str
    what: Text
    found: Found = Found.NOBODY
    fate: Fate = Fate.KEPT
    path: str = ""
    only: Mapping[str, Any] = field(default_factory=dict)
    blank: Mapping[str, Any] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    kept: Mapping[str, Text] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    until: Text = ""
    seen_by: Text = ""

    def table(self) -> type[Model]:
        """The model."""
        return apps.get_model(self.model)

    def rows(self) -> QuerySet[Any]:
        """Its rows."""
        return self.table()._default_manager.filter(**self.only)

    @property
    def kept_fields(self) -> frozenset[str]:
        """The names of the fields that stay."""
        return frozenset(name for names in self.kept for name in names.split())

    @property
    def named(self) -> frozenset[str]:
        """All fields of which it is said what becomes of them."""
        return frozenset({*self.blank, *self.texts}) | self.kept_fields


class Anew(Enum):
    """Values that are made for each row."""

    NUMBER = "number"  # one placeholder for each number of a person
    UUID = "uuid"
    NOW = "now"
    UNSHARED = "unshared"  # stays where requests of other numbers say the same, else ""
