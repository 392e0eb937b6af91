"""Importing and exporting the block list as CSV."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin.leads import block_reach_shown
from callbacks.admin.leads.file_import import FileList, Found, ImportsFiles, default_countries
from callbacks.exports.tables import Row
from callbacks.models.exports import ExportWhat
from leads.guard import block_file
from leads.guard.block_file import Reading
from leads.guard.block_reach import Entry
from leads.models import BlockEntry, BlockVerdict

_AT_A_TIME = 500
_EXAMPLE = """kind,entry,verdict,reason,until
number,+97259,hold,a wave of calls,2027-01-31
address,192.0.2.0/24,refuse,,
domain,shop.example.com,hold,,
word,casino,hold,,"""


class ImportsBlocks(ImportsFiles):
    """The part of the block list's admin that imports and exports."""

    file_list = FileList(
        title=_("Import a block list"),
        name="block_list",
        sheet=_("Block list"),
        columns=block_file.COLUMNS,
        example=_EXAMPLE,
        template="admin/callbacks/block/import.html",
        exported_as=ExportWhat.BLOCKS,
    )

    def look_at(self, text: str) -> Found:
        """New entries, and existing ones that differ from the file. Raises NotAFile."""
        read = block_file.contents(text, _reading())
        found = block_file.difference(read.rows)
        parts = (
            (gettext("New"), found.new),
            (gettext("Changed: the entry here differs"), found.changed),
        )
        entries: dict[BlockVerdict, list[Entry]] = defaultdict(list)
        for it in (*found.new, *found.changed):
            entries[it.verdict].append(it.key)
        reach = block_reach_shown.of_a_file(entries)
        return Found(parts, len(found.same), read.problems, reach)

    def store_file(self, request: HttpRequest, text: str) -> tuple[bool, str]:
        """Adds new entries and overwrites existing ones that differ. Raises NotAFile."""
        read = block_file.contents(text, _reading())
        found = block_file.difference(read.rows)
        rows = (*found.new, *found.changed)
        block_file.store(rows, request.user.pk, timezone.now())
        said = gettext(
            "Imported: %(new)d new, %(changed)d changed, %(same)d unchanged, %(problems)d skipped."
        ) % {
            "new": len(found.new),
            "changed": len(found.changed),
            "same": len(found.same),
            "problems": len(read.problems),
        }
        return bool(rows), said

    def written(self, rows: QuerySet[Any]) -> tuple[Iterator[Row], int]:
        """The rows of a file with the same columns."""
        return _written(rows), rows.count()


def _reading() -> Reading:
    return Reading(
        default_countries=default_countries(),
        proxies=settings.TRUSTED_PROXIES,
        zone=timezone.get_current_timezone(),
        now=timezone.now(),
    )


def _written(entries: QuerySet[BlockEntry]) -> Iterator[Row]:
    for it in entries.iterator(chunk_size=_AT_A_TIME):
        until = f"{timezone.localtime(it.until):%Y-%m-%d %H:%M:%S%z}" if it.until else ""
        yield (it.kind, it.value, it.verdict, it.reason, until)
