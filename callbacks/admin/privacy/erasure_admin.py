"""The receipts of erasures. Read-only."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.admin import html
from callbacks.models import Erasure
from leads.admin import Admin
from leads.models import Lead


@admin.register(Erasure)
class ErasureAdmin(Admin):
    """Nobody adds, changes or deletes a receipt here. Receipts do not contain what was erased."""

    list_display = ["number", "asked", "username", "way", "state"]
    list_filter = ["way"]
    list_display_links = ["number"]
    fields = [
        "number", "state", "asked", "finished", "username", "way", "never_call", "done",
        "kept_shown", "recordings_shown",
    ]  # fmt: skip
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Erasure | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Erasure | None = None) -> bool:
        """Never."""
        return False

    asked = html.moment_of("asked_at", _("asked at"))
    finished = html.moment_of("finished_at", _("finished at"))

    @display(description=_("erasure"), ordering="pk")  # type: ignore[untyped-decorator]
    def number(self, obj: Erasure) -> str:
        """The erasure's name."""
        return str(obj)

    @display(description=_("state"), ordering="finished_at")  # type: ignore[untyped-decorator]
    def state(self, obj: Erasure) -> SafeString:
        """Whether the erasure is finished."""
        if obj.finished_at:
            return html.label(gettext("finished"), html.GREEN)
        return html.label(gettext("in progress"), html.ORANGE)

    @display(description=_("what was done"))  # type: ignore[untyped-decorator]
    def done(self, obj: Erasure) -> SafeString | str:
        """How many rows of each table were erased."""
        lines = [
            (
                apps.get_model(model)._meta.verbose_name_plural,
                ngettext("%(count)d row", "%(count)d rows", count) % {"count": count},
            )
            for model, count in sorted(obj.counts.items())
        ]
        if not lines:
            return gettext("Nothing was found.")
        return format_html_join("", "<div>{}: {}</div>", lines)

    @display(description=_("kept"))  # type: ignore[untyped-decorator]
    def kept_shown(self, obj: Erasure) -> SafeString | str:
        """The leads that were not touched, and why."""
        if not obj.kept:
            return gettext("Nothing.")
        sentence = gettext("Under a legal hold:")
        links = html.joined(
            html.link(lead, str(lead)) for lead in Lead.objects.filter(pk__in=obj.kept)
        )
        return format_html_join(" ", "{}", ((sentence,), (links,)))

    @display(description=_("recordings"))  # type: ignore[untyped-decorator]
    def recordings_shown(self, obj: Erasure) -> SafeString | str:
        """The recordings, which only the provider can delete."""
        if not obj.recordings:
            return gettext("None known.")
        sentence = gettext(
            "The recordings are with the provider. Ask the provider to delete "
            "the recordings of these calls:"
        )
        return format_html_join(
            "", "<div>{}</div>", ((sentence,), *((html.call_id(it),) for it in obj.recordings))
        )
