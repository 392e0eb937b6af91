"""The provider's records, one per leg. Read-only."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib import admin
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import display

from callbacks.admin import ai_data, html, labels, search
from callbacks.admin.base import ReadOnly, ReadOnlyInline, SearchesCalls
from callbacks.common.formatting import in_words
from callbacks.models import CallRecord
from callbacks.voicenter.values.leg_outcome import OUTCOMES

# The filters look only through this many of the newest records: neither column has an index, and a
# word that no record has would be searched for in all of them.
LOOKED_THROUGH = 100_000


class _WordFilter(RadioFilter):  # type: ignore[misc]  # unfold has no types
    """Records by a known word of the provider's."""

    known: tuple[str, ...]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The known words. Finding out which words are stored would read all rows."""
        return [(word, word) for word in self.known]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The newest records with this word."""
        if not self.value():
            return queryset
        newest = CallRecord.objects.aggregate(newest=Max("pk"))["newest"] or 0
        return queryset.filter(
            pk__gt=newest - LOOKED_THROUGH, **{str(self.parameter_name): self.value()}
        )


class TypeFilter(_WordFilter):
    """Records by leg."""

    title = _("type (newest 100,000)")
    parameter_name = "type"
    known = ("Click2Call leg1", "Click2Call leg2")


class StatusFilter(_WordFilter):
    """Records by how the leg ended."""

    title = _("status (newest 100,000)")
    parameter_name = "status"
    known = tuple(sorted(OUTCOMES))


class ShowsRecords:
    """Fields of a record, for its own list and its attempt's page."""

    received = html.moment_of("received_at", _("received"))

    @display(description=_("rang"), ordering="dial_time")  # type: ignore[untyped-decorator]
    def rang(self, obj: CallRecord) -> str:
        """How long it rang."""
        return "" if obj.dial_time is None else in_words(obj.dial_time)

    @display(description=_("talked"), ordering="talk_time")  # type: ignore[untyped-decorator]
    def talked(self, obj: CallRecord) -> str:
        """How long they talked. Unknown for the salesperson's own leg."""
        return "" if obj.talk_time is None or obj.leg == 1 else in_words(obj.talk_time)

    @display(description=_("on the phone"), ordering="talk_time")  # type: ignore[untyped-decorator]
    def on_the_phone(self, obj: CallRecord) -> str:
        """How long the salesperson was on the phone, talking or waiting for the lead."""
        return in_words(obj.talk_time) if obj.leg == 1 and obj.talk_time is not None else ""

    @display(description=_("price"), ordering="price")  # type: ignore[untyped-decorator]
    def price_shown(self, obj: CallRecord) -> str:
        """The price of this leg."""
        return labels.shekels(obj.price)


class RecordInline(ShowsRecords, ReadOnlyInline):
    """The provider's records of one attempt."""

    model = CallRecord
    verbose_name_plural = _("Records")
    fields = ["type", "status", "rang", "on_the_phone", "talked", "price_shown", "received"]
    readonly_fields = fields


@admin.register(CallRecord)
class CallRecordAdmin(ShowsRecords, ReadOnly, SearchesCalls):
    """Every record that the provider sent."""

    list_display = [
        "received", "call_id_shown", "type", "status", "lead_shown", "rang", "on_the_phone",
        "talked",
    ]  # fmt: skip
    list_filter = [TypeFilter, StatusFilter]
    list_fullwidth = True
    list_per_page = 50
    ordering = ["-pk"]  # newest first, by the only index that has all rows
    sortable_by = ()
    show_full_result_count = False
    search_fields = ["call_id"]
    search_help_text = _("CALLID or its last part, anything that finds the lead, or lead 105.")
    fieldsets = [
        (None, {"fields": [("call_id_shown", "lead_shown"), ("type", "status")]}),
        (
            _("Times"),
            {
                "fields": [
                    ("started", "received"), ("rang", "lasted"), ("on_the_phone", "talked"),
                    "price_shown",
                ]
            },
        ),
        (_("AI findings"), {"fields": ["heard"], "classes": ["story"]}),
        (_("As received"), {"fields": ["recording", "payload"]}),
    ]  # fmt: skip

    def found(self, typed: str, user: Any) -> Q:
        """By the record's CALLID, its attempt's CALLID, or its lead.

        Reads the ids first. Otherwise PostgreSQL might search the list from the newest row to the
        oldest.
        """
        records = CallRecord.objects.order_by()
        of_calls = records.filter(attempt__in=search.attempts(typed, user)).values_list(
            "pk", flat=True
        )
        by_call_id = records.filter(call_id=typed).values_list("pk", flat=True)
        return Q(pk__in=[*of_calls, *by_call_id[: search.MOST]])

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallRecord]:
        """Loads the lead."""
        queryset: QuerySet[CallRecord] = super().get_queryset(request)
        return queryset.select_related("attempt__lead")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> CallRecord | None:
        """Adds the AI data for users who may read it."""
        record: Any = super().get_object(request, object_id, from_field)
        if record and ai_data.may_read(request.user):
            record.heard = ai_data.of_record(record)
        return record  # type: ignore[no-any-return]

    def get_fieldsets(self, request: HttpRequest, obj: CallRecord | None = None) -> Any:
        """Leaves out AI data if there is none or the user may not read it."""
        rows = super().get_fieldsets(request, obj)
        return [row for row in rows if row[1]["fields"] != ["heard"] or getattr(obj, "heard", "")]

    @display(description="")  # type: ignore[untyped-decorator]
    def heard(self, obj: CallRecord) -> str:
        """The provider's AI data on the call, loaded by `get_object` for users who may read it."""
        return getattr(obj, "heard", "")

    started = html.moment_of("started_at", _("started"))

    @display(description=_("CALLID"), ordering="call_id")  # type: ignore[untyped-decorator]
    def call_id_shown(self, obj: CallRecord) -> str:
        """The provider's id of the call."""
        return html.call_id(obj.call_id)

    @display(description=_("lead"))  # type: ignore[untyped-decorator]
    def lead_shown(self, obj: CallRecord) -> SafeString | str:
        """The lead; calls that we did not make have none."""
        if obj.attempt is None:
            return gettext("not one of our calls")
        return html.link(obj.attempt.lead, f"{obj.attempt.lead.name} ({obj.attempt.lead_id})")

    @display(description=_("lasted"))  # type: ignore[untyped-decorator]
    def lasted(self, obj: CallRecord) -> str:
        """From the first ring to the end."""
        return "" if obj.duration is None else in_words(obj.duration)

    @display(description=_("recording"))  # type: ignore[untyped-decorator]
    def recording(self, obj: CallRecord) -> SafeString | str:
        """A player, or a link to the recording."""
        return html.player(obj.recording_url)
