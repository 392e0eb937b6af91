"""The form of a row in the table of personal data (callbacks.privacy.places)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text

# Texts that several rows share: who sees a table, how long it is kept, why a field stays.
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
    """What an erasure does with a row about the person."""

    BLANKED = _("emptied; the row stays for reports")
    DELETED = _("deleted")
    TAKEN_OUT = _("removed from the text")
    KEPT = _("kept")


@dataclass(frozen=True)
class Place:
    """One table.

    `what`: what it contains, and why. `path`: from its rows to their lead. `only`: which rows are
    meant, if not all. `blank`: the value that each field gets. `texts`: fields from which a
    person is removed. `kept`: the reason why text fields stay, by their names. `told`: other fields
    that are shown to the person. `until`: how long it is kept; `seen_by`: who sees it.
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
        """All fields whose treatment is given."""
        return frozenset({*self.blank, *self.texts}) | self.kept_fields


class Anew(Enum):
    """Values that are generated for each row."""

    NUMBER = "number"  # one placeholder for each number of a person
    UUID = "uuid"
    NOW = "now"
    UNSHARED = "unshared"  # stays if a lead with another number has the same value, else ""
