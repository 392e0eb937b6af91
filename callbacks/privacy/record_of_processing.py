"""The table of personal data as docs/privacy.md shows it."""

from django.utils.translation import override

from callbacks.privacy.place import Place
from callbacks.privacy.places import PLACES
from callbacks.privacy.places_of_settings import SET_UP

_HEAD = "| table | what it holds | kept | seen by | an erasure |\n|---|---|---|---|---|"


def table() -> str:
    """The tables that may contain data about visitors, in Markdown and in English."""
    with override("en"):
        return "\n".join([_HEAD, *map(_row, (it for it in PLACES if it not in SET_UP))])


def without() -> list[str]:
    """The tables of settings and staff."""
    return sorted(it.table()._meta.db_table for it in SET_UP)


def _row(place: Place) -> str:
    which = f"`{place.table()._meta.db_table}`"
    return f"| {which} | {place.what} | {place.until} | {place.seen_by} | {place.fate.value} |"
